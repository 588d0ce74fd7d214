/** The phases of a span: time to first token, streaming, and the tools it called. */
import type { ReactNode } from "react";
import type { SpanView } from "../../../backend/views.ts";
import type { SpanRow, SpanTable } from "../../data/span-table.ts";
import { exactTime } from "../../format.ts";
import { Duration } from "../../parts/figure.tsx";

interface Phase {
  name: ReactNode;
  ms: number;
  /** The class of its swatch and bar. */
  look: string;
}

export function Timing({
  table,
  row,
  whole,
}: {
  table: SpanTable;
  row: number;
  whole: SpanView | undefined;
}) {
  const span = table.span(row);
  const own = phasesOf(span, whole);
  const phases = [...own, ...toolsAfter(table, row)];
  const total = phases.reduce((sum, { ms }) => sum + ms, 0);
  return (
    <section className="section">
      <h3>
        Timing
        <span className="section-end" title={exactTime(span.startTime)}>
          +{((span.startTime - table.trace.startTime) / 1000).toFixed(2)} s
        </span>
      </h3>
      <div className="stats-split inspector-timing" aria-hidden="true">
        {phases.map(({ ms, look }, i) => (
          <i
            key={i}
            className={`inspector-share ${look}`}
            style={{ flexGrow: total > 0 ? ms / total : 1 }}
          />
        ))}
      </div>
      <dl className="facts inspector-phases">
        {phases.map(({ name, ms, look }, i) => (
          <div key={i}>
            <dt>
              <i className={`stats-swatch inspector-share ${look}`} /> {name}
            </dt>
            <dd className="number">
              <Duration ms={ms} />
            </dd>
          </div>
        ))}
        {own.length > 1 && (
          <div className="inspector-total">
            <dt>Whole call</dt>
            <dd className="number">
              <Duration ms={span.durationMs} />
            </dd>
          </div>
        )}
      </dl>
    </section>
  );
}

function phasesOf(
  { kind, durationMs, ttftMs, status, usage }: SpanRow,
  whole: SpanView | undefined,
): Phase[] {
  const look = status === "error" ? "is-error" : `is-${kind}`;
  if (kind !== "llm") return [{ name: "From start to end", ms: durationMs, look }];
  if (ttftMs === null) return [{ name: "Call (first token not reported)", ms: durationMs, look }];
  const first = Math.min(ttftMs, durationMs);
  const thought = Math.min(whole?.reasoningDurationMs ?? 0, durationMs - first);
  const streamed = durationMs - first - thought;
  const rate = whole?.outputTps ?? rateOf(usage?.outputTokens, streamed);
  const phases: Phase[] = [{ name: "First token", ms: first, look: `${look} stats-hatch` }];
  if (thought > 0) phases.push({ name: "Thinking", ms: thought, look: `${look} is-thinking` });
  phases.push({
    name: rate === null ? "Streaming" : `Streaming, ${rate.toFixed(rate < 10 ? 1 : 0)} tok/s`,
    ms: streamed,
    look,
  });
  return phases;
}

/** More would be too thin to see. */
const maxTools = 4;

/** Tools requested by a model call: its child spans that ran after it. */
function toolsAfter(table: SpanTable, row: number): Phase[] {
  const call = table.span(row);
  if (call.kind !== "llm") return [];
  const tools: Phase[] = [];
  for (let at = row + 1; at < table.ends[row]! && tools.length < maxTools; at++) {
    const { depth, kind, startTime, name, durationMs, status } = table.span(at);
    if (depth > call.depth + 1 || kind !== "tool" || startTime < call.endTime) continue;
    const look = status === "error" ? "is-error" : "is-tool";
    tools.push({ name: `Tool ${name}`, ms: durationMs, look });
  }
  return tools;
}

function rateOf(tokens: number | undefined, ms: number): number | null {
  return tokens === undefined || ms <= 0 ? null : tokens / (ms / 1000);
}
