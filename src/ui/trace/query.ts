/**
 * The request for a trace's spans, in a file of its own so that it can start before the code of the page
 * is loaded.
 */
import { queryOptions, type QueryClient } from "@tanstack/react-query";
import type { TraceColumns } from "../../query/columns.ts";
import { ask } from "../data/client.ts";
import { decoded, namesIn, paths } from "../pages.ts";
import { joinPages } from "./join-pages.ts";

/**
 * Reads a page of spans: the first, or the one that the cursor names.
 *
 * @param trace an id, or `~key`.
 * @param project the project of the id; null for a key, or if the project is unknown.
 */
export async function readColumns(
  trace: string,
  project: string | null,
  cursor: string | null,
  signal?: AbortSignal,
): Promise<TraceColumns> {
  const query = { format: "columns", project, cursor } as const;
  const answer = await ask("GET /api/traces/:trace", { at: { trace }, query }, signal);
  if (!("columns" in answer)) throw new TypeError("the server answered without columns");
  return answer;
}

/** @param trace an id, or `~key`. @param project the project of the id; "" if the id is unique. */
export function traceQuery(trace: string, project: string) {
  const whose = /^~\d+$/.test(trace) ? null : project || null;
  const queryKey = ["trace", trace, project];
  const readPage = (cursor: string | null, signal?: AbortSignal) =>
    readColumns(trace, whose, cursor, signal);
  const options = queryOptions({
    queryKey,
    /** Reads as many spans as were loaded before, but at least a page. */
    async queryFn({ client, signal }) {
      const known = client.getQueryData<TraceColumns>(queryKey)?.spanCount ?? 0;
      let data = await readPage(null, signal);
      while (data.nextCursor !== null && data.spanCount < known) {
        data = joinPages(data, await readPage(data.nextCursor, signal));
      }
      return data;
    },
    // A prefetched trace is not read twice; otherwise a trace is refetched whenever it is opened.
    staleTime: 1_000,
    // Comparing 50,000 spans with the previous answer field by field would be slow.
    structuralSharing: false,
  });
  return { options, readPage };
}

/** Requests the data for an address while the code of the page is still loading. */
export function readAhead(client: QueryClient, { pathname, search }: Location): void {
  const names = namesIn(paths.trace, pathname);
  if (!names) return;
  const project = new URLSearchParams(search).get("project") ?? "";
  void client.prefetchQuery({
    ...traceQuery(decoded(names.trace), project).options,
    retry: false,
  });
}
