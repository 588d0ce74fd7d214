/** The whole list of what there is of a field, the one with most of it first. */
import { keepPreviousData, useInfiniteQuery } from "@tanstack/react-query";
import type { GroupField as ListedField, GroupPage } from "../../query/groups.ts";
import type { Ranking } from "../../query/stats.ts";
import { get } from "../data/client.ts";
import { scopeParams, type Scope } from "../query/scope.ts";

const pageSize = 100;
const addresses: Record<ListedField, string> = {
  agent: "/api/agents",
  tool: "/api/tools",
  model: "/api/models",
  workflow: "/api/workflows",
  provider: "/api/providers",
};

export type { ListedField };

/** Fresh with the figures: see useFreshFigures. */
export function useGroups(field: ListedField, scope: Scope, sort: Ranking, enabled: boolean) {
  const query = useInfiniteQuery({
    queryKey: ["figures", "groups", field, scope, sort],
    queryFn: ({ pageParam, signal }) =>
      get<GroupPage>(
        addresses[field],
        { ...scopeParams(scope), sort, limit: pageSize, cursor: pageParam },
        signal,
      ),
    initialPageParam: null as string | null,
    getNextPageParam: ({ nextCursor }) => nextCursor,
    enabled,
    placeholderData: keepPreviousData,
  });
  return { ...query, groups: query.data?.pages.flatMap((page) => page.groups) ?? [] };
}
