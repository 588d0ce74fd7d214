/** What live views show of traces that changed. */
import type { Reader } from "../backend/reader.ts";
import { parseFilter } from "../filter/parse.ts";

/** What a live view is about; all traces where both are absent. */
export interface LiveScope {
  /** In the grammar of filter/parse.ts. */
  filter?: string | undefined;
  projectId?: number | undefined;
}

/** The JSON of each trace's summary. A trace that is gone has none. */
export function readSummaries(
  reader: Pick<Reader, "traces">,
  keys: readonly number[],
  nowMs: number,
): Map<number, string> {
  return new Map(
    reader.traces(keys, nowMs).map(({ key, summary }) => [key, JSON.stringify(summary)]),
  );
}

/** Of each scope, which of the traces are in it. @throws AppError `bad_request` for a filter that cannot be. */
export function inScopes(
  reader: Pick<Reader, "traces" | "matching">,
  keys: readonly number[],
  scopes: readonly LiveScope[],
  nowMs: number,
): Set<number>[] {
  const isOfProject = scopes.some(({ projectId }) => projectId !== undefined);
  const traces = isOfProject ? reader.traces(keys, nowMs) : [];
  const byProject = Map.groupBy(traces, ({ projectId }) => projectId);
  return scopes.map(({ filter, projectId }) => {
    const ofProject =
      projectId === undefined ? keys : (byProject.get(projectId) ?? []).map(({ key }) => key);
    return filter === undefined
      ? new Set(ofProject)
      : reader.matching(ofProject, parseFilter(filter, nowMs), nowMs);
  });
}
