/**
 * Reads texts in which lines in capitals name the speaker, as Claude Code records the new context of a
 * call.
 */
import { roleOf, type Read } from "./message.ts";
import { textParts } from "./parts.ts";

const mark = /^\[(USER|ASSISTANT|SYSTEM|TOOL RESULT)(?:: ([^\]\n]{1,200}))?\]\n/gm;

/** Null for a text that does not start with such a line. */
export function markedMessages(text: string): Read[] | null {
  if (!/^\[[A-Z ]+[:\]]/.test(text)) return null;
  const marks = [...text.matchAll(mark)];
  if (marks[0]?.index !== 0) return null;
  return marks.map(({ 0: line, 1: role, 2: id = null, index }, i) => {
    const said = text.slice(index + line.length, marks[i + 1]?.index);
    // Blocks are separated by an empty line and, in some versions, a rule.
    const body = i + 1 < marks.length ? said.replace(/\n+(---\n+)?$/, "") : said;
    if (role === "TOOL RESULT") {
      return {
        role: "tool",
        parts: [{ type: "toolResult", id, name: null, text: body, isError: false }],
      };
    }
    return { role: roleOf(role!), parts: textParts(body) };
  });
}
