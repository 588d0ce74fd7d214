/** What was sent, read back over HTTP: lists, traces, spans, exports, deletion. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import {
  borrowServer,
  endIdleServers,
  makePayload,
  makeSpan,
  startServer,
  type TestServer,
} from "../helpers.ts";

afterAll(endIdleServers);

let server: TestServer;
beforeAll(async () => {
  server = await startServer();
});
afterAll(async () => {
  expect(server.bugs).toEqual([]);
  await server[Symbol.asyncDispose]();
});

interface Summary {
  key: number;
  traceId: string;
  startTime: number;
  [field: string]: unknown;
}
interface Page {
  traces: Summary[];
  nextCursor: string | null;
}
interface View {
  trace: Summary & { metadata: object };
  spans: { key: number; spanId: string; [field: string]: unknown }[];
}
interface Document {
  version: string;
  traces: { traceId: string; spans: Record<string, unknown>[]; [field: string]: unknown }[];
}

async function get<T = Record<string, unknown>>(path: string, from = server): Promise<T> {
  const response = await from.api(path);
  expect(response.status).toBe(200);
  return (await response.json()) as T;
}

async function refused(path: string, init?: RequestInit) {
  const response = await server.api(path, init);
  const body = (await response.json()) as { error: string; code: string; hint?: string };
  return { status: response.status, ...body };
}

async function send(payload: unknown, to = server): Promise<void> {
  expect((await to.ingest(payload)).status).toBe(202);
}

/** A project of its own with a key, so that tests on one server do not see each other. */
async function makeProject(name: string, on = server) {
  const init = (body: object) => ({ method: "POST", body: JSON.stringify(body) });
  expect((await on.api("/api/projects", init({ name }))).status).toBe(201);
  const response = await on.api("/api/keys", init({ name, project: name }));
  const { key } = (await response.json()) as { key: { secret: string } };
  const headers = { authorization: `Bearer ${key.secret}` };
  return {
    async send(payload: unknown) {
      expect((await on.ingest(payload, headers)).status).toBe(202);
    },
    list: (query = "") => get<Page>(`/api/traces?project=${name}${query}`, on),
  };
}

const at = (traceId: string, startTime: number) =>
  makePayload({ traceId }, { startTime, endTime: startTime }).traces[0]!;

describe("the list of traces", () => {
  test("comes newest first, those of one time by arrival, page by page", async () => {
    const project = await makeProject("paging");
    for (const [traceId, startTime] of [
      ["a", 2000],
      ["b", 1000],
      ["c", 2000],
      ["d", 3000],
      ["e", 2000],
      ["f", 0],
      ["g", 2 ** 53 - 1],
    ] as const)
      await project.send({ version: "v1", traces: [at(traceId, startTime)] });
    const newestFirst = ["g", "d", "e", "c", "a", "b", "f"];
    const idsOf = ({ traces }: Page) => traces.map(({ traceId }) => traceId);

    const all = await project.list();
    expect(idsOf(all)).toEqual(newestFirst);
    expect(all.nextCursor).toBeNull();
    for (const limit of [1, 2, 3, 6, 7, 500]) {
      const pages: string[][] = [];
      let cursor = "";
      do {
        const page = await project.list(`&limit=${limit}${cursor}`);
        pages.push(idsOf(page));
        cursor = page.nextCursor === null ? "" : `&cursor=${page.nextCursor}`;
      } while (cursor);
      expect(pages.flat()).toEqual(newestFirst);
      // No page is empty, and only the last may be short.
      expect(pages.map((page) => page.length)).toEqual(
        Array.from({ length: Math.ceil(7 / limit) }, (_, i) => Math.min(limit, 7 - i * limit)),
      );
    }
  });

  test("goes on where a page ended, whatever came and went meanwhile", async () => {
    const project = await makeProject("moving");
    for (const time of [10, 20, 30, 40, 50])
      await project.send({ version: "v1", traces: [at(`t${time}`, time)] });
    const first = await project.list("&limit=2");
    expect(first.traces.map(({ traceId }) => traceId)).toEqual(["t50", "t40"]);
    await project.send({ version: "v1", traces: [at("t60", 60), at("t25", 25)] });
    await server.api(`/api/traces/~${first.traces[1]!.key}`, { method: "DELETE" });
    const rest = await project.list(`&limit=10&cursor=${first.nextCursor}`);
    expect(rest.traces.map(({ traceId }) => traceId)).toEqual(["t30", "t25", "t20", "t10"]);
  });

  test("holds 50 unless asked for more, and never more than 500", async () => {
    const project = await makeProject("long");
    const traces = Array.from({ length: 501 }, (_, i) => at(`t${i}`, i));
    await project.send({ version: "v1", traces });
    expect((await project.list()).traces).toHaveLength(50);
    expect((await project.list("&limit=500")).traces).toHaveLength(500);
    expect((await project.list("&limit=500")).nextCursor).not.toBeNull();
  });

  test("can be cut by the time of the start: from since, up to but without until", async () => {
    const project = await makeProject("times");
    const day = Date.UTC(2026, 0, 2);
    for (const time of [0, 999, 1000, 1001, day, 2 ** 53 - 1])
      await project.send({ version: "v1", traces: [at(`${time}`, time)] });
    const timesOf = async (query: string) =>
      (await project.list(query)).traces.map(({ startTime }) => startTime);
    expect(await timesOf("&since=1000&until=1001")).toEqual([1000]);
    expect(await timesOf("&since=1001")).toEqual([2 ** 53 - 1, day, 1001]);
    expect(await timesOf("&until=1000")).toEqual([999, 0]);
    expect(await timesOf("&until=0")).toEqual([]);
    expect(await timesOf(`&since=${2 ** 53 - 1}`)).toEqual([2 ** 53 - 1]);
    expect(await timesOf("&since=2026-01-02&until=2026-01-03T00:00:00Z")).toEqual([day]);
    expect(await timesOf("&since=2026-01-02T01:00:00%2B01:00&until=2026-01-03")).toEqual([day]);
    expect(await timesOf("&since=2000&until=1000")).toEqual([]);
  });

  test("is filtered by a word in either Unicode form", async () => {
    const project = await makeProject("forms");
    for (const [i, traceName] of ["Gro\u0308\u00dfe", "Gr\u00f6\u00dfe"].entries()) {
      await project.send(makePayload({ traceId: `form-${i}`, traceName }));
    }
    for (const word of ["gro\u0308\u00dfe", "GR\u00d6\u00dfE"]) {
      const { traces } = await project.list(`&filter=${encodeURIComponent(word)}`);
      expect(traces).toHaveLength(2);
    }
  });

  test("can be cut to one project", async () => {
    const [one, other] = [await makeProject("one"), await makeProject("other")];
    await one.send(makePayload({ traceId: "shared" }));
    await other.send(makePayload({ traceId: "shared" }));
    for (const project of ["one", "other"]) {
      const { traces } = await get<Page>(`/api/traces?project=${project}`);
      expect(traces).toMatchObject([{ traceId: "shared", project }]);
    }
    const { traces } = await get<Page>("/api/traces?limit=500&until=1001&since=1000");
    expect(traces.filter(({ traceId }) => traceId === "shared")).toHaveLength(2);
    expect(await refused("/api/traces?project=none")).toMatchObject({
      status: 404,
      error: "no such project",
    });
  });

  test.each([
    ["limit=0", "limit"],
    ["limit=-1", "limit"],
    ["limit=501", "limit"],
    ["limit=1.5", "limit"],
    ["limit=1e2", "limit"],
    ["limit=0x10", "limit"],
    ["limit=true", "limit"],
    ["limit=", "limit"],
    ["limit=%2010", "limit"],
    ["limit=99999999999999999999", "limit"],
    ["cursor=", "cursor"],
    ["cursor=x", "cursor"],
    ["cursor=W10", "cursor"],
    ["cursor=WzFd", "cursor"],
    ["cursor=WzEsMiwzXQ", "cursor"],
    ["cursor=WzEsMS41XQ", "cursor"],
    ["cursor=WyIxIiwyXQ", "cursor"],
    ["cursor=bnVsbA", "cursor"],
    ["since=", "since"],
    ["since=yesterday", "since"],
    ["since=-1", "since"],
    ["since=1e3", "since"],
    ["since=9007199254740992", "since"],
    ["since=99999999999999999999", "since"],
    ["until=2026-13-01", "until"],
    ["until=NaN", "until"],
    ["colour=red", "colour"],
    ["Limit=1", "Limit"],
    ["__proto__=1", "__proto__"],
    ["constructor=1", "constructor"],
  ])("answers ?%s with 400 and says where", async (query, where) => {
    const answer = await refused(`/api/traces?${query}`);
    expect(answer).toMatchObject({ status: 400, code: "bad_request" });
    expect(`${answer.error} ${answer.hint}`).toContain(where);
  });
});

describe("a trace", () => {
  test("has a summary, its metadata and its spans without payloads", async () => {
    const sent = makePayload(
      {
        traceId: "whole",
        traceName: "",
        agentName: "agent",
        workflowName: "w",
        workflowRunId: "r",
        sessionId: "s",
        customer: { id: "c", name: "n", imageUrl: "https://example.test/" },
        metadata: { env: "prod" },
      },
      { input: "in", output: "out", usage: { inputTokens: 3 }, provider: "p", modelId: "m" },
    );
    const startedAt = Date.now();
    await send(sent);
    const { trace, spans } = await get<View>("/api/traces/whole");
    expect(trace).toMatchObject({
      project: "default",
      traceId: "whole",
      agentName: "agent",
      workflowName: "w",
      workflowRunId: "r",
      sessionId: "s",
      customer: { id: "c", name: "n", imageUrl: "https://example.test/" },
      metadata: { env: "prod" },
      source: "foglamp",
      startTime: 1000,
      endTime: 2000,
      durationMs: 1000,
      status: "ok",
      state: "ended",
      spanCount: 1,
      llmCount: 1,
      toolCount: 0,
      errorCount: 0,
      models: ["m"],
      inputTokens: 3,
    });
    expect(trace.key).toBeNumber();
    expect(trace.name).toBe("agent");
    expect(trace.receivedAt).toBeWithin(startedAt, Date.now() + 1);
    expect(trace.lastReceivedAt).toBe(trace.receivedAt);
    expect(spans).toEqual([
      {
        key: expect.any(Number),
        spanId: "span-1",
        parentSpanId: null,
        spanType: "llm",
        name: "chat",
        startTime: 1000,
        endTime: 2000,
        durationMs: 1000,
        status: "ok",
        errorMessage: null,
        provider: "p",
        modelId: "m",
        usage: { inputTokens: 3 },
        costUsd: null,
        depth: 0,
        childCount: 0,
        payloads: ["input", "output"],
        ttftMs: null,
      },
    ]);
    const { metadata: _, attributes, ...summary } = trace;
    expect(attributes).toBeNull();
    const listed = (await get<Page>("/api/traces?limit=500")).traces;
    expect(listed.find(({ traceId }) => traceId === "whole")).toEqual(summary as Summary);
  });

  test("says nothing of what was not sent: null, never 0", async () => {
    await send(makePayload({ traceId: "bare" }));
    const { trace, spans } = await get<View>("/api/traces/bare");
    for (const field of [
      "agentName",
      "workflowName",
      "workflowRunId",
      "sessionId",
      "customer",
      "ttftMs",
      "inputTokens",
      "outputTokens",
      "totalTokens",
      "cachedInputTokens",
      "cacheWriteInputTokens",
      "reasoningTokens",
    ])
      expect(trace[field]).toBeNull();
    expect(trace.metadata).toEqual({});
    expect(trace.models).toEqual([]);
    expect(spans[0]).toMatchObject({ usage: null, ttftMs: null, modelId: null });
    const span = await get("/api/traces/bare/spans/span-1");
    expect(span).toEqual({
      ...makeSpan(),
      status: "ok",
      key: expect.any(Number),
      traceKey: trace.key,
      traceId: "bare",
      project: "default",
      source: "foglamp",
      receivedAt: expect.any(Number),
      startNanos: null,
      endNanos: null,
      attributes: null,
      costUsd: null,
      receipt: null,
    });
  });

  test("says 0 where 0 was sent", async () => {
    const usage = { inputTokens: 0, totalTokens: -0 };
    await send(makePayload({ traceId: "zero" }, { usage, ttftMs: 0 }));
    const { trace, spans } = await get<View>("/api/traces/zero");
    expect(trace).toMatchObject({
      inputTokens: 0,
      totalTokens: 0,
      outputTokens: null,
      ttftMs: 0,
    });
    expect(spans[0]).toMatchObject({ usage: { inputTokens: 0, totalTokens: 0 }, ttftMs: 0 });
  });

  test("sums beyond 2^53 leave as a string, exact to the last digit", async () => {
    const most = Number.MAX_SAFE_INTEGER;
    const spans = Array.from({ length: 1000 }, (_, i) =>
      makeSpan({ spanId: `s${i}`, usage: { inputTokens: most, outputTokens: i ? 0 : most } }),
    );
    await send(makePayload({ traceId: "huge", spans }));
    const { trace } = await get<View>("/api/traces/huge");
    expect(trace.inputTokens).toBe((1000n * BigInt(most)).toString());
    expect(trace.outputTokens).toBe(most);
    expect(trace.totalTokens).toBeNull();
  });

  test("that is not there is a 404, and so is a span", async () => {
    await send(makePayload({ traceId: "there" }));
    for (const path of ["none", "~999999999", "none/export", "none/spans/x", "%00", "~0"])
      expect(await refused(`/api/traces/${path}`)).toMatchObject({
        status: 404,
        error: "no such trace",
      });
    for (const span of ["none", "~1", "~0", "%00"])
      expect(await refused(`/api/traces/there/spans/${span}`)).toMatchObject({
        status: 404,
        error: "no such span in this trace",
      });
  });

  test("takes no query parameter that it does not know", async () => {
    await send(makePayload({ traceId: "there" }));
    for (const path of ["there", "there/spans/span-1", "there/export"]) {
      const answer = await refused(`/api/traces/${path}?colour=red`);
      expect(answer).toMatchObject({ status: 400 });
      expect(answer.hint).toContain("colour");
    }
  });
});

describe("ids", () => {
  const ids = [
    "plain",
    "with/slash",
    "/",
    "a/../b",
    "...",
    "with%percent",
    "%2F",
    "%",
    "%ff",
    "with space",
    "with+plus",
    "?query=1",
    "#hash",
    "a&b=c;d,e",
    '"quotes"\\',
    "例え",
    "😀",
    "é",
    "e\u0301",
    "\0",
    "nul\0inside",
    "line\nbreak\r\t",
    "~tilde",
    "~1",
    "~~",
    "export",
    "spans",
    "__proto__",
    "constructor",
    "x".repeat(128),
    "😀".repeat(64),
    "\ufeff",
    "\ufffd",
    " ",
  ];
  /** As the design asks for it: all of the id escaped, and a leading tilde, too. */
  const escaped = (id: string) => encodeURIComponent(id).replace(/^~/, "%7E");

  test("of any text lead to their trace and span", async () => {
    await using server = await borrowServer();
    await send(
      {
        version: "v1",
        traces: ids.map((id) => ({
          ...makePayload({ traceId: id }).traces[0],
          spans: ids.map((spanId) => makeSpan({ spanId, name: `${id} in ${spanId}` })),
        })),
      },
      server,
    );
    for (const id of ids) {
      const { trace, spans } = await get<View>(`/api/traces/${escaped(id)}`, server);
      expect(trace.traceId).toBe(id);
      expect(spans.map(({ spanId }) => spanId).sort()).toEqual([...ids].sort());
      const span = await get(`/api/traces/${escaped(id)}/spans/${escaped(id)}`, server);
      expect(span).toMatchObject({ traceId: id, spanId: id, name: `${id} in ${id}` });
      const exported = await get<Document>(`/api/traces/${escaped(id)}/export`, server);
      expect(exported.traces[0]!.traceId).toBe(id);
      expect((await server.api(`/api/traces/${escaped(id)}`, { method: "DELETE" })).status).toBe(
        200,
      );
      expect((await server.api(`/api/traces/${escaped(id)}`)).status).toBe(404);
    }
    expect((await get<Page>("/api/traces", server)).traces).toEqual([]);
    expect(server.bugs).toEqual([]);
  });

  test("of OTLP are found in upper case, with dashes and with 0x, where none is written so", async () => {
    await using server = await borrowServer();
    const traceId = "0af7651916cd43dd8448eb211c80319c";
    const spanId = "b7ad6b7169203331";
    const send = (traceId: string, spanId: string) =>
      server.ingest(makePayload({ traceId, spans: [makeSpan({ spanId })] }));
    await send(traceId, spanId);
    const filterOf = (id: string) => `/api/traces?filter=${encodeURIComponent(`trace:"${id}"`)}`;
    const listed = async (id: string) => {
      const page = (await (await server.api(filterOf(id))).json()) as { traces: Summary[] };
      return page.traces.map(({ traceId }) => traceId);
    };
    const written = [
      traceId.toUpperCase(),
      "0af76519-16cd-43dd-8448-eb211c80319c",
      "{0AF76519-16CD-43DD-8448-EB211C80319C}",
      `0x${traceId}`,
      `0X${traceId.toUpperCase()}`,
    ];
    for (const id of written) {
      const path = `/api/traces/${encodeURIComponent(id)}`;
      for (const span of [spanId, spanId.toUpperCase(), `0x${spanId}`]) {
        const found = await server.api(`${path}/spans/${span}`);
        expect(await found.json()).toMatchObject({ traceId, spanId });
      }
      expect((await server.api(`${path}/export`)).status).toBe(200);
      expect((await server.api(`${path}/transcript?from=${spanId.toUpperCase()}`)).status).toBe(
        200,
      );
      expect(await listed(id)).toEqual([traceId]);
    }
    for (const id of [traceId.slice(1), `0x${traceId}0`, "b7ad6b7169203332", "-", "0x"]) {
      expect((await server.api(`/api/traces/${id}`)).status).toBe(404);
      expect(await listed(id)).toEqual([]);
    }
    // Ingest v1 has ids of any text: the one that is written so wins.
    const [upper] = written as [string];
    await send(upper, spanId.toUpperCase());
    expect(await (await server.api(`/api/traces/${upper}`)).json()).toMatchObject({
      trace: { traceId: upper },
    });
    expect(await listed(upper)).toEqual([upper]);
    expect(await listed(traceId)).toEqual([traceId]);
    const deleted = await server.api(`/api/traces/${written[1]}`, { method: "DELETE" });
    expect(await deleted.json()).toEqual({ deleted: 1 });
    expect(await listed(traceId)).toEqual([]);
    expect(await listed(upper)).toEqual([upper]);
  });

  test("are not mistaken for keys, nor keys for ids", async () => {
    await using server = await borrowServer();
    await send({ version: "v1", traces: [makePayload({ traceId: "~1" }).traces[0]] }, server);
    await send(makePayload({ traceId: "~2" }, { spanId: "~1" }), server);
    const { traces } = await get<Page>("/api/traces", server);
    for (const { key, traceId } of traces) {
      const byKey = await get<View>(`/api/traces/~${key}`, server);
      expect(byKey.trace.traceId).toBe(traceId);
      const byId = await get<View>(`/api/traces/%7e${traceId.slice(1)}`, server);
      expect(byId.trace.key).toBe(key);
    }
    const [span] = (await get<View>("/api/traces/%7E2", server)).spans;
    expect(await get(`/api/traces/%7E2/spans/~${span!.key}`, server)).toMatchObject({
      spanId: "~1",
    });
    expect(await get("/api/traces/%7E2/spans/%7E1", server)).toMatchObject({ key: span!.key });
    // A span belongs to one trace: its key does not lead to it through another.
    expect((await server.api(`/api/traces/%7E1/spans/~${span!.key}`)).status).toBe(404);
  });

  test("with lone surrogates stay apart and are reached by key", async () => {
    await using server = await borrowServer();
    const lone = ["\ud800", "\udc00", "\ud800\ud800", "x\ud801", "\ufffd"];
    for (const id of lone)
      await send(makePayload({ traceId: id }, { spanId: id, name: id, input: id }), server);
    const { traces } = await get<Page>("/api/traces", server);
    expect(traces.map(({ traceId }) => traceId).sort()).toEqual([...lone].sort());
    for (const { key, traceId } of traces) {
      const { spans } = await get<View>(`/api/traces/~${key}`, server);
      expect(spans.map(({ spanId }) => spanId)).toEqual([traceId]);
      const span = await get(`/api/traces/~${key}/spans/~${spans[0]!.key}`, server);
      expect(span).toMatchObject({ traceId, spanId: traceId, name: traceId, input: traceId });
      const exported = await get<Document>(`/api/traces/~${key}/export`, server);
      expect(exported.traces[0]).toMatchObject({ traceId, spans: [{ spanId: traceId }] });
      expect((await server.api(`/api/traces/~${key}`, { method: "DELETE" })).status).toBe(200);
    }
    expect((await get<Page>("/api/traces", server)).traces).toEqual([]);
  });

  test.each([
    "%",
    "%f",
    "%zz",
    "%ff",
    "%c3",
    "%e0%a4",
    "%ed%a0%80",
    "%c0%af",
    "a%80b",
    "~",
    "~x",
    "~1x",
    "~-1",
    "~1.5",
    "~%31",
    "~99999999999999999999",
  ])("that cannot be decoded are a 400: %s", async (id) => {
    await send(makePayload({ traceId: "decodable" }));
    for (const [method, path] of [
      ["GET", `/api/traces/${id}`],
      ["DELETE", `/api/traces/${id}`],
      ["GET", `/api/traces/${id}/export`],
      ["GET", `/api/traces/${id}/spans/span-1`],
      ["GET", `/api/traces/decodable/spans/${id}`],
    ] as const)
      expect(await refused(path, { method })).toMatchObject({ status: 400, code: "bad_request" });
  });

  test("that several projects share are a 409 with the list of them", async () => {
    await using server = await borrowServer();
    const [left, right] = [await makeProject("left", server), await makeProject("right", server)];
    await left.send(makePayload({ traceId: "same" }, { name: "of left" }));
    await right.send(makePayload({ traceId: "same" }, { name: "of right" }));
    const paths = ["", "/export", "/spans/span-1"];
    for (const path of paths) {
      const response = await server.api(`/api/traces/same${path}`);
      expect(response.status).toBe(409);
      const body = (await response.json()) as { projects: string[] };
      expect(body).toMatchObject({
        error: expect.any(String),
        code: "conflict",
        hint: expect.stringContaining("project"),
      });
      expect(body.projects.sort()).toEqual(["left", "right"]);
    }
    expect((await server.api("/api/traces/same", { method: "DELETE" })).status).toBe(409);
    for (const name of ["left", "right"]) {
      const { spans } = await get<View>(`/api/traces/same?project=${name}`, server);
      expect(spans).toMatchObject([{ name: `of ${name}` }]);
      const span = await get(`/api/traces/same/spans/span-1?project=${name}`, server);
      expect(span).toMatchObject({ name: `of ${name}`, project: name });
    }
    expect((await server.api("/api/traces/same?project=default")).status).toBe(404);
    const deletion = { method: "DELETE" };
    expect((await server.api("/api/traces/same?project=left", deletion)).status).toBe(200);
    const { trace } = await get<View>("/api/traces/same", server);
    expect(trace.project).toBe("right");
  });
});

describe("a span", () => {
  test("is whole, its payloads byte for byte", async () => {
    const texts = [
      "",
      " ",
      '{"a" : [1,  2]}\n',
      "[1,2",
      "\0\u0001\u001f\u007f",
      "\ud800 lone \udc00",
      "\ufeff bom",
      "line\r\nends\u2028\u2029",
      "😀".repeat(1000),
      "x".repeat(1_000_000),
      '"\\u0000"',
      "</script>",
    ];
    const fields = ["input", "output", "toolCatalog", "sources", "systemPrompt"];
    const spans = texts.map((text, i) =>
      makeSpan({
        spanId: `s${i}`,
        ...Object.fromEntries(fields.map((field, f) => [field, texts[(i + f) % texts.length]])),
        errorMessage: text.slice(0, 8192),
      }),
    );
    await send(makePayload({ traceId: "payloads", spans }));
    for (const sent of spans)
      expect(await get(`/api/traces/payloads/spans/${sent.spanId}`)).toMatchObject(sent);
  });

  test("has all that was sent, with its own name for each", async () => {
    const sent = makeSpan({
      parentSpanId: "parent",
      spanType: "other",
      name: "",
      startTime: 0,
      endTime: 2 ** 53 - 1,
      status: "aborted",
      errorMessage: "",
      provider: "",
      modelId: "",
      usage: {
        inputTokens: 1,
        outputTokens: 2,
        totalTokens: 3,
        reasoningTokens: 4,
        cachedInputTokens: 5,
        cacheWriteInputTokens: 6,
        imageCount: 7,
        webSearchCount: 8,
        requestCount: 2 ** 53 - 1,
      },
      ttftMs: 0.1,
      input: "",
      modelCallMs: 2 ** 53 - 1,
      responseTimeMs: 0,
      reasoningDurationMs: 1,
      effectiveOutputTps: 1e308,
      effectiveTotalTps: 5e-324,
      outputTps: 0.1,
      inputTps: 0,
      chunkJitter: { min: 0, p10: 0.1, median: 1, avg: 1.5, p90: 2, max: 1e9 },
      systemFingerprint: "fp",
      safetyMetadata: "{}",
      rateLimit: { requestsLimit: 0, tokensResetMs: 2 ** 53 - 1 },
      metadata: { "": "", constructor: "x" },
    });
    await send(makePayload({ traceId: "every-field" }, sent));
    expect(await get("/api/traces/every-field/spans/span-1")).toMatchObject(sent);
    const document = await get<Document>("/api/traces/every-field/export");
    expect(document.traces[0]!.spans).toEqual([sent]);
  });

  test("shows its metadata over that of the trace it came with", async () => {
    const of = (spanId: string, traceMetadata?: object, metadata?: object) =>
      makePayload(
        { traceId: "overlay", ...(traceMetadata && { metadata: traceMetadata }) },
        { spanId, ...(metadata && { metadata }) },
      );
    await send(of("both", { a: "trace", b: "trace" }, { b: "span", c: "span" }));
    await send(of("trace-only", { d: "trace" }));
    await send(of("span-only", undefined, { e: "span" }));
    await send(of("neither"));
    await send(of("empty", {}, {}));
    const metadataOf = async (span: string) =>
      (await get(`/api/traces/overlay/spans/${span}`)).metadata;
    expect(await metadataOf("both")).toEqual({ a: "trace", b: "span", c: "span" });
    expect(await metadataOf("trace-only")).toEqual({ d: "trace" });
    expect(await metadataOf("span-only")).toEqual({ e: "span" });
    expect(await metadataOf("neither")).toBeUndefined();
    expect(await metadataOf("empty")).toEqual({});
    // What was sent is kept as it was sent.
    const { traces } = await get<Document>("/api/traces/overlay/export");
    const both = traces.find(({ spans }) => spans.some(({ spanId }) => spanId === "both"))!;
    expect(both.metadata).toEqual({ a: "trace", b: "trace" });
    expect(both.spans[0]!.metadata).toEqual({ b: "span", c: "span" });
  });
});

describe("an export", () => {
  const batches = [
    makePayload({ traceId: "exported", metadata: { batch: "1" } }, { spanId: "a", input: "in" }),
    makePayload({ traceId: "exported", agentName: "x" }, { spanId: "b", parentSpanId: "a" }),
    makePayload(
      { traceId: "exported", metadata: { batch: "1" } },
      { spanId: "c", status: "error" },
    ),
  ];
  const sentSpans = batches.flatMap(({ traces }) =>
    traces.map(({ spans, ...header }) => ({ header, span: spans[0]! })),
  );
  /** What was sent, span by span, with the trace-level fields it came with. */
  const flatten = (documents: Document[]) =>
    documents.flatMap(({ traces }) =>
      traces.flatMap(({ spans, ...header }) => spans.map((span) => ({ header, span }))),
    );
  const linesOf = (text: string) => {
    expect(text).toEndWith("\n");
    return text
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line) as Document);
  };

  beforeAll(async () => {
    for (const batch of batches) await send(batch);
  });

  test("is one document that reproduces the trace", async () => {
    for (const query of ["", "?format=json", "?full=0"]) {
      const response = await server.api(`/api/traces/exported/export${query}`);
      expect(response.headers.get("content-type")).toBe("application/json");
      const document = (await response.json()) as Document;
      expect(document.version).toBe("v1");
      expect(flatten([document])).toEqual(sentSpans as never);
      await using empty = await borrowServer();
      await send(document, empty);
      const again = await get<Document>("/api/traces/exported/export", empty);
      expect(again).toEqual(document);
      const { trace } = await get<View>("/api/traces/exported", empty);
      const { trace: original } = await get<View>("/api/traces/exported");
      const { key: _, receivedAt: __, lastReceivedAt: ___, ...rest } = original;
      expect(trace).toMatchObject(rest);
    }
  });

  test("is lines that each are a payload, with format=jsonl", async () => {
    const response = await server.api("/api/traces/exported/export?format=jsonl");
    expect(response.headers.get("content-type")).toBe("application/jsonl");
    const lines = linesOf(await response.text());
    expect(flatten(lines)).toEqual(sentSpans as never);
    await using empty = await borrowServer();
    for (const line of lines.reverse()) await send(line, empty);
    expect((await get<View>("/api/traces/exported", empty)).trace.spanCount).toBe(3);
  });

  test("with full=1 holds what v1 lacks, which only an import reads", async () => {
    const document = await get<Document>("/api/traces/exported/export?full=1");
    for (const { span } of flatten([document]))
      expect(span.x).toEqual({ source: "foglamp", receivedAt: expect.any(Number) });
    await using empty = await startServer({ unknownFields: "reject" });
    expect((await empty.ingest(document)).status).toBe(400);
    const body = JSON.stringify(document);
    const imported = await empty.api("/api/import", { method: "POST", body });
    expect(imported.status).toBe(202);
    expect(await imported.json()).toEqual({ accepted: 3, newTraces: 1, newSpans: 3 });
    const repeated = await empty.api("/api/import", { method: "POST", body });
    expect(await repeated.json()).toEqual({ accepted: 3, newTraces: 0, newSpans: 0 });
    const again = await get<Document>("/api/traces/exported/export?full=1", empty);
    expect(again).toEqual(document);
    const full = await server.api("/api/traces/exported/export?full=1&format=jsonl");
    expect(flatten(linesOf(await full.text()))).toEqual(flatten([document]));
  });

  test("keeps unknown fields that were kept, with full=1", async () => {
    await using keeping = await borrowServer();
    await send(makePayload({ env: "prod" }, { costUsd: 1 }), keeping);
    const document = await get<Document>("/api/traces/trace-1/export?full=1", keeping);
    expect(document.traces[0]!.spans[0]!.x).toMatchObject({
      attributes: '{"unknown.costUsd":1}',
      traceAttributes: '{"unknown.env":"prod"}',
    });
    expect(await get<Document>("/api/traces/trace-1/export", keeping)).toEqual(
      makePayload() as Document,
    );
  });

  test("of before has attributes with the trace: an import keeps them with its first span", async () => {
    await using empty = await startServer({ unknownFields: "reject" });
    const spans = ["a", "b"].map((spanId) => makeSpan({ spanId }));
    const before = makePayload({ spans, x: { attributes: '{"unknown.env":"prod"}' } });
    const body = JSON.stringify(before);
    expect((await empty.api("/api/import", { method: "POST", body })).status).toBe(202);
    const document = await get<Document>("/api/traces/trace-1/export?full=1", empty);
    expect(document.traces[0]!.spans.map(({ x }) => (x as any).traceAttributes)).toEqual([
      '{"unknown.env":"prod"}',
      undefined,
    ]);
    const { trace } = await get<View>("/api/traces/trace-1", empty);
    expect(trace.attributes).toBe('{"unknown.env":"prod"}');
  });

  test("of a large trace obeys every limit of v1, line by line", async () => {
    const large = "x".repeat(900_000);
    for (let batch = 0; batch < 3; batch++) {
      const spans = Array.from({ length: 1500 }, (_, i) =>
        makeSpan({
          spanId: `${batch}-${i}`,
          ...(batch === 0 && i % 150 === 0 && { input: large }),
        }),
      );
      await send(makePayload({ traceId: "large", spans }));
    }
    const text = await (await server.api("/api/traces/large/export?format=jsonl")).text();
    const lines = linesOf(text);
    expect(new Set(flatten(lines).map(({ span }) => span.spanId)).size).toBe(4500);
    expect(flatten(lines)).toHaveLength(4500);
    expect(lines.length).toBeGreaterThan(2);
    for (const line of lines) {
      expect(JSON.stringify(line).length).toBeLessThan(10 * 1024 * 1024);
      for (const { spans } of line.traces) expect(spans.length).toBeWithin(1, 2001);
    }
    const document = await get<Document>("/api/traces/large/export");
    expect(flatten([document])).toEqual(flatten(lines));
  });

  test("in a form that is not known is a 400", async () => {
    for (const query of ["format=xml", "format=", "full=2", "full=true", "full="])
      expect(await refused(`/api/traces/exported/export?${query}`)).toMatchObject({ status: 400 });
  });
});

describe("a deleted trace", () => {
  const remove = (ref: string) => server.api(`/api/traces/${ref}`, { method: "DELETE" });

  test("is gone at once from lists, reads and exports", async () => {
    const spans = Array.from({ length: 1200 }, (_, i) => makeSpan({ spanId: `s${i}`, input: "x" }));
    await send(makePayload({ traceId: "gone", spans }));
    const { trace } = await get<View>("/api/traces/gone");
    const { traceCount, spanCount } = await get("/api/status");
    const response = await remove("gone");
    expect(response.status).toBe(200);
    expect(await response.json()).toEqual({ deleted: 1 });
    for (const ref of ["gone", `~${trace.key}`]) {
      for (const path of ["", "/export", "/spans/s0", "/spans/s1199"])
        expect((await server.api(`/api/traces/${ref}${path}`)).status).toBe(404);
      expect((await remove(ref)).status).toBe(404);
    }
    const listed = (await get<Page>("/api/traces?limit=500")).traces;
    expect(listed.map(({ traceId }) => traceId)).not.toContain("gone");
    expect(await get("/api/status")).toMatchObject({
      traceCount: (traceCount as number) - 1,
      spanCount: (spanCount as number) - 1200,
    });
  });

  test("starts anew when it is sent again, even while its rows are collected", async () => {
    const spans = Array.from({ length: 2000 }, (_, i) => makeSpan({ spanId: `s${i}` }));
    for (let round = 0; round < 3; round++) {
      await send(makePayload({ traceId: "anew", traceName: "first", sessionId: "s", spans }));
      const before = await get<View>("/api/traces/anew");
      expect(before.trace.spanCount).toBe(2000);
      await remove("anew");
      await send(makePayload({ traceId: "anew", traceName: "second" }, { spanId: "s7" }));
      const after = await get<View>("/api/traces/anew");
      expect(after.trace).toMatchObject({ spanCount: 1, traceName: "second", sessionId: null });
      expect(after.trace.key).not.toBe(before.trace.key);
      expect(after.spans).toHaveLength(1);
      await remove("anew");
    }
  });

  test("leaves its neighbours as they are", async () => {
    const shared = { input: "the same text", metadata: { k: "v" } };
    await send(makePayload({ traceId: "neighbour" }, shared));
    await send(makePayload({ traceId: "to-delete" }, shared));
    await send(makePayload({ traceId: "later" }, shared));
    await remove("to-delete");
    for (const traceId of ["neighbour", "later"])
      expect(await get(`/api/traces/${traceId}/spans/span-1`)).toMatchObject(shared);
  });
});
