/**
 * Live events from the server. Browsers allow six connections per server, so only one tab holds the
 * connection and forwards events to the others; when it closes, another tab takes over.
 */
import { EventSourceParserStream } from "eventsource-parser/stream";
import type { LiveEvents } from "../../http/live.ts";
import { ApiError, request } from "./client.ts";

/** Times are from the server's clock. */
export type LiveEvent = {
  [Kind in keyof LiveEvents]: { kind: Kind } & LiveEvents[Kind];
}[keyof LiveEvents];

/** `lost` once a reconnection has failed: most interruptions end with the first attempt. */
export type LiveState = "connecting" | "connected" | "lost";

/** The state of the connection. Times are from this machine's clock. */
export interface ConnectionStatus {
  state: LiveState;
  /** When the connection was lost; null while connected and before the first connection. */
  lostAt: number | null;
  /** When the next attempt starts; null during an attempt. */
  retryAt: number | null;
  /** The server's error message if it answers with an error. */
  refusal: string | null;
  /** Whether the server can store data, as far as it has reported. */
  storage: LiveEvents["storage"]["storage"];
}

type Letter =
  | { event: LiveEvent }
  | { connection: ConnectionStatus }
  | { ask: true }
  | { retryNow: true };

/** The delays before reconnection attempts; the last one repeats. */
const retryDelaysMs = [300, 1_000, 2_000, 4_000, 8_000];

export interface Live {
  readonly connection: ConnectionStatus;
  /** @returns a function that removes the listener. */
  onEvent(listener: (event: LiveEvent) => void): () => void;
  onConnectionChange(listener: () => void): () => void;
  /** Connects now instead of waiting for the next attempt. */
  retryNow(): void;
}

export function connectLive(): Live {
  const channel = new BroadcastChannel("tealight.live");
  const events = new Set<(event: LiveEvent) => void>();
  const listeners = new Set<() => void>();
  let connection: ConnectionStatus = {
    state: "connecting",
    lostAt: null,
    retryAt: null,
    refusal: null,
    storage: "ok",
  };
  let isLeader = false;
  let wake = () => {};

  const hear = (event: LiveEvent) => events.forEach((listener) => listener(event));
  const become = (next: ConnectionStatus) => {
    const isBack = next.state === "connected" && connection.lostAt !== null;
    connection = next;
    listeners.forEach((listener) => listener());
    // Events were missed while disconnected, so all data may be stale.
    if (isBack) hear({ kind: "reset", at: Date.now() });
  };
  const tell = (letter: Letter) => channel.postMessage(letter);

  channel.onmessage = ({ data }: MessageEvent<Letter>) => {
    if ("event" in data) hear(data.event);
    else if ("connection" in data) become(data.connection);
    else if (isLeader && "ask" in data) tell({ connection });
    else if (isLeader) wake();
  };
  tell({ ask: true });
  window.addEventListener("online", () => wake());
  document.addEventListener("visibilitychange", () => {
    if (document.visibilityState === "visible") wake();
  });

  void navigator.locks.request("tealight.live", async () => {
    isLeader = true;
    const set = (next: ConnectionStatus) => {
      become(next);
      tell({ connection: next });
    };
    let lastEventId: string | null = null;
    for (let failures = 0; ; failures++) {
      let refusal: string | null = null;
      try {
        const response: Response = await request("GET /api/live", { query: { lastEventId } });
        failures = -1;
        set({ ...connection, state: "connected", lostAt: null, retryAt: null, refusal });
        // EventSource cannot send the token as a header.
        const events = response
          .body!.pipeThrough(new TextDecoderStream() as ReadableWritablePair<string, Uint8Array>)
          .pipeThrough(new EventSourceParserStream());
        for (const reader = events.getReader(); ;) {
          const { done, value } = await reader.read();
          if (done) break;
          if (value.id !== undefined) lastEventId = value.id;
          const event: LiveEvent = { ...JSON.parse(value.data), kind: value.event };
          hear(event);
          tell({ event });
          if ("storage" in event && event.storage !== connection.storage) {
            set({ ...connection, storage: event.storage });
          }
        }
      } catch (cause) {
        // The error is shown in the banner; the connection is retried.
        if (cause instanceof ApiError) refusal = cause.message;
      }
      const waitMs = retryDelaysMs[Math.min(failures + 1, retryDelaysMs.length - 1)]!;
      const lost: ConnectionStatus = {
        ...connection,
        state: failures === -1 ? "connecting" : "lost",
        lostAt: connection.lostAt ?? Date.now(),
        retryAt: Date.now() + waitMs,
        refusal,
      };
      set(lost);
      await new Promise<void>((resolve) => {
        wake = resolve;
        setTimeout(resolve, waitMs);
      });
      set({ ...lost, retryAt: null });
    }
  });

  return {
    get connection() {
      return connection;
    },
    onEvent(listener) {
      events.add(listener);
      return () => events.delete(listener);
    },
    onConnectionChange(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    retryNow() {
      if (isLeader) wake();
      else tell({ retryNow: true });
    },
  };
}
