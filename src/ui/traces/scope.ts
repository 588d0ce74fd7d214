/** Which traces the page is about, as its address says. */
import { useMemo } from "react";
import type { TraceSort } from "../../query/traces.ts";
import type { Params } from "../data/client.ts";
import { useProject } from "../data/queries.ts";
import { useRange } from "../query/range.tsx";
import { useParam } from "../state/url.ts";

export interface Scope {
  filter: string;
  since: string;
  until: string;
  project: string;
}

export const newestFirst: TraceSort = "startTime";

export function useScope(): Scope {
  const [filter] = useParam<string>("filter", "");
  const [project] = useProject();
  const { since, until } = useRange();
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

/** Whether anything is left out. */
export function isNarrow({ filter, since, until, project }: Scope): boolean {
  return filter + since + until + project !== "";
}

/** The address of a trace's own page. */
export function traceHref(key: number, { project }: Pick<Scope, "project">, span?: number): string {
  const params = new URLSearchParams({
    ...(project && { project }),
    ...(span !== undefined && { span: `~${span}` }),
  });
  return `/traces/~${key}${params.size > 0 ? `?${params}` : ""}`;
}
