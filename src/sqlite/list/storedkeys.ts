/**
 * How a store answers for each key of filters: from which columns, and by which facet its traces are found
 * without a look at their rows. A new key is an entry here and one in filter/keys.ts. A facet that is added
 * to an entry is made for the traces that are stored by the upkeep (rollups/backfill.ts).
 */
import { attributesOf, attributeTexts, parsed } from "../../backend/attributes.ts";
import { spanTypes } from "../../contract/v1.ts";
import { okWithErrors, type KeyName } from "../../filter/keys.ts";
import type { Pattern } from "../../pattern.ts";
import { valuesOf } from "../../tally/contribution.ts";
import { sumKnown, type Figure } from "../../tally/figure.ts";
import type { SpanFacts } from "../../tally/spanfacts.ts";
import type { TallyRow } from "../../tally/tally.ts";
import { fromCell, type Cell } from "../db/cells.ts";
import { readText } from "../payload/payloads.ts";
import type { Source } from "../source.ts";
import { storedTracePattern } from "./ids.ts";
import type { PromptOf } from "./promptof.ts";
import { versionOf, stateOf, type StateRow } from "./records.ts";
import type { MatchRow } from "./rows.ts";

/** What a question has beside the rows. */
export interface Asking {
  source: Source;
  /** Decides which open traces are stale. */
  nowMs: number;
  promptOf: PromptOf;
  projectOf(id: number): string;
}

export interface SpanRow {
  key: number;
  spanId: Cell;
  parentSpanId: Cell | null;
  spanType: number;
  nameId: number;
  providerId: number | null;
  errorMessage: Cell | null;
  metadata: string | null;
  lists: Uint8Array | null;
}

export const spanColumns =
  "key, spanId, parentSpanId, spanType, nameId, providerId, errorMessage, metadata, lists";

/** What facets of a trace are made of when it settles. */
export interface SettledTrace {
  row: TallyRow;
  source: string;
  settledStep: number;
}

/**
 * What the index over facets has of each trace: ids of names, or a number. Its own number stands in the
 * database, so that none may ever be given to another facet.
 */
export type Facet = { number: number } & (
  | { kind: "texts"; of(trace: SettledTrace): readonly (string | null)[] }
  /** The texts of all spans. */
  | { kind: "spans"; of(span: SpanFacts): string | null | undefined }
  /** An unknown number is -1 in the index. */
  | { kind: "number"; of(trace: SettledTrace): Figure | null }
);

/** Values of one facet, both ends inside. */
export interface FacetRange {
  facet: Facet;
  min: number;
  max: number;
}

interface Stored {
  facet?: Facet;
  /** True where it reads more than rows. */
  isSlow?: true;
  /** The pattern that is meant by one that was written. */
  patternOf?(source: Source, pattern: Pattern): Pattern;
  /**
   * Of a choice: the facets that all traces with this value have, and those that all others have; null where
   * no facet says it. `named`, or nothing at all, where `facet` has the value as a name.
   */
  rangeOf?(value: string): FacetRange | "named" | null;
  rangeOfOthers?(value: string): FacetRange | null;
}

type Texts<Row> = (row: Row, name: string | null, asking: Asking) => string[];

export type StoredKey = Stored &
  (
    | {
        of: "row";
        columns: readonly string[];
        texts: Texts<MatchRow>;
        /** What completion offers, where that is not `texts`: with null the names of an open key. */
        offered?(row: MatchRow, name: string | null): string[];
      }
    | { of: "number"; columns: readonly string[]; value(row: MatchRow): Figure | null }
    | {
        of: "spans";
        texts: Texts<SpanRow>;
        offered?(span: SpanRow, name: string | null, asking: Asking): string[];
      }
  );

const column = (name: string) => ({
  of: "row" as const,
  columns: [name],
  texts: (row: MatchRow) => textsOf(row[name] as Cell | null),
});
const number = (name: string) => ({
  of: "number" as const,
  columns: [name],
  value: (row: MatchRow) => row[name] as Figure | null,
});
/** A facet of what the trace as a whole is counted under in statistics, too. */
const named = (number: number, field: Exclude<keyof ReturnType<typeof valuesOf>, "all">) =>
  ({ number, kind: "texts", of: ({ row }) => [valuesOf(row.header)[field]] }) satisfies Facet;

const errors: Facet = { number: 13, kind: "number", of: ({ row }) => row.errorCount };
/** 1 where the trace has only runtime spans, else 0: both are asked for. */
const internal: Facet = { number: 15, kind: "number", of: ({ row }) => Number(row.isInternal) };
const isInternal = (value: 0 | 1): FacetRange => ({ facet: internal, min: value, max: value });

/** Facets that no key is for. */
export const ownFacets = {
  internal,
  /** The number of the step that settled the trace: what has changed since a step has a greater, or none. */
  settled: { number: 14, kind: "number", of: ({ settledStep }) => settledStep },
} as const satisfies Record<string, Facet>;

const sameTime = number("startTime");

export const storedKeys = {
  status: {
    of: "row",
    columns: ["status", "errorCount"],
    texts: ({ status, errorCount }) => [
      status as string,
      ...(status === "ok" && (errorCount as number) > 0 ? [okWithErrors] : []),
    ],
    // Most traces are ok and have no facet of it.
    facet: { number: 9, kind: "texts", of: ({ row }) => [row.status === "ok" ? null : row.status] },
    rangeOf: (value) => {
      if (value === okWithErrors) return { facet: errors, min: 1, max: Infinity };
      return value === "ok" ? null : "named";
    },
  },
  is: {
    of: "row",
    columns: ["rootCount", "lastReceivedAt", "isPinned", "isInternal"],
    texts: (row, _, { nowMs }) => [
      stateOf(row as unknown as StateRow, nowMs),
      ...(row.isPinned === 0 ? [] : ["pinned"]),
      ...(row.isInternal === 0 ? [] : ["internal"]),
    ],
    rangeOf: (value) => (value === "internal" ? isInternal(1) : null),
    rangeOfOthers: (value) => (value === "internal" ? isInternal(0) : null),
  },
  agent: { ...column("agentName"), facet: named(0, "agent") },
  workflow: { ...column("workflowName"), facet: named(1, "workflow") },
  run: { ...column("workflowRunId"), facet: named(2, "run") },
  session: { ...column("sessionId"), facet: named(3, "session") },
  customer: {
    of: "row",
    columns: ["customer"],
    texts: ({ customer }) => [parsed(customer)?.id ?? ""],
    facet: named(4, "customer"),
  },
  name: {
    of: "row",
    columns: ["traceName", "agentName"],
    texts: ({ traceName, agentName }) => textsOf((traceName ?? agentName) as Cell | null),
  },
  trace: {
    ...column("traceId"),
    patternOf: ({ sqlite }, pattern) => storedTracePattern(sqlite, pattern),
  },
  project: {
    of: "row",
    columns: [],
    texts: ({ projectId }, _, { projectOf }) => [projectOf(projectId as number)],
  },
  source: {
    ...column("source"),
    facet: { number: 8, kind: "texts", of: ({ source }) => [source] },
  },
  model: {
    of: "row",
    columns: ["models"],
    texts: ({ models }) => parsed(models) ?? [],
    facet: { number: 5, kind: "texts", of: ({ row }) => row.models },
  },
  provider: {
    of: "spans",
    texts: ({ providerId }, _, { source }) =>
      providerId === null ? [] : [source.names.nameOf(providerId)],
    facet: { number: 7, kind: "spans", of: ({ provider }) => provider },
  },
  tool: {
    of: "spans",
    texts: ({ spanType, nameId }, _, { source }) =>
      spanTypes[spanType] === "tool" ? [source.names.nameOf(nameId)] : [],
    facet: { number: 6, kind: "spans", of: ({ toolName }) => toolName },
  },
  prompt: {
    of: "row",
    columns: ["isSettled", "settledStep"],
    isSlow: true,
    texts: (row, _, { promptOf }) => {
      const version = versionOf(row as unknown as Parameters<typeof versionOf>[0]);
      return [promptOf({ key: row.key, version })?.id ?? ""];
    },
  },
  duration: {
    of: "number",
    columns: ["endTime"],
    value: ({ startTime, endTime }) => (endTime as number) - (startTime as number),
    facet: { number: 10, kind: "number", of: ({ row }) => row.endTime - row.startTime },
  },
  ttft: number("ttftMs"),
  cost: { ...number("cost"), facet: { number: 11, kind: "number", of: ({ row }) => row.cost } },
  tokens: {
    of: "number",
    columns: ["inputTokens", "outputTokens"],
    value: ({ inputTokens, outputTokens }) =>
      sumKnown(inputTokens as Figure | null, outputTokens as Figure | null),
    facet: {
      number: 12,
      kind: "number",
      of: ({ row: { usage } }) => sumKnown(usage.inputTokens, usage.outputTokens),
    },
  },
  input: number("inputTokens"),
  output: number("outputTokens"),
  errors: { ...number("errorCount"), facet: errors },
  spans: number("spanCount"),
  since: sameTime,
  until: sameTime,
  meta: {
    of: "row",
    columns: ["metadata"],
    texts: ({ metadata }, name) => valueIn(parsed(metadata), name!),
    offered: ({ metadata }, name) => offeredIn(parsed(metadata), name),
  },
  type: { of: "spans", texts: ({ spanType }) => [spanTypes[spanType]!] },
  span: { of: "spans", texts: ({ nameId }, _, { source }) => [source.names.nameOf(nameId)] },
  error: { of: "spans", texts: ({ errorMessage }) => textsOf(errorMessage) },
  attr: {
    of: "spans",
    texts: (span, name, { source }) =>
      [...attributesOf(parsed(span.metadata), (field) => readText(source, span, field))].flatMap(
        (own) => valueIn(own, name!),
      ),
    offered: (span, name, { source: { payloads } }) => {
      const { attributes, traceAttributes } = payloads.get(span.key, span.lists).texts;
      return [span.metadata, attributes, traceAttributes].flatMap((json) =>
        offeredIn(parsed(json), name),
      );
    },
  },
} as const satisfies Record<Exclude<KeyName, "has">, StoredKey>;

export const storedKeyOf = (name: KeyName): StoredKey =>
  storedKeys[name as Exclude<KeyName, "has">];

export function textsOf(cell: Cell | null): string[] {
  return cell === null ? [] : [fromCell(cell)];
}

function valueIn(own: Record<string, unknown> | null, name: string): string[] {
  return own && Object.hasOwn(own, name) ? attributeTexts(own[name]) : [];
}

/** The names, or of a name the value where it is a single one. */
function offeredIn(own: Record<string, unknown> | null, name: string | null): string[] {
  if (!own) return [];
  if (name === null) return Object.keys(own);
  const value = Object.hasOwn(own, name) ? own[name] : null;
  return value === null || typeof value === "object" ? [] : [String(value)];
}
