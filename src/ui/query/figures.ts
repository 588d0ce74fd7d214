/**
 * The figures of a page, for a time range and a field to group by. Refreshed live, at intervals that keep
 * the load low.
 */
import { keepPreviousData, useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect } from "react";
import type { StatsField, Ranking } from "../../backend/stats.ts";
import { readTime } from "../../filter/time.ts";
import { ask } from "../data/client.ts";
import { useLiveEvents, useLiveStatus } from "../data/live-context.tsx";
import { useThrottled } from "../data/throttle.ts";
import { isEndless, scopeQuery, type Scope } from "./scope.ts";

const minuteMs = 60_000;
const minMs = 60 * minuteMs;
/** With a filter every matching trace is read; without one the totals are stored. */
const filteredEveryMs = 15_000;
const everyMs = 2_000;

export interface FigureQuestion {
  by?: StatsField;
  /** What groups are ranked by. */
  sort?: Ranking;
  limit?: number;
  /** The most buckets; one for totals only. */
  bars: number;
}

/** @param enabled false while the filter is invalid. */
export function useFigures(scope: Scope, question: FigureQuestion, enabled: boolean) {
  return useQuery({
    queryKey: ["figures", scope, question],
    queryFn: ({ signal }) => readFigures(scope, question, signal),
    enabled,
    placeholderData: keepPreviousData,
  });
}

/** Refreshes all figures of a page while spans arrive. */
export function useFreshFigures(filter: string): void {
  const client = useQueryClient();
  const { isPaused } = useLiveStatus();
  const again = useThrottled(
    () => client.invalidateQueries({ queryKey: ["figures"] }),
    filter === "" ? everyMs : filteredEveryMs,
  );
  useLiveEvents(({ kind }) => {
    if (!isPaused && kind !== "hello") again();
  });
  useEffect(() => {
    if (!isPaused) again();
  }, [isPaused, again]);
}

/** "All time" starts at the oldest trace, not at the start of its day. */
async function readFigures(
  scope: Scope,
  { bars, ...question }: FigureQuestion,
  signal: AbortSignal,
) {
  const now = Date.now();
  const until = scope.until === "" ? now : (readTime(scope.until, now) ?? now);
  const since = isEndless(scope)
    ? Math.min(await oldestStart(scope, signal), until - minMs)
    : (readTime(scope.since, now) ?? 0);
  const bucketMs = bucketFor(until - since, bars);
  const range = { since: String(Math.max(0, since)), until: String(until), bucketMs };
  return ask("GET /api/stats", { query: { ...scopeQuery(scope), ...range, ...question } }, signal);
}

/** The shortest round bucket length that needs no more than `bars` buckets. */
function bucketFor(lengthMs: number, bars: number): number {
  const minutes = [1, 2, 5, 10, 15, 30, 60, 120, 180, 360, 720, 1440, 2880, 10_080];
  const length = minutes.find((each) => bars > 1 && lengthMs <= each * minuteMs * bars);
  return (length ?? Math.max(1, Math.ceil(lengthMs / (bars * 1440 * minuteMs))) * 1440) * minuteMs;
}

async function oldestStart({ project }: Scope, signal: AbortSignal): Promise<number> {
  const query = { sort: "-startTime", limit: 1, project: project || null } as const;
  const { traces } = await ask("GET /api/traces", { query }, signal);
  return traces[0]?.startTime ?? Infinity;
}
