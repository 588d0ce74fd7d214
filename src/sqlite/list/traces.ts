/**
 * Lists of traces by any filter and order. What indexes answer comes at once; for all else a page looks at
 * traces for a bounded time and says where it stood.
 */
import { invalidCursor } from "../../backend/cursor.ts";
import type {
  KeysPart,
  KeysPosition,
  SortField,
  TraceList,
  TraceListQuery,
  TraceScope,
  TraceSort,
} from "../../backend/traces.ts";
import { Budget } from "../../budget.ts";
import type { Filter } from "../../filter/parse.ts";
import { traces as limits } from "../../limits.ts";
import { facetNumber } from "../rollups/facets.ts";
import type { TimeRange } from "../rollups/rollup.ts";
import { lastSettled } from "../rollups/settle.ts";
import type { Source } from "../source.ts";
import { fromRanges, toRanges } from "./keyranges.ts";
import { createMatcher } from "./match.ts";
import { readRows, toRecord } from "./records.ts";
import { loadRows } from "./rows.ts";
import { walk, type Order, type Place } from "./walk.ts";
import { narrowScope, planWalk, type Scope } from "./where.ts";

/** Where a list stands, and what it must know to miss nothing. */
interface Position {
  /** The last key, and the last step of settling, that there was at the first page. */
  topKey: number;
  settled: number;
  /** True where all is walked and what has changed since is looked through, by key. */
  isTail: boolean;
  place: Place;
  /** Keys of traces that were shown and were not settled then, or settled after the first page. */
  shown: readonly number[];
}

const byStart: Order = { field: "startTime", isAscending: false };

/** @throws AppError `bad_request` for a cursor that cannot be. */
export function listTraces(source: Source, query: TraceListQuery, nowMs: number): TraceList {
  const { filter, limit, sort } = query;
  const position = query.cursor && toPosition(query.cursor);
  const topKey = position?.topKey ?? topKeyOf(source);
  const settled = position?.settled ?? lastSettled(source.sqlite);
  const scope = narrowScope(source, toScope(query), filter);
  const candidates = candidatesOf(source, filter, scope, orderOf(sort), position);

  const budget = new Budget(limits.budgetMs);
  const shown = new Set(position?.shown);
  const keys: number[] = [];
  let last: Candidate | null = null;
  let isMore = false;
  for (const candidate of testAll(source, filter, scope, candidates, nowMs)) {
    const { place, isTail } = candidate;
    const isMatch = candidate.isMatch && !(isTail && shown.has(place.key));
    isMore = isMatch && keys.length === limit;
    if (isMore) break;
    last = candidate;
    if (isMatch) {
      keys.push(place.key);
      shown.add(place.key);
    }
    isMore = budget.spend();
    if (isMore) break;
  }
  const rows = readRows(source, keys);
  const fresh = rows
    .filter(({ trace }) => trace.isSettled === 0 || trace.settledStep! > settled)
    .map(({ trace }) => trace.key);
  return {
    traces: rows.map((row) => toRecord(row, nowMs)),
    next:
      isMore && last
        ? toCursor({ ...last, topKey, settled, shown: [...(position?.shown ?? []), ...fresh] })
        : null,
    partial: isMore && keys.length < limit,
  };
}

/** A trace that is to be tested, in the list proper or among those that have changed since. */
interface Candidate {
  place: Place;
  isTail: boolean;
  /** False where its place alone says that it started at another time. */
  isInRange: boolean;
}

function* candidatesOf(
  source: Source,
  filter: Filter,
  scope: Scope,
  order: Order,
  position: Position | null,
): Generator<Candidate> {
  if (!position?.isTail) {
    const plan = planWalk(source, filter, scope, order.field === "startTime");
    yield* inOrder(source, plan, order, scope, position?.place ?? null);
  }
  // The first page sees all as it is at one moment.
  if (!position) return;
  for (const key of changedSince(source, position)) {
    yield { place: { value: 0, startTime: 0, key }, isTail: true, isInRange: true };
  }
}

function* inOrder(...[source, plan, order, scope, after]: Parameters<typeof walk>) {
  for (const place of walk(source, plan, order, scope, after)) {
    yield { place, isTail: false, isInRange: isIn(scope.range, place.startTime) };
  }
}

/** The traces that were there at the first page and have changed or settled since, by key. */
function changedSince({ sqlite }: Source, { settled, topKey, isTail, place }: Position): number[] {
  const unsettledKeys = sqlite
    .query<{ key: number }, [number]>(
      "SELECT key FROM traces INDEXED BY unsettledTraces WHERE isSettled = 0 AND key <= ?",
    )
    .all(topKey);
  const settledKeys = sqlite
    .query<{ key: number }, [number, number, number]>(
      "SELECT traceKey AS key FROM facets WHERE field = ? AND value > ? AND traceKey <= ?",
    )
    .all(facetNumber("settled"), settled, topKey);
  return [...unsettledKeys, ...settledKeys]
    .map(({ key }) => key)
    .filter((key) => !isTail || key < place.key)
    .sort((a, b) => b - a);
}

const firstPart = 64;
const largestPart = 512;

/** Reads the rows of some at a time. */
function* testAll<T extends Pick<Candidate, "place" | "isInRange">>(
  source: Source,
  filter: Filter,
  { projectId, range }: Scope,
  candidates: Generator<T>,
  nowMs: number,
): Generator<T & { isMatch: boolean }> {
  const matcher = createMatcher(source, filter, nowMs);
  for (let size = firstPart; ; size = Math.min(2 * size, largestPart)) {
    const part = takeSome(candidates, size);
    const rows = loadRows(
      source,
      part.filter(({ isInRange }) => isInRange).map(({ place }) => place.key),
      matcher.columns,
    );
    for (const candidate of part) {
      const row = rows.get(candidate.place.key);
      const isMatch =
        row !== undefined &&
        (projectId === undefined || row.projectId === projectId) &&
        isIn(range, row.startTime as number) &&
        matcher.test(row);
      yield { ...candidate, isMatch };
    }
    if (part.length < size) return;
  }
}

function isIn({ since, until }: TimeRange, startTime: number): boolean {
  return startTime >= since && startTime < until;
}

function takeSome<T>(from: Generator<T>, count: number): T[] {
  const taken: T[] = [];
  while (taken.length < count) {
    const { done, value } = from.next();
    if (done) break;
    taken.push(value);
  }
  return taken;
}

function orderOf(sort: TraceSort): Order {
  return sort.startsWith("-")
    ? { field: sort.slice(1) as SortField, isAscending: true }
    : { field: sort as SortField, isAscending: false };
}

function topKeyOf({ sqlite }: Source): number {
  return (
    sqlite.query<{ key: number | null }, []>("SELECT max(key) AS key FROM traces").get()!.key ?? 0
  );
}

function toScope({ projectId, since, until }: TraceScope): Scope {
  return { projectId, range: { since, until } };
}

function toCursor({ topKey, settled, isTail, place, shown }: Position): number[] {
  const { value, startTime, key } = place;
  return [topKey, settled, Number(isTail), value, startTime, key, ...toRanges(shown)];
}

/** @throws AppError `bad_request`. */
function toPosition(cursor: readonly number[]): Position {
  if (cursor.length < 6) throw invalidCursor();
  const [topKey, settled, isTail, value, startTime, key, ...ranges] = cursor as Six;
  const place = { value, startTime, key };
  return { topKey, settled, isTail: isTail === 1, place, shown: fromRanges(ranges) };
}

type Six = [number, number, number, number, number, number, ...number[]];

export function listKeys(
  source: Source,
  query: TraceScope,
  after: KeysPosition | null,
  limit: number,
  nowMs: number,
): KeysPart {
  const { filter } = query;
  const scope = narrowScope(source, toScope(query), filter);
  const plan = planWalk(source, filter, scope, true);
  const candidates = inOrder(source, plan, byStart, scope, after && { value: 0, ...after });
  const keys: number[] = [];
  let scanned = 0;
  for (const { place, isMatch } of testAll(source, filter, scope, candidates, nowMs)) {
    if (isMatch) keys.push(place.key);
    const { startTime, key } = place;
    if (keys.length === limit || ++scanned === limits.scannedTraces)
      return { keys, next: { startTime, key } };
  }
  return { keys, next: null };
}

/** Which of these traces match. */
export function matchingOf(
  source: Source,
  keys: readonly number[],
  filter: Filter,
  nowMs: number,
): Set<number> {
  const matcher = createMatcher(source, filter, nowMs);
  const rows = [...loadRows(source, keys, matcher.columns).values()];
  return new Set(rows.filter((row) => matcher.test(row)).map(({ key }) => key));
}
