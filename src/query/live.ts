/** What live views show of traces that changed. */
import { loadRows } from "../sqlite/list/match.ts";
import type { Source } from "../sqlite/trace/trace.ts";
import { matches, summariesOf } from "../sqlite/list/traces.ts";

/** What a live view is about; all traces where both are absent. */
export interface LiveScope {
  /** In the grammar of filter/parse.ts. */
  filter?: string | undefined;
  projectId?: number | undefined;
}

/** The JSON of each trace's summary. A trace that is gone has none. */
export function readSummaries(source: Source, keys: number[], nowMs: number): Map<number, string> {
  return new Map(
    summariesOf(source, keys, nowMs).map((summary) => [summary.key, JSON.stringify(summary)]),
  );
}

/** Which of the traces are in a scope. @throws AppError `bad_request` for a filter that cannot be. */
export function inScope(
  source: Source,
  keys: number[],
  { filter, projectId }: LiveScope,
  nowMs: number,
): Set<number> {
  const ofProject =
    projectId === undefined
      ? keys
      : [...loadRows(source, keys, []).values()]
          .filter((row) => row.projectId === projectId)
          .map(({ key }) => key);
  return filter === undefined ? new Set(ofProject) : matches(source, ofProject, filter, nowMs);
}
