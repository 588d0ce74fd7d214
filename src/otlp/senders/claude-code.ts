/** Claude Code and the Claude Agent SDK. https://code.claude.com/docs/en/monitoring-usage */
import { typeOfKind, type SpanStatus } from "../kind.ts";
import { attribute, fromEvent } from "../places.ts";
import type { Sender } from "../sender.ts";
import { isPresent } from "../values.ts";

const prefix = "claude_code.";

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
  input: {
    // What is new since the call before.
    call: [attribute("gen_ai.input.messages", "new_context")],
    tool: [
      attribute("gen_ai.tool.call.arguments", "tool_input", "full_command", "file_path"),
      fromEvent("tool.output", "bash_command"),
    ],
    rest: [attribute("user_prompt")],
  },
  output: {
    // Of a command, of a file that was read or written, of one that was edited.
    tool: [fromEvent("tool.output", "output", "content", "diff")],
  },
};
