/**
 * Live views: what changes is told as Server-Sent Events. The writing thread knows what changed
 * (ingest/changes.ts); here each reader has a place in that and no queue. Some times a second all who
 * are behind, and have read what they were sent, are told together: what is told is read once.
 */
import { Type } from "@sinclair/typebox";
import type { StorageState } from "../backend/store.ts";
import type { Summary } from "../backend/views.ts";
import type { Change } from "../backend/writer.ts";
import { AppError } from "../errors.ts";
import { live as limits } from "../limits.ts";
import { toJson, type JsonOf } from "../query/json.ts";
import type { LiveScope } from "../query/live.ts";
import type { Intake } from "../threads/intake.ts";
import type { Reader } from "../threads/reader.ts";
import { version } from "../version.ts";
import { securityHeaders } from "./answer.ts";
import { projectIdOf, type ReadDeps } from "./read.ts";
import { closed, route } from "./route.ts";

/** What the events of a stream say, by their names. `at` and `now` are epoch ms. */
export interface LiveEvents {
  hello: { version: string; now: number; storage: StorageState };
  traces: { at: number; traces: Summary[] };
  gone: { keys: number[] };
  /** Whether what comes in can be stored is otherwise than before. */
  storage: { storage: StorageState };
  /** Too much changed to say what: read anew. */
  reset: { at: number };
}

export interface Live {
  /**
   * Begins a stream.
   *
   * @param lastEventId where an earlier one stood; null begins with what changes from now on.
   * @throws AppError `bad_request` for a filter that cannot be, `buffer_full` where there are too many.
   */
  open(scope: LiveScope, lastEventId: string | null): Promise<Response>;
  /** Ends all streams, and lets none begin. */
  close(): void;
}

interface Subscriber {
  scope: LiveScope;
  /** The id of the last change that it was told of, or that does not concern it. */
  position: number;
  /** As it was told last. */
  storage: StorageState;
  sentAtMs: number;
  stream: ReadableStreamDefaultController<Uint8Array>;
  /** Set while its reader waits for more: says that it has come. */
  onSent: (() => void) | null;
}

const headers = { ...securityHeaders, "content-type": "text/event-stream" };

/** The place of who stood where nobody knows. */
const nowhere = -1;

export function createLive(intake: Intake, reader: Reader, onBug: (cause: unknown) => void): Live {
  const subscribers = new Set<Subscriber>();
  const encoder = new TextEncoder();
  let timer: ReturnType<typeof setInterval> | null = null;
  let isClosed = false;
  let isTelling = false;
  let toldAtMs = -Infinity;

  /** Often looks for who is behind, and not so often tells them. */
  async function look(): Promise<void> {
    const nowMs = performance.now();
    const storage = intake.storage.state;
    for (const subscriber of subscribers) {
      if (subscriber.storage !== storage && subscriber.onSent) {
        subscriber.storage = storage;
        send(subscriber, `${eventOf("storage", toJson({ storage }))}\n`);
      }
      if (nowMs - subscriber.sentAtMs < limits.keepAliveMs) continue;
      // With its place, which moves on although nothing there concerned it.
      send(subscriber, `: keep-alive\n${idLine(subscriber.position)}\n`);
    }
    if (isTelling || nowMs - toldAtMs < limits.tellEveryMs) return;
    const latest = intake.latestChange;
    const behind = [...subscribers].filter(({ onSent, position }) => onSent && position !== latest);
    if (behind.length === 0) return;
    isTelling = true;
    toldAtMs = nowMs;
    try {
      await tell(behind);
    } catch (cause) {
      if (!(cause instanceof AppError)) onBug(cause);
      // Their readers come again, and go on from where they stood.
      for (const subscriber of behind) end(subscriber);
    } finally {
      isTelling = false;
    }
  }

  async function tell(behind: Subscriber[]): Promise<void> {
    const places = [...new Set(behind.map(({ position }) => position))];
    const { latest, changes } = await intake.writer.call("changesAfter", [places]);
    const keys = [...new Set(changes.flatMap((change) => change?.changed ?? []))];
    const scopes = new Map(
      behind.filter(({ scope }) => isNarrow(scope)).map(({ scope }) => [idOf(scope), scope]),
    );
    const [summaries, members] = await Promise.all([
      reader.call("summaries", [keys]),
      scopes.size > 0 ? reader.call("inScopes", [keys, [...scopes.values()]]) : [],
    ]);
    const membersOf = new Map([...scopes.keys()].map((id, i) => [id, members[i]!]));
    const at = Date.now();
    for (const subscriber of behind) {
      const change = changes[places.indexOf(subscriber.position)]!;
      subscriber.position = latest;
      const events = eventsOf(change, summaries, membersOf.get(idOf(subscriber.scope)), at);
      // The place stands with the last of them: who lost that one gets all of them again.
      if (events !== "") send(subscriber, `${events}${idLine(latest)}\n`);
    }
  }

  function send(subscriber: Subscriber, text: string): void {
    const { onSent, stream } = subscriber;
    if (!onSent) return;
    subscriber.onSent = null;
    subscriber.sentAtMs = performance.now();
    stream.enqueue(encoder.encode(text));
    onSent();
  }

  function leave(subscriber: Subscriber): boolean {
    const wasThere = subscribers.delete(subscriber);
    if (subscribers.size === 0 && timer) {
      clearInterval(timer);
      timer = null;
    }
    return wasThere;
  }

  function end(subscriber: Subscriber): void {
    if (!leave(subscriber)) return;
    subscriber.stream.close();
    subscriber.onSent?.();
  }

  function streamOf(scope: LiveScope, lastEventId: string | null): ReadableStream<Uint8Array> {
    let subscriber: Subscriber;
    return new ReadableStream<Uint8Array>(
      {
        start(stream) {
          const position = lastEventId === null ? intake.latestChange : parseId(lastEventId);
          const storage = intake.storage.state;
          const sentAtMs = performance.now();
          subscriber = { scope, position, storage, sentAtMs, stream, onSent: null };
          const hello = eventOf("hello", toJson({ version, now: Date.now(), storage }));
          // Who comes again keeps its own place until it is told what it missed.
          const place = lastEventId === null ? idLine(position) : "";
          stream.enqueue(encoder.encode(`${hello}${place}\n`));
        },
        // Pulled, not pushed: who does not read is sent nothing, and later all at once. An answer that
        // nobody takes is never pulled, and holds no place.
        pull(stream) {
          if (isClosed) return stream.close();
          subscribers.add(subscriber);
          timer ??= setInterval(() => void look(), limits.lookEveryMs);
          return new Promise((resolve) => (subscriber.onSent = resolve));
        },
        cancel() {
          subscriber.onSent = null;
          leave(subscriber);
        },
      },
      { highWaterMark: 0 },
    );
  }

  return {
    async open(scope, lastEventId) {
      if (isNarrow(scope)) await reader.call("inScopes", [[], [scope]]);
      if (isClosed) throw new AppError("shutting_down", "shutting down", { retryAfterSeconds: 1 });
      if (subscribers.size >= limits.subscribers) {
        throw new AppError("buffer_full", "too many live views", {
          hint: `close some: ${limits.subscribers} are served at a time`,
          retryAfterSeconds: 5,
        });
      }
      return new Response(streamOf(scope, lastEventId), { headers });
    },
    close() {
      isClosed = true;
      for (const subscriber of subscribers) end(subscriber);
    },
  };
}

/** @param change null where it is not known. @param members of the scope; all where it is absent. */
function eventsOf(
  change: Change | null,
  summaries: Map<number, string>,
  members: Set<number> | undefined,
  at: number,
): string {
  if (!change) return eventOf("reset", toJson({ at }));
  const isShown = (key: number) => summaries.has(key) && (members?.has(key) ?? true);
  const shown = change.changed.filter(isShown);
  const gone = [...change.gone, ...change.changed.filter((key) => !isShown(key))];
  const texts = shown.map((key) => summaries.get(key));
  return [
    ...(shown.length > 0 ? [eventOf("traces", `{"at":${at},"traces":[${texts}]}`)] : []),
    ...(gone.length > 0 ? [eventOf("gone", toJson({ keys: gone }))] : []),
  ].join("\n");
}

/** Without the empty line that ends it. */
function eventOf<Name extends keyof LiveEvents>(
  name: Name,
  json: JsonOf<LiveEvents[Name]>,
): string {
  return `event: ${name}\ndata: ${json}\n`;
}

function idLine(id: number): string {
  return id === nowhere ? "" : `id: ${id}\n`;
}

function parseId(text: string): number {
  return /^\d{1,16}$/.test(text) ? Number(text) : nowhere;
}

function isNarrow({ filter, projectId }: LiveScope): boolean {
  return filter !== undefined || projectId !== undefined;
}

function idOf({ filter, projectId }: LiveScope): string {
  return JSON.stringify([filter, projectId]);
}

const LiveQuery = closed({
  filter: Type.Optional(Type.String()),
  project: Type.Optional(Type.String()),
  lastEventId: Type.Optional(
    Type.String({ description: "As the header Last-Event-ID: goes on behind this event" }),
  ),
});

const Events = Type.String({
  description:
    "hello {version, now, storage}; storage {storage}: ok, full or gone, as in the status; traces {at, traces}: summaries of those that changed; gone {keys}: " +
    "deleted, or changed and outside of the filter, shown before or not; reset {at}: too much " +
    "changed, or what changed since Last-Event-ID is not known any more: read anew",
});

export function liveRoutes({ live, keyring }: ReadDeps & { live: Live }) {
  return [
    route({
      method: "GET",
      path: "/api/live",
      summary: "What changes, as Server-Sent Events",
      query: LiveQuery,
      answer: Events,
      contentType: "text/event-stream",
      handle({ request, query: { filter, project, lastEventId } }) {
        const scope = { filter, projectId: projectIdOf(project, keyring) };
        // Of a stream that never ends nobody would see so much as the status.
        if (request.method === "HEAD") return new Response(null, { headers });
        return live.open(scope, request.headers.get("last-event-id") ?? lastEventId ?? null);
      },
    }),
  ];
}
