/**
 * Goes through traces in an order, from a place on: along the index over their start, or the facets of a
 * condition or of what they are sorted by, with the traces that are not settled woven in. Reads in small
 * parts, so that who stops early pays little.
 */
import type { Database } from "bun:sqlite";
import type { SortField } from "../../backend/traces.ts";
import { facetNumber } from "../rollups/facets.ts";
import type { Source } from "../source.ts";
import { loadRows, type MatchRow } from "./rows.ts";
import { storedKeys } from "./storedkeys.ts";
import type { Plan, Posting, Scope } from "./where.ts";

export interface Order {
  field: SortField;
  /** The smallest and oldest first. What is unknown comes last either way. */
  isAscending: boolean;
}

/** Where a trace stands in an order. */
export interface Place {
  /** What it is sorted by, -1 where that is unknown; 0 by start. */
  value: number;
  startTime: number;
  key: number;
}

type Compare = (a: Place, b: Place) => number;
/** A part of a list behind a place, or from its beginning. */
type Fetch = (after: Place | null, limit: number) => Place[];

const firstPart = 64;
const largestPart = 1024;
/** Before the least and behind the greatest of all. */
const least = { value: 0, startTime: -1, key: 0 };
const greatest = { value: Infinity, startTime: Infinity, key: 0 };

const columnsOf = (field: SortField): readonly string[] =>
  field === "startTime" ? [] : storedKeys[field].columns;

/**
 * @returns a superset of what the plan is for, each trace once, in order, from behind the place on. What
 *   started outside of the range is among it, so that who has little time can stop there, too.
 */
export function* walk(
  source: Source,
  plan: Plan,
  order: Order,
  scope: Scope,
  after: Place | null,
): Generator<Place> {
  const compare = comparing(order);
  const streams = streamsOf(source, plan, order, scope, after);
  let last: Place | null = null;
  for (const place of merge(streams, compare)) {
    if (place.key === last?.key) continue;
    last = place;
    yield place;
  }
}

function comparing({ isAscending }: Order): Compare {
  const sign = isAscending ? 1 : -1;
  return (a, b) =>
    Number(a.value < 0) - Number(b.value < 0) ||
    sign * (compareNumbers(a.value, b.value) || a.startTime - b.startTime || a.key - b.key);
}

/** Two infinities have no difference. */
function compareNumbers(a: number, b: number): number {
  return a < b ? -1 : Number(a > b);
}

function streamsOf(
  source: Source,
  plan: Plan,
  order: Order,
  scope: Scope,
  after: Place | null,
): Generator<Place>[] {
  const { sqlite } = source;
  const { field, isAscending } = order;
  if (plan.kind === "all" && field === "startTime") {
    return [inParts(startedFrom(sqlite, scope, isAscending), after)];
  }
  const compare = comparing(order);
  const sorted = (places: Place[]) =>
    ofArray(places.filter((place) => !after || compare(place, after) > 0).sort(compare));
  const unsettled = sorted(unsettledPlaces(source, order, scope));
  if (plan.kind === "few") {
    const rows = loadRows(source, plan.keys, columnsOf(field));
    return [sorted([...rows.values()].map((row) => placeOf(row, field))), unsettled];
  }
  if (plan.kind === "postings") {
    const lists = plan.postings.map((posting) =>
      inParts(posted(sqlite, posting, scope, isAscending), after),
    );
    return [...lists, unsettled];
  }
  return [valued(sqlite, order, scope, after), unsettled];
}

/** All settled traces by a value. */
function* valued(
  db: Database,
  { field, isAscending }: Order,
  scope: Scope,
  after: Place | null,
): Generator<Place> {
  const number = facetNumber(field as Exclude<SortField, "startTime">);
  if (!after || after.value >= 0) yield* inParts(byValue(db, number, isAscending), after);
  // Unknown values stand before all others in the tree and behind them in the list.
  const isAmongUnknown = after !== null && after.value < 0;
  const unknown = { field: number, min: -1, max: -1 };
  for (const place of inParts(
    posted(db, unknown, scope, isAscending),
    isAmongUnknown ? after : null,
  )) {
    yield { ...place, value: -1 };
  }
}

const directions = (isAscending: boolean) =>
  isAscending ? { than: ">", by: "ASC" } : { than: "<", by: "DESC" };

function startedFrom(db: Database, scope: Scope, isAscending: boolean): Fetch {
  const { than, by } = directions(isAscending);
  const { projectId, range } = scope;
  // One of the two ends is where the walk stands: with both named, SQLite might seek the wrong one.
  const select = db.query<Place, number[]>(
    `SELECT 0 AS value, startTime, key FROM traces
     WHERE ${projectId === undefined ? "" : "projectId = ? AND"} (startTime, key) ${than} (?, ?)
       AND startTime ${isAscending ? "< ?" : ">= ?"}
     ORDER BY startTime ${by}, key ${by} LIMIT ?`,
  );
  const ofProject = projectId === undefined ? [] : [projectId];
  return (after, limit) => {
    const { startTime, key } = after ?? startOf(range, isAscending);
    const end = isAscending ? range.until : range.since;
    return select.all(...ofProject, startTime, key, end, limit);
  };
}

function posted(db: Database, { field, min }: Posting, scope: Scope, isAscending: boolean): Fetch {
  const { than, by } = directions(isAscending);
  const { range } = scope;
  const select = db.query<Place, number[]>(
    `SELECT 0 AS value, startTime, traceKey AS key FROM facets
     WHERE field = ? AND value = ? AND (startTime, traceKey) ${than} (?, ?)
       AND startTime ${isAscending ? "< ?" : ">= ?"}
     ORDER BY startTime ${by}, traceKey ${by} LIMIT ?`,
  );
  return (after, limit) => {
    const { startTime, key } = after ?? startOf(range, isAscending);
    const end = isAscending ? range.until : range.since;
    return select.all(field, min, startTime, key, end, limit);
  };
}

/** Before the first trace of a range. */
function startOf({ since, until }: Scope["range"], isAscending: boolean): Omit<Place, "value"> {
  return { startTime: isAscending ? since : until, key: 0 };
}

function byValue(db: Database, field: number, isAscending: boolean): Fetch {
  const { than, by } = directions(isAscending);
  const select = db.query<Place, number[]>(
    `SELECT value, startTime, traceKey AS key FROM facets
     WHERE field = ? AND (value, startTime, traceKey) ${than} (?, ?, ?)
       AND ${isAscending ? "value < ?" : "value >= ?"}
     ORDER BY value ${by}, startTime ${by}, traceKey ${by} LIMIT ?`,
  );
  return (after, limit) => {
    const { value, startTime, key } = after ?? (isAscending ? least : greatest);
    return select.all(field, value, startTime, key, isAscending ? Infinity : 0, limit);
  };
}

function unsettledPlaces({ sqlite }: Source, { field }: Order, { projectId }: Scope): Place[] {
  const columns = ["key", "projectId", "startTime", ...columnsOf(field)];
  return sqlite
    .query<MatchRow, []>(
      `SELECT ${columns} FROM traces INDEXED BY unsettledTraces WHERE isSettled = 0`,
    )
    .all()
    .filter((row) => projectId === undefined || row.projectId === projectId)
    .map((row) => placeOf(row, field));
}

function placeOf(row: MatchRow, field: SortField): Place {
  const startTime = row.startTime as number;
  if (field === "startTime") return { value: 0, startTime, key: row.key };
  return { value: Number(storedKeys[field].value(row) ?? -1), startTime, key: row.key };
}

/** Small parts first: most pages are filled by the first. */
function* inParts(fetch: Fetch, after: Place | null): Generator<Place> {
  for (let limit = firstPart; ; limit = Math.min(4 * limit, largestPart)) {
    const part = fetch(after, limit);
    yield* part;
    if (part.length < limit) return;
    after = part.at(-1)!;
  }
}

function* ofArray(places: Place[]): Generator<Place> {
  yield* places;
}

function* merge(streams: Generator<Place>[], compare: Compare): Generator<Place> {
  const heads = streams.map((stream) => ({ stream, next: stream.next() }));
  for (;;) {
    let first: (typeof heads)[number] | null = null;
    for (const head of heads) {
      if (head.next.done) continue;
      if (!first || compare(head.next.value, first.next.value as Place) < 0) first = head;
    }
    if (!first) return;
    yield first.next.value as Place;
    first.next = first.stream.next();
  }
}
