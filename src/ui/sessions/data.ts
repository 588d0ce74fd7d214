/** Sessions, their turns, and the messages of a turn. */
import { keepPreviousData, useInfiniteQuery, useQueryClient } from "@tanstack/react-query";
import { useRef } from "react";
import { byKey, type AnswerOf } from "../../api.ts";
import type { TranscriptEntry } from "../../query/transcript.ts";
import { ask } from "../data/client.ts";
import { useLiveEvents, useLiveStatus } from "../data/live-context.tsx";
import { useThrottled } from "../data/throttle.ts";
import { notInternal, scopeQuery, type Scope } from "../query/scope.ts";

export type Session = AnswerOf<"GET /api/sessions">["groups"][number];

const pageLimit = 100;
const transcriptLimit = 100;
const freshEveryMs = 700;

export function useSessions(scope: Scope) {
  return useInfiniteQuery({
    queryKey: ["sessions", scope],
    queryFn: ({ pageParam: cursor, signal }) =>
      ask(
        "GET /api/sessions",
        { query: { ...scopeQuery(scope), cursor, limit: pageLimit } },
        signal,
      ),
    initialPageParam: null as string | null,
    getNextPageParam: ({ nextCursor }) => nextCursor,
    placeholderData: keepPreviousData,
  });
}

/** The traces of a session in order, without internal ones. */
export function useTurns(session: string | null, project: string) {
  return useInfiniteQuery({
    queryKey: ["turns", session, project],
    queryFn: ({ pageParam: cursor, signal }) => {
      const filter = `session:${quoted(session!)} ${notInternal}`;
      const page = { sort: "-startTime", cursor, limit: pageLimit } as const;
      return ask(
        "GET /api/traces",
        { query: { filter, project: project || null, ...page } },
        signal,
      );
    },
    initialPageParam: null as string | null,
    getNextPageParam: ({ nextCursor }) => nextCursor,
    enabled: session !== null,
  });
}

export function quoted(text: string): string {
  return `"${text.replaceAll(/["\\]/g, "\\$&")}"`;
}

/** @param version changes when the trace received something; a new version is read again. */
export function useTurnEntries(traceKey: number, version: number, isWanted: boolean) {
  return useInfiniteQuery({
    queryKey: ["turn", traceKey, version],
    queryFn: ({ pageParam: cursor, signal }) =>
      ask(
        "GET /api/traces/:trace/transcript",
        { at: { trace: byKey(traceKey) }, query: { limit: transcriptLimit, cursor } },
        signal,
      ),
    initialPageParam: null as string | null,
    getNextPageParam: ({ nextCursor }) => nextCursor,
    enabled: isWanted,
    placeholderData: keepPreviousData,
  });
}

/** Refreshes what live events report as changed. */
export function useFreshSessions(): void {
  const client = useQueryClient();
  const { isPaused } = useLiveStatus();
  const again = useThrottled(async () => {
    await Promise.all([
      client.invalidateQueries({ queryKey: ["turns"] }),
      client.invalidateQueries({ queryKey: ["sessions"] }),
    ]);
  }, freshEveryMs);
  const isMissed = useRef(false);
  useLiveEvents((event) => {
    if (event.kind === "hello") return;
    if (isPaused) isMissed.current = true;
    else again();
  });
  if (!isPaused && isMissed.current) {
    isMissed.current = false;
    queueMicrotask(again);
  }
}

/**
 * The new messages of a turn. The input of its first call repeats the conversation so far, so only the
 * messages after the last reply are new.
 */
export function newInTurn(
  entries: readonly TranscriptEntry[],
  isFirstTurn: boolean,
): readonly TranscriptEntry[] {
  const first = entries.findIndex(({ spanType }) => spanType === "llm");
  if (isFirstTurn || first < 0) return entries;
  const { input } = entries[first]!;
  const lastReply = input.findLastIndex(({ role }) => role !== "user");
  return entries.with(first, { ...entries[first]!, input: input.slice(lastReply + 1) });
}
