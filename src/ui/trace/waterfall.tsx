/** The spans over time. What follows the pointer is written straight to styles: nothing is rendered anew. */
import { useMemo, useRef, type PointerEvent, type ReactNode } from "react";
import { duration, plural, textOf } from "../format.ts";
import { Duration } from "../parts/figure.tsx";
import { Bar } from "./bar.tsx";
import { Minimap } from "./minimap.tsx";
import { lineHeight, useLineScroller } from "./scroller.ts";
import { SpanName, titleOf } from "./span-name.tsx";
import { ticksOf, timelineOf, type Timeline, type Window } from "./timeline.ts";
import type { TreeViewProps } from "./tree.tsx";
import { useZoom } from "./zoom.ts";
import "./tree.css";
import "./waterfall.css";

const wantedTicks = 6;
/** A pointer that moved less has clicked. */
const clickPx = 3;

export function Waterfall({ tree, selected, onSelect, found }: Omit<TreeViewProps, "isWide">) {
  const { table, lines } = tree;
  const pane = useRef<HTMLDivElement>(null);
  const lanes = useRef<HTMLDivElement>(null);
  const cross = useRef<HTMLElement>(null);
  const crossTime = useRef<HTMLSpanElement>(null);
  const timeline = useMemo(() => timelineOf(table), [table]);
  const { window, show } = useZoom(table, timeline, pane, lanes, selected);
  const virtual = useLineScroller(pane, lines, selected);
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
      className="waterfall"
      onPointerMove={onPointerMove}
      onPointerLeave={() => {
        cross.current!.hidden = crossTime.current!.hidden = true;
      }}
    >
      <div className="waterfall-head">
        <div className="label">
          <span>
            {plural(table.spanCount, "span")}, {plural(lines.count, "row")}
          </span>
          <span className="wide-only">
            Window <Duration ms={timeline.time(window.from) - timeline.start} /> –{" "}
            <Duration ms={timeline.time(window.to) - timeline.start} />
          </span>
        </div>
        <div>
          <Minimap table={table} timeline={timeline} window={window} onWindow={show} />
          <Ruler timeline={timeline} window={window}>
            <span className="waterfall-cursor-time" ref={crossTime} hidden />
          </Ruler>
        </div>
      </div>
      <div
        className="waterfall-body"
        ref={pane}
        onPointerDown={({ button, clientX, target }) => {
          const isLane = (target as Element).closest(".waterfall-lane") !== null;
          drag.current = button === 0 && isLane ? { x: clientX, window, isMoved: false } : null;
        }}
        // The end of a drag is no click on the line under it.
        onClickCapture={(event) => {
          if (drag.current?.isMoved) event.stopPropagation();
          drag.current = null;
        }}
      >
        <div
          role="treegrid"
          aria-label="Spans over time"
          aria-rowcount={lines.count}
          aria-activedescendant={line < 0 ? undefined : `span-${line}`}
          tabIndex={0}
          className="waterfall-lines"
          style={{ height: virtual.getTotalSize() }}
        >
          <div className="waterfall-grid" ref={lanes} aria-hidden="true">
            <Grid timeline={timeline} window={window} />
            <i className="waterfall-cursor" ref={cross} hidden />
          </div>
          {virtual.getVirtualItems().map(({ index, start }) => {
            const span = table.span(lines.rows[index]!);
            const count = lines.counts[index]!;
            const hasMore = count > 1 || table.ends[span.row] !== span.row + 1;
            const isClosed = tree.isClosed(span.key);
            return (
              <div
                key={span.key}
                id={`span-${index}`}
                role="row"
                aria-level={span.depth + 1}
                aria-expanded={hasMore ? count === 1 && !isClosed : undefined}
                aria-rowindex={index + 1}
                aria-selected={index === line}
                className={`waterfall-row ${index === line ? "is-selected" : ""}`}
                style={{ transform: `translateY(${start}px)`, height: lineHeight }}
                title={titleOf(span)}
                onClick={() => onSelect(span.row)}
              >
                <div
                  className={`tree-row waterfall-name ${span.status === "error" ? "is-failed" : ""}`}
                  role="gridcell"
                >
                  <SpanName
                    table={table}
                    span={span}
                    count={count}
                    isClosed={isClosed}
                    onToggle={() => tree.toggle(span.key)}
                    isFound={found.has(span.row)}
                    isNarrow
                  />
                </div>
                <div className="waterfall-lane" role="gridcell">
                  <Bar
                    table={table}
                    span={span}
                    count={count}
                    timeline={timeline}
                    window={window}
                  />
                </div>
              </div>
            );
          })}
        </div>
      </div>
    </div>
  );
}

interface Scale {
  timeline: Timeline;
  window: Window;
}

const shareOf = (drawn: number, { from, to }: Window) => ((drawn - from) / (to - from)) * 100;

function Ruler({ timeline, window, children }: Scale & { children: ReactNode }) {
  return (
    <div className="waterfall-ruler" aria-hidden="true">
      {ticksOf(window, wantedTicks).map((at) => (
        <span key={at} style={{ left: `${shareOf(at, window)}%` }}>
          <Duration ms={timeline.time(at) - timeline.start} />
        </span>
      ))}
      {children}
    </div>
  );
}

function Grid({ timeline, window }: Scale) {
  return (
    <>
      {ticksOf(window, wantedTicks).map((at) => (
        <i className="waterfall-gridline" key={at} style={{ left: `${shareOf(at, window)}%` }} />
      ))}
      {timeline.gaps.map(({ start, end }) => {
        const left = shareOf(timeline.drawn(start), window);
        const width = shareOf(timeline.drawn(end), window) - left;
        return (
          <i
            className="waterfall-gap"
            key={start}
            style={{ left: `${left}%`, width: `${width}%` }}
            title={`Nothing ran for ${textOf(duration(end - start))}`}
          />
        );
      })}
    </>
  );
}
