/** Throttles work that is triggered by many events. */
import { useCallback, useEffect, useRef } from "react";

/**
 * @param everyMs the shortest time between two starts; runs never overlap.
 * @returns a function that requests a run: at once if idle, else as soon as allowed.
 */
export function useThrottled(work: () => Promise<unknown> | void, everyMs: number): () => void {
  const latest = useRef(work);
  latest.current = work;
  const state = useRef({ timer: 0, isBusy: false, isWanted: false, isOver: false });
  useEffect(() => {
    const own = state.current;
    own.isOver = false;
    return () => {
      own.isOver = true;
      clearTimeout(own.timer);
      own.isBusy = own.isWanted = false;
    };
  }, []);
  return useCallback(() => {
    const own = state.current;
    if (own.isBusy) {
      own.isWanted = true;
      return;
    }
    const begin = async () => {
      own.isBusy = true;
      own.isWanted = false;
      const rest = new Promise((resolve) => (own.timer = window.setTimeout(resolve, everyMs)));
      try {
        await latest.current();
      } finally {
        await rest;
        own.isBusy = false;
        if (own.isWanted && !own.isOver) void begin();
      }
    };
    void begin();
  }, [everyMs]);
}
