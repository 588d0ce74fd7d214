/** The traces that started just before and just after, in the same project. */
import { useQuery } from "@tanstack/react-query";
import type { Summary, TracePage } from "../../query/views.ts";
import { get } from "../data/client.ts";
import { useProject } from "../data/queries.ts";
import { notInternal } from "../query/scope.ts";

export function useNeighbours({ key, startTime, isInternal }: Summary): {
  newer: number | null;
  older: number | null;
} {
  const [project] = useProject();
  const { data } = useQuery({
    queryKey: ["neighbours", key, startTime, project],
    async queryFn({ signal }) {
      const shared = {
        limit: 2,
        project: project || null,
        filter: isInternal ? null : notInternal,
      };
      const ask = (params: Record<string, string | number>) =>
        get<TracePage>("/api/traces", { ...params, ...shared }, signal);
      const [before, after] = await Promise.all([
        ask({ until: startTime + 1 }),
        ask({ since: startTime, sort: "-startTime" }),
      ]);
      const other = ({ traces }: TracePage) => traces.find((each) => each.key !== key)?.key ?? null;
      return { older: other(before), newer: other(after) };
    },
  });
  return data ?? { newer: null, older: null };
}
