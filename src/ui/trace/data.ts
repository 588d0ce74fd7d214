/** What the page of a trace reads, and how it keeps up with a trace that grows. */
import { keepPreviousData, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useMemo, useRef, useState } from "react";
import type { TraceColumns } from "../../query/columns.ts";
import { byKey } from "../../api.ts";
import { ask } from "../data/client.ts";
import { useLiveEvents, useLiveStatus } from "../data/live-context.tsx";
import { useThrottled } from "../data/throttle.ts";
import { useProject } from "../data/queries.ts";
import { toSpanTable, type SpanTable } from "./model.ts";
import { closed, joinPages } from "./pages.ts";
import { traceQuery } from "./query.ts";
import { withRunningRoot } from "./running.ts";

/** Reading a large trace anew takes its time: no more than a third of it is spent on that. */
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
    () => query.data && toSpanTable(withRunningRoot(closed(query.data))),
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
  // What came while the picture stood still.
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
      // Unless the trace was read anew in the meantime.
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

/** Spans whose texts have the words, as the server's search finds them. */
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
