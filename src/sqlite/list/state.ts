/** Whether a trace goes on. */
import type { TraceState } from "../../backend/views.ts";
import { staleAfterMs } from "../../limits.ts";

export interface StateRow {
  rootCount: number;
  lastReceivedAt: number;
}

export function stateOf({ rootCount, lastReceivedAt }: StateRow, nowMs: number): TraceState {
  if (rootCount > 0) return "ended";
  // Also where the clock was set back since.
  return Math.abs(nowMs - lastReceivedAt) > staleAfterMs ? "stale" : "open";
}
