/** All groups of a field, largest first. */
import { keepPreviousData, useInfiniteQuery } from "@tanstack/react-query";
import type { RouteName } from "../../api.ts";
import type { GroupField as ListedField, Ranking } from "../../backend/stats.ts";
import { ask } from "../data/client.ts";
import { scopeQuery, type Scope } from "../query/scope.ts";

const pageSize = 100;
const routes = {
  agent: "GET /api/agents",
  tool: "GET /api/tools",
  model: "GET /api/models",
  workflow: "GET /api/workflows",
  provider: "GET /api/providers",
} as const satisfies Record<ListedField, RouteName>;

export type { ListedField };

/** Refreshed together with the figures: see useFreshFigures. */
export function useGroups(field: ListedField, scope: Scope, sort: Ranking, enabled: boolean) {
  const query = useInfiniteQuery({
    queryKey: ["figures", "groups", field, scope, sort],
    queryFn: ({ pageParam, signal }) =>
      ask(
        routes[field],
        { query: { ...scopeQuery(scope), sort, limit: pageSize, cursor: pageParam } },
        signal,
      ),
    initialPageParam: null as string | null,
    getNextPageParam: ({ nextCursor }) => nextCursor,
    enabled,
    placeholderData: keepPreviousData,
  });
  return { ...query, groups: query.data?.pages.flatMap((page) => page.groups) ?? [] };
}
