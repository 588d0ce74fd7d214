/** Search: what a backend finds, and the answers. */
import { Type, type Static } from "@sinclair/typebox";
import type { PayloadField } from "../contract/fields.ts";
import { spanTypes } from "../contract/v1.ts";
import type { TraceRef, TraceScope } from "./traces.ts";

/** Where a text is. What holds for all spans of a process is no message. */
export type Field = Exclude<PayloadField, "resource"> | "name" | "error" | "id";

const fields: readonly Field[] = [
  "input",
  "output",
  "toolCatalog",
  "sources",
  "attributes",
  "events",
  "systemPrompt",
  "traceAttributes",
  "name",
  "error",
  "id",
];

export const Hit = Type.Object({
  traceKey: Type.Integer(),
  traceId: Type.String(),
  project: Type.String(),
  traceName: Type.Union([Type.String(), Type.Null()]),
  startTime: Type.Integer({ description: "Of the trace, epoch ms" }),
  spanKey: Type.Integer({ description: "Of the first span that has it" }),
  spanId: Type.String(),
  spanName: Type.String(),
  spanType: Type.Unsafe<(typeof spanTypes)[number]>(
    Type.Union(spanTypes.map((type) => Type.Literal(type))),
  ),
  field: Type.Unsafe<Field>(Type.Union(fields.map((field) => Type.Literal(field)))),
  message: Type.Union([Type.Integer(), Type.Null()], {
    description: "Its number from 0 in the list that the field is",
  }),
  snippet: Type.String({ description: "At most 240 characters around the first match" }),
  highlights: Type.Array(Type.Tuple([Type.Integer(), Type.Integer()]), {
    description: "Start and length in the snippet of what matched, in UTF-16 code units",
  }),
});
export type Hit = Static<typeof Hit>;

export const SearchPage = Type.Object({
  hits: Type.Array(Hit),
  nextCursor: Type.Union([Type.String(), Type.Null()]),
  partial: Type.Boolean({ description: "Time was up before the page was full" }),
});
export type SearchPage = Static<typeof SearchPage>;

export const IndexStatus = Type.Object({
  state: Type.Union(
    [Type.Literal("ready"), Type.Literal("building"), Type.Literal("unavailable")],
    {
      description: "Unavailable: this SQLite has no full text, everything is scanned",
    },
  ),
  files: Type.Integer(),
  bytes: Type.Integer({ description: "On disk" }),
  uniqueTextBytes: Type.Integer({ description: "What it stands for" }),
  indexedTraces: Type.Integer(),
  pendingTraces: Type.Integer({ description: "Scanned until they are indexed" }),
  progress: Type.Number({ description: "Share of the traces that is indexed, 0 to 1" }),
});
export type IndexStatus = Static<typeof IndexStatus>;

export interface SearchQuery extends TraceScope {
  /** Words and "phrases", all of which one message must have. */
  text: string;
  limit: number;
  /** `next` of the page before; null for the first. */
  cursor: readonly number[] | null;
}

/** Some of the hits; `next` goes on behind them, null on the last page. */
export interface Hits {
  hits: Hit[];
  next: number[] | null;
  /** The time ended before the page was full. */
  partial: boolean;
}

/** Finds messages by their words, and indexes them in the background. To be used by one thread. */
export interface Search {
  /** The newest trace first. @throws AppError `bad_request`. */
  search(query: SearchQuery, nowMs: number): Hits;
  /** Within one trace, in the order of its spans. @throws AppError `not_found`, `conflict`, `bad_request`. */
  searchTrace(ref: TraceRef, text: string, limit: number, cursor: readonly number[] | null): Hits;
  status(): IndexStatus;
  /** Begins the index anew. */
  rebuild(): void;
  /** Indexes nothing meanwhile; what is there answers. */
  pause(isPaused: boolean): void;
  /** Lets go of what is kept only to be fast. */
  rest(): void;
  close(): void;
}
