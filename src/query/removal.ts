/** What a delete is about to take: the traces that match, part by part. */
import { removal } from "../limits.ts";
import { loadRows } from "../sqlite/list/match.ts";
import type { Source } from "../sqlite/trace/trace.ts";
import { listMatchingKeys, type KeysPosition, type KeysQuery } from "../sqlite/list/traces.ts";

export interface RemovalPart {
  traces: { key: number; spanCount: number; isPinned: boolean }[];
  /** Where the next part begins; null behind the last. */
  next: KeysPosition | null;
}

/** @throws AppError `bad_request` for a filter that cannot be. */
export function listRemoval(
  source: Source,
  query: KeysQuery,
  after: KeysPosition | null,
  nowMs: number,
): RemovalPart {
  const { keys, next } = listMatchingKeys(source, query, after, removal.page, nowMs);
  const rows = loadRows(source, keys, ["spanCount", "isPinned"]);
  const traces = [...rows.values()].map(({ key, spanCount, isPinned }) => ({
    key,
    spanCount: spanCount as number,
    isPinned: isPinned === 1,
  }));
  return { traces, next };
}
