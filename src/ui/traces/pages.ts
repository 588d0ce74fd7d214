/**
 * The list as it is loaded: pages by keyset, and with the first of them the traces that run. What changes
 * is laid over it, never moving more than it must.
 */
import { keepPreviousData, useInfiniteQuery, type InfiniteData } from "@tanstack/react-query";
import type { Summary, TracePage } from "../../backend/views.ts";
import type { TraceSort } from "../../sqlite/list/traces.ts";
import { ask } from "../data/client.ts";
import { newestFirst, scopeQuery, type Scope } from "../query/scope.ts";

export interface ListPage extends TracePage {
  /** Those without a root yet, begun of late; only the first page of the newest has any. */
  running: Summary[];
}

export type ListData = InfiniteData<ListPage, string | null>;

const firstLimit = 100;
/** Who scrolls on wants many. */
const nextLimit = 300;
const runningLimit = 50;
const longestFirst = 2_000;
/** No index says what runs, and what began longer ago stands in its day. */
const running = "is:open since:2h";

/** @param named the keys whose values come with each trace, "" for none. */
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
    // Live events keep the beginning fresh. Reading all pages again would cost a second, and so would
    // comparing them.
    staleTime: Infinity,
    structuralSharing: false,
    // Until another list is there the one before stays: nothing flickers.
    placeholderData: keepPreviousData,
  });
}

/** The first page, and what runs. */
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

/** Each in its place, as it is now. What changed is told without the columns that were asked for. */
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
 * Lays the first page as it is now over the list: what is new in it comes in, what it has no more leaves,
 * and what lies behind it stays. Where so much is new that nothing connects them, or so much came in that
 * the first page grew too long, all begins anew.
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

/** How many traces it has that the list does not show yet. */
export function countNew(pages: readonly ListPage[], fresh: ListPage): number {
  const known = new Set(
    pages.flatMap(({ traces, running }) => [...running, ...traces].map(({ key }) => key)),
  );
  const keys = new Set([...fresh.running, ...fresh.traces].map(({ key }) => key));
  return [...keys].filter((key) => !known.has(key)).length;
}
