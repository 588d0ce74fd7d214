/** The second cell of a line of the waterfall: when a span ran, and what it did of that. */
import { Duration } from "../parts/figure.tsx";
import { skewOf } from "./clock.ts";
import type { SpanRow, SpanTable } from "./model.ts";
import { sumOf } from "./sums.ts";
import type { Timeline, Window } from "./timeline.ts";
import { Sigma } from "./tree.tsx";

export interface BarProps {
  table: SpanTable;
  span: SpanRow;
  /** Of a fold how many it stands for. */
  count: number;
  timeline: Timeline;
  window: Window;
}

export function Bar({ table, span, count, timeline, window }: BarProps) {
  const endTime = endOf(table, span.row, count);
  const at = (time: number) =>
    ((timeline.drawn(time) - window.from) / (window.to - window.from)) * 100;
  const left = at(span.startTime);
  const right = at(endTime);
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
        <>
          <Sigma /> <Duration ms={sumOf(table, span.row, count).durationMs} />
        </>
      ) : span.isRunning ? (
        "still running"
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
          className={`waterfall-bar is-${span.kind} ${span.status === "error" ? "is-error" : ""} ${span.isRunning ? "is-running" : ""}`}
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

/** When the last of some spans ended. */
function endOf({ columns }: SpanTable, row: number, count: number): number {
  let end = -Infinity;
  for (let at = row; at < row + count; at++)
    end = Math.max(end, columns.startTime[at]! + columns.durationMs[at]!);
  return end;
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
function Notes({ table, span }: Pick<BarProps, "table" | "span">) {
  const { row, parent, status, errorMessage } = span;
  const above = parent === null || parent >= row ? null : table.span(parent);
  const skew = above && skewOf(span, above);
  return (
    <>
      {status === "error" && errorMessage && (
        <span className="error-text"> {errorMessage.split("\n", 1)[0]}</span>
      )}
      {skew && <span className="lost-text"> {skew}</span>}
    </>
  );
}
