/**
 * Sessions, runs and customers, the one whose newest trace started last first. A page reads as many
 * rows as it shows and the traces that are not settled; with a filter it goes on for as long as there
 * is time.
 */
import { and, desc, eq } from "drizzle-orm";
import { parseCursor, toCursor } from "../../backend/cursor.ts";
import { Figures, toFigures } from "../../backend/figures.ts";
import { LatestPage, type LatestQuery, type LatestField } from "../../backend/stats.ts";
import { Budget } from "../../budget.ts";
import type { Filter } from "../../filter/parse.ts";
import { latest as limits } from "../../limits.ts";
import { spreadError } from "../../tally/cell.ts";
import { projects, traces } from "../db/schema.ts";
import { readRows, toRecord } from "../list/records.ts";
import { matchingOf } from "../list/traces.ts";
import { facetNumber } from "../rollups/facets.ts";
import { levelMs } from "../rollups/rollup.ts";
import type { Source } from "../source.ts";
import { addRollups, addTraces, endlessMs, GroupIds, sumOf, Window } from "./gather.ts";

interface Place {
  startTime: number;
  traceKey: number;
}

/** One of them, by its newest trace. */
interface Entry extends Place {
  text: string;
  projectId: number;
  /** Its traces that are not settled. */
  unsettled: Place[];
}

/** @throws AppError `bad_request` for a cursor that cannot be. */
export function listLatest(source: Source, query: LatestQuery, nowMs: number): LatestPage {
  const budget = new Budget(limits.budgetMs);
  const found: Entry[] = [];
  let last: Entry | null = null;
  let isPartial = false;
  let isMore = false;
  for (const entry of entriesOf(source, query)) {
    isMore = found.length === query.limit;
    isPartial = !isMore && last !== null && budget.spend();
    if (isMore || isPartial) break;
    last = entry;
    if (!query.filter || hasMatch(source, query.field, query.filter, entry, nowMs))
      found.push(entry);
  }
  return {
    errorBound: spreadError,
    groups: rowsOf(source, query.field, found, nowMs),
    nextCursor: last && (isMore || isPartial) ? toCursor([last.startTime, last.traceKey]) : null,
    partial: isPartial,
  };
}

/** All in the range and behind the cursor, newest first. */
function* entriesOf(source: Source, query: LatestQuery): Generator<Entry> {
  const { field, projectId, since = 0, until = Number.MAX_SAFE_INTEGER } = query;
  const [startTime, traceKey] =
    query.cursor === undefined
      ? [Number.MAX_SAFE_INTEGER, Number.MAX_SAFE_INTEGER]
      : (parseCursor(query.cursor, 2) as [number, number]);
  const position = { startTime, traceKey };
  const unsettled = unsettledEntries(source, field, projectId);
  const fresh = [...unsettled.values()]
    .filter((entry) => entry.startTime >= since && entry.startTime < until)
    .filter((entry) => byNewest(position, entry) < 0)
    .sort(byNewest);
  const select = source.sqlite.query<
    { value: number; projectId: number } & Place,
    [number, number, number, number, number, number | null]
  >(
    `SELECT value, projectId, startTime, traceKey FROM latest
     WHERE field = ? AND startTime >= ? AND startTime < ? AND (startTime, traceKey) < (?, ?)
       AND (?6 IS NULL OR projectId = ?6)
     ORDER BY startTime DESC, traceKey DESC`,
  );
  const rows = select.iterate(
    facetNumber(field),
    since,
    until,
    startTime,
    traceKey,
    projectId ?? null,
  );
  for (const { value, ...row } of rows) {
    const entry = { ...row, text: source.names.nameOf(value), unsettled: [] };
    if (unsettled.has(idOf(entry))) continue;
    while (fresh.length > 0 && byNewest(fresh[0]!, entry) < 0) yield fresh.shift()!;
    yield entry;
  }
  yield* fresh;
}

const columns = {
  run: traces.workflowRunId,
  session: traces.sessionId,
  customer: traces.customer,
} as const;

/** Those that have a trace that is not settled, with whichever trace is their newest. */
function unsettledEntries(
  source: Source,
  field: LatestField,
  projectId: number | undefined,
): Map<string, Entry> {
  const rows = source.db
    .select({
      traceKey: traces.key,
      projectId: traces.projectId,
      startTime: traces.startTime,
      text: columns[field],
    })
    .from(traces)
    .where(
      and(
        eq(traces.isSettled, 0),
        projectId === undefined ? undefined : eq(traces.projectId, projectId),
      ),
    )
    .orderBy(desc(traces.key))
    .limit(limits.unsettledTraces)
    .all();
  const settledPlace = source.sqlite.query<Place, [number, number, number]>(
    "SELECT startTime, traceKey FROM latest WHERE field = ? AND value = ? AND projectId = ?",
  );
  const entries = new Map<string, Entry>();
  for (const { text: column, projectId, startTime, traceKey } of rows) {
    const text = field === "customer" && column !== null ? JSON.parse(column).id : column;
    if (!text) continue;
    const id = idOf({ text, projectId });
    let entry = entries.get(id);
    if (!entry) {
      const value = source.names.findId(text);
      const settled =
        value === null ? null : settledPlace.get(facetNumber(field), value, projectId);
      const place = settled ?? { startTime, traceKey };
      entry = { ...place, text, projectId, unsettled: [] };
      entries.set(id, entry);
    }
    entry.unsettled.push({ startTime, traceKey });
    if (byNewest({ startTime, traceKey }, entry) < 0) Object.assign(entry, { startTime, traceKey });
  }
  return entries;
}

function idOf({ text, projectId }: { text: string; projectId: number }): string {
  return `${projectId} ${text}`;
}

function byNewest(a: Place, b: Place): number {
  return b.startTime - a.startTime || b.traceKey - a.traceKey;
}

/** Whether a trace of it matches the filter. */
function hasMatch(
  source: Source,
  field: LatestField,
  filter: Filter,
  entry: Entry,
  nowMs: number,
): boolean {
  const fresh = entry.unsettled.map(({ traceKey }) => traceKey);
  if (fresh.length > 0 && matchingOf(source, fresh, filter, nowMs).size > 0) return true;
  const value = source.names.findId(entry.text);
  if (value === null) return false;
  const select = source.sqlite.query<{ key: number }, number[]>(
    `SELECT traceKey AS key FROM facets JOIN traces ON traces.key = traceKey
     WHERE field = ? AND value = ? AND projectId = ?
     ORDER BY facets.startTime DESC, traceKey DESC LIMIT ? OFFSET ?`,
  );
  for (let offset = 0; offset < limits.matchedTraces; offset += limits.matchedPage) {
    const place = [facetNumber(field), value, entry.projectId];
    const keys = select.all(...place, limits.matchedPage, offset).map(({ key }) => key);
    if (keys.length === 0) return false;
    if (matchingOf(source, keys, filter, nowMs).size > 0) return true;
  }
  return false;
}

function rowsOf(
  source: Source,
  field: LatestField,
  entries: Entry[],
  nowMs: number,
): LatestPage["groups"] {
  const firsts = new Map(entries.map((entry) => [entry, firstOf(source, field, entry)]));
  const latest = readRows(
    source,
    entries.map(({ traceKey }) => traceKey),
  ).map((row) => toRecord(row, nowMs).summary);
  const figures = figuresOf(source, field, entries, firsts);
  return entries.map((entry, i) => {
    const first = firsts.get(entry)!;
    return {
      value: entry.text,
      project: projectOf(source, entry.projectId),
      title: first.inputPreview,
      firstTime: first.startTime,
      lastTime: entry.startTime,
      latest: latest[i]!,
      ...figures.get(entry)!,
    };
  });
}

function figuresOf(
  source: Source,
  field: LatestField,
  entries: Entry[],
  firsts: Map<Entry, { startTime: number }>,
): Map<Entry, Figures> {
  const dayMs = levelMs[2];
  const figures = new Map<Entry, Figures>();
  // The same id in two projects is two of them.
  for (const [projectId, ofProject] of Map.groupBy(entries, (entry) => entry.projectId)) {
    const ids = new GroupIds(source.names);
    const start = Math.min(...ofProject.map((entry) => firsts.get(entry)!.startTime));
    const since = Math.floor(start / dayMs) * dayMs;
    const window = new Window({ since, until: endlessMs }, endlessMs);
    const keys = ofProject.flatMap(({ unsettled }) => unsettled.map(({ traceKey }) => traceKey));
    addTraces(source, keys, field, ids, [window]);
    const values = ofProject.map(({ text }) => ids.idOf(text));
    addRollups(source, { by: field, projectId }, window, values);
    ofProject.forEach((entry, i) => {
      figures.set(entry, toFigures(sumOf(window.groups.get(values[i]!))));
    });
  }
  return figures;
}

function firstOf(source: Source, field: LatestField, entry: Entry) {
  const value = source.names.findId(entry.text);
  const settled =
    value === null
      ? null
      : source.sqlite
          .query<Place, number[]>(
            `SELECT facets.startTime, traceKey FROM facets JOIN traces ON traces.key = traceKey
             WHERE field = ? AND value = ? AND projectId = ?
             ORDER BY facets.startTime, traceKey LIMIT 1`,
          )
          .get(facetNumber(field), value, entry.projectId);
  const places = settled ? [settled, ...entry.unsettled] : entry.unsettled;
  const first = places.reduce((a, b) => (byNewest(a, b) > 0 ? a : b));
  return source.db
    .select({ startTime: traces.startTime, inputPreview: traces.inputPreview })
    .from(traces)
    .where(eq(traces.key, first.traceKey))
    .get()!;
}

function projectOf({ db }: Source, id: number): string {
  return db.select().from(projects).where(eq(projects.id, id)).get()!.name;
}
