/**
 * What spans did, in a few words each: read from their texts for as many as a table has rows in sight, since
 * no store of 50,000 spans should keep or send what nobody looks at.
 */
import { Type, type Static } from "@sinclair/typebox";
import { spanStatuses } from "../contract/v1.ts";
import { preview as limits } from "../limits.ts";
import { argumentIn } from "../messages/argument.ts";
import { firstWords, inputPreview } from "../messages/preview.ts";
import { readToolRun } from "../messages/tools.ts";
import { described, nullable } from "../schemas.ts";
import { spanKeyRange } from "../tally/numbers.ts";
import { readText } from "../sqlite/payload/text.ts";
import { readNumbered } from "../sqlite/trace/numbered.ts";
import { spanTypeOf } from "../sqlite/trace/skeleton.ts";
import type { Source } from "../sqlite/trace/trace.ts";
import { findTrace, type TraceRef } from "../sqlite/list/traces.ts";

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

interface GistRow {
  key: number;
  spanType: number;
  status: number | null;
  nameId: number;
  lists: Uint8Array | null;
}

const failed = spanStatuses.indexOf("error");

/** @param keys of spans of the trace; others are passed over. @throws AppError `not_found`, `conflict`. */
export function readGists(source: Source, ref: TraceRef, keys: readonly number[]): Gists {
  const { trace } = findTrace(source.db, ref);
  const [first, last] = spanKeyRange(trace.key);
  const own = keys.filter((key) => key >= first && key <= last).slice(0, limits.spans);
  const select = source.sqlite.query<GistRow, [number, number]>(
    "SELECT key, spanType, status, nameId, lists FROM spans WHERE key BETWEEN ? AND ? ORDER BY key",
  );
  const numbers = Int32Array.from(own, (key) => key - first).sort();
  return { gists: readNumbered(select, first, numbers).map((row) => gistOf(source, row)) };
}

function gistOf(source: Source, row: GistRow): Gist {
  const { key } = row;
  switch (spanTypeOf(row.spanType)) {
    case "llm": {
      const said = firstWords(readText(source, row, "output") ?? "");
      return { key, text: said.text, ...(said.isCall && { isCall: true as const }) };
    }
    case "agent":
      return { key, text: inputPreview(readText(source, row, "input") ?? "") };
    case "embedding":
      return { key, text: null };
    default: {
      const name = source.names.nameOf(row.nameId);
      const input = readText(source, row, "input");
      const isError = row.status === failed;
      const run = readToolRun({ id: null, name, input, output: undefined, isError });
      const [sent] = run.input[0]?.parts ?? [];
      return { key, text: sent?.type === "toolCall" ? argumentIn(sent.text) : null };
    }
  }
}
