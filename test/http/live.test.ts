/** Live views over a real socket, read as a browser would. */
import { afterAll, afterEach, describe, expect, test } from "bun:test";
import { connect, type Socket } from "node:net";
import { live as limits } from "../../src/limits.ts";
import {
  borrowServer,
  endIdleServers,
  makePayload,
  makeSpan,
  startServer,
  type TestServer,
} from "../helpers.ts";

afterAll(endIdleServers);

interface Event {
  name: string;
  data: any;
  /** The last id that the stream had said by then. */
  id: string | null;
}

interface View {
  events: Event[];
  /** As EventSource would send it after a disconnect. */
  lastEventId(): string | null;
  comments: string[];
  /** Resolves with the first event that fits, of those to come and those that came. */
  next(fits: (event: Event) => boolean): Promise<Event>;
  ended: Promise<void>;
  close(): void;
}

const views: View[] = [];
afterEach(() => {
  for (const view of views.splice(0)) view.close();
});

/** Reads by the rules of Server-Sent Events, as far as the server uses them. */
async function watch(
  server: TestServer,
  query: Record<string, string> = {},
  headers: Record<string, string> = {},
): Promise<View> {
  const abort = new AbortController();
  const response = await server.api(`/api/live?${new URLSearchParams(query)}`, {
    headers,
    signal: abort.signal,
  });
  expect(response.status).toBe(200);
  expect(response.headers.get("content-type")).toBe("text/event-stream");
  const waiting = new Set<() => void>();
  let id: string | null = null;
  const view: View = {
    events: [],
    comments: [],
    lastEventId: () => id,
    async next(fits) {
      for (;;) {
        const found = view.events.find(fits);
        if (found) return found;
        await new Promise<void>((resolve) => waiting.add(resolve));
      }
    },
    ended: read().catch(() => {}),
    close: () => abort.abort(),
  };
  async function read(): Promise<void> {
    const decoder = new TextDecoder();
    let text = "";
    for await (const chunk of response.body as unknown as AsyncIterable<Uint8Array>) {
      text += decoder.decode(chunk, { stream: true });
      const blocks = text.split("\n\n");
      text = blocks.pop()!;
      for (const block of blocks) take(block);
      for (const wake of waiting) wake();
      waiting.clear();
    }
  }
  function take(block: string): void {
    let name = "message";
    let data = "";
    for (const line of block.split("\n")) {
      const [, field, value] = /^([a-z]*): ?(.*)$/.exec(line)!;
      if (field === "") view.comments.push(value!);
      else if (field === "id") id = value!;
      else if (field === "event") name = value!;
      else data += value;
    }
    if (data !== "") view.events.push({ name, data: JSON.parse(data), id });
  }
  views.push(view);
  return view;
}

const tracesOf = (view: View) =>
  view.events.filter(({ name }) => name === "traces").flatMap(({ data }) => data.traces);
const hasTrace =
  (traceId: string, fits: (trace: any) => boolean = () => true) =>
  ({ name, data }: Event) =>
    name === "traces" && data.traces.some((trace: any) => trace.traceId === traceId && fits(trace));
const isGone =
  (key: number) =>
  ({ name, data }: Event) =>
    name === "gone" && data.keys.includes(key);
const isNamed =
  (wanted: string) =>
  ({ name }: Event) =>
    name === wanted;

async function send(server: TestServer, traceId: string, more: object = {}): Promise<void> {
  const payload = makePayload({ traceId, ...more });
  expect((await server.ingest(payload)).status).toBe(202);
}

async function keyOf(server: TestServer, traceId: string): Promise<number> {
  const { trace } = (await (await server.api(`/api/traces/${traceId}`)).json()) as any;
  return trace.key;
}

describe("a live view", () => {
  test("says hello, then what is stored, changes and goes", async () => {
    await using server = await borrowServer();
    await send(server, "before");
    const before = Date.now();
    const view = await watch(server);
    const hello = await view.next(isNamed("hello"));
    expect(hello.data).toEqual({
      version: expect.any(String),
      now: expect.any(Number),
      storage: "ok",
    });
    expect(hello.data.now).toBeWithin(before, Date.now() + 1);

    await send(server, "a");
    const { data } = await view.next(hasTrace("a"));
    const { traces } = (await (await server.api("/api/traces")).json()) as any;
    expect(data).toEqual({
      at: expect.any(Number),
      traces: [traces.find(({ traceId }: any) => traceId === "a")],
    });

    const span = makeSpan({ spanId: "span-2", output: "s3cret" });
    await send(server, "a", { spans: [span] });
    await view.next(hasTrace("a", ({ spanCount }) => spanCount === 2));

    const key = await keyOf(server, "a");
    await server.api("/api/traces/a/pin", { method: "POST" });
    await server.api("/api/traces/a", { method: "DELETE" });
    await view.next(isGone(key));
    expect(tracesOf(view).some(({ traceId }) => traceId === "before")).toBe(false);
    expect(server.bugs).toEqual([]);
  });

  test("tells of a pin, and not of a batch that changes nothing", async () => {
    await using server = await borrowServer();
    await send(server, "a");
    const view = await watch(server);
    await send(server, "a");
    await server.api("/api/traces/a/pin", { method: "POST" });
    await view.next(hasTrace("a", ({ pinned }) => pinned));
    expect(tracesOf(view)).toHaveLength(1);
  });

  test("comes at most four times a second, each trace once with what it is by then", async () => {
    await using server = await borrowServer();
    const view = await watch(server);
    const startedAt = performance.now();
    let sent = 0;
    while (view.events.filter(isNamed("traces")).length < 5) {
      await send(server, "a", { spans: [makeSpan({ spanId: `s${sent++}` })] });
      await Bun.sleep(5);
    }
    await send(server, "last");
    await view.next(hasTrace("last"));
    const seconds = (performance.now() - startedAt) / 1000;
    const told = view.events.filter(isNamed("traces"));
    expect(told.length).toBeLessThanOrEqual(4 * seconds + 1);
    for (const { data } of told) {
      const keys = data.traces.map(({ key }: any) => key);
      expect(new Set(keys).size).toBe(keys.length);
    }
    const counts = tracesOf(view)
      .filter(({ traceId }) => traceId === "a")
      .map(({ spanCount }) => spanCount);
    expect(counts).toEqual(counts.toSorted((a, b) => a - b));
    expect(counts.at(-1)).toBe(sent);
  });

  test("is kept alive longer than a silent connection", async () => {
    await using server = await borrowServer();
    const view = await watch(server);
    await send(server, "other");
    await view.next(isNamed("traces"));
    await Bun.sleep(limits.keepAliveMs + 300);
    expect(view.comments).toEqual(["keep-alive"]);
    expect(view.lastEventId()).not.toBeNull();
    await send(server, "a");
    await view.next(hasTrace("a"));
  });
});

describe("a live view with a filter", () => {
  test("sees what matches, and of what does not any more that it is gone", async () => {
    await using server = await borrowServer();
    const view = await watch(server, { filter: "agent:x status:ok" });
    await send(server, "a", { agentName: "x" });
    await send(server, "b", { agentName: "y" });
    await view.next(hasTrace("a"));
    const [a, b] = [await keyOf(server, "a"), await keyOf(server, "b")];
    await view.next(isGone(b));
    await send(server, "a", {
      agentName: "x",
      spans: [makeSpan({ spanId: "span-2", status: "error", errorMessage: "e" })],
    });
    await view.next(isGone(a));
    expect(tracesOf(view).map(({ traceId }) => traceId)).toEqual(["a"]);
  });

  test("sees one project, also of what is sent to two at once", async () => {
    await using server = await borrowServer();
    await server.api("/api/projects", { method: "POST", body: '{"name":"p"}' });
    const view = await watch(server, { project: "p" });
    const both = await watch(server);
    await send(server, "a");
    const imported = await server.api("/api/import?project=p", {
      method: "POST",
      body: JSON.stringify(makePayload({ traceId: "b" })),
    });
    expect(imported.status).toBe(202);
    await Promise.all([view.next(hasTrace("b")), both.next(hasTrace("b"))]);
    expect(tracesOf(view).map(({ project }) => project)).toEqual(["p"]);
    expect(tracesOf(both)).toHaveLength(2);
  });

  test("is refused before it begins where the filter, the project or the query cannot be", async () => {
    await using server = await borrowServer();
    for (const [query, status, code] of [
      ["filter=nope:x", 400, "bad_request"],
      ["filter=%22", 400, "bad_request"],
      ["project=nope", 404, "not_found"],
      ["since=1", 400, "bad_request"],
    ] as const) {
      const response = await server.api(`/api/live?${query}`);
      expect(response.status).toBe(status);
      expect(await response.json()).toMatchObject({ code, hint: expect.any(String) });
    }
    expect((await fetch(`${server.url}/api/live`)).status).toBe(401);
  });
});

describe("a live view that comes again", () => {
  test("goes on behind the last event that it had, by header or query", async () => {
    await using server = await borrowServer();
    const first = await watch(server);
    await send(server, "seen");
    await first.next(hasTrace("seen"));
    const id = first.lastEventId()!;
    first.close();
    await first.ended;
    await send(server, "missed");
    await send(server, "deleted");
    const key = await keyOf(server, "deleted");
    await server.api("/api/traces/deleted", { method: "DELETE" });
    const again = [
      await watch(server, {}, { "last-event-id": id }),
      await watch(server, { lastEventId: id }),
    ];
    for (const view of again) {
      await view.next(isGone(key));
      expect(tracesOf(view).map(({ traceId }) => traceId)).toEqual(["missed"]);
      expect(view.events.filter(isNamed("reset"))).toEqual([]);
      expect(Number(view.lastEventId())).toBeGreaterThan(Number(id));
    }
  });

  test("reads anew where too much changed, after a restart, and with an id that never was", async () => {
    const before = await startServer();
    const view = await watch(before);
    const id = (await view.next(isNamed("hello"))).id!;
    const many = Array.from({ length: limits.rememberedTraces + 1 }, (_, i) => ({
      traceId: `t${i}`,
      traceName: "n",
      spans: [makeSpan()],
    }));
    await before.ingest({ version: "v1", traces: many });
    const late = await watch(before, { lastEventId: id });
    const reset = await late.next(isNamed("reset"));
    expect(reset.data).toEqual({ at: expect.any(Number) });
    // From there on it is told all again.
    await send(before, "new");
    await late.next(hasTrace("new"));
    const last = late.lastEventId()!;
    await before.stop();

    await using after = await startServer({ dataDir: before.dataDir });
    for (const lastEventId of [last, "1e3", "-1", "", "99999999999999999999"]) {
      const restarted = await watch(after, { lastEventId });
      await restarted.next(isNamed("reset"));
      expect(restarted.lastEventId()).not.toBe(last);
    }
  });
});

describe("many live views", () => {
  test("are bounded, and a place is free when one leaves", async () => {
    await using server = await borrowServer();
    for (let i = 0; i < limits.subscribers; i++) await watch(server);
    const refused = await server.api("/api/live");
    expect(refused.status).toBe(503);
    expect(await refused.json()).toMatchObject({ error: "too many live views" });
    views.at(-1)!.close();
    await views.at(-1)!.ended;
    let response = refused;
    while (response.status === 503) {
      await Bun.sleep(20);
      response = await server.api("/api/live");
    }
    expect(response.status).toBe(200);
    await response.body!.cancel();
    // A question for the headers alone takes no place.
    expect((await server.api("/api/live", { method: "HEAD" })).status).toBe(200);
    await Bun.sleep(100);
    await watch(server);
  });

  test("do not wait for one that reads nothing, which is told of all at once later", async () => {
    await using server = await borrowServer();
    const slow = connect(server.port, "127.0.0.1").pause();
    slow.write(requestOf(server));
    const view = await watch(server);
    // A few MB that a socket's buffers do not hold: 400 summaries of 1 KB, a dozen times.
    const spansOf = (round: number) => [makeSpan({ spanId: `s${round}` })];
    for (let round = 0; round < 12; round++) {
      const traces = Array.from({ length: 400 }, (_, i) => ({
        traceId: `t${i}`,
        traceName: "x".repeat(256),
        agentName: "x".repeat(256),
        sessionId: "x".repeat(128),
        spans: spansOf(round),
      }));
      const response = await server.ingest({ version: "v1", traces });
      expect(response.status).toBe(202);
      await view.next(hasTrace("t0", ({ spanCount }) => spanCount === round + 1));
    }
    const text = await readUntil(slow, (text) => text.includes('"spanCount":12,'));
    const events = text.match(/^event: traces/gm)!;
    expect(events.length).toBeLessThan(12);
    slow.destroy();
    expect(server.bugs).toEqual([]);
  });

  test("end when the server does", async () => {
    await using server = await borrowServer();
    const open = [await watch(server), await watch(server, { filter: "status:ok" })];
    const slow = connect(server.port, "127.0.0.1").pause();
    slow.write(requestOf(server));
    await send(server, "a");
    await open[0]!.next(hasTrace("a"));
    await server.stop();
    await Promise.all(open.map(({ ended }) => ended));
    slow.destroy();
    expect(server.bugs).toEqual([]);
  });
});

function requestOf({ port, token }: TestServer): string {
  return `GET /api/live HTTP/1.1\r\nhost: 127.0.0.1:${port}\r\nauthorization: Bearer ${token}\r\n\r\n`;
}

function readUntil(socket: Socket, isEnough: (text: string) => boolean): Promise<string> {
  return new Promise((resolve) => {
    let text = "";
    socket.on("data", (chunk: Buffer) => {
      text += chunk.toString("latin1");
      if (isEnough(text.slice(-2_000_000))) resolve(text);
    });
    socket.resume();
  });
}
