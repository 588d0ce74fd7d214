/**
 * The transcript of a trace: what is new in each step. Only what is in sight is in the page; what is
 * being read stays where it is while more comes before, behind and around it.
 */
import { useVirtualizer } from "@tanstack/react-virtual";
import { useCallback, useEffect, useLayoutEffect, useMemo, useRef, useState } from "react";
import { plural } from "../format.ts";
import { Nothing, Problem } from "../parts/controls.tsx";
import { useShortcuts, type Shortcut } from "../state/keys.ts";
import { useParam } from "../state/url.ts";
import type { SpanTable } from "../trace/model.ts";
import { useTranscript } from "./data.ts";
import { estimateHeight } from "./height.ts";
import { groupId, ItemView } from "./item.tsx";
import { toTranscript } from "./items.ts";
import { SceneContext, useFolds } from "./scene.ts";
import { agentsIn, isFar, placeIn, sceneOf, stepsOf } from "./known.ts";
import { earlierId } from "./step.tsx";
import { whenStill } from "./still.ts";
import "./transcript.css";

const overscan = 4;
/** So many items before the end the next page is asked for. */
const ahead = 20;
/** Who is so near the end follows what comes. */
const followPx = 40;

export interface TranscriptViewProps {
  table: SpanTable;
  /** The key of a span. */
  selected: number | null;
  onSelect: (spanKey: number) => void;
  /** Is told of the step at the top of what is seen, as one scrolls. */
  onSight?: (spanKey: number | null) => void;
  /** Shows all that is known of a span. */
  onInspect?: (spanKey: number) => void;
  /** Whether it stands beside what has the keys. */
  isPane?: boolean;
}

export function TranscriptView({
  table,
  selected,
  onSelect,
  onSight,
  onInspect,
  isPane = false,
}: TranscriptViewProps) {
  const traceKey = table.trace.key;
  // Of a large trace a part is read: from where the selection is.
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

  const found = selected === null || !data ? null : placeIn(table, placeOf, selected, read);
  const [left, setLeft] = useState<number | null>(null);
  const isSeeking = (found === "before" || found === "behind") && selected !== left;
  const place = typeof found === "number" ? found : null;

  const virtualizer = useVirtualizer({
    count: items.length,
    getScrollElement: () => scroller.current,
    estimateSize: (i) => estimateHeight(items[i]!),
    getItemKey: useCallback((i: number) => `${items[i]!.type}${items[i]!.key}`, [items]),
    overscan,
    // What is in sight stays, whatever comes in above. To follow the end is this view's own matter.
    anchorTo: "end",
    scrollEndThreshold: -1,
  });
  const rows = virtualizer.getVirtualItems();
  const firstInSight = virtualizer.range?.startIndex ?? 0;
  const isNearEnd = (rows.at(-1)?.index ?? 0) > items.length - ahead;
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
      // Who scrolls there asks again, and is told what is wrong.
    });
    return () => leaving.abort();
    // Only another selection begins anew, not that the table grew.
  }, [isSeeking, selected]);

  // Who sees the end of what runs follows it.
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

  const sight = items[firstInSight]?.key ?? null;
  useEffect(() => onSight?.(sight), [sight, onSight]);

  // A selection made elsewhere comes into sight; of one made here, nothing moves.
  const shown = useRef<number | null>(null);
  const stopSeeking = useRef(() => {});
  useEffect(() => {
    if (selected === null || shown.current === selected) return;
    if (place !== null) {
      shown.current = selected;
      virtualizer.scrollToIndex(place, { align: isInSight(place) ? "auto" : "start" });
      stopSeeking.current();
      // Of a tool its card, which may stand far below the head of its step.
      stopSeeking.current = whenStill(scroller.current!, () =>
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
    // What is selected stays so, but is left.
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
      label: "Show the step among the spans",
      group,
      run: ({ target }) => {
        const item = items[place ?? firstInSight];
        if (!item || (target as Element).closest("a, button")) return false;
        onInspect?.(selected ?? item.key);
      },
    },
    {
      keys: ["o"],
      label: "Open or fold earlier messages, or the sub-agent",
      group,
      run: () => {
        const item = place === null ? undefined : items[place];
        if (!item) return false;
        folds.toggle(item.type === "group" ? groupId(item.key) : earlierId(item.key));
      },
    },
  ];
  useShortcuts(isPane ? [] : shortcuts);

  const scene = useMemo(
    () =>
      sceneOf(table, transcript, { selected, onSelect: selectHere, isAll: show === "all", folds }),
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
          <span>Reading on to what is selected…</span>
        </p>
      )}
      {from !== null && data && (
        <p className="transcript-seek">
          <span>
            This is a part of the trace.{" "}
            <button type="button" className="link" onClick={showBeginning}>
              Show it from its beginning
            </button>
          </span>
        </p>
      )}
      <SceneContext value={scene}>
        <div className="transcript-rows" style={{ height }}>
          {rows.map(({ index, key, start }) => (
            <div
              key={key}
              ref={virtualizer.measureElement}
              data-index={index}
              // Not by a transform, under which nothing sticks.
              className={index === place ? "transcript-row is-selected" : "transcript-row"}
              aria-current={index === place ? "step" : undefined}
              style={{ top: start }}
            >
              <ItemView item={items[index]!} />
            </div>
          ))}
        </div>
      </SceneContext>
      {error && <Problem error={error} retry={() => void refetch()} />}
      {data && items.length === 0 && !hasNextPage && (
        <Nothing>No model call, tool or agent was recorded in this trace.</Nothing>
      )}
      {data && <TheEnd table={table} hasMore={hasNextPage} />}
    </div>
  );
}

/** What comes next, or why nothing does. */
function TheEnd({ table: { trace, spanCount }, hasMore }: { table: SpanTable; hasMore: boolean }) {
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
