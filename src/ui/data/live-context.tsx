/** The live connection shared by all pages, and whether the user has paused updates. */
import { useQueryClient } from "@tanstack/react-query";
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
import { connectLive, type Live, type LiveEvent, type ConnectionStatus } from "./live.ts";
import { retryFailedQueries } from "./query-client.ts";

export interface LiveStatus extends ConnectionStatus {
  /** From the commit on the server to the event in this tab; null before the first event. */
  lagMs: number | null;
  /** While paused, pages receive events but do not show the changes. */
  isPaused: boolean;
  setPaused: (isPaused: boolean) => void;
  /** Connects now instead of waiting for the next attempt. */
  retryNow: () => void;
}

const LiveContext = createContext<{ live: Live; status: LiveStatus } | null>(null);

export function LiveProvider({ children }: { children: ReactNode }) {
  const client = useQueryClient();
  const [live] = useState(connectLive);
  const connection = useSyncExternalStore(live.onConnectionChange, () => live.connection);
  const [lagMs, setLagMs] = useState<number | null>(null);
  const [isPaused, setPaused] = useState(false);
  useEffect(
    () =>
      live.onEvent((event) => {
        if (event.kind === "traces") setLagMs(Math.max(0, Date.now() - event.at));
        if (event.kind === "reset") retryFailedQueries(client);
      }),
    [live, client],
  );
  const value = useMemo(
    () => ({
      live,
      status: { ...connection, lagMs, isPaused, setPaused, retryNow: live.retryNow },
    }),
    [live, connection, lagMs, isPaused],
  );
  return <LiveContext value={value}>{children}</LiveContext>;
}

export function useLiveStatus(): LiveStatus {
  return use(LiveContext)!.status;
}

/** Calls the listener for every event while the component is mounted, paused or not. */
export function useLiveEvents(listener: (event: LiveEvent) => void): void {
  const { live } = use(LiveContext)!;
  const latest = useRef(listener);
  latest.current = listener;
  useEffect(() => live.onEvent((event) => latest.current(event)), [live]);
}
