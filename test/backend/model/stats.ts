/** Statistics: what each trace and span adds is counted anew at each question. */
import { parseCursor, toCursor } from "../../../src/backend/cursor.ts";
import type { Figures, Stats } from "../../../src/backend/figures.ts";
import type { Reader } from "../../../src/backend/reader.ts";
import {
  latestFields,
  rankings,
  type GroupPage,
  type LatestPage,
  type Ranking,
} from "../../../src/backend/stats.ts";
import { AppError } from "../../../src/errors.ts";
import type { Filter } from "../../../src/filter/parse.ts";
import { contributionsOf, type Contribution } from "./contribution.ts";
import { matches } from "./filter.ts";
import { figure, usd, counts, type View } from "./summary.ts";

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
const dayMs = 24 * hourMs;

export function statsReads(
  views: (nowMs: number) => View[],
): Pick<Reader, "stats" | "groups" | "latest"> {
  function found(
    { filter, projectId }: { filter: Filter | null; projectId?: number | undefined },
    nowMs: number,
  ): View[] {
    const all = views(nowMs);
    return all.filter(
      (view) =>
        (projectId === undefined || view.trace.projectId === projectId) &&
        (filter === null || matches(view, filter, all)),
    );
  }

  return {
    stats(query, nowMs): Stats {
      const { by, sort, limit } = query;
      const unit = by && latestFields.some((field) => field === by) ? hourMs : minuteMs;
      const parts = found(query, nowMs).flatMap(contributionsOf);
      const { since, until } = rangeOf(query, parts, unit, nowMs);
      const isOpen = query.until === undefined;
      // One span of a clock gone wrong would make a series 500 years long; the totals have that span, too.
      const latest = Math.ceil((nowMs + dayMs) / unit) * unit;
      const end = isOpen && since < latest ? Math.min(until, latest) : until;
      const isIn = ({ timeMs }: Contribution) => timeMs >= since && (isOpen || timeMs < until);
      const here = parts.filter(isIn);
      const start = Math.max(0, 2 * since - end);
      const before = parts.filter(({ timeMs }) => timeMs >= start && timeMs < since);
      const isCompared = query.since !== undefined && since > 0;
      const bucketMs = query.bucketMs ?? Math.ceil((end - since) / 120 / unit) * unit;
      const of = (some: Contribution[], field: string, value?: string | null) =>
        some.filter(
          (part) => part.field === field && (value === undefined || part.value === value),
        );
      const figuresBefore = (some: Contribution[]) => (isCompared ? figuresOf(some) : null);
      const groups = by ? ranked(of(here, by), sort) : [];
      return {
        ...{ since, until: end, bucketMs, errorBound: 0 },
        totals: figuresOf(of(here, "all")),
        before: figuresBefore(of(before, "all")),
        series: seriesOf(of(here, "all"), bucketMs, end),
        ...(by && {
          by,
          groupCount: groups.length,
          groups: groups.slice(0, limit).map((value) => ({
            value,
            totals: figuresOf(of(here, by, value)),
            before: figuresBefore(of(before, by, value)),
            series: seriesOf(of(here, by, value), bucketMs, end),
          })),
        }),
        pendingTraces: 0,
        partial: false,
      };
    },
    groups(query, nowMs): GroupPage {
      const { by, sort, limit, cursor } = query;
      const matching = found(query, nowMs);
      const parts = matching.flatMap(contributionsOf);
      const range = rangeOf(query, parts, minuteMs, nowMs);
      const here = parts.filter(
        ({ field, value, timeMs }) =>
          field === by &&
          value !== null &&
          timeMs >= range.since &&
          (query.until === undefined || timeMs < range.until),
      );
      const values = ranked(here, sort) as string[];
      const [from = 0] = cursor === undefined ? [] : parseCursor(cursor, 1);
      const page = values.slice(from, from + limit);
      return {
        ...range,
        errorBound: 0,
        groups: page.map((value) => {
          const own = here.filter((part) => part.value === value);
          return {
            value,
            lastTime: Math.max(...own.map(({ view }) => view.record.summary.startTime)),
            ...figuresOf(own),
          };
        }),
        nextCursor: values.length > from + limit ? toCursor([from + limit]) : null,
        pendingTraces: 0,
        partial: false,
      };
    },
    latest(query, nowMs): LatestPage {
      const { field, filter, projectId, since = 0, until = Infinity, limit, cursor } = query;
      const startOf = ({ record }: View) => record.summary.startTime;
      const valueOf = ({ header }: View) =>
        ({
          run: header.workflowRunId,
          session: header.sessionId,
          customer: header.customer?.id,
        })[field];
      const all = found({ filter: null, projectId }, nowMs)
        .filter((view) => valueOf(view))
        .sort((a, b) => startOf(b) - startOf(a) || b.trace.key - a.trace.key);
      const some = found({ filter, projectId }, nowMs);
      const groups = [
        ...Map.groupBy(all, (view) => `${view.trace.projectId} ${valueOf(view)}`).values(),
      ]
        .filter((group) => startOf(group[0]!) >= since && startOf(group[0]!) < until)
        .filter((group) => group.some((view) => some.includes(view)));
      const [from = 0] = cursor === undefined ? [] : parseCursor(cursor, 1);
      return {
        errorBound: 0,
        groups: groups.slice(from, from + limit).map((group) => {
          const newest = group[0]!;
          const first = group.at(-1)!;
          const parts = group.flatMap(contributionsOf).filter((part) => part.field === field);
          return {
            value: valueOf(newest)!,
            project: newest.record.summary.project,
            title: first.record.summary.inputPreview,
            firstTime: startOf(first),
            lastTime: startOf(newest),
            latest: newest.record.summary,
            ...figuresOf(parts),
          };
        }),
        nextCursor: groups.length > from + limit ? toCursor([from + limit]) : null,
        partial: false,
      };
    },
  };
}

/** Both ends widened to whole units. */
function rangeOf(
  { since, until }: { since?: number | undefined; until?: number | undefined },
  parts: Contribution[],
  unit: number,
  nowMs: number,
): { since: number; until: number } {
  const times = parts.map(({ timeMs }) => timeMs);
  const end =
    Math.ceil(
      (until ?? Math.max(nowMs, (since ?? 0) + 1, ...times.map((time) => time + 1))) / unit,
    ) * unit;
  const start = Math.floor((since ?? Math.min(end - hourMs, ...times)) / unit) * unit;
  if (start < end) return { since: Math.max(0, start), until: end };
  throw new AppError("bad_request", "the range of time is empty");
}

/** The values, the one with most first. */
function ranked(parts: Contribution[], sort: Ranking): (string | null)[] {
  const sums = new Map<string | null, bigint>();
  for (const { value, sums: own } of parts) {
    const sum = rankings[sort].reduce((sum, name) => sum + (own[name] ?? 0n), 0n);
    sums.set(value, (sums.get(value) ?? 0n) + sum);
  }
  return [...sums].sort(([, a], [, b]) => (a < b ? 1 : a > b ? -1 : 0)).map(([value]) => value);
}

function seriesOf(parts: Contribution[], bucketMs: number, until: number): Stats["series"] {
  const buckets = Map.groupBy(
    parts.filter(({ timeMs }) => timeMs < until),
    ({ timeMs }) => Math.floor(timeMs / bucketMs) * bucketMs,
  );
  return [...buckets].sort(([a], [b]) => a - b).map(([time, own]) => ({ time, ...figuresOf(own) }));
}

function figuresOf(parts: Contribution[]): Figures {
  const sum = (name: string) => parts.reduce((total, { sums }) => total + (sums[name] ?? 0n), 0n);
  const share = (part: bigint, whole: bigint) =>
    whole === 0n ? null : Number(part) / Number(whole);
  const count = (name: string) => Number(sum(name));
  const tokens = Object.fromEntries(
    counts.map((name) => [name, sum(`${name}Reporters`) === 0n ? null : figure(sum(name))]),
  ) as Pick<Figures, (typeof counts)[number]>;
  return {
    traces: count("traces"),
    internalTraces: count("internalTraces"),
    failedTraces: count("failedTraces"),
    abortedTraces: count("abortedTraces"),
    tracesWithErrors: count("tracesWithErrors"),
    requests: count("requests"),
    errors: count("errors"),
    aborted: count("aborted"),
    errorRate: share(sum("errors"), sum("requests")),
    costUsd: count("pricedSpanCount") === 0 ? null : usd(sum("cost")),
    pricedSpanCount: count("pricedSpanCount"),
    priceableSpanCount: count("priceableSpanCount"),
    ...tokens,
    cacheHitShare:
      tokens.cachedInputTokens === null
        ? null
        : share(sum("cachedInputTokens"), sum("inputTokens")),
    tokensPerSecond:
      sum("generationMs") === 0n
        ? null
        : (1000 * Number(sum("generatedTokens"))) / Number(sum("generationMs")),
    latencyMs: percentiles(parts, "latency"),
    ttftMs: percentiles(parts, "ttft"),
    traceDurationMs: percentiles(parts, "traceDuration"),
  };
}

function percentiles(parts: Contribution[], name: string): Figures["latencyMs"] {
  const sorted = parts.flatMap(({ durations }) => durations[name] ?? []).sort((a, b) => a - b);
  const at = (share: number) => sorted[Math.max(1, Math.ceil(share * sorted.length)) - 1]!;
  return sorted.length === 0 ? null : { p50: at(0.5), p95: at(0.95), p99: at(0.99) };
}
