/** Search over all traces and in one, and the index behind it. */
import { Type } from "@sinclair/typebox";
import { IndexStatus, SearchPage } from "../backend/search.ts";
import { page } from "../limits.ts";
import type { Searcher } from "../threads/searcher.ts";
import { parseTraceRef, pathSegments } from "./params.ts";
import { projectIdOf, type ReadDeps } from "./read.ts";
import { closed, route } from "./route.ts";

export interface SearchDeps extends Pick<ReadDeps, "keyring"> {
  searcher: Searcher;
}

const optional = Type.Optional;
const Limit = Type.Integer({ minimum: 1, maximum: page.maxLimit });
const words = Type.String({
  description: 'Words and "phrases", all of which one message has, in any case',
});
const project = optional(Type.String());
const cursor = optional(Type.String());

const SearchQuery = closed({
  q: words,
  filter: optional(Type.String({ description: "Which traces, as in the list of traces" })),
  project,
  since: optional(Type.String({ description: "Epoch ms, an ISO 8601 date or a time ago: 2h" })),
  until: optional(Type.String({ description: "Likewise, outside" })),
  limit: optional(Limit),
  cursor,
});
const TraceSearchQuery = closed({ q: words, project, limit: optional(Limit), cursor });

export function searchRoutes({ searcher, keyring }: SearchDeps) {
  return [
    route({
      method: "GET",
      path: "/api/search",
      summary: "Messages, names, errors and ids with words in them, the newest trace first",
      query: SearchQuery,
      answer: SearchPage,
      handle: ({ query: { limit = page.defaultLimit, project, ...query } }) =>
        searcher.call("search", [{ ...query, limit, projectId: projectIdOf(project, keyring) }]),
    }),
    route({
      method: "GET",
      path: "/api/traces/:trace/search",
      summary: "The same within one trace, in the order of its spans",
      query: TraceSearchQuery,
      answer: SearchPage,
      handle: ({ request, query: { q, project, limit = page.defaultLimit, cursor } }) => {
        const ref = parseTraceRef(pathSegments(request)[2] ?? "", projectIdOf(project, keyring));
        return searcher.call("searchTrace", [ref, q, limit, cursor]);
      },
    }),
    route({
      method: "GET",
      path: "/api/search/index",
      summary: "How far the index of the search is, and how large",
      answer: IndexStatus,
      handle: () => searcher.call("status", []),
    }),
    route({
      method: "POST",
      path: "/api/search/rebuild",
      summary: "Drops the index and begins it anew; until it is there, search scans",
      status: 202,
      answer: IndexStatus,
      handle: async () => {
        await searcher.call("rebuild", []);
        return searcher.call("status", []);
      },
    }),
  ];
}
