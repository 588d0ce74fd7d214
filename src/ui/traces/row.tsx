/** One row of the list. The link on the trace's name covers the whole row. */
import { memo, useLayoutEffect, useRef, type MouseEvent } from "react";
import type { Summary } from "../../backend/views.ts";
import { ago, count } from "../format.ts";
import { Icon } from "../parts/icon.tsx";
import { displayStatusOf, StatusMark } from "../parts/status-mark.tsx";
import { plainLine } from "../text/plain.ts";
import type { Column, RowContext } from "./columns.tsx";

export interface RowProps {
  trace: Summary;
  columns: readonly Column[];
  /** Its position in the list, from 0. */
  number: number;
  top: number;
  href: string;
  isSelected: boolean;
  isMarked: boolean;
  onMarkTo: (key: number) => void;
  /** Whether this row is the list's tab stop. */
  isStop: boolean;
  /** Whether the focus follows the selection. */
  isFocusWanted: boolean;
  about: RowContext;
  onSelect: (key: number) => void;
  onOpen: (key: number) => void;
}

export const TraceRow = memo(function TraceRow({
  trace,
  columns,
  number,
  top,
  href,
  isSelected,
  isMarked,
  onMarkTo,
  isStop,
  isFocusWanted,
  about,
  onSelect,
  onOpen,
}: RowProps) {
  const row = useRef<HTMLDivElement>(null);
  const isRunning = displayStatusOf(trace) === "running";
  // The reused element may still have the focus of another trace's row.
  useLayoutEffect(() => {
    const element = row.current!;
    return () => {
      if (document.activeElement === element) element.blur();
    };
  }, [trace.key]);
  useLayoutEffect(() => {
    // Does not take the focus from a text field.
    const isFree = document.activeElement === document.body || isRow(document.activeElement);
    if (isFocusWanted && isFree) row.current!.focus({ preventScroll: true });
  }, [isFocusWanted]);

  function click(event: MouseEvent) {
    if (event.shiftKey && event.button === 0) {
      event.preventDefault();
      getSelection()?.removeAllRanges();
      return onMarkTo(trace.key);
    }
    // The browser handles clicks that open a new tab.
    if (event.ctrlKey || event.metaKey || event.button !== 0) return;
    event.preventDefault();
    row.current!.focus({ preventScroll: true });
    onSelect(trace.key);
  }

  return (
    <div
      ref={row}
      className={`traces-row ${isSelected ? "is-selected" : ""} ${isMarked ? "is-marked" : ""}`}
      role="row"
      aria-rowindex={number + 2}
      aria-selected={isSelected || isMarked}
      tabIndex={isStop ? 0 : -1}
      style={{ transform: `translateY(${top}px)` }}
      onClick={click}
      onDoubleClick={() => onOpen(trace.key)}
    >
      <div role="gridcell">
        {isMarked ? (
          <span className="traces-box is-on">
            <Icon name="check" />
            <span className="visually-hidden">marked</span>
          </span>
        ) : (
          <StatusMark displayStatus={displayStatusOf(trace)} errorCount={trace.errorCount} />
        )}
      </div>
      {columns.map(({ id, isNumber, className = "", title, cell }) =>
        id === "trace" ? (
          <What key={id} trace={trace} href={href} isRunning={isRunning} now={about.now} />
        ) : (
          <div
            key={id}
            role="gridcell"
            data-column={id}
            className={`${isNumber ? "number" : "truncated"} ${className}`}
            title={title?.(trace)}
          >
            {cell(trace, about)}
          </div>
        ),
      )}
    </div>
  );
});

function isRow(element: Element | null): boolean {
  return element !== null && element.matches(".traces-row");
}

/** The trace's name and the preview of its input; while it runs, its progress. */
function What({
  trace: { name, traceId, inputPreview, pinned, llmCount, lastReceivedAt },
  href,
  isRunning,
  now,
}: {
  trace: Summary;
  href: string;
  isRunning: boolean;
  now: number;
}) {
  return (
    <div role="gridcell" className="traces-what">
      <a
        className="traces-name truncated"
        href={href}
        tabIndex={-1}
        title={name ?? traceId}
        draggable={false}
      >
        {name ?? <span className="mono">{traceId}</span>}
      </a>
      {pinned && (
        <span className="traces-pin" title="Pinned: kept when old traces are deleted">
          <Icon name="pin" size="xs" />
          <span className="visually-hidden">pinned</span>
        </span>
      )}
      <span className="traces-text truncated" title={inputPreview ?? undefined}>
        {isRunning && (
          <span className="accent-text">
            {llmCount > 0 ? `step ${count(llmCount)}` : "started"} · last span{" "}
            {ago(lastReceivedAt, now)}
          </span>
        )}{" "}
        {inputPreview !== null && plainLine(inputPreview)}
      </span>
    </div>
  );
}
