/**
 * What changes, as it changes. A browser opens six connections to a server, so that of all tabs one
 * listens and tells the others; when it closes another takes its place.
 */
import { EventSourceParserStream } from "eventsource-parser/stream";
import type { LiveEvents } from "../../http/live.ts";
import { request } from "./client.ts";

/** Times in it are by the server's clock. */
export type LiveEvent = {
  [Kind in keyof LiveEvents]: { kind: Kind } & LiveEvents[Kind];
}[keyof LiveEvents];

export type LiveState = "connecting" | "connected" | "lost";

type Letter = { event: LiveEvent } | { state: LiveState } | { ask: true };

const retryMs = 1_500;

export interface Live {
  readonly state: LiveState;
  /** @returns how to stop. */
  onEvent(listener: (event: LiveEvent) => void): () => void;
  onState(listener: () => void): () => void;
}

export function connectLive(): Live {
  const channel = new BroadcastChannel("tealight.live");
  const events = new Set<(event: LiveEvent) => void>();
  const states = new Set<() => void>();
  let state: LiveState = "connecting";
  let isLeader = false;

  const hear = (event: LiveEvent) => events.forEach((listener) => listener(event));
  const become = (next: LiveState) => {
    // Who was cut off does not know what it missed.
    if (next === "connected" && state === "lost") hear({ kind: "reset", at: Date.now() });
    state = next;
    states.forEach((listener) => listener());
  };
  const tell = (letter: Letter) => channel.postMessage(letter);

  channel.onmessage = ({ data }: MessageEvent<Letter>) => {
    if ("event" in data) hear(data.event);
    else if ("state" in data) become(data.state);
    else if (isLeader) tell({ state });
  };
  tell({ ask: true });

  void navigator.locks.request("tealight.live", async () => {
    isLeader = true;
    const set = (next: LiveState) => {
      become(next);
      tell({ state: next });
    };
    let lastEventId: string | null = null;
    for (;;) {
      try {
        const response: Response = await request("GET /api/live", { query: { lastEventId } });
        set("connected");
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
        }
      } catch {
        // The page says so, and tries again.
      }
      set("lost");
      await new Promise((resolve) => setTimeout(resolve, retryMs));
    }
  });

  return {
    get state() {
      return state;
    },
    onEvent(listener) {
      events.add(listener);
      return () => events.delete(listener);
    },
    onState(listener) {
      states.add(listener);
      return () => states.delete(listener);
    },
  };
}
