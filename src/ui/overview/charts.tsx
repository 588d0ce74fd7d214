/** Six charts of the same range, with aligned buckets. */
import type { Stats } from "../../backend/figures.ts";
import {
  CostChart,
  SpreadChart,
  TokensChart,
  OutcomeChart,
  type Choose,
} from "../charts/series.tsx";

export function Charts({
  stats,
  tools,
  onChoose,
}: {
  /** By model, most expensive first. */
  stats: Stats;
  /** All tool calls in the same range. */
  tools: Stats | undefined;
  onChoose: Choose;
}) {
  return (
    <div className="overview-charts">
      <CostChart stats={stats} onChoose={onChoose} />
      <TokensChart stats={stats} onChoose={onChoose} />
      <OutcomeChart of="traces" stats={stats} onChoose={onChoose} />
      <SpreadChart
        title="Model call duration"
        stats={stats}
        figures={stats}
        spread="latencyMs"
        lines={["p50", "p95", "p99"]}
        said="p95"
        onChoose={onChoose}
      />
      <SpreadChart
        title="Time to first token"
        stats={stats}
        figures={stats}
        spread="ttftMs"
        lines={["p50", "p95"]}
        said="p50"
        onChoose={onChoose}
      />
      <SpreadChart
        title="Tool call duration"
        stats={tools ?? stats}
        figures={tools?.groups?.find(({ value }) => value === "tool") ?? null}
        spread="latencyMs"
        lines={["p50", "p95"]}
        said="p95"
        onChoose={onChoose}
      />
    </div>
  );
}
