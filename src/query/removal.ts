/** What a delete is about to take: the traces that match, part by part. */
import type { Reader } from "../backend/reader.ts";
import type { KeysPosition } from "../backend/traces.ts";
import { removal } from "../limits.ts";
import { toScope, type ScopeQuery } from "./lists.ts";

export interface RemovalPart {
  traces: { key: number; spanCount: number; isPinned: boolean }[];
  /** Where the next part begins; null behind the last. */
  next: KeysPosition | null;
}

/** @throws AppError `bad_request` for a filter that cannot be. */
export function listRemoval(
  reader: Pick<Reader, "listKeys" | "traces">,
  query: ScopeQuery,
  after: KeysPosition | null,
  nowMs: number,
): RemovalPart {
  const { keys, next } = reader.listKeys(toScope(query, nowMs), after, removal.page, nowMs);
  const traces = reader.traces(keys, nowMs).map(({ key, summary }) => ({
    key,
    spanCount: summary.spanCount,
    isPinned: summary.pinned,
  }));
  return { traces, next };
}
