/** Which traces the page is about, as its address says. */
import { useMemo } from "react";
import type { TraceSort } from "../../query/traces.ts";
import type { Params } from "../data/client.ts";
import { useProject } from "../data/queries.ts";
import { allTime, useRange } from "./range.tsx";
import { useParam } from "../state/url.ts";

export interface Scope {
  filter: string;
  since: string;
  until: string;
  project: string;
}

export const newestFirst: TraceSort = "startTime";

/** The filter that leaves out traces that only tell of a sender's runtime. */
export const notInternal = "-is:internal";

/** @param initial the start of the range where the address says none: "" for all time. */
export function useScope(initial = ""): Scope {
  const [filter] = useParam<string>("filter", "");
  const [project] = useProject();
  const { since, until } = useRange(initial);
  return useMemo(() => ({ filter, since, until, project }), [filter, since, until, project]);
}

/** As every route that takes a scope wants it. */
export function scopeParams({ filter, since, until, project }: Scope): Params {
  return {
    filter: filter || null,
    since: since || null,
    until: until || null,
    project: project || null,
  };
}

/** Whether the range has no start. */
export function isEndless({ since }: Pick<Scope, "since">): boolean {
  return since === "" || since === allTime;
}

/** Whether anything is left out. */
export function isNarrow(scope: Scope): boolean {
  return scope.filter + scope.until + scope.project !== "" || !isEndless(scope);
}

/** The address of the list of these traces. */
export function tracesHref({ filter, since, until, project }: Scope): string {
  const named = { filter, since: isEndless({ since }) ? "" : since, until, project };
  const params = new URLSearchParams(Object.entries(named).filter(([, value]) => value !== ""));
  return `/traces${params.size > 0 ? `?${params}` : ""}`;
}

/** The address of a trace's own page. */
export function traceHref(key: number, { project }: Pick<Scope, "project">, span?: number): string {
  const params = new URLSearchParams({
    ...(project && { project }),
    ...(span !== undefined && { span: `~${span}` }),
  });
  return `/traces/~${key}${params.size > 0 ? `?${params}` : ""}`;
}
