/**
 * Whether a trace matches a filter: by its row, and only where the filter asks for more by its spans and
 * their attributes. One meaning for lists, statistics, deletes and live views, whatever led to the trace.
 */
import { parsed } from "../../backend/attributes.ts";
import type { Filter, RangeTest, Test, TextTest } from "../../filter/parse.ts";
import { fits } from "../../pattern.ts";
import { spanKeyRange } from "../../tally/numbers.ts";
import type { Cell } from "../db/cells.ts";
import type { Source } from "../source.ts";
import { createPrompts } from "./promptof.ts";
import type { MatchRow } from "./rows.ts";
import { spanColumns, storedKeyOf, textsOf, type Asking, type SpanRow } from "./storedkeys.ts";

export interface Matcher {
  /** What the tests read of the row. */
  columns: string[];
  test(row: MatchRow): boolean;
}

/** A test of a filter as tests of a row and of each span: one of them must hold. */
interface Compiled {
  columns: readonly string[];
  ofRow?: (row: MatchRow) => boolean;
  ofSpan?: (span: SpanRow) => boolean;
  /** True where it reads more than the row. */
  isSlow: boolean;
}

/** @param nowMs decides which open traces are stale. */
export function createMatcher(source: Source, filter: Filter, nowMs: number): Matcher {
  const asking = askingOf(source, nowMs);
  const someSpan = createSpanSearch(source);
  const terms = filter
    .map(({ isNegated, tests }) => {
      const compiled = tests.map((test) => compile(test, asking));
      const ofRow = compiled.flatMap(({ ofRow }) => ofRow ?? []);
      const ofSpan = compiled.flatMap(({ ofSpan }) => ofSpan ?? []);
      const holds = (row: MatchRow) =>
        ofRow.some((test) => test(row)) ||
        (ofSpan.length > 0 && someSpan(row.key, (span) => ofSpan.some((test) => test(span))));
      return {
        columns: compiled.flatMap(({ columns }) => columns),
        holds: (row: MatchRow) => holds(row) !== isNegated,
        isSlow: compiled.some(({ isSlow }) => isSlow),
      };
    })
    // What the row alone decides comes first.
    .sort((a, b) => Number(a.isSlow) - Number(b.isSlow));
  return {
    columns: [...new Set(terms.flatMap(({ columns }) => columns))],
    test: (row) => terms.every(({ holds }) => holds(row)),
  };
}

export function askingOf(source: Source, nowMs: number): Asking {
  const selectProject = source.sqlite.query<{ name: string }, [number]>(
    "SELECT name FROM projects WHERE id = ?",
  );
  return {
    source,
    nowMs,
    promptOf: createPrompts(source),
    projectOf: (id) => selectProject.get(id)!.name,
  };
}

/** @returns whether any span of a trace passes. */
function createSpanSearch({ sqlite }: Source) {
  const select = sqlite.query<SpanRow, [number, number]>(
    `SELECT ${spanColumns} FROM spans WHERE key BETWEEN ? AND ?`,
  );
  return (traceKey: number, test: (span: SpanRow) => boolean): boolean => {
    for (const span of select.iterate(...spanKeyRange(traceKey))) if (test(span)) return true;
    return false;
  };
}

function compile(test: Test, asking: Asking): Compiled {
  if (test.kind === "free") return ofFreeText(test.text, asking);
  return test.kind === "range" ? ofRange(test) : ofText(test, asking);
}

function ofText(test: TextTest, asking: Asking): Compiled {
  const { key, name, isRoot } = test;
  const stored = storedKeyOf(key.name);
  if (stored.of === "number") throw new Error(`${key.name} is a number`);
  const pattern = stored.patternOf?.(asking.source, test.pattern) ?? test.pattern;
  const isFit = fitOf({ ...test, pattern });
  // An empty name says no more than an absent one; an empty value under a key of the sender's does.
  const counts = (text: string) => (key.isOpen || text !== "") && isFit(text);
  return stored.of === "row"
    ? {
        columns: stored.columns,
        ofRow: (row) => stored.texts(row, name, asking).some(counts),
        isSlow: stored.isSlow ?? false,
      }
    : {
        columns: [],
        ofSpan: (span) =>
          (!isRoot || span.parentSpanId === null) && stored.texts(span, name, asking).some(counts),
        isSlow: true,
      };
}

function ofRange(test: RangeTest): Compiled {
  const stored = storedKeyOf(test.key.name);
  if (stored.of !== "number") throw new Error(`${test.key.name} is no number`);
  const valueOf = (row: MatchRow) => {
    const value = stored.value(row);
    return value === null ? null : Number(value);
  };
  return { columns: stored.columns, ofRow: (row) => lies(valueOf(row), test), isSlow: false };
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

function ofFreeText(text: string, { source: { names } }: Asking): Compiled {
  const wanted = text.normalize("NFC");
  const has = (texts: string[]) => texts.some((one) => foldCase(one).includes(wanted));
  return {
    columns: [...freeColumns, "customer", "models"],
    ofRow: (row) =>
      freeColumns.some((column) => has(textsOf(row[column] as Cell | null))) ||
      has(Object.values(parsed(row.customer) ?? {})) ||
      has(parsed(row.models) ?? []),
    ofSpan: ({ spanId, nameId, providerId, errorMessage }) =>
      has([
        names.nameOf(nameId),
        ...textsOf(spanId),
        ...textsOf(errorMessage),
        ...(providerId === null ? [] : [names.nameOf(providerId)]),
      ]),
    isSlow: true,
  };
}

/** A number that is unknown lies in no range. */
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
