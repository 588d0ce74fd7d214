/** The column headings of the table, and above the bars a minimap and a time ruler. */
import type { ReactNode, Ref } from "react";
import type { SpanTable } from "../../data/span-table.ts";
import { duration, plural, textOf } from "../../format.ts";
import { Duration } from "../../parts/figure.tsx";
import { Icon } from "../../parts/icon.tsx";
import { Minimap } from "./minimap.tsx";
import { nextSort, type Sort, type SortKey } from "./sort.ts";
import { ticksOf, type Timeline, type Window } from "./timeline.ts";

export interface HeadProps {
  table: SpanTable;
  lineCount: number;
  timeline: Timeline;
  window: Window;
  onWindow: (window: Window) => void;
  sort: Sort | null;
  onSort: (sort: Sort | null) => void;
  /** The label that shows the time under the pointer. */
  crossTime: Ref<HTMLSpanElement>;
}

export function SpansHead(props: HeadProps) {
  const { table, lineCount, timeline, window, sort, onSort, crossTime } = props;
  const head = (by: SortKey, title: string, children: ReactNode) => (
    <SortHead by={by} title={title} sort={sort} onSort={onSort}>
      {children}
    </SortHead>
  );
  return (
    <div role="rowgroup" className="spans-head">
      <div role="row" className="spans-heads">
        <span role="columnheader" className="spans-name" aria-sort={ariaSort(sort, "start")}>
          {head("start", "Sort by start", "Span")}
          <span className="spans-counts truncated">
            {plural(lineCount, "row")}, {plural(table.spanCount, "span")}
          </span>
        </span>
        <span role="columnheader" className="spans-text" aria-sort={ariaSort(sort, "errors")}>
          {head("errors", "Sort failed spans to the top", "Argument, text, error")}
        </span>
        <span role="columnheader" className="spans-axis" aria-label="When it ran">
          <Minimap table={table} timeline={timeline} window={window} onWindow={props.onWindow} />
          <Ruler timeline={timeline} window={window}>
            <span className="spans-cursor-time" ref={crossTime} hidden />
          </Ruler>
        </span>
        <span
          role="columnheader"
          className="number spans-tokens"
          aria-sort={ariaSort(sort, "tokens")}
        >
          {head(
            "tokens",
            "Input and output tokens of the span itself: sort by their sum",
            "Tokens",
          )}
        </span>
        <SumHead />
        <span role="columnheader" className="number spans-cost" aria-sort={ariaSort(sort, "cost")}>
          {head("cost", "Cost of the span itself: sort by cost", "Cost")}
        </span>
        <SumHead />
        <span
          role="columnheader"
          className="number spans-time"
          aria-sort={ariaSort(sort, "duration")}
        >
          {head("duration", "Sort by duration", "Time")}
        </span>
      </div>
    </div>
  );
}

function SumHead() {
  return (
    <span
      role="columnheader"
      className="number spans-sum"
      title="Including child spans, if that differs"
    >
      Σ
    </span>
  );
}

/** Keys whose first order is ascending. */
const ascending: ReadonlySet<SortKey> = new Set(["start"]);

function ariaSort(sort: Sort | null, by: SortKey): "ascending" | "descending" | undefined {
  if (sort?.by !== by) return undefined;
  return sort.isReversed === ascending.has(by) ? "descending" : "ascending";
}

function SortHead({
  by,
  title,
  sort,
  onSort,
  children,
}: {
  by: SortKey;
  title: string;
  sort: Sort | null;
  onSort: (sort: Sort | null) => void;
  children: ReactNode;
}) {
  const direction = ariaSort(sort, by);
  return (
    <button
      type="button"
      className={`spans-sort ${direction ? "is-sorted" : ""}`}
      data-sort={by}
      title={`${title} (s)`}
      onClick={() => onSort(nextSort(sort, by))}
    >
      {children}
      {direction && <Icon name={direction === "descending" ? "down" : "up"} size="xs" />}
    </button>
  );
}

interface Scale {
  timeline: Timeline;
  window: Window;
}

const wantedTicks = 4;
const shareOf = (drawn: number, { from, to }: Window) => ((drawn - from) / (to - from)) * 100;
/** If a collapsed gap is closer than this to a tick, in percent, only one of them has a label. */
const labelShare = 12;

/** @returns the position of each collapsed gap, as a share of the width. */
function gapsIn({ timeline, window }: Scale) {
  return timeline.gaps.map(({ start, end }) => {
    const left = shareOf(timeline.drawn(start), window);
    return { start, end, left, width: shareOf(timeline.drawn(end), window) - left };
  });
}

function Ruler({ timeline, window, children }: Scale & { children: ReactNode }) {
  const gaps = gapsIn({ timeline, window }).filter(
    ({ left, width }) => left + width / 2 > 4 && left + width / 2 < 94,
  );
  const ticks = ticksOf(window, wantedTicks)
    .map((at) => ({ at, left: shareOf(at, window) }))
    .filter(
      ({ at, left }) =>
        at > 0 &&
        left < 84 &&
        gaps.every((gap) => Math.abs(gap.left + gap.width / 2 - left - 5) > labelShare),
    );
  return (
    <span className="spans-ruler" aria-hidden="true">
      {ticks.map(({ at, left }) => (
        <span key={at} style={{ left: `${left}%` }}>
          <Duration ms={timeline.time(at) - timeline.start} />
        </span>
      ))}
      {gaps.map(({ start, end, left, width }) => (
        <span className="spans-wait" key={start} style={{ left: `${left + width / 2}%` }}>
          {textOf([duration(end - start)[0]!])}
        </span>
      ))}
      {children}
    </span>
  );
}

/** Lines at the ticks of the ruler, and the collapsed gaps. */
export function Grid({ timeline, window }: Scale) {
  return (
    <>
      {ticksOf(window, wantedTicks).map((at) => (
        <i className="spans-gridline" key={at} style={{ left: `${shareOf(at, window)}%` }} />
      ))}
      {gapsIn({ timeline, window }).map(({ start, end, left, width }) => (
        <i
          className="spans-gap"
          key={start}
          style={{ left: `${left}%`, width: `${width}%` }}
          title={`Nothing ran for ${textOf(duration(end - start))}`}
        />
      ))}
    </>
  );
}
