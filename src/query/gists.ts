/**
 * What spans did, in a few words each: read from their texts for as many as a table has rows in sight, since
 * no store of 50,000 spans should keep or send what nobody looks at.
 */
import { Type, type Static } from "@sinclair/typebox";
import type { Reader } from "../backend/reader.ts";
import type { SpanRecord } from "../backend/spans.ts";
import { type TraceRef } from "../backend/traces.ts";
import { preview as limits } from "../limits.ts";
import { argumentIn } from "../messages/argument.ts";
import { firstWords, inputPreview } from "../messages/preview.ts";
import { readToolRun } from "../messages/tools.ts";
import { described, nullable } from "../schemas.ts";

const Gist = Type.Object({
  key: described("The span's"),
  text: nullable(
    Type.String(),
    "On one line, and cut: of a tool the part of its input that tells its calls apart (command, path, query or URL, else its first short text), of a model call the first words that it wrote, of an agent what it was asked; null where nothing of that was sent",
  ),
  isCall: Type.Optional(
    Type.Literal(true, {
      description: "The model wrote no words: the text is the first tool that it called",
    }),
  ),
});

export const Gists = Type.Object({
  gists: Type.Array(Gist, { description: "Of those that are there, in the order of the keys" }),
});

export type Gist = Static<typeof Gist>;
export type Gists = Static<typeof Gists>;

const fields = ["key", "spanType", "status", "name", "texts"] as const;
type GistSpan = Pick<SpanRecord, (typeof fields)[number]>;

/** @param keys of spans of the trace; others are passed over. @throws AppError `not_found`, `conflict`. */
export function readGists(
  reader: Reader,
  ref: TraceRef,
  keys: readonly number[],
  nowMs: number,
): Gists {
  const { key: traceKey } = reader.findTrace(ref, nowMs);
  const wanted = keys.slice(0, limits.spans).sort((a, b) => a - b);
  const spans = [...reader.spans({ traceKey, keys: wanted }, fields)];
  return { gists: spans.map((span) => gistOf(reader, span)) };
}

function gistOf(reader: Reader, { key, spanType, status, name, texts }: GistSpan): Gist {
  switch (spanType) {
    case "llm": {
      const said = firstWords(reader.textOf(texts, "output") ?? "");
      return { key, text: said.text, ...(said.isCall && { isCall: true as const }) };
    }
    case "agent":
      return { key, text: inputPreview(reader.textOf(texts, "input") ?? "") };
    case "embedding":
      return { key, text: null };
    default: {
      const input = reader.textOf(texts, "input");
      const isError = status === "error";
      const run = readToolRun({ id: null, name, input, output: undefined, isError });
      const [sent] = run.input[0]?.parts ?? [];
      return { key, text: sent?.type === "toolCall" ? argumentIn(sent.text) : null };
    }
  }
}
