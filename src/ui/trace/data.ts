/** The data of the trace page, and how it is kept up to date while the trace grows. */
import { keepPreviousData, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useMemo, useRef, useState } from "react";
import { byKey } from "../../api.ts";
import type { TraceColumns } from "../../query/columns.ts";
import { ask } from "../data/client.ts";
import { useLiveEvents, useLiveStatus } from "../data/live-context.tsx";
import { useProject } from "../data/queries.ts";
import { withRunningRoot } from "../data/running-root.ts";
import { toSpanTable, type SpanTable } from "../data/span-table.ts";
import { useThrottled } from "../data/throttle.ts";
import { withoutUnloaded, joinPages } from "./join-pages.ts";
import { traceQuery } from "./query.ts";

/** At most a third of the time is spent on refetching, since a large trace takes long to read. */
const busyShare = 3;
const freshEveryMs = 500;

/** @param trace an id, or `~key`. */
export function useTrace(trace: string) {
  const [project] = useProject();
  const client = useQueryClient();
  const { isPaused } = useLiveStatus();
  const { options, readPage } = traceQuery(trace, project);
  const { queryKey } = options;
  const query = useQuery(options);
  const table = useMemo(
    () => query.data && toSpanTable(withRunningRoot(withoutUnloaded(query.data))),
    [query.data],
  );
  const key = query.data?.trace.key;
  const [tookMs, setTookMs] = useState(0);
  const again = useThrottled(
    async () => {
      const startedAt = performance.now();
      await client.refetchQueries({ queryKey });
      setTookMs(performance.now() - startedAt);
      void client.invalidateQueries({ queryKey: ["breakdown", key] });
    },
    Math.max(freshEveryMs, busyShare * tookMs),
  );
  const isMissed = useRef(false);
  useLiveEvents((event) => {
    const isOurs =
      event.kind === "reset" ||
      (event.kind === "traces" && event.traces.some((each) => each.key === key)) ||
      (event.kind === "gone" && event.keys.includes(key ?? -1));
    if (!isOurs) return;
    if (isPaused) isMissed.current = true;
    else again();
  });
  // Catches up with changes made while updates were paused.
  if (!isPaused && isMissed.current) {
    isMissed.current = false;
    queueMicrotask(again);
  }
  /** Reads the next page of spans. */
  const more = useMutation({
    async mutationFn() {
      const before = client.getQueryData<TraceColumns>(queryKey);
      if (!before || before.nextCursor === null) return;
      const next = await readPage(before.nextCursor);
      // Ignored if the trace was refetched in the meantime.
      client.setQueryData<TraceColumns>(queryKey, (now) =>
        now === before ? joinPages(before, next) : now,
      );
    },
  });
  return { ...query, table, more };
}

export function useBreakdown(table: SpanTable) {
  const { key } = table.trace;
  return useQuery({
    queryKey: ["breakdown", key],
    queryFn: ({ signal }) =>
      ask("GET /api/traces/:trace/breakdown", { at: { trace: byKey(key) } }, signal),
    placeholderData: keepPreviousData,
  });
}

/** Spans whose texts contain the words, found by the server's search. */
export function useTextHits(traceKey: number, words: string) {
  return useQuery({
    queryKey: ["find", traceKey, words],
    queryFn: ({ signal }) =>
      ask(
        "GET /api/traces/:trace/search",
        { at: { trace: byKey(traceKey) }, query: { q: words, limit: 500 } },
        signal,
      ),
    enabled: words.trim() !== "",
    placeholderData: keepPreviousData,
  });
}
