/**
 * Totals and series over any range of time, and by whatever they are kept by. Unfiltered they come from
 * the rollups, with the few traces that are not settled counted on the spot; with a filter, from the
 * traces that match, newest first, for as long as there is time.
 */
import { toFigures, type Figures, type Stats } from "../../backend/figures.ts";
import { type StatsQuery, rankings, type StatsField } from "../../backend/stats.ts";
import { AppError } from "../../errors.ts";
import { stats as limits } from "../../limits.ts";
import { Cell, spreadError } from "../../tally/cell.ts";
import { rollupFields } from "../../tally/contribution.ts";
import { finestLevelOf, levelMs, type TimeRange } from "../rollups/rollup.ts";
import type { Source } from "../source.ts";
import {
  addMatching,
  addRollups,
  addUnsettled,
  GroupIds,
  sumGroups,
  sumOf,
  Window,
} from "./gather.ts";

const minuteMs = levelMs[0];
const hourMs = levelMs[1];
const dayMs = levelMs[2];
/** A chart has room for about so many columns. */
const wantedBuckets = 120;
const bucketLengths = [
  minuteMs,
  5 * minuteMs,
  15 * minuteMs,
  hourMs,
  6 * hourMs,
  dayMs,
  7 * dayMs,
  30 * dayMs,
];

/** @throws AppError `bad_request` for a range that cannot be. */
export function readStats(source: Source, query: StatsQuery, nowMs: number): Stats {
  const { by } = query;
  const range = rangeOf(source, query, nowMs);
  const axis = axisOf(range, query, nowMs);
  const window = new Window(range, bucketOf(query, axis));
  const before = windowBefore(axis);
  const ids = new GroupIds(source.names);
  const windows = [window, before];
  const coverage = query.filter
    ? addMatching(source, query, query.filter, ids, windows, nowMs)
    : addUnsettled(source, query, ids, windows);
  const { ranked, isWhole } = by ? rank(source, query, by, window) : { ranked: [], isWhole: true };
  const shown = ranked.slice(0, query.limit).map(([id]) => id);
  if (!query.filter) for (const each of windows) addRollups(source, query, each, shown);
  // Before the first that is stored there is nothing to compare with.
  const isCompared = query.since !== undefined && range.since > 0;
  const figuresBefore = (series: Map<number, Cell> | undefined): Figures | null =>
    isCompared ? toFigures(sumOf(series)) : null;
  const toSeries = (cells: Map<number, Cell> | undefined) => seriesIn(axis, cells);
  return {
    ...axis,
    bucketMs: window.bucketMs,
    errorBound: spreadError,
    totals: toFigures(sumOf(window.all)),
    before: figuresBefore(before.all),
    series: toSeries(window.all),
    ...(by && {
      by,
      groupCount: ranked.length,
      groups: shown.map((id) => ({
        value: ids.textOf(id),
        totals: toFigures(sumOf(window.groups.get(id))),
        before: figuresBefore(before.groups.get(id)),
        series: toSeries(window.groups.get(id)),
      })),
    }),
    ...coverage,
    partial: coverage.partial || !isWhole,
  };
}

/** The groups and what they are ranked by, the one with most first. */
export function rank(
  source: Source,
  { filter, projectId, sort }: Pick<StatsQuery, "filter" | "projectId" | "sort">,
  by: StatsField,
  window: Window,
): { ranked: [id: number, sum: number][]; isWhole: boolean } {
  const { sums, isWhole } = filter
    ? { sums: new Map<number, number>(), isWhole: true }
    : sumGroups(source, by, window.range, projectId, rankings[sort]);
  // What is gathered so far stands in no rollup.
  for (const [id, series] of window.groups) {
    const cell = sumOf(series);
    for (const name of rankings[sort]) sums.set(id, (sums.get(id) ?? 0) + Number(cell.sum(name)));
  }
  // A cursor holds no more: what is greater is ranked as if it were equal.
  const ranked = [...sums].map(([id, sum]): [number, number] => [
    id,
    Math.min(sum, Number.MAX_SAFE_INTEGER),
  ]);
  return { ranked: ranked.sort(([a, x], [b, y]) => y - x || a - b), isWhole };
}

/**
 * The range that a query means, both ends widened to what is kept of the field.
 *
 * @throws AppError `bad_request` where it is empty.
 */
export function rangeOf(
  source: Source,
  { by, since, until }: Pick<StatsQuery, "by" | "since" | "until">,
  nowMs: number,
): TimeRange {
  const unit = levelMs[by ? finestLevelOf(by) : 0]!;
  const stored = storedRange(source);
  const end = Math.ceil((until ?? Math.max(nowMs, stored.until, (since ?? 0) + 1)) / unit) * unit;
  const start = Math.floor((since ?? Math.min(stored.since, end - hourMs)) / unit) * unit;
  if (start < end) return { since: Math.max(0, start), until: end };
  throw new AppError("bad_request", "the range of time is empty", {
    hint: "since must lie before until",
  });
}

/**
 * The part of a range that its series shows. All time ends a day from now at the latest, since one span
 * of a clock gone wrong would make it 500 years long; the totals have that span, too.
 */
function axisOf(range: TimeRange, { by, until }: StatsQuery, nowMs: number): TimeRange {
  const unit = levelMs[by ? finestLevelOf(by) : 0]!;
  const latest = Math.ceil((nowMs + dayMs) / unit) * unit;
  const isStretched = until === undefined && range.until > latest && range.since < latest;
  return isStretched ? { ...range, until: latest } : range;
}

/** Of each trace there is a cell of all, and of each span that counts one of its type. */
const everything = (["all", "type"] as const).map((field) => rollupFields.indexOf(field));

/** The days in which anything is stored. */
function storedRange({ sqlite }: Source): TimeRange {
  const select = sqlite.query<{ first: number | null; last: number | null }, [number, number]>(
    `SELECT (SELECT min(bucket) FROM rollups WHERE level = ?1 AND field = ?2) AS first,
            (SELECT max(bucket) FROM rollups WHERE level = ?1 AND field = ?2) AS last`,
  );
  const days = everything.map((field) => select.get(levelMs.length - 1, field)!);
  const unsettled = sqlite
    .query<{ first: number | null; last: number | null }, []>(
      "SELECT min(startTime) AS first, max(endTime) AS last FROM traces WHERE isSettled = 0",
    )
    .get()!;
  return {
    since: Math.min(
      ...days.map(({ first }) => (first ?? Infinity) * dayMs),
      unsettled.first ?? Infinity,
    ),
    until: Math.max(
      ...days.map(({ last }) => ((last ?? -1) + 1) * dayMs),
      (unsettled.last ?? -1) + 1,
    ),
  };
}

/** The window of the same length before, as one bucket: only its totals are asked for. */
function windowBefore({ since, until }: TimeRange): Window {
  const start = Math.max(0, since - (until - since));
  return new Window({ since: start, until: since }, Math.ceil((since + 1) / dayMs) * dayMs);
}

/** @throws AppError `bad_request` for one that is too short. */
function bucketOf({ by, bucketMs }: StatsQuery, range: TimeRange): number {
  if (bucketMs === undefined) return bucketFor(range, by);
  const unit = levelMs[by ? finestLevelOf(by) : 0]!;
  if (bucketMs % unit !== 0) {
    throw new AppError("bad_request", "invalid bucketMs", {
      hint: `by ${by} it is a multiple of ${unit}`,
    });
  }
  if (range.until - range.since > bucketMs * limits.maxBuckets) {
    throw new AppError("bad_request", "invalid bucketMs", {
      hint: `the range has more than ${limits.maxBuckets} of these`,
    });
  }
  return bucketMs;
}

/** Of a group's series each entry is one cell, not five or fifteen: there are many groups. */
function bucketFor({ since, until }: TimeRange, by: StatsField | undefined): number {
  const wanted = (until - since) / wantedBuckets;
  const unit = by && levelMs[finestLevelOf(by)]!;
  const lengths = bucketLengths.filter(
    (length) => !unit || (length >= unit && (length === minuteMs || length >= hourMs)),
  );
  return lengths.find((length) => length >= wanted) ?? Math.ceil(wanted / dayMs) * dayMs;
}

function seriesIn({ until }: TimeRange, series: Map<number, Cell> | undefined): Stats["series"] {
  return [...(series ?? [])]
    .filter(([time]) => time < until)
    .sort(([a], [b]) => a - b)
    .map(([time, cell]) => ({ time, ...toFigures(cell) }));
}
