/**
 * The spans of a trace as one table with a waterfall. Things that follow the pointer are written straight
 * to styles, without rendering.
 */
import { useMemo, useRef, type PointerEvent } from "react";
import { duration, textOf } from "../../format.ts";
import { useIsPhone } from "../../state/media.ts";
import { useGists } from "./gists.ts";
import { Grid, SpansHead } from "./head.tsx";
import { useLineKeys } from "./keys.ts";
import { Line } from "./row.tsx";
import { useLineScroller } from "./scroller.ts";
import { timelineOf, type Window } from "./timeline.ts";
import type { SpanLines } from "./use-lines.ts";
import { useZoom } from "./zoom.ts";
import "./spans.css";
import "./spans.widths.css";

/** A pointer that moved less is a click, not a drag. */
const clickPx = 3;

export interface SpansTableProps {
  spans: SpanLines;
  /** The selected row. */
  selected: number | null;
  onSelect: (row: number) => void;
  /** Rows that match the search. */
  found: ReadonlySet<number>;
  /** The row last read in another view: the table scrolls there if none is selected. */
  startRow: number | null;
}

export function SpansTable({ spans, selected, onSelect, found, startRow }: SpansTableProps) {
  const { table, lines, sort } = spans;
  const isPhone = useIsPhone();
  const pane = useRef<HTMLDivElement>(null);
  const lanes = useRef<HTMLDivElement>(null);
  const cross = useRef<HTMLElement>(null);
  const crossTime = useRef<HTMLSpanElement>(null);
  const timeline = useMemo(() => timelineOf(table), [table]);
  const { window, show } = useZoom(table, timeline, pane, lanes, selected);
  useLineKeys(spans, selected, onSelect);
  const { virtual, height } = useLineScroller(pane, spans, { selected, startRow, isPhone });
  const items = virtual.getVirtualItems();
  const inSight = items.flatMap(({ index }) => {
    const kind = lines.kindOf(index);
    return kind === "span" || kind === "repeats" ? [lines.rows[index]!] : [];
  });
  const gistOf = useGists(table, inSight);
  const line = selected === null ? -1 : lines.lineOf(selected);
  const drag = useRef<{ x: number; window: Window; isMoved: boolean } | null>(null);

  function onPointerMove({ clientX, buttons }: PointerEvent): void {
    if (buttons === 0) drag.current = null;
    const { left, width } = lanes.current!.getBoundingClientRect();
    const share = (clientX - left) / width;
    if (drag.current) {
      const { x, window } = drag.current;
      drag.current.isMoved ||= Math.abs(x - clientX) > clickPx;
      const by = ((x - clientX) / width) * (window.to - window.from);
      if (drag.current.isMoved) show({ from: window.from + by, to: window.to + by });
    }
    const isInside = share >= 0 && share <= 1;
    cross.current!.hidden = crossTime.current!.hidden = !isInside;
    if (!isInside) return;
    const at = timeline.time(window.from + share * (window.to - window.from)) - timeline.start;
    cross.current!.style.left = crossTime.current!.style.left = `${share * 100}%`;
    crossTime.current!.textContent = `+${textOf(duration(Math.max(0, at)))}`;
  }

  return (
    <div
      className={`spans ${sort ? "is-flat" : ""}`}
      role="treegrid"
      aria-label="Spans"
      aria-rowcount={lines.count + 1}
      aria-activedescendant={line < 0 ? undefined : `span-${line}`}
      tabIndex={0}
      ref={pane}
      onPointerMove={onPointerMove}
      onPointerLeave={() => {
        cross.current!.hidden = crossTime.current!.hidden = true;
      }}
    >
      <SpansHead
        table={table}
        lineCount={lines.count}
        timeline={timeline}
        window={window}
        onWindow={show}
        sort={sort}
        onSort={spans.setSort}
        crossTime={crossTime}
      />
      <div
        className="spans-lines"
        role="rowgroup"
        style={{ height: virtual.getTotalSize() }}
        onPointerDown={({ button, clientX, target, pointerType }) => {
          const isLane = (target as Element).closest(".spans-lane") !== null;
          // On a touch screen dragging scrolls.
          const isDrag = button === 0 && isLane && pointerType !== "touch";
          drag.current = isDrag ? { x: clientX, window, isMoved: false } : null;
        }}
        // The click at the end of a drag selects nothing.
        onClickCapture={(event) => {
          if (drag.current?.isMoved) event.stopPropagation();
          drag.current = null;
        }}
      >
        <div className="spans-grid" aria-hidden="true">
          <div className="spans-grid-lane" ref={lanes}>
            <Grid timeline={timeline} window={window} />
            <i className="spans-cursor" ref={cross} hidden />
          </div>
        </div>
        {items.map(({ index, start }) => (
          <Line
            key={lines.idOf(index)}
            table={table}
            lines={lines}
            line={index}
            top={start}
            height={height}
            timeline={timeline}
            window={window}
            sort={sort}
            gist={gistOf(lines.rows[index]!)}
            isFound={found.has(lines.rows[index]!)}
            selected={index === line ? selected : null}
            onSelect={onSelect}
            onToggle={spans.toggle}
          />
        ))}
      </div>
    </div>
  );
}
