/** The figures over the list: asked for anew while it is live, and never so often that they cost much. */
import { keepPreviousData, useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect } from "react";
import type { Stats } from "../../query/figures.ts";
import type { TracePage } from "../../query/views.ts";
import { readTime } from "../../filter/time.ts";
import { get } from "../data/client.ts";
import { useLiveEvents, useLiveStatus } from "../data/live-context.tsx";
import { useThrottled } from "../data/throttle.ts";
import { scopeParams, type Scope } from "./scope.ts";

const minuteMs = 60_000;
const leastMs = 60 * minuteMs;
const mostBars = 120;
/** By a filter every trace that fits is looked at; without one the figures are kept. */
const filteredEveryMs = 15_000;
const everyMs = 2_000;

/** @param enabled false where the filter is none. */
export function useFigures(scope: Scope, enabled: boolean) {
  const client = useQueryClient();
  const { isPaused } = useLiveStatus();
  const queryKey = ["traces", "figures", scope];
  const query = useQuery({
    queryKey,
    queryFn: ({ signal }) => readFigures(scope, signal),
    enabled,
    placeholderData: keepPreviousData,
  });
  const again = useThrottled(
    () => client.invalidateQueries({ queryKey: ["traces", "figures"] }),
    scope.filter === "" ? everyMs : filteredEveryMs,
  );
  useLiveEvents(({ kind }) => {
    if (!isPaused && kind !== "hello") again();
  });
  useEffect(() => {
    if (!isPaused) again();
  }, [isPaused, again]);
  return query;
}

/** Over all time the chart begins with the oldest trace, not with the day it is from. */
async function readFigures(scope: Scope, signal: AbortSignal): Promise<Stats> {
  const now = Date.now();
  const until = scope.until === "" ? now : (readTime(scope.until, now) ?? now);
  const from = scope.since === "" ? await oldestStart(scope, signal) : readTime(scope.since, now);
  const since = Math.max(0, Math.min(from ?? 0, until - leastMs));
  const bucketMs = bucketFor(until - since);
  return get<Stats>(
    "/api/stats",
    {
      ...scopeParams(scope),
      // Whole bars at both ends say more than cut ones.
      since: scope.since === "" ? Math.floor(since / bucketMs) * bucketMs : since,
      until: scope.until === "" ? Math.ceil(until / bucketMs) * bucketMs : until,
      bucketMs,
    },
    signal,
  );
}

/** The shortest that readers know by heart of which there is room for all. */
function bucketFor(lengthMs: number): number {
  const minutes = [1, 2, 5, 10, 15, 30, 60, 120, 180, 360, 720, 1440, 2880, 10_080];
  const length = minutes.find((each) => lengthMs <= each * minuteMs * mostBars);
  return (length ?? Math.ceil(lengthMs / (mostBars * 1440 * minuteMs)) * 1440) * minuteMs;
}

async function oldestStart({ project }: Scope, signal: AbortSignal): Promise<number | null> {
  const params = { sort: "-startTime", limit: 1, project: project || null };
  const { traces } = await get<TracePage>("/api/traces", params, signal);
  return traces[0]?.startTime ?? Infinity;
}
