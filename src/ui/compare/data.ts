/** The data of a comparison: two aligned traces, one pair of their spans, and traces to choose from. */
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { byKey } from "../../api.ts";
import type { Summary } from "../../backend/views.ts";
import { filterWord } from "../charts/groups.tsx";
import { ask } from "../data/client.ts";
import { debounceMs } from "../state/debounce.ts";

const recentLimit = 50;

const isKey = (trace: string) => /^~\d+$/.test(trace);
/** A key is unique across projects, an id is not. */
const projectOf = (trace: string, project: string) => (isKey(trace) ? null : project || null);

/** @param a an id, or `~key`, likewise `b`; "" if not chosen yet. */
export function useComparison(a: string, b: string, project: string) {
  return useQuery({
    queryKey: ["comparison", a, b, project],
    queryFn: ({ signal }) => {
      const [projectA, projectB] = [projectOf(a, project), projectOf(b, project)];
      return ask("GET /api/compare", { query: { a, b, projectA, projectB } }, signal);
    },
    enabled: a !== "" && b !== "",
    placeholderData: keepPreviousData,
    // Comparing thousands of rows with the previous answer would be slow.
    structuralSharing: false,
  });
}

export interface PairRef {
  traceA: number;
  traceB: number;
  spanA: number;
  spanB: number;
}

export function usePair({ traceA, traceB, spanA, spanB }: PairRef, unit: "lines" | null) {
  return useQuery({
    queryKey: ["comparison", "pair", traceA, traceB, spanA, spanB, unit],
    queryFn: async ({ signal }) => {
      await new Promise((resolve) => setTimeout(resolve, debounceMs));
      signal.throwIfAborted();
      const query = {
        a: byKey(traceA),
        b: byKey(traceB),
        spanA: byKey(spanA),
        spanB: byKey(spanB),
        unit,
      };
      return ask("GET /api/compare/pair", { query }, signal);
    },
    placeholderData: keepPreviousData,
    structuralSharing: false,
    gcTime: 60_000,
  });
}

/** One of the two traces, while the other is not chosen yet. */
export function useSummary(trace: string, project: string) {
  return useQuery({
    queryKey: ["summary", trace, project],
    queryFn: async ({ signal }) => {
      const query = { project: projectOf(trace, project), limit: 1 };
      return (await ask("GET /api/traces/:trace", { at: { trace }, query }, signal)).trace;
    },
    enabled: trace !== "",
  });
}

/** The previous run, and the last successful one. */
export function useComparable(key: number) {
  return useQuery({
    queryKey: ["comparable", key],
    queryFn: ({ signal }) =>
      ask("GET /api/traces/:trace/comparable", { at: { trace: byKey(key) } }, signal),
  });
}

/** The newest traces of the same agent, or of all agents if it is unknown. */
export function useRecent(like: Summary | undefined, project: string) {
  const filter = like?.agentName ? filterWord("agent", like.agentName) : null;
  return useQuery({
    queryKey: ["recent", filter, like?.project ?? project],
    queryFn: ({ signal }) => {
      const query = { filter, project: like?.project ?? (project || null), limit: recentLimit };
      return ask("GET /api/traces", { query }, signal);
    },
    select: ({ traces }) => traces,
  });
}
