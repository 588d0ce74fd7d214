/** Pins and deletes over HTTP. */
import { afterAll, afterEach, beforeEach, describe, expect, test } from "bun:test";
import fc from "fast-check";
import { removal, settle } from "../../src/limits.ts";
import {
  borrowServer,
  endIdleServers,
  makePayload,
  makeSpan,
  startServer,
  type TestServer,
} from "../helpers.ts";

let server: TestServer;
beforeEach(async () => {
  server = await borrowServer();
});
afterEach(async () => {
  expect(server.bugs).toEqual([]);
  await server[Symbol.asyncDispose]();
});
afterAll(endIdleServers);

interface Answer {
  status: number;
  [field: string]: any;
}

async function call(method: string, path: string, body?: unknown): Promise<Answer> {
  const response = await server.api(path, {
    method,
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  return { status: response.status, ...((await response.json()) as object) };
}

const remove = (path: string, query: Record<string, string> = {}) =>
  call("DELETE", `${path}?${new URLSearchParams(query)}`);
const pin = (trace: string) => call("POST", `/api/traces/${trace}/pin`);
const whole = { nextCursor: null };

async function send(traceId: string, more: Record<string, unknown> = {}): Promise<void> {
  expect((await server.ingest(makePayload({ traceId, ...more }))).status).toBe(202);
}

async function importInto(project: string, traceId: string): Promise<number> {
  const body = JSON.stringify(makePayload({ traceId }));
  return (await server.api(`/api/import?project=${project}`, { method: "POST", body })).status;
}

async function listed(): Promise<string[]> {
  const { traces } = await call("GET", "/api/traces?limit=500");
  return traces.map(({ traceId }: { traceId: string }) => traceId).sort();
}

async function settled(): Promise<void> {
  await Bun.sleep(settle.quietMs + 1200);
}

describe("a pin", () => {
  test("is set and taken back, by id or key, as often as one likes", async () => {
    await send("a");
    const { trace } = await call("GET", "/api/traces/a");
    for (const path of ["/api/traces/a", `/api/traces/~${trace.key}`]) {
      for (const word of ["pin", "pin", "unpin", "unpin"]) {
        const answer = await call("POST", `${path}/${word}`);
        expect(answer).toEqual({ status: 200, pinned: word === "pin" });
        expect(await call("GET", path)).toMatchObject({ trace: { pinned: word === "pin" } });
      }
    }
  });

  test("is of a trace that there is", async () => {
    for (const path of ["none/pin", "~99/unpin", "%7E1/pin"]) {
      const answer = await call("POST", `/api/traces/${path}`);
      expect(answer).toMatchObject({ status: 404, error: "no such trace" });
    }
    expect(await call("POST", "/api/traces/a/pin?colour=red")).toMatchObject({ status: 400 });
  });

  test("stays when the trace is sent again, grows and settles, and after a restart", async () => {
    await send("a");
    await pin("a");
    await send("a");
    await send("a", { spans: [makeSpan({ spanId: "span-2" })] });
    await settled();
    await server.stop();
    const { dataDir } = server;
    server = await startServer({ dataDir });
    await send("a", { spans: [makeSpan({ spanId: "span-3" })] });
    const { traces } = await call("GET", "/api/traces?filter=is:pinned");
    expect(traces).toMatchObject([{ traceId: "a", spanCount: 3, pinned: true }]);
    expect(await remove("/api/traces", { filter: "a" })).toMatchObject({ deleted: 0 });
  });
});

describe("deleting a trace by its name", () => {
  test("needs no more, even where it is pinned", async () => {
    await send("a");
    await pin("a");
    expect(await remove("/api/traces/a")).toEqual({ status: 200, deleted: 1 });
    expect(await remove("/api/traces/a")).toMatchObject({ status: 404 });
    expect(await listed()).toEqual([]);
  });
});

describe("deleting what matches", () => {
  test("takes a filter, a range of time and a project, all of them together", async () => {
    await call("POST", "/api/projects", { name: "p" });
    for (const [id, startTime] of [
      ["early", 1000],
      ["late", 5000],
      ["latest", 9000],
    ] as const) {
      await send(id, { agentName: "x", spans: [makeSpan({ startTime, endTime: startTime + 1 })] });
    }
    await importInto("p", "other");
    const filter = "agent:x";
    expect(await remove("/api/traces", { filter, since: "9001" })).toMatchObject({ deleted: 0 });
    expect(await remove("/api/traces", { filter, project: "p" })).toMatchObject({ deleted: 0 });
    const one = { status: 200, deleted: 1, pinnedKept: 0, ...whole };
    expect(await remove("/api/traces", { filter, since: "5000", until: "9000" })).toEqual(one);
    expect(await listed()).toEqual(["early", "latest", "other"]);
    expect(await remove("/api/traces", { project: "p" })).toEqual(one);
    expect(await remove("/api/traces", { until: "1001" })).toEqual(one);
    expect(await listed()).toEqual(["latest"]);
    expect(await remove("/api/traces", { since: "8w" })).toMatchObject({ deleted: 0 });
    expect(await remove("/api/traces", { until: "now" })).toEqual(one);
  });

  test("is refused where nothing narrows it, and where something cannot be", async () => {
    await send("a");
    for (const [query, status] of [
      ["", 400],
      ["pinned=1", 400],
      ["dryRun=1", 400],
      ["filter=", 400],
      ["filter=%20", 400],
      ["filter=nope:x", 400],
      ["filter=a&cursor=x", 400],
      ["filter=a&dryRun=true", 400],
      ["since=yesterday", 400],
      ["project=nope", 404],
    ] as const) {
      const answer = await call("DELETE", `/api/traces?${query}`);
      expect(answer).toMatchObject({ status, hint: expect.any(String) });
    }
    expect(await listed()).toEqual(["a"]);
  });

  test("takes a session whose id is whatever text", async () => {
    const sessions = ['a "b" \\', "a/b", "x*", "root.attr:y,z", "-", "é😀", " "];
    for (const [i, sessionId] of sessions.entries()) await send(`t${i}`, { sessionId });
    await send("others", { sessionId: "xy" });
    for (const [i, sessionId] of sessions.entries()) {
      const path = `/api/sessions/${encodeURIComponent(sessionId)}`;
      expect(await remove(path, { dryRun: "1" })).toMatchObject({ traces: 1 });
      expect(await remove(path)).toMatchObject({ status: 200, deleted: 1 });
      expect(await listed()).not.toContain(`t${i}`);
    }
    expect(await listed()).toEqual(["others"]);
    expect(await remove("/api/sessions/%ff")).toMatchObject({ status: 400 });
    expect(await remove("/api/sessions/none")).toMatchObject({ status: 200, deleted: 0 });
  });

  test("is out of every list, of statistics and of groups at once, settled or not", async () => {
    for (const id of ["a", "b"]) await send(id, { agentName: "x", sessionId: "s" });
    await settled();
    await send("c", { agentName: "x", sessionId: "s" });
    await pin("b");
    expect(await remove("/api/sessions/s")).toMatchObject({ deleted: 2, pinnedKept: 1 });
    expect(JSON.stringify(await call("GET", "/api/agents"))).toContain('"x"');
    expect(await remove("/api/sessions/s", { pinned: "1" })).toMatchObject({ deleted: 1 });
    expect(JSON.stringify(await call("GET", "/api/agents"))).not.toContain('"x"');
    expect(JSON.stringify(await call("GET", "/api/sessions"))).not.toContain('"s"');
    expect(await listed()).toEqual([]);
  });

  test("goes on where its time ended, with the counts so far", async () => {
    const traces = Array.from({ length: 3 * removal.page }, (_, i) => ({
      traceId: `t${i}`,
      traceName: "n",
      spans: [makeSpan(), makeSpan({ spanId: "span-2" })],
    }));
    await server.ingest({ version: "v1", traces });
    for (let i = 0; i < 5; i++) await pin(`t${i * 100}`);
    // The limit is read at each request.
    const budget = removal as { budgetMs: number };
    const { budgetMs } = removal;
    budget.budgetMs = 0;
    try {
      const all = traces.length - 5;
      const asked = await chain({ filter: "name:n", dryRun: "1" });
      const ended = { status: 200, pinnedKept: 5, ...whole };
      expect(asked).toEqual({ ...ended, traces: all, spans: 2 * all });
      expect(await chain({ filter: "name:n" })).toEqual({ ...ended, deleted: all });
      expect(await listed()).toHaveLength(5);
      const { nextCursor } = await remove("/api/traces", { since: "0", dryRun: "1" });
      expect(nextCursor).toBeNull();
    } finally {
      budget.budgetMs = budgetMs;
    }
    async function chain(query: Record<string, string>): Promise<Answer> {
      let answer = await remove("/api/traces", query);
      let requests = 1;
      for (; answer.nextCursor !== null; requests++) {
        expect(
          await remove("/api/traces", { ...query, filter: "x", cursor: answer.nextCursor }),
        ).toMatchObject({ status: 400, error: "the cursor belongs to another query" });
        answer = await remove("/api/traces", { ...query, cursor: answer.nextCursor });
      }
      expect(requests).toBeGreaterThanOrEqual(3);
      return answer;
    }
  });

  test("counts on a dry run what then goes, and changes nothing", async () => {
    const agents = ["x", "y"];
    let round = 0;
    await fc.assert(
      fc.asyncProperty(
        fc.array(
          fc.record({
            agentName: fc.constantFrom(...agents),
            spans: fc.integer({ min: 1, max: 4 }),
            isPinned: fc.boolean(),
          }),
          { maxLength: 12 },
        ),
        fc.constantFrom("agent:x", "-agent:x", "spans:>2", "is:pinned"),
        fc.constantFrom("0", "1"),
        async (sent, filter, pinned) => {
          const session = `s${round++}`;
          for (const [i, { agentName, spans, isPinned }] of sent.entries()) {
            await send(`${session}-${i}`, {
              agentName,
              sessionId: session,
              spans: Array.from({ length: spans }, (_, n) => makeSpan({ spanId: `${n}` })),
            });
            if (isPinned) await pin(`${session}-${i}`);
          }
          const matching = sent.filter(({ agentName, spans, isPinned }) => {
            if (filter === "spans:>2") return spans > 2;
            if (filter === "is:pinned") return isPinned;
            return (agentName === "x") === (filter === "agent:x");
          });
          const going = matching.filter(({ isPinned }) => pinned === "1" || !isPinned);
          const pinnedKept = matching.length - going.length;
          const query = { filter: `session:${session} ${filter}`, pinned };
          const before = await listed();
          expect(await remove("/api/traces", { ...query, dryRun: "1" })).toEqual({
            status: 200,
            traces: going.length,
            spans: going.reduce((sum, { spans }) => sum + spans, 0),
            pinnedKept,
            ...whole,
          });
          expect(await listed()).toEqual(before);
          expect(await remove("/api/traces", query)).toEqual({
            status: 200,
            deleted: going.length,
            pinnedKept,
            ...whole,
          });
          expect(await listed()).toHaveLength(before.length - going.length);
        },
      ),
      { numRuns: 12 },
    );
  });

  test("lets what comes in through, and a trace that is sent again is a new one", async () => {
    const traces = Array.from({ length: 1000 }, (_, i) => ({
      traceId: `t${i}`,
      traceName: "old",
      spans: [makeSpan()],
    }));
    await server.ingest({ version: "v1", traces });
    let isRemoved = false;
    const removing = remove("/api/traces", { filter: "name:old" }).finally(() => {
      isRemoved = true;
    });
    let letThrough = 0;
    for (; !isRemoved; letThrough++) await send("t0", { traceName: "new" });
    expect(letThrough).toBeGreaterThan(5);
    expect(await removing).toMatchObject({ status: 200, deleted: expect.any(Number) });
    await send("t0", { traceName: "new" });
    expect(await listed()).toEqual(["t0"]);
  });
});

describe("deleting a project", () => {
  async function makeProject(): Promise<string> {
    await call("POST", "/api/projects", { name: "p" });
    const { key } = await call("POST", "/api/keys", { name: "k", project: "p" });
    return key.secret;
  }

  test("takes its traces and its keys along, and nothing of others", async () => {
    const secret = await makeProject();
    const authorization = `Bearer ${secret}`;
    const sendTo = (traceId: string) => server.ingest(makePayload({ traceId }), { authorization });
    await send("default");
    for (const id of ["a", "b"]) expect((await sendTo(id)).status).toBe(202);
    const counts = { status: 200, traces: 2, spans: 2, pinnedKept: 0, ...whole };
    expect(await remove("/api/projects/p", { dryRun: "1" })).toEqual(counts);
    expect((await sendTo("c")).status).toBe(202);
    expect(await remove("/api/projects/p")).toEqual({
      status: 200,
      deleted: 3,
      pinnedKept: 0,
      projectDeleted: true,
      ...whole,
    });
    expect(await listed()).toEqual(["default"]);
    const refused = await sendTo("d");
    expect(refused.status).toBe(401);
    expect(await refused.json()).toMatchObject({ code: "invalid_api_key" });
    expect(await importInto("p", "e")).toBe(404);
    expect((await call("GET", "/api/projects")).projects).toHaveLength(1);
    expect((await call("GET", "/api/keys")).keys).toHaveLength(1);
    expect(await remove("/api/projects/p")).toMatchObject({ status: 404 });

    // One of the same name is another one.
    await makeProject();
    expect(await importInto("p", "a")).toBe(202);
    const { traces } = await call("GET", "/api/traces?project=p");
    expect(traces).toHaveLength(1);
  });

  test("leaves it where it has pinned traces, unless these are meant", async () => {
    const secret = await makeProject();
    for (const id of ["a", "b"]) await importInto("p", id);
    await pin("a");
    const kept = { status: 200, deleted: 1, pinnedKept: 1, projectDeleted: false, ...whole };
    expect(await remove("/api/projects/p")).toEqual(kept);
    expect(await listed()).toEqual(["a"]);
    const authorization = `Bearer ${secret}`;
    expect((await server.ingest(makePayload(), { authorization })).status).toBe(202);
    const gone = { status: 200, deleted: 2, pinnedKept: 0, projectDeleted: true, ...whole };
    expect(await remove("/api/projects/p", { pinned: "1" })).toEqual(gone);
    expect(await listed()).toEqual([]);
  });

  test("takes what waits for spans along", async () => {
    const secret = await makeProject();
    const log = {
      traceId: "0af7651916cd43dd8448eb211c80319c",
      spanId: "b7ad6b7169203331",
      timeUnixNano: "1000000",
      body: { stringValue: "x" },
    };
    const response = await fetch(`${server.url}/v1/logs`, {
      method: "POST",
      headers: { authorization: `Bearer ${secret}`, "content-type": "application/json" },
      body: JSON.stringify({ resourceLogs: [{ scopeLogs: [{ logRecords: [log] }] }] }),
    });
    expect(response.status).toBe(200);
    expect(await remove("/api/projects/p")).toMatchObject({ deleted: 0, projectDeleted: true });
  });

  test("that is the default one, or is none, is refused", async () => {
    await send("a");
    expect(await remove("/api/projects/default")).toMatchObject({
      status: 409,
      code: "conflict",
      hint: expect.any(String),
    });
    expect(await remove("/api/projects/nope")).toMatchObject({ status: 404 });
    expect(await remove("/api/projects/default", { filter: "x" })).toMatchObject({ status: 400 });
    expect(await listed()).toEqual(["a"]);
  });

  test("while it is sent to loses nothing of others and leaves nothing of it", async () => {
    const secret = await makeProject();
    const headers = { authorization: `Bearer ${secret}` };
    let isOver = false;
    const statuses = new Set<number>();
    const sending = Array.from({ length: 4 }, async (_, sender) => {
      for (let i = 0; !isOver; i++) {
        const sent = makePayload({ traceId: `${sender}-${i}` });
        statuses.add((await server.ingest(sent, headers)).status);
      }
    });
    await Bun.sleep(150);
    expect(await remove("/api/projects/p")).toMatchObject({ projectDeleted: true });
    isOver = true;
    await Promise.all(sending);
    for (const status of statuses) expect([202, 401]).toContain(status);
    expect(await listed()).toEqual([]);
    const { traceCount } = await call("GET", "/api/status");
    expect(traceCount).toBe(0);
  });
});
