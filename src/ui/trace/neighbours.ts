/** The previous and the next trace of the same project, by start time. */
import { useQuery } from "@tanstack/react-query";
import type { Question } from "../../api.ts";
import type { Summary, TracePage } from "../../backend/views.ts";
import { ask } from "../data/client.ts";
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
      const list = (query: Question<"GET /api/traces">["query"]) =>
        ask("GET /api/traces", { query: { ...query, ...shared } }, signal);
      const [before, after] = await Promise.all([
        list({ until: String(startTime + 1) }),
        list({ since: String(startTime), sort: "-startTime" }),
      ]);
      const other = ({ traces }: TracePage) => traces.find((each) => each.key !== key)?.key ?? null;
      return { older: other(before), newer: other(after) };
    },
  });
  return data ?? { newer: null, older: null };
}
