/**
 * What changes, as it changes. A browser opens six connections to a server, so that of all tabs one
 * listens and tells the others; when it closes another takes its place.
 */
import { EventSourceParserStream } from "eventsource-parser/stream";
import type { Summary } from "../../query/views.ts";
import { request } from "./client.ts";

/** `at` and `now` are epoch ms by the server's clock. */
export type LiveEvent =
  | { kind: "hello"; version: string; now: number }
  | { kind: "traces"; at: number; traces: Summary[] }
  | { kind: "gone"; keys: number[] }
  /** Too much changed to say what: read anew. */
  | { kind: "reset" };

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
    if (next === "connected" && state === "lost") hear({ kind: "reset" });
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
        const params = { lastEventId };
        const response = await request("GET", "/api/live", { params });
        set("connected");
        // EventSource cannot send the token.
        const events = response
          .body!.pipeThrough(new TextDecoderStream() as ReadableWritablePair<string, Uint8Array>)
          .pipeThrough(new EventSourceParserStream());
        for (const reader = events.getReader(); ;) {
          const { done, value } = await reader.read();
          if (done) break;
          if (value.id !== undefined) lastEventId = value.id;
          const event = { ...(JSON.parse(value.data) as object), kind: value.event } as LiveEvent;
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
