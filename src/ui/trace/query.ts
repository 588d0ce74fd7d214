/** How the spans of a trace are asked for: apart, so that a page can begin before its code is there. */
import { queryOptions, type QueryClient } from "@tanstack/react-query";
import type { TraceColumns } from "../../query/columns.ts";
import { byKey, get, pathOf } from "../data/client.ts";
import { joinPages } from "./pages.ts";

/** @param trace an id, or `~key`. @param project whose id it is; "" where only one has it. */
export function traceQuery(trace: string, project: string) {
  const isKey = trace.startsWith("~");
  // An id that begins like a key is sent so that it is none.
  const address = isKey
    ? pathOf("traces", byKey(Number(trace.slice(1))))
    : pathOf("traces", trace).replace("/~", "/%7E");
  const params = { format: "columns", project: isKey ? null : project || null };
  const queryKey = ["trace", trace, project];
  const readPage = (cursor: string | null, signal?: AbortSignal) =>
    get<TraceColumns>(address, { ...params, cursor }, signal);
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
  const match = /^\/traces\/([^/]+)$/.exec(pathname);
  if (!match) return;
  const project = new URLSearchParams(search).get("project") ?? "";
  void client.prefetchQuery({
    ...traceQuery(decodeURIComponent(match[1]!), project).options,
    retry: false,
  });
}
