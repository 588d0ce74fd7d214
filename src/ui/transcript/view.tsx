/**
 * The transcript of a trace: the new messages of each step, as a virtual list. The visible part keeps its
 * place while content is loaded before, after and around it.
 */
import { useVirtualizer } from "@tanstack/react-virtual";
import { useCallback, useEffect, useLayoutEffect, useMemo, useRef, useState } from "react";
import type { SpanTable } from "../data/span-table.ts";
import { plural } from "../format.ts";
import { EmptyState, LoadError } from "../parts/controls.tsx";
import { useShortcuts, type Shortcut } from "../state/keys.ts";
import { afterScrolling } from "../state/scroll.ts";
import { useParam } from "../state/url.ts";
import { useTranscript } from "./data.ts";
import { agentsIn, isFar, indexIn, contextOf, stepsOf } from "./from-spans.ts";
import { estimateHeight } from "./height.ts";
import { groupId, ItemView } from "./item.tsx";
import { toTranscript } from "./items.ts";
import { earlierId } from "./step.tsx";
import { TranscriptReactContext, useFolds } from "./transcript-context.ts";
import "./transcript.css";

const overscan = 4;
/** The next page is requested this many items before the end. */
const prefetchItems = 20;
/** Within this distance of the end the view follows new content. */
const followPx = 40;

export interface TranscriptViewProps {
  table: SpanTable;
  /** The key of a span. */
  selected: number | null;
  onSelect: (spanKey: number) => void;
  /** Called with the step at the top of the view while the user scrolls. */
  onReadStep?: (spanKey: number | null) => void;
  /** Opens the span in the inspector. */
  onInspect?: (spanKey: number) => void;
  /** True beside another view that has the keyboard focus. */
  isPane?: boolean;
}

export function TranscriptView({
  table,
  selected,
  onSelect,
  onReadStep,
  onInspect,
  isPane = false,
}: TranscriptViewProps) {
  const traceKey = table.trace.key;
  // The transcript of a large trace starts at the selection instead of the beginning.
  const [from, setFrom] = useState(() =>
    selected !== null && isFar(table, -Infinity, selected) ? selected : null,
  );
  const { data, error, hasNextPage, isFetchingNextPage, fetchNextPage, readTo, refetch } =
    useTranscript(traceKey, from);
  const [show] = useParam<"new" | "all">("show", "new");
  const folds = useFolds();
  const scroller = useRef<HTMLDivElement>(null);

  const agentsOf = useMemo(() => agentsIn(table), [table]);
  const transcript = useMemo(() => {
    const entries = data?.pages.flatMap((page) => page.entries) ?? [];
    return toTranscript(
      entries,
      ({ spanId }) => agentsOf(spanId),
      (agent) => !folds.isOpen(groupId(agent), true),
    );
  }, [data, agentsOf, folds]);
  const { items, placeOf } = transcript;
  const lastPage = data?.pages.at(-1);
  const read = {
    since: from === null ? -Infinity : (data?.pages[0]?.entries[0]?.startTime ?? -Infinity),
    until: hasNextPage ? (lastPage?.entries.at(-1)?.startTime ?? 0) : Infinity,
  };

  const found = selected === null || !data ? null : indexIn(table, placeOf, selected, read);
  const [left, setLeft] = useState<number | null>(null);
  const isSeeking = (found === "before" || found === "behind") && selected !== left;
  const place = typeof found === "number" ? found : null;

  const virtualizer = useVirtualizer({
    count: items.length,
    getScrollElement: () => scroller.current,
    estimateSize: (i) => estimateHeight(items[i]!),
    getItemKey: useCallback((i: number) => `${items[i]!.type}${items[i]!.key}`, [items]),
    overscan,
    // Keeps the visible part in place when items are added above. Following the end is done below.
    anchorTo: "end",
    scrollEndThreshold: -1,
  });
  const rows = virtualizer.getVirtualItems();
  const firstInSight = virtualizer.range?.startIndex ?? 0;
  const isNearEnd = (rows.at(-1)?.index ?? 0) > items.length - prefetchItems;
  const isWanted = isNearEnd && hasNextPage && !isFetchingNextPage && !isSeeking;
  useEffect(() => {
    if (isWanted) void fetchNextPage();
  }, [isWanted, fetchNextPage]);
  useEffect(() => {
    const row = isSeeking && selected !== null ? table.rowOf(selected) : null;
    if (row === null) return;
    if (found === "before" || isFar(table, read.until, selected!)) {
      setFrom(isFar(table, -Infinity, selected!) ? selected : null);
      return;
    }
    const leaving = new AbortController();
    readTo(table.span(row).startTime, leaving.signal).catch(() => {
      // Scrolling to the end again repeats the request and shows the error.
    });
    return () => leaving.abort();
    // Runs for a new selection only, not when the table grows.
  }, [isSeeking, selected]);

  // At the end of a running trace, the view follows new content.
  const isFollowing = useRef(false);
  const canFollow = table.trace.state === "open" && !hasNextPage;
  const onScroll = () => {
    const { scrollTop, scrollHeight, clientHeight } = scroller.current!;
    isFollowing.current = canFollow && scrollHeight - clientHeight - scrollTop < followPx;
  };
  const height = virtualizer.getTotalSize();
  useLayoutEffect(() => {
    const { scrollHeight, clientHeight } = scroller.current!;
    if (isFollowing.current) scroller.current!.scrollTop = scrollHeight;
    else if (scrollHeight <= clientHeight) isFollowing.current = canFollow;
  }, [height, canFollow]);

  const stepInView = items[firstInSight]?.key ?? null;
  useEffect(() => onReadStep?.(stepInView), [stepInView, onReadStep]);

  // Scrolls to a selection made elsewhere, but not to one made here.
  const shown = useRef<number | null>(null);
  const stopSeeking = useRef(() => {});
  useEffect(() => {
    if (selected === null || shown.current === selected) return;
    if (place !== null) {
      shown.current = selected;
      virtualizer.scrollToIndex(place, { align: isInSight(place) ? "auto" : "start" });
      stopSeeking.current();
      // Scrolls to the tool's card, which can be far below the heading of its step.
      stopSeeking.current = afterScrolling(scroller.current!, () =>
        scroller.current
          ?.querySelector(".text-tool.is-selected")
          ?.scrollIntoView({ block: "nearest" }),
      );
    }
  });
  useEffect(() => () => stopSeeking.current(), []);
  function isInSight(index: number): boolean {
    const { startIndex, endIndex } = virtualizer.range ?? { startIndex: 1, endIndex: 0 };
    return startIndex < index && index < endIndex;
  }
  const selectHere = useCallback(
    (spanKey: number) => {
      shown.current = spanKey;
      onSelect(spanKey);
    },
    [onSelect],
  );

  const showBeginning = () => {
    // Keeps the selection but stops highlighting it.
    setLeft(selected);
    setFrom(null);
    scroller.current!.scrollTop = 0;
  };

  const stops = useMemo(() => stepsOf(items), [items]);
  const move = (by: 1 | -1) => {
    const from = place ?? firstInSight;
    const next = by > 0 ? stops.find((at) => at > from) : stops.findLast((at) => at < from);
    const target = place === null ? (stops.find((at) => at >= from) ?? next) : next;
    if (target === undefined) return;
    selectHere(items[target]!.key);
    virtualizer.scrollToIndex(target, { align: "start" });
  };
  const group = "Transcript";
  const shortcuts: Shortcut[] = [
    { keys: ["j", "ArrowDown"], label: "Next step", group, run: () => move(1) },
    { keys: ["k", "ArrowUp"], label: "Previous step", group, run: () => move(-1) },
    {
      keys: ["Enter"],
      label: "Show the step in the span table",
      group,
      run: ({ target }) => {
        const item = items[place ?? firstInSight];
        if (!item || (target as Element).closest("a, button")) return false;
        onInspect?.(selected ?? item.key);
      },
    },
    {
      keys: ["o"],
      label: "Expand or collapse earlier messages or the sub-agent",
      group,
      run: () => {
        const item = place === null ? undefined : items[place];
        if (!item) return false;
        folds.toggle(item.type === "group" ? groupId(item.key) : earlierId(item.key));
      },
    },
  ];
  useShortcuts(isPane ? [] : shortcuts);

  const context = useMemo(
    () =>
      contextOf(table, transcript, {
        selected,
        onSelect: selectHere,
        isAll: show === "all",
        folds,
      }),
    [table, transcript, selected, selectHere, show, folds],
  );

  return (
    <div
      className="transcript-scroller"
      ref={scroller}
      onScroll={onScroll}
      tabIndex={0}
      role="region"
      aria-label={isPane ? "Transcript around the span" : "Transcript"}
    >
      {isSeeking && (
        <p className="transcript-seek">
          <span>Loading up to the selected span…</span>
        </p>
      )}
      {from !== null && data && (
        <p className="transcript-seek">
          <span>
            This is a part of the trace.{" "}
            <button type="button" className="link" onClick={showBeginning}>
              Show from the beginning
            </button>
          </span>
        </p>
      )}
      <TranscriptReactContext value={context}>
        <div className="transcript-rows" style={{ height }}>
          {rows.map(({ index, key, start }) => (
            <div
              key={key}
              ref={virtualizer.measureElement}
              data-index={index}
              // Positioned with `top`: sticky headings do not work inside a transform.
              className={index === place ? "transcript-row is-selected" : "transcript-row"}
              aria-current={index === place ? "step" : undefined}
              style={{ top: start }}
            >
              <ItemView item={items[index]!} />
            </div>
          ))}
        </div>
      </TranscriptReactContext>
      {error && <LoadError error={error} retry={() => void refetch()} />}
      {data && items.length === 0 && !hasNextPage && (
        <EmptyState>No model call, tool or agent was recorded in this trace.</EmptyState>
      )}
      {data && <EndOfTranscript table={table} hasMore={hasNextPage} />}
    </div>
  );
}

/** The message after the last item. */
function EndOfTranscript({
  table: { trace, spanCount },
  hasMore,
}: {
  table: SpanTable;
  hasMore: boolean;
}) {
  if (hasMore) return <p className="transcript-end dim">Reading on…</p>;
  if (trace.state === "open")
    return (
      <p className="transcript-end accent-text">Running: {plural(spanCount, "span")} so far.</p>
    );
  if (trace.state === "stale")
    return (
      <p className="transcript-end lost-text">No end received: nothing came for ten minutes.</p>
    );
  return null;
}
