/** `tealight help TOPIC`: the help of a command, or a page of the manual. */
import type { Command } from "commander";
import { lexer, type Tokens } from "marked";
import { pageOf } from "../docs/pages.ts";
import { topics } from "../docs/topics.ts";
import { AppError } from "../errors.ts";
import { nearestOf } from "../filter/keys.ts";
import { out } from "./output.ts";

/** Longer lines are hard to read. */
const mostColumns = 100;

/**
 * @param words a command such as `keys create`, or a topic; none for the list of both.
 * @throws AppError `usage` where there is neither.
 */
export function help(program: Command, words: string[]): void {
  const command = findCommand(program, words);
  if (command) return command.outputHelp();
  const page = words.length === 1 ? pageOf(words[0]!) : undefined;
  if (page === undefined) throw unknownTopic(program, words);
  out.write(out.isTerminal ? forTerminal(page) : page.trimEnd());
}

function findCommand(program: Command, words: string[]): Command | undefined {
  return words.reduce<Command | undefined>(
    (parent, word) => parent?.commands.find((command) => command.name() === word),
    program,
  );
}

function unknownTopic(program: Command, words: string[]): AppError {
  const names = [...topics, ...program.commands.map((command) => ({ name: command.name() }))];
  const near = nearestOf(
    words[0]!,
    names.map(({ name }) => name),
  );
  const meant = near && near !== words[0] ? `did you mean ${near}? ` : "";
  return new AppError("usage", `there is no help on ${JSON.stringify(words.join(" "))}`, {
    hint: `${meant}\`tealight help\` lists the commands and topics`,
  });
}

function forTerminal(page: string): string {
  const columns = Math.min(process.stdout.columns || 80, mostColumns);
  const text = lexer(withCommands(page))
    .map((token) => (token.type === "table" ? fitted(token as Tokens.Table, columns) : token.raw))
    .join("");
  return Bun.markdown.ansi(text, { columns, colors: Bun.enableANSIColors }).trimEnd();
}

/** A link to another page as the command that shows it. */
function withCommands(page: string): string {
  return page.replace(
    /\[([^\]]+)\]\(([a-z]+)\.md(?:#[\w-]*)?\)/g,
    (_, text, topic) => `${text} (\`tealight help ${topic}\`)`,
  );
}

/** A table that is too wide for the window, as a list: of narrow columns nobody can read a sentence. */
function fitted({ header, rows, raw }: Tokens.Table, columns: number): string {
  const widths = header.map((head, i) =>
    Math.max(...[head, ...rows.map((row) => row[i]!)].map(({ text }) => Bun.stringWidth(text) + 3)),
  );
  if (widths.reduce((sum, width) => sum + width, 1) <= columns) return raw;
  const items = rows.map((row) =>
    row
      .map(({ text }, i) => (text === "" || i === 0 ? text : labelled(header[i]!.text, text)))
      .filter((text) => text !== "")
      .join("\\\n  "),
  );
  return items.map((item) => `- ${item}\n\n`).join("");
}

/** What a thing does, or what to do about it, needs no head before it. */
function labelled(head: string, text: string): string {
  return /^(what|which) /.test(head) ? text : `${head}: ${text}`;
}
