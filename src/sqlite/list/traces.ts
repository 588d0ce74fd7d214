/**
 * Lists of traces by any filter and order, and finding one by its id or key. What indexes answer comes at
 * once; for all else a page looks at traces for a bounded time and says where it stood.
 */
import { and, eq, sql } from "drizzle-orm";
import type { BunSQLiteDatabase } from "drizzle-orm/bun-sqlite";
import { AppError } from "../../errors.ts";
import { parseFilter, type Filter } from "../../filter/parse.ts";
import { parseTime } from "../../filter/time.ts";
import { traces as limits } from "../../limits.ts";
import { facetNumber } from "../rollups/facets.ts";
import type { TimeRange } from "../rollups/rollup.ts";
import { projects, traces } from "../db/schema.ts";
import { lastSettled } from "../rollups/settle.ts";
import { Budget } from "../../budget.ts";
import { usdOf } from "../../backend/costs.ts";
import { parseBoundCursor, toBoundCursor } from "../../backend/cursor.ts";
import { storedIdOf } from "./ids.ts";
import { createMatcher, loadRows } from "./match.ts";
import { fromRanges, toRanges } from "./keyranges.ts";
import type { Source } from "../trace/trace.ts";
import { stateOf } from "./state.ts";
import type { Summary, TracePage } from "../../backend/views.ts";
import { walk, type Order, type Place, type SortField } from "./walk.ts";
import { narrowScope, planWalk, type Scope } from "./where.ts";

export interface TraceQuery {
  limit: number;
  cursor?: string | undefined;
  /** In the grammar of filter/parse.ts. */
  filter?: string | undefined;
  /** Newest or greatest first, `-` in front for the reverse. By start where it is absent. */
  sort?: TraceSort | undefined;
  /** Times as filter/time.ts reads them; a trace belongs to the window in which it started. */
  since?: string | undefined;
  until?: string | undefined;
  projectId?: number | undefined;
}

export type TraceSort = SortField | `-${SortField}`;

/** A trace by the key of its summary, or by the sender's id and, where needed, the project. */
export type TraceRef = { key: number } | { traceId: string; projectId?: number | undefined };

export type TraceRow = typeof traces.$inferSelect;

/** Where a list stands, and what it must know to miss nothing. */
interface Position {
  /** When the first page was made; the last key, and the last step of settling, that there was. */
  asOfMs: number;
  topKey: number;
  settled: number;
  /** True where all is walked and what has changed since is looked through, by key. */
  isTail: boolean;
  place: Place;
  /** Keys of traces that were shown and were not settled then, or settled after the first page. */
  shown: readonly number[];
}

const byStart: Order = { field: "startTime", isAscending: false };

/**
 * A page of the traces that match. A trace that was there at the first page is on some page, although
 * what it is sorted by may change meanwhile: after all others come those that have changed since the first
 * page and were not shown as they were then. One that has changed may so come twice.
 *
 * @throws AppError `bad_request` for a filter, a time or a cursor that cannot be.
 */
export function listTraces(source: Source, query: TraceQuery, nowMs: number): TracePage {
  const { limit, sort = "startTime", projectId } = query;
  const bound = [query.filter ?? "", sort, projectId, query.since, query.until];
  const position = query.cursor === undefined ? null : parsePosition(query.cursor, bound);
  const asOfMs = position?.asOfMs ?? nowMs;
  const topKey = position?.topKey ?? topKeyOf(source);
  const settled = position?.settled ?? lastSettled(source.sqlite);
  // Times ago count from the first page on, so that all pages mean the same.
  const filter = parseFilter(query.filter ?? "", asOfMs);
  const time = (field: "since" | "until", none: number) =>
    query[field] === undefined ? none : parseTime(query[field], field, asOfMs);
  const range = { since: time("since", 0), until: time("until", Infinity) };
  const scope = narrowScope(source, { projectId, range }, filter);
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
  const rows = rowsOf(source, keys);
  const fresh = rows
    .filter(({ trace }) => trace.isSettled === 0 || trace.settledStep! > settled)
    .map(({ trace }) => trace.key);
  return {
    traces: rows.map(({ trace, project }) => toSummary(trace, project, nowMs)),
    nextCursor:
      isMore && last
        ? positionText(bound, {
            ...last,
            asOfMs,
            topKey,
            settled,
            shown: [...(position?.shown ?? []), ...fresh],
          })
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

function positionText(bound: unknown[], position: Position) {
  const { asOfMs, topKey, settled, isTail, place, shown } = position;
  const { value, startTime, key } = place;
  const where = [asOfMs, topKey, settled, Number(isTail), value, startTime, key];
  return toBoundCursor(bound, [...where, ...toRanges(shown)]);
}

/** @throws AppError `bad_request`. */
function parsePosition(cursor: string, bound: unknown[]): Position {
  const position = parseBoundCursor(cursor, bound, 7);
  const [asOfMs, topKey, settled, isTail, value, startTime, key, ...ranges] = position as Seven;
  const place = { value, startTime, key };
  return { asOfMs, topKey, settled, isTail: isTail === 1, place, shown: fromRanges(ranges) };
}

type Seven = [number, number, number, number, number, number, number, ...number[]];

/** What a list of keys is asked for. Times in epoch ms. */
export interface KeysQuery {
  filter?: string | undefined;
  projectId?: number | undefined;
  since?: number | undefined;
  until?: number | undefined;
}

/** Where a part of a list of keys ended. */
export type KeysPosition = Pick<Place, "startTime" | "key">;

/**
 * A part of the keys of the traces that match, the one that started last first. Each part looks at a
 * bounded number of traces, so that it may be empty although more follow.
 *
 * @param after `next` of the part before, null for the first.
 * @returns `next` null behind the last part.
 * @throws AppError `bad_request` for a filter that cannot be.
 */
export function listMatchingKeys(
  source: Source,
  { filter: text = "", projectId, since = 0, until = Infinity }: KeysQuery,
  after: KeysPosition | null,
  limit: number,
  nowMs = Date.now(),
): { keys: number[]; next: KeysPosition | null } {
  const filter = parseFilter(text, nowMs);
  const scope = narrowScope(source, { projectId, range: { since, until } }, filter);
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

/** Which of these traces match. @throws AppError `bad_request` for a filter that cannot be. */
export function matches(
  source: Source,
  keys: readonly number[],
  filter: string,
  nowMs = Date.now(),
): Set<number> {
  const matcher = createMatcher(source, parseFilter(filter, nowMs), nowMs);
  const rows = [...loadRows(source, keys, matcher.columns).values()];
  return new Set(rows.filter((row) => matcher.test(row)).map(({ key }) => key));
}

/** Summaries of these traces, in this order; one that is gone is left out. */
export function summariesOf(source: Source, keys: readonly number[], nowMs: number): Summary[] {
  return rowsOf(source, keys).map(({ trace, project }) => toSummary(trace, project, nowMs));
}

function rowsOf({ db }: Source, keys: readonly number[]): { trace: TraceRow; project: string }[] {
  const rows = db
    .select({ trace: traces, project: projects.name })
    .from(traces)
    .innerJoin(projects, eq(projects.id, traces.projectId))
    .where(sql`${traces.key} IN (SELECT value FROM json_each(${JSON.stringify(keys)}))`)
    .all();
  const byKey = new Map(rows.map((row) => [row.trace.key, row]));
  return keys.flatMap((key) => byKey.get(key) ?? []);
}

/** @throws AppError `not_found`; `conflict` with the list where several projects have the id. */
export function findTrace(
  db: BunSQLiteDatabase,
  ref: TraceRef,
): { trace: TraceRow; project: string } {
  const conditions =
    "key" in ref
      ? [eq(traces.key, ref.key)]
      : [
          eq(traces.traceId, ref.traceId),
          ref.projectId === undefined ? undefined : eq(traces.projectId, ref.projectId),
        ];
  const found = db
    .select({ trace: traces, project: projects.name })
    .from(traces)
    .innerJoin(projects, eq(projects.id, traces.projectId))
    .where(and(...conditions))
    .all();
  if (found.length > 1) {
    throw new AppError("conflict", "several projects have a trace of this id", {
      hint: "add ?project=<name>, or address it by ~<key>",
      extra: { projects: found.map(({ project }) => project) },
    });
  }
  if (found[0]) return found[0];
  const stored = "key" in ref ? null : storedIdOf(ref.traceId);
  if (stored !== null) return findTrace(db, { ...ref, traceId: stored });
  throw new AppError("not_found", "no such trace");
}

export function toSummary(row: TraceRow, project: string, nowMs: number): Summary {
  return {
    key: row.key,
    project,
    traceId: row.traceId,
    name: row.traceName ?? row.agentName,
    traceName: row.traceName,
    agentName: row.agentName,
    workflowName: row.workflowName,
    workflowRunId: row.workflowRunId,
    sessionId: row.sessionId,
    customer: row.customer === null ? null : JSON.parse(row.customer),
    source: row.source,
    startTime: row.startTime,
    endTime: row.endTime,
    durationMs: row.endTime - row.startTime,
    receivedAt: row.receivedAt,
    lastReceivedAt: row.lastReceivedAt,
    status: row.status as Summary["status"],
    state: stateOf(row, nowMs),
    spanCount: row.spanCount,
    internalSpanCount: row.internalSpanCount,
    isInternal: row.isInternal === 1,
    llmCount: row.llmCount,
    toolCount: row.toolCount,
    errorCount: row.errorCount,
    models: JSON.parse(row.models),
    ttftMs: row.ttftMs,
    inputTokens: row.inputTokens,
    outputTokens: row.outputTokens,
    totalTokens: row.totalTokens,
    cachedInputTokens: row.cachedInputTokens,
    cacheWriteInputTokens: row.cacheWriteInputTokens,
    reasoningTokens: row.reasoningTokens,
    costUsd: usdOf(row.cost),
    isCostEstimated: row.estimatedSpanCount > 0,
    reportedCostUsd: usdOf(row.reportedCost),
    pricedSpanCount: row.pricedSpanCount,
    priceableSpanCount: row.priceableSpanCount,
    inputPreview: row.inputPreview,
    outputPreview: row.outputPreview,
    pinned: row.isPinned === 1,
  };
}
