/**
 * The pages of the list, with keyset pagination; the first page also carries the running traces. Updates
 * are merged into loaded pages so that rows move as little as possible.
 */
import { keepPreviousData, useInfiniteQuery, type InfiniteData } from "@tanstack/react-query";
import type { TraceSort } from "../../backend/traces.ts";
import type { Summary, TracePage } from "../../backend/views.ts";
import { ask } from "../data/client.ts";
import { newestFirst, scopeQuery, type Scope } from "../query/scope.ts";

export interface ListPage extends TracePage {
  /** Recently started traces without a root span; only on the first page of the newest traces. */
  running: Summary[];
}

export type ListData = InfiniteData<ListPage, string | null>;

const firstLimit = 100;
/** The page size after the first page: a user who scrolls on reads many. */
const nextLimit = 300;
const runningLimit = 50;
const longestFirst = 2_000;
/**
 * No index covers `is:open`, so the range is short; older running traces are listed under their day.
 */
const running = "is:open since:2h";

/** @param named metadata and attribute keys to include, separated by commas; "" for none. */
export function listKey(scope: Scope, sort: TraceSort, named: string) {
  return ["traces", scope, sort, named] as const;
}

export function useTraces(scope: Scope, sort: TraceSort, named: string, enabled: boolean) {
  return useInfiniteQuery({
    queryKey: listKey(scope, sort, named),
    queryFn: ({ pageParam, signal }) =>
      pageParam === null
        ? readFirst(scope, sort, named, signal)
        : readNext(scope, sort, named, pageParam, signal),
    initialPageParam: null as string | null,
    getNextPageParam: ({ nextCursor }) => nextCursor,
    enabled,
    // Live events refresh the first page. Refetching or comparing all pages would take a second.
    staleTime: Infinity,
    structuralSharing: false,
    // Keeps the previous list until the new one is loaded, to avoid flicker.
    placeholderData: keepPreviousData,
  });
}

/** Reads the first page and the running traces. */
export async function readFirst(
  scope: Scope,
  sort: TraceSort,
  named: string,
  signal?: AbortSignal,
): Promise<ListPage> {
  const list = (filter: string, limit: number) => {
    const query = { ...scopeQuery({ ...scope, filter }), sort, limit, columns: named || null };
    return ask("GET /api/traces", { query }, signal);
  };
  const [page, open] = await Promise.all([
    list(scope.filter, firstLimit),
    sort === newestFirst ? list(`${scope.filter} ${running}`.trim(), runningLimit) : { traces: [] },
  ]);
  return { ...page, running: open.traces };
}

async function readNext(
  scope: Scope,
  sort: TraceSort,
  named: string,
  cursor: string,
  signal: AbortSignal,
): Promise<ListPage> {
  const query = { ...scopeQuery(scope), sort, cursor, limit: nextLimit, columns: named || null };
  return { ...(await ask("GET /api/traces", { query }, signal)), running: [] };
}

/**
 * Replaces changed traces in place. Live updates lack the metadata and attribute columns, so those are
 * kept.
 */
export function withChanged(
  pages: readonly ListPage[],
  changed: ReadonlyMap<number, Summary>,
): ListPage[] {
  const swap = (traces: Summary[]) =>
    traces.some(({ key }) => changed.has(key))
      ? traces.map((trace) => {
          const now = changed.get(trace.key);
          return now ? { ...now, ...(trace.columns && { columns: trace.columns }) } : trace;
        })
      : traces;
  return pages.map((page) => ({
    ...page,
    traces: swap(page.traces),
    running: swap(page.running),
  }));
}

export function withoutGone(pages: readonly ListPage[], gone: ReadonlySet<number>): ListPage[] {
  const keep = (traces: Summary[]) => traces.filter(({ key }) => !gone.has(key));
  return pages.map((page) => ({
    ...page,
    traces: keep(page.traces),
    running: keep(page.running),
  }));
}

/**
 * Merges a fresh first page into the list: adds its new traces, removes traces it no longer has, and keeps
 * everything after it. Starts over if the fresh page does not overlap with the list, or if the first page
 * grew too long.
 */
export function withFresh(pages: readonly ListPage[], fresh: ListPage): ListPage[] {
  const keys = new Set(fresh.traces.map(({ key }) => key));
  const flat = pages.flatMap(({ traces }) => traces);
  const boundary = flat.findLastIndex(({ key }) => keys.has(key));
  const isLong = pages[0]!.traces.length > longestFirst;
  if (fresh.nextCursor === null || isLong || (boundary < 0 && !fresh.partial)) return [fresh];
  let place = 0;
  const behind = pages.map((page) => ({
    ...page,
    traces: page.traces.filter(({ key }) => place++ > boundary && !keys.has(key)),
  }));
  const [first, ...others] = behind as [ListPage, ...ListPage[]];
  return [
    { ...first, traces: [...fresh.traces, ...first.traces], running: fresh.running },
    ...others,
  ];
}

/** How many traces of a fresh page are not in the list yet. */
export function countNew(pages: readonly ListPage[], fresh: ListPage): number {
  const known = new Set(
    pages.flatMap(({ traces, running }) => [...running, ...traces].map(({ key }) => key)),
  );
  const keys = new Set([...fresh.running, ...fresh.traces].map(({ key }) => key));
  return [...keys].filter((key) => !known.has(key)).length;
}
