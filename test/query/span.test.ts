/** One trace over HTTP, as a viewer reads it: places, columns, times, payloads. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import type { Skeleton, SpanView, TraceView } from "../../src/backend/views.ts";
import type { Breakdown } from "../../src/query/breakdown.ts";
import type { TraceColumns } from "../../src/query/columns.ts";
import { makePayload, makeSpan, startServer, type TestServer } from "../helpers.ts";

let server: TestServer;
beforeAll(async () => {
  server = await startServer();
});
afterAll(async () => {
  expect(server.bugs).toEqual([]);
  await server[Symbol.asyncDispose]();
});

async function get<T>(path: string): Promise<T> {
  const response = await server.api(path);
  expect(response.status).toBe(200);
  return (await response.json()) as T;
}

async function send(traceId: string, ...spans: Record<string, unknown>[]): Promise<void> {
  const payload = makePayload({ traceId, spans: spans.map(makeSpan) });
  expect((await server.ingest(payload)).status).toBe(202);
}

/** All pages of a list. */
async function pagesOf<T extends { nextCursor: string | null }>(
  path: string,
  cursor: string | null = null,
): Promise<T[]> {
  const pages: T[] = [];
  do {
    const page: T = await get<T>(cursor === null ? path : `${path}&cursor=${cursor}`);
    pages.push(page);
    cursor = page.nextCursor;
  } while (cursor !== null);
  return pages;
}

/** Ids, indented. */
async function shown(traceId: string): Promise<string[]> {
  const { spans } = await get<TraceView>(`/api/traces/${traceId}`);
  return spans.map(
    ({ spanId, depth, isOrphan, isCycle }) =>
      `${" ".repeat(depth)}${spanId}${isOrphan ? " orphan" : ""}${isCycle ? " cycle" : ""}`,
  );
}

describe("the spans of a trace", () => {
  test("stand depth first, in the order of their starts", async () => {
    await send(
      "order",
      { spanId: "late", parentSpanId: "root", startTime: 30, endTime: 40 },
      { spanId: "inner", parentSpanId: "early", startTime: 20, endTime: 25 },
      { spanId: "early", parentSpanId: "root", startTime: 10, endTime: 30 },
      { spanId: "root", startTime: 0, endTime: 100 },
    );
    expect(await shown("order")).toEqual(["root", " early", "  inner", " late"]);
    const { spans } = await get<TraceView>("/api/traces/order");
    expect(spans.map(({ childCount }) => childCount)).toEqual([2, 1, 0, 0]);
  });

  test("are orphans until their parent comes", async () => {
    await send(
      "healed",
      { spanId: "first", startTime: 0, endTime: 1 },
      { spanId: "child", parentSpanId: "parent", startTime: 5, endTime: 6 },
      { spanId: "last", startTime: 9, endTime: 10 },
    );
    expect(await shown("healed")).toEqual(["first", "child orphan", "last"]);
    await send("healed", { spanId: "parent", parentSpanId: "first", startTime: 4, endTime: 7 });
    expect(await shown("healed")).toEqual(["first", " parent", "  child", "last"]);
  });

  test("that are each other's ancestors are shown once", async () => {
    await send(
      "circle",
      { spanId: "a", parentSpanId: "b", startTime: 2, endTime: 3 },
      { spanId: "b", parentSpanId: "a", startTime: 1, endTime: 3 },
      { spanId: "below", parentSpanId: "a", startTime: 2, endTime: 3 },
      { spanId: "self", parentSpanId: "self", startTime: 0, endTime: 3 },
    );
    expect(await shown("circle")).toEqual(["self cycle", "b cycle", " a cycle", "  below"]);
  });

  test("say which payloads they have, and how an error began", async () => {
    await send(
      "payloads",
      { spanId: "both", startTime: 1, input: "in", output: "out", errorMessage: "e".repeat(5000) },
      { spanId: "none", startTime: 2 },
      { spanId: "tools", startTime: 3, toolCatalog: "[]", sources: "[]" },
      { spanId: "rules", startTime: 4, systemPrompt: "Be brief.", output: "ok" },
    );
    const { spans } = await get<TraceView>("/api/traces/payloads");
    expect(spans.map(({ payloads }) => payloads)).toEqual([
      ["input", "output"],
      [],
      ["toolCatalog", "sources"],
      ["output", "systemPrompt"],
    ]);
    expect(spans[0]!.errorMessage).toBe("e".repeat(200));
  });

  test("say what came with their trace and has no field, the last of two that differ", async () => {
    const traceId = "newer";
    const sendEach = async (sent: Record<string, unknown>, span: Record<string, unknown>) =>
      expect((await server.ingest(makePayload({ traceId, ...sent }, span))).status).toBe(202);
    await sendEach({ env: "prod", region: "eu" }, { spanId: "b", startTime: 1, endTime: 9 });
    await sendEach({ env: "test", "": null }, { spanId: "a", startTime: 1, endTime: 5 });
    await sendEach({}, { spanId: "c", startTime: 1, endTime: 12 });
    const { trace, spans } = await get<TraceView>("/api/traces/newer");
    expect(JSON.parse(trace.attributes!)).toEqual({
      "unknown.env": "prod",
      "unknown.region": "eu",
      "unknown.": null,
    });
    expect(spans.map(({ payloads }) => payloads)).toEqual([
      ["traceAttributes"],
      ["traceAttributes"],
      [],
    ]);
    expect((await get<TraceColumns>("/api/traces/newer?format=columns")).trace).toEqual(trace);
    const found = await get<{ traces: unknown[] }>("/api/traces?filter=attr.unknown.region:eu");
    expect(found.traces).toHaveLength(1);
  });

  test("come in pages, on which all stand as in the whole", async () => {
    const trace = "paged";
    await send(
      trace,
      { spanId: "root", spanType: "agent", startTime: 0, endTime: 100 },
      ...Array.from({ length: 20 }, (_, i) => ({
        spanId: `s${i}`,
        parentSpanId: i % 3 === 0 ? "root" : `s${i - (i % 3)}`,
        spanType: i % 2 === 0 ? "llm" : "tool",
        startTime: (i * 7) % 20,
        ...(i % 2 === 0 && { usage: { inputTokens: i } }),
      })),
      { spanId: "left", parentSpanId: "nobody", startTime: 3 },
      { spanId: "ring", parentSpanId: "ring", startTime: 4 },
    );
    const whole = await get<TraceView>(`/api/traces/${trace}`);
    const columns = await get<TraceColumns>(`/api/traces/${trace}?format=columns`);
    expect([whole.nextCursor, columns.nextCursor]).toEqual([null, null]);
    for (const limit of [1, 7, 23, 50]) {
      const pages = await pagesOf<TraceView>(`/api/traces/${trace}?limit=${limit}`);
      expect(pages).toHaveLength(Math.ceil(23 / limit));
      expect(pages.flatMap(({ spans }) => spans)).toEqual(whole.spans);
      for (const page of pages) expect(page.trace).toEqual(whole.trace);

      const parts = await pagesOf<TraceColumns>(
        `/api/traces/${trace}?format=columns&limit=${limit}`,
      );
      for (const name of ["key", "parent", "depth", "childCount", "costUsd"] as const) {
        expect(parts.flatMap(({ columns }) => columns[name] as unknown[])).toEqual(
          columns.columns[name],
        );
      }
      expect(parts.map(({ firstRow }) => firstRow)).toEqual(parts.map((_, i) => i * limit));
      expect(parts.flatMap(({ cycleRows }) => cycleRows)).toEqual(columns.cycleRows);
    }
  });

  test("that come in meanwhile move none of those on later pages", async () => {
    const trace = "growing";
    const few = (from: number, to: number) =>
      Array.from({ length: to - from }, (_, i) => ({
        spanId: `s${from + i}`,
        parentSpanId: "late",
        startTime: from + i,
      }));
    await send(trace, ...few(10, 20));
    const before = await get<TraceView>(`/api/traces/${trace}`);
    const first = await get<TraceView>(`/api/traces/${trace}?limit=4`);
    await send(trace, { spanId: "late", startTime: 15, endTime: 99 }, ...few(0, 10));
    // Another trace is read in between.
    await get<TraceView>("/api/traces/order?limit=1");
    const rest = await pagesOf<TraceView>(`/api/traces/${trace}?limit=4`, first.nextCursor);
    expect([first, ...rest].flatMap(({ spans }) => spans)).toEqual(before.spans);
    expect(await shown(trace)).toHaveLength(21);
  });

  test("are asked for with a cursor that a page of their trace came with", async () => {
    const { nextCursor } = await get<TraceView>("/api/traces/order?limit=1");
    for (const [trace, cursor] of [
      ["healed", nextCursor],
      ["order", "WzEsMl0"],
      ["order", "nonsense"],
    ]) {
      const response = await server.api(`/api/traces/${trace}?cursor=${cursor}`);
      expect(response.status).toBe(400);
      expect(await response.json()).toMatchObject({ error: "invalid cursor" });
    }
    expect((await server.api("/api/traces/order?limit=50001")).status).toBe(400);
  });

  test("have what is too long to be told with their trace", async () => {
    const long = "x".repeat(1_100_000);
    const sent = makePayload({ traceId: "long", env: long });
    expect((await server.ingest(sent)).status).toBe(202);
    const { trace } = await get<TraceView>("/api/traces/long");
    expect(trace.attributes).toBeNull();
    const path = "/api/traces/long/spans/span-1/payloads/traceAttributes";
    expect(await (await server.api(path)).text()).toBe(JSON.stringify({ "unknown.env": long }));
  });

  test("are the same in columns", async () => {
    await send(
      "columns",
      { spanId: "root", spanType: "agent", startTime: 0, endTime: 100 },
      {
        spanId: "call",
        parentSpanId: "root",
        startTime: 1,
        endTime: 9,
        provider: "openai",
        modelId: "gpt-4o",
        usage: { inputTokens: 3, outputTokens: 0 },
        ttftMs: 2,
        input: "in",
        status: "error",
        errorMessage: "no",
      },
      { spanId: "lost", parentSpanId: "gone", spanType: "tool", startTime: 5, endTime: 6 },
      { spanId: "self", parentSpanId: "self", startTime: 7, endTime: 8 },
    );
    const { trace, spans } = await get<TraceView>("/api/traces/columns");
    const answer = await get<TraceColumns>("/api/traces/columns?format=columns");
    expect(answer.trace).toEqual(trace);
    expect(answer.spanCount).toBe(4);
    expect(toObjects(answer)).toEqual(spans);
  });
});

/** The columns as objects again. */
function toObjects({ columns, spanCount, cycleRows, repeats }: TraceColumns): Skeleton[] {
  const { parent, usage, spanType, name, status, errorMessage, provider, modelId, payloads } =
    columns;
  return Array.from({ length: spanCount }, (_, row) => {
    const textOf = ({ values, rows }: typeof name) => values[rows[row]!]!;
    const counts = Object.entries(usage).flatMap(([field, column]) =>
      column[row] === null ? [] : [[field, column[row]]],
    );
    const above = parent[row]!;
    return {
      key: columns.key[row]!,
      spanId: columns.spanId[row]!,
      parentSpanId: typeof above === "number" ? columns.spanId[above]! : above,
      depth: columns.depth[row]!,
      childCount: columns.childCount[row]!,
      ...(typeof above === "string" && { isOrphan: true as const }),
      ...(cycleRows.includes(row) && { isCycle: true as const }),
      ...repeats
        .filter(([repeated]) => repeated === row)
        .map(([, counting]) => ({ repeats: columns.spanId[counting]! }))[0],
      spanType: textOf(spanType) as Skeleton["spanType"],
      name: textOf(name),
      startTime: columns.startTime[row]!,
      endTime: columns.startTime[row]! + columns.durationMs[row]!,
      durationMs: columns.durationMs[row]!,
      status: textOf(status) as Skeleton["status"],
      errorMessage: textOf(errorMessage),
      provider: textOf(provider),
      modelId: textOf(modelId),
      usage: counts.length === 0 ? null : Object.fromEntries(counts),
      ttftMs: columns.ttftMs[row]!,
      costUsd: columns.costUsd[row]!,
      payloads: textOf(payloads).split(",").filter(Boolean) as Skeleton["payloads"],
    };
  });
}

describe("where the time of a trace went", () => {
  test("counts what runs side by side once, and a model within a tool for the model", async () => {
    const model = { provider: "openai", modelId: "gpt-4o" };
    await send(
      "times",
      { spanId: "root", spanType: "agent", startTime: 0, endTime: 100 },
      { spanId: "m1", parentSpanId: "root", ...model, startTime: 0, endTime: 30, ttftMs: 10 },
      { spanId: "m2", parentSpanId: "root", ...model, startTime: 20, endTime: 40 },
      {
        spanId: "tool",
        parentSpanId: "root",
        spanType: "tool",
        name: "search",
        startTime: 40,
        endTime: 80,
      },
      { spanId: "m3", parentSpanId: "tool", startTime: 50, endTime: 60 },
      { spanId: "skewed", parentSpanId: "tool", spanType: "other", startTime: 70, endTime: 90 },
    );
    expect(await get<Breakdown>("/api/traces/times/breakdown")).toEqual({
      startTime: 0,
      endTime: 100,
      durationMs: 100,
      modelMs: 50,
      waitMs: 10,
      waitCount: 1,
      overlapMs: 10,
      toolMs: 30,
      idleMs: 20,
      skewedSpanCount: 1,
      models: [
        { ...model, count: 2, busyMs: 40, totalMs: 50, selfMs: 50 },
        { provider: null, modelId: null, count: 1, busyMs: 10, totalMs: 10, selfMs: 10 },
      ],
      tools: [{ name: "search", count: 1, busyMs: 40, totalMs: 40, selfMs: 20 }],
      context: null,
    });
  });

  test("is unknown for waiting where no call says so", async () => {
    await send("bare", { spanType: "agent", startTime: 5, endTime: 5 });
    expect(await get<Breakdown>("/api/traces/bare/breakdown")).toMatchObject({
      durationMs: 0,
      modelMs: 0,
      idleMs: 0,
      waitMs: null,
      models: [],
      tools: [],
    });
    expect((await server.api("/api/traces/none/breakdown")).status).toBe(404);
    expect((await server.api("/api/traces/none/news")).status).toBe(404);
  });
});

describe("a payload alone", () => {
  const lone = "\ud83d";
  const texts = {
    input: JSON.stringify([{ role: "user", content: "é 日本 😀" }]),
    output: "no JSON: \u0000 \ufeff 😀",
    sources: `half of a pair: ${lone}`,
  };
  const path = "/api/traces/alone/spans/s/payloads";
  beforeAll(() => send("alone", { spanId: "s", ...texts }));

  test("is the text byte for byte, with a type that says what it is", async () => {
    const read = async (field: string) => {
      const response = await server.api(`${path}/${field}`);
      return {
        bytes: Buffer.from(await response.arrayBuffer()),
        type: response.headers.get("content-type"),
        length: response.headers.get("x-total-length"),
      };
    };
    expect(await read("input")).toEqual({
      bytes: Buffer.from(texts.input),
      type: "application/json",
      length: String(texts.input.length),
    });
    expect(await read("output")).toEqual({
      bytes: Buffer.from(texts.output),
      type: "text/plain; charset=utf-8",
      length: String(texts.output.length),
    });
    expect(await read("sources")).toEqual({
      bytes: Buffer.from(texts.sources, "utf16le"),
      type: "text/plain; charset=utf-16le",
      length: String(texts.sources.length),
    });
  });

  test("comes in pieces, which may begin within a pair of code units", async () => {
    const text = "😀".repeat(10);
    await send("pieces", { spanId: "s", input: text });
    for (const length of [1, 3, 4, 7]) {
      let read = "";
      while (read.length < text.length) {
        const piece = `/api/traces/pieces/spans/s/payloads/input?from=${read.length}&length=${length}`;
        const response = await server.api(piece);
        const isWide = response.headers.get("content-type")!.endsWith("utf-16le");
        const bytes = Buffer.from(await response.arrayBuffer());
        read += bytes.toString(isWide ? "utf16le" : "utf8");
      }
      expect(read).toBe(text);
    }
    const behind = await server.api("/api/traces/pieces/spans/s/payloads/input?from=99");
    expect(await behind.text()).toBe("");
    expect(behind.headers.get("x-total-length")).toBe("20");
  });

  test("is the same that the whole span has", async () => {
    const { key, sources } = await get<SpanView>("/api/traces/alone/spans/s");
    expect(sources).toBe(texts.sources);
    expect((await server.api(`/api/traces/alone/spans/~${key}/payloads/input`)).status).toBe(200);
  });

  test("is a 404 where there is none, and a 400 for a piece that cannot be", async () => {
    for (const field of ["toolCatalog", "name", ""]) {
      expect((await server.api(`${path}/${field}`)).status).toBe(404);
    }
    for (const part of ["from=-1", "length=x", "from=1.5"]) {
      expect((await server.api(`${path}/input?${part}`)).status).toBe(400);
    }
  });
});
