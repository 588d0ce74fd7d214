/** The data of the transcript: its pages, and the messages of single spans. */
import {
  useInfiniteQuery,
  useQuery,
  useQueryClient,
  type InfiniteData,
} from "@tanstack/react-query";
import { useEffect } from "react";
import { byKey } from "../../api.ts";
import type { TranscriptPage } from "../../query/transcript.ts";
import { ask } from "../data/client.ts";
import { useLiveEvents, useLiveStatus } from "../data/live-context.tsx";
import { useThrottled } from "../data/throttle.ts";

type Pages = InfiniteData<TranscriptPage, string | null>;

interface PageOptions {
  /** The span at which the first page starts; null for the start of the trace. */
  from: number | null;
  limit?: number;
  signal?: AbortSignal;
}

/** A small first page appears quickly; later pages are larger. */
const firstLimit = 30;
const nextLimit = 120;
/** The server's maximum, for jumps over a long distance. */
const jumpLimit = 200;
const freshEveryMs = 500;
/** Results still arrive for recent calls; older pages rarely change before the trace ends. */
const freshPages = 2;

function readPage(
  traceKey: number,
  cursor: string | null,
  { from, limit = cursor === null ? firstLimit : nextLimit, signal }: PageOptions,
): Promise<TranscriptPage> {
  const first = cursor === null && from !== null ? byKey(from) : null;
  return ask(
    "GET /api/traces/:trace/transcript",
    { at: { trace: byKey(traceKey) }, query: { limit, cursor, from: first } },
    signal,
  );
}

/**
 * Refreshes itself unless the user has paused updates.
 *
 * @param from the span to start at; null for the start of the trace.
 */
export function useTranscript(traceKey: number, from: number | null) {
  const client = useQueryClient();
  const { isPaused } = useLiveStatus();
  const queryKey = ["transcript", traceKey, from];
  const query = useInfiniteQuery({
    queryKey,
    queryFn: ({ pageParam, signal }) => readPage(traceKey, pageParam, { from, signal }),
    initialPageParam: null as string | null,
    getNextPageParam: ({ nextCursor }) => nextCursor,
    staleTime: Infinity,
  });

  /** Reads on until the page that contains a start time, and shows all new pages at once. */
  async function readTo(startTime: number, signal: AbortSignal) {
    const data = client.getQueryData<Pages>(queryKey);
    if (!data) return;
    const pages = [...data.pages];
    const pageParams = [...data.pageParams];
    for (;;) {
      const { entries, nextCursor } = pages.at(-1)!;
      if (nextCursor === null || (entries.at(-1)?.startTime ?? 0) > startTime) break;
      pages.push(await readPage(traceKey, nextCursor, { from, limit: jumpLimit, signal }));
      pageParams.push(nextCursor);
    }
    client.setQueryData<Pages>(queryKey, { pages, pageParams });
  }

  /** Rereads the last `count` pages, and pages that were added after them. */
  async function readAgain(count: number) {
    const data = client.getQueryData<Pages>(queryKey);
    if (!data) return;
    const kept = Math.max(0, data.pages.length - count);
    const pages = data.pages.slice(0, kept);
    const pageParams = data.pageParams.slice(0, kept);
    for (let cursor = data.pageParams[kept] ?? null; ;) {
      const page = await readPage(traceKey, cursor, { from });
      pages.push(page);
      pageParams.push(cursor);
      cursor = page.nextCursor;
      if (cursor === null || pages.length >= data.pages.length) break;
    }
    client.setQueryData<Pages>(queryKey, { pages, pageParams });
  }
  const refresh = useThrottled(() => readAgain(freshPages), freshEveryMs);
  const refreshAll = useThrottled(() => readAgain(Infinity), freshEveryMs);
  useLiveEvents((event) => {
    if (isPaused) return;
    if (event.kind === "reset") refreshAll();
    if (event.kind !== "traces") return;
    const trace = event.traces.find(({ key }) => key === traceKey);
    if (trace) (trace.state === "ended" ? refreshAll : refresh)();
  });
  useEffect(() => {
    if (!isPaused) refresh();
  }, [isPaused, refresh]);
  return { ...query, readTo };
}

/** @param spanKey null to read nothing. */
export function useSpanMessages(traceKey: number | null, spanKey: number | null) {
  return useQuery({
    queryKey: ["messages", traceKey, spanKey],
    queryFn: ({ signal }) =>
      ask(
        "GET /api/traces/:trace/spans/:span/messages",
        { at: { trace: byKey(traceKey!), span: byKey(spanKey!) } },
        signal,
      ),
    enabled: traceKey !== null && spanKey !== null,
    staleTime: Infinity,
    gcTime: 60_000,
  });
}
