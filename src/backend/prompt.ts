/** The system prompt of a trace, and which version it is: one text with ids, dates, paths and numbers masked. */
import type { Span } from "../contract/v1.ts";
import { instructionsIn } from "../messages/gist.ts";
import { maskPrompt } from "../messages/mask.ts";
import { readMessages } from "../messages/read.ts";

/** The prompt that a trace begins with is in one of these spans: its first agents and model calls. */
export const promptSpans = {
  types: ["agent", "llm"],
  order: "startAndType",
  limit: 8,
} as const;

/** The version of a system prompt. */
export interface UsedPrompt {
  id: string;
  /** Of the text, in UTF-16 code units. */
  length: number;
}

/**
 * @param spans those that `promptSpans` says, in that order.
 * @returns null where they have none.
 */
export function findPrompt<S extends { spanType: Span["spanType"] }>(
  spans: Iterable<S>,
  textOf: (span: S, field: "systemPrompt" | "input") => string | undefined,
): string | null {
  for (const span of spans) {
    const own = textOf(span, "systemPrompt");
    if (own) return own;
    if (span.spanType !== "llm") continue;
    const said = instructionsIn(readMessages(textOf(span, "input") ?? "", "input"));
    if (said !== null) return said;
  }
  return null;
}

export function promptId(prompt: string): string {
  const hash = new Bun.CryptoHasher("sha256").update(maskPrompt(prompt)).digest("hex");
  return hash.slice(0, 12);
}
