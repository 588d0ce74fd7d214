/** The time breakdown of a trace, as a bar and in words. */
import type { Breakdown } from "../../query/breakdown.ts";
import type { SpanTable } from "../data/span-table.ts";
import { duration, textOf } from "../format.ts";
import { useBreakdown } from "./data.ts";

/** Idle time above this share is not drawn to scale. */
const maxIdleShare = 0.25;

export function BreakdownBar({ table }: { table: SpanTable }) {
  const { data } = useBreakdown(table);
  if (!data || data.durationMs === 0) return null;
  const { modelMs, overlapMs, toolMs, idleMs } = data;
  const busyMs = modelMs + toolMs;
  const idleShare = busyMs === 0 ? 1 : Math.min(maxIdleShare, idleMs / data.durationMs);
  const share = (ms: number) => `${busyMs === 0 ? 0 : (ms / busyMs) * (1 - idleShare) * 100}%`;
  const words = breakdownWords(data);
  return (
    <div className="stats-item grow trace-split trace-minor" title={words}>
      <span className="label">{words}</span>
      <div className="stats-split" aria-hidden="true">
        <i style={{ width: share(modelMs - overlapMs), background: "var(--kind-llm)" }} />
        {overlapMs > 0 && <i className="trace-overlap" style={{ width: share(overlapMs) }} />}
        <i style={{ width: share(toolMs), background: "var(--kind-tool)" }} />
        <i className="stats-hatch" style={{ flex: 1, backgroundColor: "var(--bg-3)" }} />
      </div>
    </div>
  );
}

/** Model and tool time, and how much of them overlapped. */
export function breakdownWords({
  modelMs,
  overlapMs,
  toolMs,
  idleMs,
}: Pick<Breakdown, "modelMs" | "overlapMs" | "toolMs" | "idleMs">): string {
  const text = (ms: number) => textOf(duration(ms));
  return [
    `Model ${text(modelMs)}`,
    `tools ${text(toolMs + overlapMs)}`,
    ...(overlapMs > 0 ? [`in parallel ${text(overlapMs)}`] : []),
    `waiting ${text(idleMs)}`,
  ].join(" · ");
}
