/**
 * Keeps the list up to date. Changes to a listed trace are drawn at once. Traces that are added, removed
 * or reordered wait while the user is at a row, because rows must not move under the pointer.
 */
import { useQueryClient } from "@tanstack/react-query";
import { useCallback, useEffect, useRef, useState } from "react";
import type { TraceSort } from "../../backend/traces.ts";
import type { Summary } from "../../backend/views.ts";
import { useLiveEvents, useLiveStatus } from "../data/live-context.tsx";
import { useThrottled } from "../data/throttle.ts";
import { notInternal, type Scope } from "../query/scope.ts";
import {
  countNew,
  listKey,
  readFirst,
  withChanged,
  withFresh,
  withoutGone,
  type ListData,
  type ListPage,
} from "./pages.ts";

/**
 * The shortest interval between refreshes: unfiltered it is the rate of live events; with a filter the
 * server may have to search.
 */
const freshEveryMs = { all: 250, filtered: 1_000 };

/** Updates that are not shown yet. */
interface Held {
  fresh: ListPage | null;
  changed: Map<number, Summary>;
  gone: Set<number>;
  isReset: boolean;
}

const nothingHeld = (): Held => ({
  fresh: null,
  changed: new Map(),
  gone: new Set(),
  isReset: false,
});

/**
 * @param isLoaded whether the list has been loaded.
 * @param isHeld true while a row is hovered or focused, or the list is not at its top.
 * @returns the number of new traces that wait, and a function that shows them.
 */
export function useLiveList(
  scope: Scope,
  sort: TraceSort,
  named: string,
  isLoaded: boolean,
  isHeld: boolean,
) {
  const client = useQueryClient();
  const { isPaused } = useLiveStatus();
  const [arrivals, setArrivals] = useState(0);
  const held = useRef(nothingHeld());
  const isMissed = useRef(false);
  const latest = useRef({ scope, sort, named, isHeld: isHeld || isPaused });
  latest.current = { scope, sort, named, isHeld: isHeld || isPaused };

  const change = useCallback(
    (how: (pages: ListPage[]) => ListPage[]) => {
      const { scope, sort, named } = latest.current;
      client.setQueryData<ListData>(listKey(scope, sort, named), (data) => {
        if (!data) return data;
        const pages = how(data.pages);
        return { pages, pageParams: data.pageParams.slice(0, pages.length) };
      });
    },
    [client],
  );

  const letIn = useCallback(() => {
    const { fresh, changed, gone, isReset } = held.current;
    held.current = nothingHeld();
    setArrivals(0);
    change((pages) => {
      if (fresh && isReset) return [fresh];
      const kept = withoutGone(withChanged(pages, changed), gone);
      return fresh ? withFresh(kept, fresh) : kept;
    });
  }, [change]);

  const freshen = useThrottled(
    async () => {
      const { scope, sort, named } = latest.current;
      const data = () => client.getQueryData<ListData>(listKey(scope, sort, named));
      // Events during the first request may not be in its answer: then the list is read once more.
      isMissed.current = !data();
      if (isMissed.current) return;
      // If the server does not answer, the next event or reconnection requests it again.
      const fresh = await readFirst(scope, sort, named).catch(() => null);
      const { current } = latest;
      const isOther = current.scope !== scope || current.sort !== sort || current.named !== named;
      if (!fresh || isOther || !data()) return;
      held.current.fresh = fresh;
      if (latest.current.isHeld) setArrivals(countNew(data()!.pages, fresh));
      else letIn();
    },
    ["", notInternal].includes(scope.filter) ? freshEveryMs.all : freshEveryMs.filtered,
  );

  useEffect(() => {
    held.current = nothingHeld();
    setArrivals(0);
    // Catches up with changes made while another page or list was shown.
    freshen();
  }, [scope, sort, named, freshen]);

  useEffect(() => {
    if (isLoaded && isMissed.current) freshen();
  }, [isLoaded, freshen]);

  useEffect(() => {
    if (!isHeld && !isPaused) letIn();
  }, [isHeld, isPaused, letIn]);

  useLiveEvents((event) => {
    if (event.kind === "traces") {
      const changed = new Map(event.traces.map((trace) => [trace.key, trace]));
      if (isPaused) for (const [key, trace] of changed) held.current.changed.set(key, trace);
      else change((pages) => withChanged(pages, changed));
    } else if (event.kind === "gone") {
      for (const key of event.keys) held.current.gone.add(key);
      if (!latest.current.isHeld) letIn();
    } else if (event.kind === "reset") {
      held.current.isReset = true;
    }
    freshen();
  });

  return { arrivals, letIn };
}
