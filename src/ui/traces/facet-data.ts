/**
 * The facets of the list: values with counts. Counts for a time range come from stored totals and are
 * cheap. Counts within a filter are computed trace by trace, so they are requested only if few traces
 * match.
 */
import { keepPreviousData, useQuery, useQueryClient } from "@tanstack/react-query";
import type { Completion } from "../../backend/completion.ts";
import type { Stats } from "../../backend/figures.ts";
import { ask } from "../data/client.ts";
import { useLiveEvents, useLiveStatus } from "../data/live-context.tsx";
import { useThrottled } from "../data/throttle.ts";
import { scopeQuery, type Scope } from "../query/scope.ts";
import { problemOf, spell, withoutKey } from "../query/words.ts";

export interface FacetValue {
  value: string;
  /** Null if not counted. */
  count: number | null;
  /** True if the count is a lower bound. */
  isCapped?: boolean;
}

const maxValues = 20;
/** One bucket for all time: facets show totals only. */
const bucketMs = 10_000 * 86_400_000;
/** Counts within a filter are requested up to this many matching traces. */
const fewTraces = 2_000;
const freshEveryMs = 10_000;
const metaKeys = 4;

export type FacetField = "model" | "agent" | "workflow" | "tool" | "customer";

/** Refetches the facets while traces arrive. */
export function useFreshFacets(): void {
  const client = useQueryClient();
  const { isPaused } = useLiveStatus();
  const again = useThrottled(
    () => client.invalidateQueries({ queryKey: ["traces", "facet"] }),
    freshEveryMs,
  );
  useLiveEvents(({ kind }) => {
    if (!isPaused && kind !== "hello") again();
  });
}

export function useFacet(scope: Scope, field: FacetField): FacetValue[] {
  const wide = { ...scope, filter: "" };
  const own = { ...scope, filter: withoutKey(scope.filter, field) };
  const all = useGroups(wide, field, true);
  const isFew = all !== undefined && all.totals.traces <= fewTraces;
  const isNarrow = own.filter !== "" && problemOf(own.filter) === null;
  const narrow = useGroups(own, field, isFew && isNarrow);
  const counts = isNarrow && isFew ? narrow : all;
  const countOf = new Map(counts?.groups?.map(({ value, totals }) => [value, totals.traces]));
  return (all?.groups ?? []).flatMap(({ value }) =>
    value === null ? [] : [{ value, count: counts ? (countOf.get(value) ?? 0) : null }],
  );
}

function useGroups(scope: Scope, by: FacetField, enabled: boolean): Stats | undefined {
  return useQuery({
    queryKey: ["traces", "facet", by, scope],
    queryFn: ({ signal }) =>
      ask(
        "GET /api/stats",
        { query: { ...scopeQuery(scope), by, sort: "traces", limit: maxValues, bucketMs } },
        signal,
      ),
    enabled,
    placeholderData: keepPreviousData,
  }).data;
}

/** The metadata keys of the newest traces. */
export function useMetaKeys(project: string): string[] {
  const items = useItems("meta.", project);
  return items.slice(0, metaKeys).map(({ text }) => text);
}

/** @param key such as `meta.env`. */
export function useMetaValues(key: string, project: string): FacetValue[] {
  return useItems(`${spell(key)}:`, project).map(({ text, count, isCapped }) => ({
    value: text,
    count,
    isCapped,
  }));
}

function useItems(filter: string, project: string): Completion["items"] {
  const { data } = useQuery({
    queryKey: ["traces", "facet", filter, project],
    queryFn: ({ signal }) =>
      ask("GET /api/complete", { query: { filter, project: project || null } }, signal),
  });
  return data?.items ?? [];
}
