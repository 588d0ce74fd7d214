/** The second cell of a line of the waterfall: when a span ran, and what it did of that. */
import { count as countText, duration, textOf } from "../format.ts";
import { Duration } from "../parts/figure.tsx";
import type { SpanRow, SpanTable } from "./model.ts";
import type { Timeline, Window } from "./timeline.ts";

export interface BarProps {
  table: SpanTable;
  span: SpanRow;
  /** Of a fold how many it stands for. */
  count: number;
  timeline: Timeline;
  window: Window;
}

export function Bar({ table, span, count, timeline, window }: BarProps) {
  const last = count > 1 ? table.span(span.row + count - 1) : span;
  const at = (time: number) =>
    ((timeline.drawn(time) - window.from) / (window.to - window.from)) * 100;
  const left = at(span.startTime);
  const right = at(last.endTime);
  if (right < 0) {
    return (
      <span className="waterfall-label is-left">
        ‹ +<Duration ms={span.startTime - timeline.start} />
      </span>
    );
  }
  if (left > 100) {
    return (
      <span className="waterfall-label is-right">
        +<Duration ms={span.startTime - timeline.start} /> ›
      </span>
    );
  }
  const end = Math.min(right, 100);
  const label = (
    <>
      {count > 1 ? (
        `${countText(count)} × ${textOf(duration(meanOf(table, span.row, count)))}`
      ) : (
        <Duration ms={span.durationMs} />
      )}
      <Notes table={table} span={span} />
    </>
  );
  return (
    <>
      {count > 1 ? (
        <Ticks table={table} row={span.row} count={count} at={at} />
      ) : (
        <i
          className={`waterfall-bar is-${span.kind} ${span.status === "error" ? "is-error" : ""}`}
          style={{ left: `${left}%`, width: `${right - left}%` }}
        >
          {span.kind === "llm" && span.ttftMs !== null && span.durationMs > 0 && (
            <i
              className="waterfall-first-token"
              style={{ width: `${Math.min(100, (span.ttftMs / span.durationMs) * 100)}%` }}
            />
          )}
        </i>
      )}
      {/* Where there is no room behind it the label stands before it. */}
      {end < 86 ? (
        <span className="waterfall-label" style={{ left: `${end}%` }}>
          {label}
        </span>
      ) : left > 14 ? (
        <span className="waterfall-label" style={{ right: `${100 - left}%` }}>
          {label}
        </span>
      ) : (
        <span className="visually-hidden">{label}</span>
      )}
    </>
  );
}

function meanOf({ columns }: SpanTable, row: number, count: number): number {
  let sum = 0;
  for (let at = row; at < row + count; at++) sum += columns.durationMs[at]!;
  return sum / count;
}

/** Spans that are alike, each as a stroke. More than fit beside each other look the same as some. */
const mostTicks = 60;

function Ticks({
  table: { columns },
  row,
  count,
  at,
}: {
  table: SpanTable;
  row: number;
  count: number;
  at: (time: number) => number;
}) {
  const shown = Math.min(count, mostTicks);
  return Array.from({ length: shown }, (_, i) => {
    const each = row + Math.floor((i * count) / shown);
    const left = at(columns.startTime[each]!);
    const width = at(columns.startTime[each]! + columns.durationMs[each]!) - left;
    return (
      <i
        key={each}
        className={`waterfall-bar is-tick is-${columns.spanType.values[columns.spanType.rows[each]!]}`}
        style={{ left: `${left}%`, width: `calc(${width}% - 1px)` }}
      />
    );
  });
}

/** What is odd about a span's time, in words. */
function Notes({
  table,
  span: { row, parent, status, errorMessage, startTime, endTime },
}: Pick<BarProps, "table" | "span">) {
  const above = parent === null || parent >= row ? null : table.span(parent);
  return (
    <>
      {status === "error" && errorMessage && (
        <span className="error-text"> {errorMessage.split("\n", 1)[0]}</span>
      )}
      {above && startTime < above.startTime && (
        <span className="lost-text"> starts before its parent</span>
      )}
      {above && endTime > above.endTime && (
        <span className="lost-text"> ends after its parent</span>
      )}
    </>
  );
}
