/** How the spans of a trace are asked for: apart, so that a page can begin before its code is there. */
import { queryOptions, type QueryClient } from "@tanstack/react-query";
import type { TraceColumns } from "../../query/columns.ts";
import { ask } from "../data/client.ts";
import { decoded, namesIn, paths } from "../pages.ts";
import { joinPages } from "./pages.ts";

/**
 * A page of spans: the first, or the one that the cursor names.
 *
 * @param trace an id, or `~key`.
 * @param project whose id it is; null where it is a key, or nobody knows.
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

/** @param trace an id, or `~key`. @param project whose id it is; "" where only one has it. */
export function traceQuery(trace: string, project: string) {
  const whose = /^~\d+$/.test(trace) ? null : project || null;
  const queryKey = ["trace", trace, project];
  const readPage = (cursor: string | null, signal?: AbortSignal) =>
    readColumns(trace, whose, cursor, signal);
  const options = queryOptions({
    queryKey,
    /** As many spans as were there before, if more than a page. */
    async queryFn({ client, signal }) {
      const known = client.getQueryData<TraceColumns>(queryKey)?.spanCount ?? 0;
      let data = await readPage(null, signal);
      while (data.nextCursor !== null && data.spanCount < known) {
        data = joinPages(data, await readPage(data.nextCursor, signal));
      }
      return data;
    },
    // What was read ahead is not read again; else a trace is read anew whenever it is opened.
    staleTime: 1_000,
    // A table of 50,000 spans is not compared with the one before, field by field.
    structuralSharing: false,
  });
  return { options, readPage };
}

/** Asks for what the page at an address shows, while its code still comes. */
export function readAhead(client: QueryClient, { pathname, search }: Location): void {
  const names = namesIn(paths.trace, pathname);
  if (!names) return;
  const project = new URLSearchParams(search).get("project") ?? "";
  void client.prefetchQuery({
    ...traceQuery(decoded(names.trace), project).options,
    retry: false,
  });
}
