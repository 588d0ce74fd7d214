/**
 * What the list can be narrowed by, with counts. Those of a range of time are kept and cost nothing; those
 * within a filter are reckoned from each trace that fits it, and asked for only where these are few.
 */
import { keepPreviousData, useQuery, useQueryClient } from "@tanstack/react-query";
import type { Completion } from "../../sqlite/list/complete.ts";
import type { Stats } from "../../backend/figures.ts";
import { ask } from "../data/client.ts";
import { useLiveEvents, useLiveStatus } from "../data/live-context.tsx";
import { useThrottled } from "../data/throttle.ts";
import { problemOf, spell, withoutKey } from "../query/words.ts";
import { scopeQuery, type Scope } from "../query/scope.ts";

export interface FacetValue {
  value: string;
  /** Null where it is not counted. */
  count: number | null;
  /** There may be more. */
  isCapped?: boolean;
}

const shownValues = 20;
/** Nobody looks at a series here: all of it is one bucket. */
const bucketMs = 10_000 * 86_400_000;
/** Below so many traces each filter's own counts are worth asking for. */
const fewTraces = 2_000;
const freshEveryMs = 10_000;
const metaKeys = 4;

export type FacetField = "model" | "agent" | "workflow" | "tool" | "customer";

/** Keeps what facets show fresh while traces come. */
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
        { query: { ...scopeQuery(scope), by, sort: "traces", limit: shownValues, bucketMs } },
        signal,
      ),
    enabled,
    placeholderData: keepPreviousData,
  }).data;
}

/** The keys of the metadata that the newest traces have. */
export function useMetaKeys(project: string): string[] {
  const items = useItems("meta.", project);
  return items.slice(0, metaKeys).map(({ text }) => text);
}

/** @param key as `meta.env`. */
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
