import { attributesOf, attributeTexts, parsed } from "../../backend/attributes.ts";
import { spanTypes } from "../../contract/v1.ts";
import { okWithErrors } from "../../filter/keys.ts";
import type { Filter, RangeTest, Test, TextTest } from "../../filter/parse.ts";
/**
 * Whether a trace matches a filter: by its row, and only where the filter asks for more by its spans and
 * their attributes. One meaning for lists, statistics, deletes and live views, whatever led to the trace.
 */
import { fits } from "../../pattern.ts";
import { sumKnown, type Figure } from "../../tally/figure.ts";
import { spanKeyRange } from "../../tally/numbers.ts";
import { fromCell, type Cell } from "../db/cells.ts";
import { readText } from "../payload/text.ts";
import type { Source } from "../source.ts";
import { storedTracePattern } from "./ids.ts";
import { createPrompts } from "./promptof.ts";
import { versionOf } from "./records.ts";
import { stateOf, type StateRow } from "./state.ts";

/** A trace's row as far as it is read: `key`, `projectId`, `startTime` and `columns` of the matcher. */
export type MatchRow = Record<string, Cell | number | null> & { key: number };

export interface Matcher {
  /** What the tests read of the row. */
  columns: string[];
  test(row: MatchRow): boolean;
}

interface SpanRow {
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

type RowTest = (row: MatchRow) => boolean;
type SpanTest = (span: SpanRow) => boolean;

/** What a key reads of the trace's row, and from which columns. */
interface RowReader<T> {
  columns: string[];
  read(row: MatchRow, name: string | null): T;
}

const textColumn = (column: string): RowReader<string[]> => ({
  columns: [column],
  read: (row) => textsOf(row[column] as Cell | null),
});
const numberColumn = (column: string): RowReader<number | null> => ({
  columns: [column],
  read: (row) => numberOf(row[column] as Figure | null),
});

const rowTexts: ReadonlyMap<string, RowReader<string[]>> = new Map([
  ["status", textColumn("status")],
  ["agent", textColumn("agentName")],
  ["workflow", textColumn("workflowName")],
  ["run", textColumn("workflowRunId")],
  ["session", textColumn("sessionId")],
  ["trace", textColumn("traceId")],
  ["source", textColumn("source")],
  [
    "name",
    {
      columns: ["traceName", "agentName"],
      read: (row) => textsOf((row.traceName ?? row.agentName) as Cell | null),
    },
  ],
  ["customer", { columns: ["customer"], read: ({ customer }) => [parsed(customer)?.id ?? ""] }],
  ["model", { columns: ["models"], read: ({ models }) => parsed(models) }],
  [
    "meta",
    {
      columns: ["metadata"],
      read: ({ metadata }, name) => {
        const own: Record<string, string> = parsed(metadata) ?? {};
        return Object.hasOwn(own, name!) ? [own[name!]!] : [];
      },
    },
  ],
] as [string, RowReader<string[]>][]);

const rowNumbers: ReadonlyMap<string, RowReader<number | null>> = new Map([
  [
    "duration",
    { columns: ["endTime"], read: (row) => (row.endTime as number) - (row.startTime as number) },
  ],
  ["ttft", numberColumn("ttftMs")],
  ["cost", numberColumn("cost")],
  [
    "tokens",
    {
      columns: ["inputTokens", "outputTokens"],
      read: ({ inputTokens, outputTokens }) =>
        sumKnown(inputTokens as Figure | null, outputTokens as Figure | null),
    },
  ],
  ["input", numberColumn("inputTokens")],
  ["output", numberColumn("outputTokens")],
  ["errors", numberColumn("errorCount")],
  ["spans", numberColumn("spanCount")],
  ["since", numberColumn("startTime")],
  ["until", numberColumn("startTime")],
]);

/** @param nowMs decides which open traces are stale. */
export function createMatcher(source: Source, filter: Filter, nowMs: number): Matcher {
  const { names } = source;
  const columns = new Set<string>();
  const promptIn = createPrompts(source);
  const selectSpans = source.sqlite.query<SpanRow, [number, number]>(
    `SELECT key, spanId, parentSpanId, spanType, nameId, providerId, errorMessage, metadata, lists
     FROM spans WHERE key BETWEEN ? AND ?`,
  );
  const selectProject = source.sqlite.query<{ name: string }, [number]>(
    "SELECT name FROM projects WHERE id = ?",
  );

  const spanTexts: Record<string, (span: SpanRow, name: string | null) => string[]> = {
    provider: ({ providerId }) => (providerId === null ? [] : [names.nameOf(providerId)]),
    tool: (span) => (isTool(span) ? [names.nameOf(span.nameId)] : []),
    type: ({ spanType }) => [spanTypes[spanType]!],
    span: ({ nameId }) => [names.nameOf(nameId)],
    error: ({ errorMessage }) => textsOf(errorMessage),
    attr: (span, name) => textsNamed(span, name!),
  };

  function textsNamed(span: SpanRow, name: string): string[] {
    return [...attributesOf(parsed(span.metadata), (field) => readText(source, span, field))]
      .filter((own) => Object.hasOwn(own, name))
      .flatMap((own) => attributeTexts(own[name]));
  }

  function read(...more: string[]): void {
    for (const column of more) columns.add(column);
  }

  function ofText(test: TextTest): RowTest | null {
    const { key, name } = test;
    const pattern =
      key.name === "trace" ? storedTracePattern(source.sqlite, test.pattern) : test.pattern;
    const isFit = fitOf({ ...test, pattern });
    const holds = (texts: string[]) => texts.some((text) => text !== "" && isFit(text));
    if (key.name === "status" && pattern[0] === okWithErrors) {
      read("status", "errorCount");
      return ({ status, errorCount }) => status === "ok" && (errorCount as number) > 0;
    }
    if (key.name === "is") {
      const [wanted] = pattern;
      const column = { pinned: "isPinned", internal: "isInternal" }[wanted];
      read(...(column ? [column] : ["rootCount", "lastReceivedAt"]));
      return column
        ? (row) => row[column] !== 0
        : (row) => stateOf(row as MatchRow & StateRow, nowMs) === wanted;
    }
    if (key.name === "prompt") {
      read("isSettled", "settledStep");
      return (row) => {
        const version = versionOf(row as unknown as Parameters<typeof versionOf>[0]);
        return holds([promptIn({ key: row.key, version })?.id ?? ""]);
      };
    }
    if (key.name === "project") {
      return ({ projectId }) => holds([selectProject.get(projectId as number)!.name]);
    }
    const reader = rowTexts.get(key.name);
    if (!reader) return null;
    read(...reader.columns);
    return key.name === "meta"
      ? (row) => reader.read(row, name).some((text) => fits(pattern, text))
      : (row) => holds(reader.read(row, name));
  }

  function ofNumber(test: RangeTest): RowTest {
    const reader = rowNumbers.get(test.key.name)!;
    read(...reader.columns);
    return (row) => lies(reader.read(row, null), test);
  }

  /** A test is of the row, of the spans, or for free text of both. */
  function compile(test: Test): { ofRow: RowTest | null; ofSpan: SpanTest | null } {
    if (test.kind === "range") return { ofRow: ofNumber(test), ofSpan: null };
    if (test.kind === "free") return ofFreeText(test.text);
    const ofRow = ofText(test);
    if (ofRow) return { ofRow, ofSpan: null };
    const { key, name, isRoot } = test;
    const isFit = fitOf(test);
    const texts = spanTexts[key.name]!;
    // An empty name or provider says no more than an absent one; an empty attribute does.
    const counts = (text: string) => text !== "" || key.name === "attr";
    return {
      ofRow: null,
      ofSpan: (span) =>
        (!isRoot || span.parentSpanId === null) &&
        texts(span, name).some((text) => counts(text) && isFit(text)),
    };
  }

  function ofFreeText(text: string): { ofRow: RowTest; ofSpan: SpanTest } {
    read(...freeColumns, "customer", "models");
    const wanted = text.normalize("NFC");
    const has = (texts: string[]) => texts.some((one) => foldCase(one).includes(wanted));
    return {
      ofRow: (row) =>
        freeColumns.some((column) => has(textsOf(row[column] as Cell | null))) ||
        has(Object.values(parsed(row.customer) ?? {})) ||
        has(parsed(row.models)),
      ofSpan: ({ spanId, nameId, providerId, errorMessage }) =>
        has([
          names.nameOf(nameId),
          ...textsOf(spanId),
          ...textsOf(errorMessage),
          ...(providerId === null ? [] : [names.nameOf(providerId)]),
        ]),
    };
  }

  function someSpan({ key }: MatchRow, tests: SpanTest[]): boolean {
    for (const span of selectSpans.iterate(...spanKeyRange(key))) {
      if (tests.some((test) => test(span))) return true;
    }
    return false;
  }

  const terms = filter
    .map(({ isNegated, tests }) => {
      const compiled = tests.map(compile);
      const ofRow = compiled.flatMap(({ ofRow }) => ofRow ?? []);
      const ofSpan = compiled.flatMap(({ ofSpan }) => ofSpan ?? []);
      const holds: RowTest = (row) =>
        ofRow.some((test) => test(row)) || (ofSpan.length > 0 && someSpan(row, ofSpan));
      return {
        holds: (row: MatchRow) => holds(row) !== isNegated,
        isCheap: ofSpan.length === 0 && !tests.some(readsPrompt),
      };
    })
    // What the row alone decides comes first.
    .sort((a, b) => Number(b.isCheap) - Number(a.isCheap));

  return {
    columns: [...columns],
    test: (row) => terms.every(({ holds }) => holds(row)),
  };
}

/** What the trace begins with has to be read, unless it is remembered. */
function readsPrompt(test: Test): boolean {
  return test.kind === "text" && test.key.name === "prompt";
}

const freeColumns = [
  "traceId",
  "traceName",
  "agentName",
  "workflowName",
  "workflowRunId",
  "sessionId",
  "inputPreview",
  "outputPreview",
];

/** Rows of these traces, by their key, with what a matcher reads. A trace that is gone has none. */
export function loadRows(
  { sqlite }: Source,
  keys: readonly number[],
  columns: readonly string[],
): Map<number, MatchRow> {
  const wanted = new Set(["key", "projectId", "startTime", ...columns]);
  const rows = sqlite
    .query<MatchRow, [string]>(
      `SELECT ${[...wanted]} FROM traces WHERE key IN (SELECT value FROM json_each(?))`,
    )
    .all(JSON.stringify(keys));
  return new Map(rows.map((row) => [row.key, row]));
}

export function lies(
  value: number | null,
  { min, max, isMinOpen, isMaxOpen }: Omit<RangeTest, "kind" | "key">,
): boolean {
  if (value === null) return false;
  return (isMinOpen ? value > min : value >= min) && (isMaxOpen ? value < max : value <= max);
}

function fitOf({ pattern, isContained }: TextTest): (text: string) => boolean {
  if (!isContained) return (text) => fits(pattern, text);
  const wanted = pattern[1]!.normalize("NFC");
  return (text) => foldCase(text).includes(wanted);
}

/** As search compares: an accent may be a character of its own. */
function foldCase(text: string): string {
  return text.normalize("NFC").toLowerCase();
}

function isTool({ spanType }: SpanRow): boolean {
  return spanTypes[spanType] === "tool";
}

function textsOf(cell: Cell | null): string[] {
  return cell === null ? [] : [fromCell(cell)];
}

function numberOf(figure: Figure | null): number | null {
  return figure === null ? null : Number(figure);
}
