/**
 * What changes, as it changes. A browser opens six connections to a server, so that of all tabs one
 * listens and tells the others; when it closes another takes its place.
 */
import { EventSourceParserStream } from "eventsource-parser/stream";
import type { LiveEvents } from "../../http/live.ts";
import { ApiError, request } from "./client.ts";

/** Times in it are by the server's clock. */
export type LiveEvent = {
  [Kind in keyof LiveEvents]: { kind: Kind } & LiveEvents[Kind];
}[keyof LiveEvents];

/** `lost` once an attempt to connect failed: a connection that is merely cut is soon there again. */
export type LiveState = "connecting" | "connected" | "lost";

/** How the connection stands. Times are by this machine's clock. */
export interface LiveStanding {
  state: LiveState;
  /** Since when it is not there; null while it is, and before it first was. */
  lostAt: number | null;
  /** When it is tried again; null while it is being tried. */
  retryAt: number | null;
  /** What the server said, where it answers and refuses. */
  refusal: string | null;
  /** Whether the server can store what comes in, as far as it has said so. */
  storage: LiveEvents["storage"]["storage"];
}

type Letter =
  { event: LiveEvent } | { standing: LiveStanding } | { ask: true } | { retryNow: true };

/** Before the first attempt, the second, and so on; from the last on it stays the same. */
const waitsMs = [300, 1_000, 2_000, 4_000, 8_000];

export interface Live {
  readonly standing: LiveStanding;
  /** @returns how to stop. */
  onEvent(listener: (event: LiveEvent) => void): () => void;
  onStanding(listener: () => void): () => void;
  /** Does not wait for the next attempt. */
  retryNow(): void;
}

export function connectLive(): Live {
  const channel = new BroadcastChannel("tealight.live");
  const events = new Set<(event: LiveEvent) => void>();
  const listeners = new Set<() => void>();
  let standing: LiveStanding = {
    state: "connecting",
    lostAt: null,
    retryAt: null,
    refusal: null,
    storage: "ok",
  };
  let isLeader = false;
  let wake = () => {};

  const hear = (event: LiveEvent) => events.forEach((listener) => listener(event));
  const become = (next: LiveStanding) => {
    const isBack = next.state === "connected" && standing.lostAt !== null;
    standing = next;
    listeners.forEach((listener) => listener());
    // Who was cut off does not know what it missed.
    if (isBack) hear({ kind: "reset", at: Date.now() });
  };
  const tell = (letter: Letter) => channel.postMessage(letter);

  channel.onmessage = ({ data }: MessageEvent<Letter>) => {
    if ("event" in data) hear(data.event);
    else if ("standing" in data) become(data.standing);
    else if (isLeader && "ask" in data) tell({ standing });
    else if (isLeader) wake();
  };
  tell({ ask: true });
  window.addEventListener("online", () => wake());
  document.addEventListener("visibilitychange", () => {
    if (document.visibilityState === "visible") wake();
  });

  void navigator.locks.request("tealight.live", async () => {
    isLeader = true;
    const set = (next: LiveStanding) => {
      become(next);
      tell({ standing: next });
    };
    let lastEventId: string | null = null;
    for (let failures = 0; ; failures++) {
      let refusal: string | null = null;
      try {
        const response: Response = await request("GET /api/live", { query: { lastEventId } });
        failures = -1;
        set({ ...standing, state: "connected", lostAt: null, retryAt: null, refusal });
        // EventSource cannot send the token.
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
          if ("storage" in event && event.storage !== standing.storage) {
            set({ ...standing, storage: event.storage });
          }
        }
      } catch (cause) {
        // The page says so, and tries again.
        if (cause instanceof ApiError) refusal = cause.message;
      }
      const waitMs = waitsMs[Math.min(failures + 1, waitsMs.length - 1)]!;
      const lost: LiveStanding = {
        ...standing,
        state: failures === -1 ? "connecting" : "lost",
        lostAt: standing.lostAt ?? Date.now(),
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
    get standing() {
      return standing;
    },
    onEvent(listener) {
      events.add(listener);
      return () => events.delete(listener);
    },
    onStanding(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    retryNow() {
      if (isLeader) wake();
      else tell({ retryNow: true });
    },
  };
}
