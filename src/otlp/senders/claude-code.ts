/** Claude Code and the Claude Agent SDK. https://code.claude.com/docs/en/monitoring-usage */
import { typeOfKind, type SpanStatus } from "../kind.ts";
import { attribute, fromEvent, type Place } from "../places.ts";
import type { Sender } from "../sender.ts";
import { isPresent, textOf } from "../values.ts";

const prefix = "claude_code.";

/** A text behind a line that says what it is: `[TOOL INPUT: Bash]`. */
const marked =
  (key: string, mark: RegExp): Place =>
  ({ attributes }) => {
    const text = textOf(attributes, [key]);
    return text === undefined ? null : { text: text.replace(mark, ""), keys: [key] };
  };

/** The command alone, as the arguments of the tool. */
const command: Place = ({ attributes }) => {
  const text = textOf(attributes, ["full_command"]);
  // It stays an attribute: the arguments may have had more than it.
  return text === undefined ? null : { text: JSON.stringify({ command: text }), keys: [] };
};

const commandOfEvent: Place = (call) => {
  const found = fromEvent("tool.output", "bash_command")(call);
  return found && { text: JSON.stringify({ command: found.text }), keys: [] };
};

/** What is new since the call before, as messages. */
const newContext: Place = ({ attributes }) => {
  const text = textOf(attributes, ["new_context"]);
  if (text === undefined) return null;
  const pieces = text.split(/^\[(USER|TOOL RESULT: [^\]\n]+)\]\n/m);
  if (pieces.length < 3 || pieces[0] !== "") return { text, keys: ["new_context"] };
  const messages = [];
  for (let i = 1; i < pieces.length; i += 2) {
    const [kind, content] = [pieces[i]!, pieces[i + 1]!.replace(/\n+$/, "")];
    const id = /^TOOL RESULT: (.+)$/.exec(kind)?.[1];
    if (id === undefined) messages.push({ role: "user", content });
    else messages.push({ role: "tool", tool_call_id: id, content });
  }
  return { text: JSON.stringify(messages), keys: ["new_context"] };
};

export const claudeCode: Sender = {
  signs: { scopes: ["com.anthropic.claude_code"], services: ["claude-code"], names: [prefix] },
  // By the name: parts of a tool's call have the operation and the keys of a tool, too.
  spanType: ({ name }) =>
    name.startsWith(prefix) ? (typeOfKind(name.slice(prefix.length)) ?? "other") : undefined,
  status: ({ name, attributes: { decision } }): SpanStatus | undefined =>
    name.startsWith(prefix) && (decision === "reject" || decision === "user_abort")
      ? "aborted"
      : undefined,
  // The conventions' keys count with the cache, its own without.
  inputHasCache: ({ attributes }) => isPresent(attributes["gen_ai.usage.input_tokens"]),
  provider: () => "anthropic",
  keys: { responseId: ["request_id", "gen_ai.response.id"] },
  input: {
    call: [attribute("gen_ai.input.messages"), newContext],
    tool: [
      attribute("gen_ai.tool.call.arguments"),
      marked("tool_input", /^\[TOOL INPUT: [^\]\n]+\]\n/),
      command,
      commandOfEvent,
      attribute("file_path"),
    ],
    rest: [attribute("user_prompt")],
  },
  output: {
    // Of a command, of a file that was read or written, of one that was edited.
    tool: [
      fromEvent("tool.output", "output", "content", "diff"),
      marked("new_context", /^\[TOOL RESULT: [^\]\n]+\]\n/),
    ],
  },
  toolCatalog: [attribute("gen_ai.tool.definitions", "tools")],
};
