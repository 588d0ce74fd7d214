/**
 * Gathers what statistics show: cells by bucket and group, of the rollups, of the traces that are not
 * settled, or of those that match a filter.
 */
import type { Coverage } from "../../backend/figures.ts";
import type { StatsField } from "../../backend/stats.ts";
import type { KeysPart, KeysPosition } from "../../backend/traces.ts";
import type { Filter } from "../../filter/parse.ts";
import { stats as limits } from "../../limits.ts";
import { Cell, type CellSum } from "../../tally/cell.ts";
import { contribute } from "../../tally/contribution.ts";
import { listKeys } from "../list/traces.ts";
import { facetNumber } from "../rollups/facets.ts";
import { levelMs, readCells, readGroups, type TimeRange } from "../rollups/rollup.ts";
import type { Source } from "../source.ts";
import { createTallyReader } from "../spans/facts.ts";
import type { NameLookup } from "../spans/rows.ts";

/** Which traces, and what they are grouped by. */
export interface Scope {
  by?: StatsField | undefined;
  projectId?: number | undefined;
}

/** The groups as numbers: the id of the name, 0 for what has none. */
export class GroupIds {
  readonly #names: NameLookup;
  readonly #ids = new Map<string, number>();
  readonly #fresh: string[] = [];

  constructor(names: NameLookup) {
    this.#names = names;
  }

  /** What no row knows yet, since its traces are not settled, gets a number below 0. */
  idOf(text: string | null): number {
    if (text === null) return 0;
    let id = this.#ids.get(text);
    if (id === undefined) {
      id = this.#names.findId(text) ?? -this.#fresh.push(text);
      this.#ids.set(text, id);
    }
    return id;
  }

  textOf(id: number): string | null {
    if (id === 0) return null;
    return id < 0 ? this.#fresh[-id - 1]! : this.#names.nameOf(id);
  }
}

/** As long as time is: a window with one bucket, read in as few cells as can be. */
export const endlessMs = Math.floor(Number.MAX_SAFE_INTEGER / levelMs[2]) * levelMs[2];

/** The cells of a range, by the start of their bucket: of all, and of each group. */
export class Window {
  readonly range: TimeRange;
  readonly bucketMs: number;
  readonly all = new Map<number, Cell>();
  readonly groups = new Map<number, Map<number, Cell>>();
  /** When the newest trace of a group that no rollup has, or that matches, started. */
  readonly groupStarts = new Map<number, number>();

  constructor(range: TimeRange, bucketMs: number) {
    this.range = range;
    this.bucketMs = bucketMs;
  }

  has(timeMs: number): boolean {
    return timeMs >= this.range.since && timeMs < this.range.until;
  }

  cellAt(timeMs: number): Cell {
    return this.#at(this.all, timeMs);
  }

  groupCellAt(group: number, timeMs: number): Cell {
    return this.#at(
      getOrPut(this.groups, group, () => new Map()),
      timeMs,
    );
  }

  #at(series: Map<number, Cell>, timeMs: number): Cell {
    return getOrPut(series, Math.floor(timeMs / this.bucketMs) * this.bucketMs, () => new Cell());
  }
}

/** Adds the rollups of a window: all, and those of the groups that are shown. */
export function addRollups(
  { sqlite }: Source,
  { by, projectId }: Scope,
  window: Window,
  shown: number[],
): void {
  const { range, bucketMs } = window;
  for (const { time, bytes } of readCells(sqlite, "all", range, bucketMs, projectId)) {
    window.cellAt(time).mergeBytes(bytes);
  }
  if (!by) return;
  for (const cell of readGroups(sqlite, by, shown, range, bucketMs, projectId)) {
    window.groupCellAt(cell.value, cell.time).mergeBytes(cell.bytes);
  }
}

/**
 * What each group has of something in the rollups: of several sums all together.
 *
 * @returns `isWhole` false where the range has more cells than are read: the newest are.
 */
export function sumGroups(
  { sqlite }: Source,
  by: StatsField,
  range: TimeRange,
  projectId: number | undefined,
  names: readonly CellSum[],
): { sums: Map<number, number>; isWhole: boolean } {
  const sums = new Map<number, number>();
  let left: number = limits.rankedCells;
  // In as few cells as can be, each read only for the sum.
  for (const { value, bytes } of readCells(sqlite, by, range, null, projectId)) {
    if (left-- === 0) return { sums, isWhole: false };
    const sum = names.reduce((sum, name) => sum + Cell.readSum(bytes, name), 0);
    sums.set(value, (sums.get(value) ?? 0) + sum);
  }
  return { sums, isWhole: true };
}

/** Adds the traces that no rollup has. */
export function addUnsettled(
  source: Source,
  scope: Scope,
  ids: GroupIds,
  windows: Window[],
): Coverage {
  const keys = source.sqlite
    .query<{ key: number; projectId: number }, []>(
      "SELECT key, projectId FROM traces WHERE isSettled = 0 ORDER BY key DESC",
    )
    .all()
    .filter(({ projectId }) => scope.projectId === undefined || projectId === scope.projectId)
    .map(({ key }) => key);
  addTraces(source, keys.slice(0, limits.unsettledTraces), scope.by, ids, windows);
  const pendingTraces = Math.max(0, keys.length - limits.unsettledTraces);
  return { pendingTraces, partial: pendingTraces > 0 };
}

/** Adds the traces that match the filter, newest first, for as long as there is time. */
export function addMatching(
  source: Source,
  { by, projectId }: Scope,
  filter: Filter,
  ids: GroupIds,
  windows: Window[],
  nowMs: number,
): Coverage {
  const deadlineMs = performance.now() + limits.filteredMs;
  const since = Math.min(...windows.map(({ range }) => range.since));
  const until = Math.max(...windows.map(({ range }) => range.until));
  // A trace may have spans in the range although it began before.
  const query = { filter, projectId, since: Math.max(0, since - longestTraceMs(source)), until };
  let after: KeysPosition | null = null;
  do {
    const page: KeysPart = listKeys(source, query, after, limits.filteredPage, nowMs);
    addTraces(source, page.keys, by, ids, windows);
    after = page.next;
  } while (after !== null && performance.now() < deadlineMs);
  return { pendingTraces: 0, partial: after !== null };
}

function longestTraceMs({ sqlite }: Source): number {
  const settled = sqlite
    .query<{ ms: number | null }, [number]>("SELECT max(value) AS ms FROM facets WHERE field = ?")
    .get(facetNumber("duration"));
  const unsettled = sqlite
    .query<{ ms: number | null }, []>(
      "SELECT max(endTime - startTime) AS ms FROM traces WHERE isSettled = 0",
    )
    .get();
  return Math.max(settled?.ms ?? 0, unsettled?.ms ?? 0);
}

/** Adds these traces, each span to the window that it started in. */
export function addTraces(
  { sqlite, names }: Source,
  keys: number[],
  by: StatsField | undefined,
  ids: GroupIds,
  windows: Window[],
): void {
  const tallyOf = createTallyReader(sqlite, names);
  for (const key of keys) {
    const tally = tallyOf(key);
    const { startTime } = tally.row();
    contribute(tally, (field, value, timeMs) => {
      if (field !== "all" && field !== by) return null;
      const window = windows.find((candidate) => candidate.has(timeMs));
      if (!window) return null;
      if (field === "all") return window.cellAt(timeMs);
      const group = ids.idOf(value);
      window.groupStarts.set(group, Math.max(startTime, window.groupStarts.get(group) ?? 0));
      return window.groupCellAt(group, timeMs);
    });
  }
}

export function sumOf(series: Map<number, Cell> | undefined): Cell {
  const total = new Cell();
  for (const cell of series?.values() ?? []) total.merge(cell);
  return total;
}

function getOrPut<K, V>(map: Map<K, V>, key: K, make: () => V): V {
  let value = map.get(key);
  if (value === undefined) map.set(key, (value = make()));
  return value;
}
