/** The scope of a page: which traces it shows, as given in its address. */
import { useMemo } from "react";
import { byKey } from "../../api.ts";
import type { TraceSort } from "../../backend/traces.ts";
import { useProject } from "../data/queries.ts";
import { hrefOf } from "../pages.ts";
import { useParam } from "../state/url.ts";
import { allTime, useRange } from "./range.tsx";

export interface Scope {
  filter: string;
  since: string;
  until: string;
  project: string;
}

export const newestFirst: TraceSort = "startTime";

/** Excludes traces that describe only a sender's runtime. */
export const notInternal = "-is:internal";

/** @param initial the start of the range if the address has none: "" for all time. */
export function useScope(initial = ""): Scope {
  const [filter] = useParam<string>("filter", "");
  const [project] = useProject();
  const { since, until } = useRange(initial);
  return useMemo(() => ({ filter, since, until, project }), [filter, since, until, project]);
}

/** The query parameters of routes that take a scope. */
export function scopeQuery({ filter, since, until, project }: Scope) {
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

/** Whether the scope excludes any traces. */
export function isNarrow(scope: Scope): boolean {
  return scope.filter + scope.until + scope.project !== "" || !isEndless(scope);
}

/** The address of the list of these traces. */
export function tracesHref({ filter, since, until, project }: Scope): string {
  return hrefOf("traces", {
    query: { filter, since: isEndless({ since }) ? "" : since, until, project },
  });
}

/** The address of a trace's page. @param find words to highlight there. */
export function traceHref(
  key: number,
  { project }: Pick<Scope, "project">,
  span?: number,
  find = "",
): string {
  return hrefOf("trace", {
    at: { trace: byKey(key) },
    query: { project, span: span === undefined ? "" : byKey(span), find },
  });
}
