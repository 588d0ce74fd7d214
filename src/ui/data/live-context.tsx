/** The one live connection, for all pages, and whether its reader has stopped the picture. */
import {
  createContext,
  use,
  useEffect,
  useMemo,
  useRef,
  useState,
  useSyncExternalStore,
  type ReactNode,
} from "react";
import { connectLive, type Live, type LiveEvent, type LiveState } from "./live.ts";

export interface LiveStatus {
  state: LiveState;
  /** From a commit to its event here; null before the first. */
  lagMs: number | null;
  /** Pages go on to hear events, and show nothing of them until it ends. */
  isPaused: boolean;
  setPaused: (isPaused: boolean) => void;
}

const LiveContext = createContext<{ live: Live; status: LiveStatus } | null>(null);

export function LiveProvider({ children }: { children: ReactNode }) {
  const [live] = useState(connectLive);
  const state = useSyncExternalStore(live.onState, () => live.state);
  const [lagMs, setLagMs] = useState<number | null>(null);
  const [isPaused, setPaused] = useState(false);
  useEffect(
    () =>
      live.onEvent((event) => {
        if (event.kind === "traces") setLagMs(Math.max(0, Date.now() - event.at));
      }),
    [live],
  );
  const value = useMemo(
    () => ({ live, status: { state, lagMs, isPaused, setPaused } }),
    [live, state, lagMs, isPaused],
  );
  return <LiveContext value={value}>{children}</LiveContext>;
}

export function useLiveStatus(): LiveStatus {
  return use(LiveContext)!.status;
}

/** Hears all that changes while the component is there, paused or not. */
export function useLiveEvents(listener: (event: LiveEvent) => void): void {
  const { live } = use(LiveContext)!;
  const latest = useRef(listener);
  latest.current = listener;
  useEffect(() => live.onEvent((event) => latest.current(event)), [live]);
}
