/** The list: only rows that are on the screen are in the page, more are read as one comes near the end. */
import { useVirtualizer } from "@tanstack/react-virtual";
import { useCallback, useEffect, useMemo, useRef, useState, type ReactNode } from "react";
import type { TraceSort } from "../../sqlite/list/traces.ts";
import type { Summary } from "../../backend/views.ts";
import { useNow } from "../data/queries.ts";
import { standingOf } from "../parts/mark.tsx";
import { usePref } from "../state/prefs.ts";
import { useWidth } from "../state/width.ts";
import { columnsFor, phoneColumns, templateOf } from "./columns.tsx";
import { ListHead } from "./head.tsx";
import type { Items } from "./items.ts";
import { TraceRow } from "./row.tsx";
import { traceHref } from "../query/scope.ts";

const headingHeight = 28;
const rowHeight = 32;
const compactHeight = 26;
const headHeight = 28;
const phoneHeight = 56;
/** Below it a trace has two lines and no columns. */
const phoneWidth = 640;
/** As peek.css has it. */
const sheetShare = 0.66;
const tickMs = 1_000;
/** So many rows before the end the next page is asked for. */
const ahead = 80;

export interface ListProps {
  list: Items;
  /** The ids of those that are chosen. */
  columns: readonly string[];
  isByDay: boolean;
  sort: TraceSort;
  onSort: (sort: TraceSort) => void;
  project: string;
  scaleMs: number | null;
  selected: number | null;
  /** What something is to be done to. */
  marked: ReadonlySet<number>;
  /** Marks from the one marked last to this one. */
  onMarkTo: (key: number) => void;
  onSelect: (key: number) => void;
  onOpen: (key: number) => void;
  /** Told whether the reader is at a row, so that none may move. */
  onHeld: (isHeld: boolean) => void;
  hasMore: boolean;
  onMore: () => void;
  /** What stands behind the last row. */
  children: ReactNode;
  /** Goes up by one where the list is to go to its top. */
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
    // Headings stand elsewhere as soon as the items are others.
    getItemKey: useCallback((i: number) => keyOf(items[i]!), [items]),
    overscan: 6,
    // Rendered in a task of its own, before the frame that lays it out: both at once take 60 ms, a row
    // for each of 22 lines at 2 cores without a graphics card.
    useFlushSync: false,
    // The heads of the columns stand over the rows, and stay.
    scrollMargin: headsHeight,
    scrollPaddingStart: headsHeight + headingHeight,
    // The peek lies over the list there, and its row stays in sight.
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
  // A row that leaves on one side comes back on the other: elements are written anew, not made anew.
  const slots = useRef(0);
  slots.current = Math.max(slots.current, rows.length);
  const end = rows.at(-1)?.index ?? 0;
  useEffect(() => {
    if (hasMore && end > items.length - ahead) onMore();
  }, [hasMore, end, items.length, onMore]);

  // The selection comes into sight when it moves, not when the list does.
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
  // Only what runs is drawn anew by the second.
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
                about={standingOf(item) === "running" ? ticking : about}
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
