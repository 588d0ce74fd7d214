/**
 * The figures of what a page is about: over a range of time, and by what they are kept by. Asked for anew
 * while it is live, and never so often that they cost much.
 */
import { keepPreviousData, useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect } from "react";
import type { StatsField } from "../../sqlite/stats/gather.ts";
import type { Ranking } from "../../sqlite/stats/stats.ts";
import { readTime } from "../../filter/time.ts";
import { ask } from "../data/client.ts";
import { useLiveEvents, useLiveStatus } from "../data/live-context.tsx";
import { useThrottled } from "../data/throttle.ts";
import { isEndless, scopeQuery, type Scope } from "./scope.ts";

const minuteMs = 60_000;
const leastMs = 60 * minuteMs;
/** By a filter every trace that fits is looked at; without one the figures are kept. */
const filteredEveryMs = 15_000;
const everyMs = 2_000;

export interface FigureQuestion {
  by?: StatsField;
  /** What groups are ranked by. */
  sort?: Ranking;
  limit?: number;
  /** So many at most; one where only totals are wanted. */
  bars: number;
}

/** @param enabled false where the filter is none. */
export function useFigures(scope: Scope, question: FigureQuestion, enabled: boolean) {
  return useQuery({
    queryKey: ["figures", scope, question],
    queryFn: ({ signal }) => readFigures(scope, question, signal),
    enabled,
    placeholderData: keepPreviousData,
  });
}

/** Keeps all figures of a page fresh while spans come. */
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

/** Over all time it begins with the oldest trace, not with the day that is from. */
async function readFigures(
  scope: Scope,
  { bars, ...question }: FigureQuestion,
  signal: AbortSignal,
) {
  const now = Date.now();
  const until = scope.until === "" ? now : (readTime(scope.until, now) ?? now);
  const since = isEndless(scope)
    ? Math.min(await oldestStart(scope, signal), until - leastMs)
    : (readTime(scope.since, now) ?? 0);
  const bucketMs = bucketFor(until - since, bars);
  const range = { since: String(Math.max(0, since)), until: String(until), bucketMs };
  return ask("GET /api/stats", { query: { ...scopeQuery(scope), ...range, ...question } }, signal);
}

/** The shortest that readers know by heart of which there is room for all. */
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
