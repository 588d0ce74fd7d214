/** The third cell of a row: when its spans ran, on the time axis that all rows share. */
import type { SpanRow, SpanTable } from "../../data/span-table.ts";
import { Duration } from "../../parts/figure.tsx";
import type { LineKind } from "./lines.ts";
import type { Timeline, Window } from "./timeline.ts";

export interface BarProps {
  table: SpanTable;
  /** For a fold the first of its spans. */
  span: SpanRow;
  kind: LineKind;
  /** The spans of a fold. */
  members: Int32Array;
  timeline: Timeline;
  window: Window;
}

export function Bar({ table, span, kind, members, timeline, window }: BarProps) {
  if (kind === "rest") return null;
  const at = (time: number) =>
    ((timeline.drawn(time) - window.from) / (window.to - window.from)) * 100;
  const { start, end } =
    kind === "span" ? { start: span.startTime, end: span.endTime } : extentOf(table, members);
  const left = at(start);
  const right = at(end);
  if (right < 0 || left > 100) {
    return (
      <span className={`spans-beyond ${right < 0 ? "is-left" : "is-right"}`}>
        {right < 0 && "‹ "}+<Duration ms={start - timeline.start} />
        {left > 100 && " ›"}
      </span>
    );
  }
  if (kind === "repeats") return <Ticks table={table} rows={members} at={at} />;
  const place = { left: `${left}%`, width: `${right - left}%` };
  if (kind === "internal") return <i className="spans-bar is-other is-thin" style={place} />;
  return (
    <i
      className={`spans-bar is-${span.kind} ${span.status === "error" ? "is-error" : ""} ${span.isRunning ? "is-running" : ""}`}
      style={place}
    >
      {span.kind === "llm" && span.ttftMs !== null && span.durationMs > 0 && (
        <i
          className="spans-first-token"
          style={{ width: `${Math.min(100, (span.ttftMs / span.durationMs) * 100)}%` }}
        />
      )}
    </i>
  );
}

function extentOf({ columns }: SpanTable, rows: Int32Array): { start: number; end: number } {
  let start = Infinity;
  let end = -Infinity;
  for (const row of rows) {
    start = Math.min(start, columns.startTime[row]!);
    end = Math.max(end, columns.startTime[row]! + columns.durationMs[row]!);
  }
  return { start, end };
}

/** Identical spans are drawn as one tick each. More ticks than this cannot be told apart. */
const maxTicks = 60;

function Ticks({
  table: { columns },
  rows,
  at,
}: {
  table: SpanTable;
  rows: Int32Array;
  at: (time: number) => number;
}) {
  const shown = Math.min(rows.length, maxTicks);
  return Array.from({ length: shown }, (_, i) => {
    const row = rows[Math.floor((i * rows.length) / shown)]!;
    const left = at(columns.startTime[row]!);
    const width = at(columns.startTime[row]! + columns.durationMs[row]!) - left;
    return (
      <i
        key={row}
        className={`spans-bar is-tick is-${columns.spanType.values[columns.spanType.rows[row]!]}`}
        style={{ left: `${left}%`, width: `calc(${width}% - 1px)` }}
      />
    );
  });
}
