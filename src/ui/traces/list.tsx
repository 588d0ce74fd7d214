/** The list of traces: a virtual list that loads the next page near its end. */
import { useVirtualizer } from "@tanstack/react-virtual";
import { useCallback, useEffect, useMemo, useRef, useState, type ReactNode } from "react";
import type { TraceSort } from "../../backend/traces.ts";
import type { Summary } from "../../backend/views.ts";
import { useNow } from "../data/queries.ts";
import { displayStatusOf } from "../parts/status-mark.tsx";
import { traceHref } from "../query/scope.ts";
import { usePref } from "../state/prefs.ts";
import { useWidth } from "../state/width.ts";
import { columnsFor, phoneColumns, templateOf } from "./columns.tsx";
import { ListHead } from "./head.tsx";
import type { Items } from "./items.ts";
import { TraceRow } from "./row.tsx";

const headingHeight = 28;
const rowHeight = 32;
const compactHeight = 26;
const headHeight = 28;
const phoneHeight = 56;
/** Below this width in px a trace is two lines, without columns. */
const phoneWidth = 640;
/** The share of the window's height that the peek covers on a phone, as in peek.css. */
const sheetShare = 0.66;
const tickMs = 1_000;
/** The next page is requested this many rows before the end. */
const prefetchRows = 80;

export interface ListProps {
  list: Items;
  /** The ids of the chosen columns. */
  columns: readonly string[];
  isByDay: boolean;
  sort: TraceSort;
  onSort: (sort: TraceSort) => void;
  project: string;
  scaleMs: number | null;
  selected: number | null;
  /** The keys of traces checked for a bulk action. */
  marked: ReadonlySet<number>;
  /** Checks all traces from the last checked one to this one. */
  onMarkTo: (key: number) => void;
  onSelect: (key: number) => void;
  onOpen: (key: number) => void;
  /** Called with true while the pointer or the focus is on a row, so that rows do not move. */
  onHeld: (isHeld: boolean) => void;
  hasMore: boolean;
  onMore: () => void;
  /** Shown after the last row. */
  children: ReactNode;
  /** Incremented to scroll the list to its top. */
  topAsked: number;
}

export function TraceList(props: ListProps) {
  const { list, columns, isByDay, selected, onSelect, onOpen, onHeld, hasMore, onMore } = props;
  const { items, placeOf, numberOf } = list;
  const scroller = useRef<HTMLDivElement>(null);
  const [density] = usePref("density", "default");
  const width = useWidth(scroller);
  const isPhone = width <= phoneWidth;
  const headsHeight = isPhone ? 0 : headHeight;
  const height = isPhone ? phoneHeight : density === "compact" ? compactHeight : rowHeight;
  const [isHovered, setHovered] = useState(false);
  const [isFocused, setFocused] = useState(false);

  const virtualizer = useVirtualizer({
    count: items.length,
    getScrollElement: () => scroller.current,
    estimateSize: (i) => (typeof items[i] === "string" ? headingHeight : height),
    // Virtual rows are keyed by item, because headings change their index when items change.
    getItemKey: useCallback((i: number) => keyOf(items[i]!), [items]),
    overscan: 6,
    // Renders in a separate task before the layout: together they take 60 ms for 22 rows on two cores
    // without a graphics card.
    useFlushSync: false,
    // The column headings stick to the top, above the rows.
    scrollMargin: headsHeight,
    scrollPaddingStart: headsHeight + headingHeight,
    // On a phone the peek covers part of the list: the selected row is scrolled above it.
    scrollPaddingEnd: isPhone && selected !== null ? window.innerHeight * sheetShare : 0,
  });
  useEffect(() => virtualizer.measure(), [virtualizer, height]);

  const isScrolled = (virtualizer.scrollOffset ?? 0) > rowHeight / 2;
  useEffect(
    () => onHeld(isHovered || isFocused || isScrolled),
    [onHeld, isHovered, isFocused, isScrolled],
  );
  useEffect(() => () => onHeld(false), [onHeld]);

  const rows = virtualizer.getVirtualItems();
  // DOM elements are reused: a row that scrolls out on one side is filled with the next row on the
  // other.
  const slots = useRef(0);
  slots.current = Math.max(slots.current, rows.length);
  const end = rows.at(-1)?.index ?? 0;
  useEffect(() => {
    if (hasMore && end > items.length - prefetchRows) onMore();
  }, [hasMore, end, items.length, onMore]);

  // Scrolls to the selection when it changes, not when the list does.
  const place = selected === null ? undefined : placeOf.get(selected);
  const shown = useRef<number | null>(null);
  useEffect(() => {
    if (place === undefined || shown.current === selected) return;
    const isFirst = shown.current === null && !isPhone;
    virtualizer.scrollToIndex(place, { align: isFirst ? "center" : "auto" });
    shown.current = selected;
  }, [place, selected, virtualizer, isPhone]);
  useEffect(() => {
    if (props.topAsked > 0) scroller.current!.scrollTo({ top: 0 });
  }, [props.topAsked]);

  const shownColumns = useMemo(
    () => columnsFor(width, columns, isByDay),
    [width, columns, isByDay],
  );
  const template = templateOf(shownColumns);
  const about = useMemo(
    () => ({ now: Date.now(), scaleMs: props.scaleMs, isByDay }),
    [props.scaleMs, isByDay, items],
  );
  // Only rows of running traces render every second.
  const now = useNow(tickMs);
  const ticking = useMemo(() => ({ ...about, now }), [about, now]);
  const stop = place === undefined ? items.findIndex((item) => typeof item !== "string") : place;

  return (
    <div className="traces-scroller" ref={scroller}>
      <div
        className={`traces-table ${isPhone ? "is-phone" : ""}`}
        role="grid"
        aria-label="Traces"
        aria-rowcount={hasMore ? -1 : list.traces.length + 1}
        style={{ "--columns": template } as React.CSSProperties}
      >
        {!isPhone && <ListHead columns={shownColumns} sort={props.sort} onSort={props.onSort} />}
        <div
          className="traces-rows"
          role="rowgroup"
          style={{ height: virtualizer.getTotalSize() }}
          onMouseEnter={() => setHovered(true)}
          onMouseLeave={() => setHovered(false)}
          onFocus={() => setFocused(true)}
          onBlur={({ currentTarget, relatedTarget }) => {
            if (!currentTarget.contains(relatedTarget)) setFocused(false);
          }}
        >
          {rows.map(({ index, start }) => {
            const item = items[index]!;
            const key = index % slots.current;
            const top = start - headsHeight;
            return typeof item === "string" ? (
              <Heading key={key} text={item} top={top} />
            ) : (
              <TraceRow
                key={key}
                trace={item}
                columns={isPhone ? phoneColumns : shownColumns}
                number={numberOf(index)}
                top={top}
                href={traceHref(item.key, props)}
                isSelected={item.key === selected}
                isMarked={props.marked.has(item.key)}
                onMarkTo={props.onMarkTo}
                isStop={index === stop}
                isFocusWanted={item.key === selected && isFocused}
                about={displayStatusOf(item) === "running" ? ticking : about}
                onSelect={onSelect}
                onOpen={onOpen}
              />
            );
          })}
        </div>
      </div>
      {props.children}
    </div>
  );
}

function Heading({ text, top }: { text: string; top: number }) {
  return (
    <div className="traces-group" role="row" style={{ transform: `translateY(${top}px)` }}>
      <span role="gridcell">{text}</span>
    </div>
  );
}

function keyOf(item: Summary | string): number | string {
  return typeof item === "string" ? item : item.key;
}
