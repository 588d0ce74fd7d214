/**
 * Maps times to positions. Long gaps in which nothing but agents ran, for example while waiting for a
 * user, are drawn narrow and marked, so that the work around them has room.
 */
import type { SpanTable } from "../../data/span-table.ts";

export interface Gap {
  /** Epoch ms. */
  start: number;
  end: number;
}

export interface Timeline {
  readonly start: number;
  readonly end: number;
  /** The drawn length, in ms of drawn time: real time minus the collapsed part of gaps. */
  readonly length: number;
  readonly gaps: readonly Gap[];
  /** Maps epoch ms to ms of drawn time since the start. */
  drawn(time: number): number;
  /** Maps ms of drawn time to epoch ms. */
  time(drawn: number): number;
}

/** The visible part, in ms of drawn time. */
export interface Window {
  from: number;
  to: number;
}

/** Gaps above this share of the whole are collapsed, to this share of what remains. */
const smallestShare = 0.2;
const drawnShare = 0.08;

export function timelineOf(table: SpanTable): Timeline {
  const { columns, count } = table;
  const { start, end } = extentOf(table);
  const agent = columns.spanType.values.indexOf("agent");
  const worked: number[] = [];
  for (let row = 0; row < count; row++) if (columns.spanType.rows[row] !== agent) worked.push(row);
  worked.sort((a, b) => columns.startTime[a]! - columns.startTime[b]!);
  const gaps: Gap[] = [];
  let busyUntil = start;
  for (const row of worked) {
    const from = columns.startTime[row]!;
    if (from - busyUntil > (end - start) * smallestShare)
      gaps.push({ start: busyUntil, end: from });
    busyUntil = Math.max(busyUntil, from + columns.durationMs[row]!);
  }
  const skipped = gaps.reduce((sum, gap) => sum + gap.end - gap.start, 0);
  const gapLength = (end - start - skipped) * drawnShare;
  // Pairs of time and position; linear in between.
  const points: [time: number, drawn: number][] = [[start, 0]];
  for (const gap of gaps) {
    const [time, drawn] = points.at(-1)!;
    const before = drawn + gap.start - time;
    points.push([gap.start, before], [gap.end, before + gapLength]);
  }
  const [time, drawn] = points.at(-1)!;
  points.push([end, drawn + end - time]);
  return {
    start,
    end,
    gaps,
    length: Math.max(1, points.at(-1)![1]),
    drawn: (at) => between(points, at, 0, 1),
    time: (at) => between(points, at, 1, 0),
  };
}

function extentOf({ columns, count, trace }: SpanTable): Gap {
  let start = Infinity;
  let end = -Infinity;
  for (let row = 0; row < count; row++) {
    const from = columns.startTime[row]!;
    start = Math.min(start, from);
    end = Math.max(end, from + columns.durationMs[row]!);
  }
  return count === 0 ? { start: trace.startTime, end: trace.endTime } : { start, end };
}

function between(points: [number, number][], at: number, from: 0 | 1, to: 0 | 1): number {
  let i = 1;
  while (i < points.length - 1 && points[i]![from] < at) i++;
  const [a, b] = [points[i - 1]!, points[i]!];
  const length = b[from] - a[from];
  return length === 0 ? a[to] : a[to] + ((at - a[from]) / length) * (b[to] - a[to]);
}

const steps = [1, 2, 5];

/** Round distances from the start, about `wanted` of them in the window. In ms of drawn time. */
export function ticksOf({ from, to }: Window, wanted: number): number[] {
  const rough = (to - from) / wanted;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = (steps.find((each) => each * power >= rough) ?? 10) * power;
  const ticks: number[] = [];
  for (let at = Math.ceil(from / step) * step; at <= to; at += step) ticks.push(at);
  return ticks;
}
