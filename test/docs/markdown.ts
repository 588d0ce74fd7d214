/** What tests read from the manual and the README: tables, code, links. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { marked, type Tokens, type Token } from "marked";
import { anchorOf } from "../../src/docs/anchor.ts";

export const root = join(import.meta.dir, "../..");
export const manualDir = join(root, "src/docs");

/** A page of the manual. */
export const page = (name: string) => readFileSync(join(manualDir, `${name}.md`), "utf8");

export const pageNames = readdirSync(manualDir)
  .filter((name) => name.endsWith(".md"))
  .map((name) => name.slice(0, -".md".length));

export const readme = readFileSync(join(root, "README.md"), "utf8");

export const manual = pageNames.map(page).join("\n");

/** The rows of all tables whose first head is this, by their heads. */
export function rowsOf(text: string, firstHead: string): Record<string, string>[] {
  return tokensOf(text)
    .filter((token): token is Tokens.Table => token.type === "table")
    .filter(({ header }) => header[0]!.text === firstHead)
    .flatMap(({ header, rows }) =>
      rows.map((row) => Object.fromEntries(row.map((cell, i) => [header[i]!.text, cell.text]))),
    );
}

/** What stands between backticks in a text. */
export function codeIn(text: string): string[] {
  return tokensOf(text)
    .filter((token): token is Tokens.Codespan => token.type === "codespan")
    .map((token) => token.text);
}

/** What blocks of code hold. */
export function blocksIn(text: string): string[] {
  return tokensOf(text)
    .filter((token): token is Tokens.Code => token.type === "code")
    .map((token) => token.text);
}

/** Where links and pictures lead. */
export function linksIn(text: string): string[] {
  return tokensOf(text)
    .filter((token): token is Tokens.Link => token.type === "link" || token.type === "image")
    .map(({ href }) => href);
}

/** The names of a page's headings. */
export function anchorsOf(text: string): string[] {
  return tokensOf(text)
    .filter((token): token is Tokens.Heading => token.type === "heading")
    .map((token) => anchorOf(token.text));
}

function tokensOf(text: string): Token[] {
  const found: Token[] = [];
  marked.walkTokens(marked.lexer(text), (token) => void found.push(token));
  return found;
}
