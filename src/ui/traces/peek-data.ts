/** The data of the peek: the time breakdown of a trace, its spans, and its first message. */
import { useQuery, useQueryClient, type QueryClient } from "@tanstack/react-query";
import { byKey } from "../../api.ts";
import type { Skeleton, Summary } from "../../backend/views.ts";
import type { Message } from "../../messages/model.ts";
import type { TraceColumns } from "../../query/columns.ts";
import type { TranscriptPage } from "../../query/transcript.ts";
import { ask } from "../data/client.ts";
import { useLiveEvents, useLiveStatus } from "../data/live-context.tsx";
import { useThrottled } from "../data/throttle.ts";
import { useDebounced } from "../state/debounce.ts";
import { readColumns } from "../trace/query.ts";

const freshEveryMs = 1_000;
/** Above this number of spans the peek shows only totals. */
export const largeSpanCount = 2_000;

/** A span in the peek's list. */
export interface PeekSpan extends Pick<
  Skeleton,
  "key" | "depth" | "spanType" | "name" | "durationMs" | "status" | "errorMessage" | "modelId"
> {
  /** The number of the model call, or of the last one before this span: from 1; 0 before the first. */
  step: number;
  /** How many identical neighbouring spans this line stands for. */
  times: number;
}

const columnsQuery = (key: number) => ({
  queryKey: ["peek", key, "columns"],
  queryFn: ({ signal }: { signal: AbortSignal }) => readColumns(byKey(key), null, null, signal),
});
const breakdownQuery = (key: number) => ({
  queryKey: ["peek", key, "breakdown"],
  queryFn: ({ signal }: { signal: AbortSignal }) =>
    ask("GET /api/traces/:trace/breakdown", { at: { trace: byKey(key) } }, signal),
});
const openingQuery = (key: number) => ({
  queryKey: ["peek", key, "opening"],
  queryFn: ({ signal }: { signal: AbortSignal }) =>
    ask(
      "GET /api/traces/:trace/transcript",
      { at: { trace: byKey(key) }, query: { limit: 2 } },
      signal,
    ),
});

/** The key once it has been selected for a moment; null before. */
export function useSettledKey(key: number): number | null {
  const settled = useDebounced<number | null>(key, null);
  return settled === key ? key : null;
}

/** @param key null to read nothing. */
export function usePeek(key: number | null, summary: Summary | undefined) {
  const client = useQueryClient();
  const { isPaused } = useLiveStatus();
  const enabled = key !== null;
  const isSmall = summary === undefined || summary.spanCount <= largeSpanCount;
  const columns = useQuery({ ...columnsQuery(key ?? 0), enabled: enabled && isSmall });
  const breakdown = useQuery({ ...breakdownQuery(key ?? 0), enabled });
  const opening = useQuery({ ...openingQuery(key ?? 0), enabled });
  const again = useThrottled(
    () => client.invalidateQueries({ queryKey: ["peek", key] }),
    freshEveryMs,
  );
  useLiveEvents((event) => {
    if (isPaused || event.kind !== "traces") return;
    if (event.traces.some((trace) => trace.key === key)) again();
  });
  return { columns, breakdown, opening };
}

/** Prefetches the neighbours of the selected trace while the browser is idle. */
export function prefetchPeek(client: QueryClient, { key, spanCount }: Summary): void {
  if (spanCount <= largeSpanCount) void client.prefetchQuery(columnsQuery(key));
  void client.prefetchQuery(breakdownQuery(key));
  void client.prefetchQuery(openingQuery(key));
}

/** All spans except internal ones. */
export function spansOf(whole: TraceColumns): PeekSpan[] {
  const { columns, spanCount, repeats } = whole;
  const text = ({ values, rows }: TraceColumns["columns"]["name"], row: number) =>
    values[rows[row]!] ?? null;
  const repeated = new Map(repeats);
  let step = 0;
  const spans = Array.from({ length: spanCount }, (_, row) => {
    const spanType = text(columns.spanType, row) as Skeleton["spanType"];
    if (spanType === "llm" && !repeated.has(row)) step++;
    return {
      key: columns.key[row]!,
      depth: columns.depth[row]!,
      spanType,
      name: text(columns.name, row) ?? "",
      durationMs: columns.durationMs[row]!,
      status: text(columns.status, row) as Skeleton["status"],
      errorMessage: text(columns.errorMessage, row),
      modelId: text(columns.modelId, row),
      step,
      times: 1,
    };
  });
  for (const [row, counting] of repeated) spans[row]!.step = spans[counting]!.step;
  const internal = new Set(whole.internalRows);
  return spans.filter((_, row) => !internal.has(row));
}

/** The fewest identical neighbours that are folded into one line. */
const foldedTimes = 3;

/** Folds identical neighbours without children into one line; failed spans are never folded. */
export function foldSpans(spans: readonly PeekSpan[]): PeekSpan[] {
  const folded: PeekSpan[] = [];
  for (let i = 0; i < spans.length;) {
    const first = spans[i]!;
    let end = i + 1;
    while (end < spans.length && isAlike(first, spans[end]!)) end++;
    // If the next span is a child of the last one, the last one is not folded.
    if ((spans[end]?.depth ?? 0) > first.depth) end = Math.max(i + 1, end - 1);
    const alike = spans.slice(i, end);
    if (alike.length >= foldedTimes) {
      const durationMs = alike.reduce((sum, span) => sum + span.durationMs, 0);
      folded.push({ ...first, durationMs, times: alike.length });
    } else {
      folded.push(...alike);
    }
    i = end;
  }
  return folded;
}

function isAlike(a: PeekSpan, b: PeekSpan): boolean {
  return (
    a.depth === b.depth &&
    a.name === b.name &&
    a.spanType === "tool" &&
    b.spanType === "tool" &&
    a.status !== "error" &&
    b.status !== "error"
  );
}

/** The first message of the user; null if there is none. */
export function firstUserMessage({ entries }: TranscriptPage): string | null {
  for (const { input } of entries) {
    const said = input.findLast(({ role }) => role === "user");
    const text = said && textOfMessage(said);
    if (text) return text;
  }
  return null;
}

function textOfMessage({ parts }: Message): string {
  return parts.flatMap((part) => (part.type === "text" ? [part.text] : [])).join("\n\n");
}
