/** Any batch, any number of times, in any order: a server shows the spans and totals of the naive model. */
import { Database } from "bun:sqlite";
import { expect, test } from "bun:test";
import { join } from "node:path";
import fc from "fast-check";
import type { Batch as StoredBatch, SentSpan } from "../../src/backend/batch.ts";
import type { Summary, TracePage, TraceView } from "../../src/backend/views.ts";
import type { ImportedSpan, TraceHeader } from "../../src/contract/v1.ts";
import { Bench } from "../backend/contract/bench.ts";
import { modelEngine } from "../backend/model.ts";
import { startServer, type TestServer } from "../helpers.ts";
import {
  maxCount,
  spansOf,
  type WirePayload,
  type WireSpan,
  type WireTrace,
} from "../payload.arbitrary.ts";

/** With fields that only a newer client knows. */
type NewerTrace = WireTrace & { env?: string; zone?: number };

interface Batch {
  project: number;
  traces: NewerTrace[];
}

const projects = ["default", "other"];

/** As a request is read: of an id that comes twice the last, and what a trace has no field for with its first span. */
function toStored({ traces }: Batch, projectId: number, receivedAt: number): StoredBatch {
  const byTrace = new Map<string, Map<string, SentSpan>>();
  const newer = new Map<TraceHeader, object>();
  for (const { traceId, spans, env, zone, ...header } of traces) {
    if (!byTrace.has(traceId)) byTrace.set(traceId, new Map());
    for (const span of spans)
      byTrace.get(traceId)!.set(span.spanId, { span: span as ImportedSpan, header });
    if (env === undefined && zone === undefined) continue;
    newer.set(header, {
      ...(env !== undefined && { "unknown.env": env }),
      ...(zone !== undefined && { "unknown.zone": zone }),
    });
  }
  const toSpans = (sent: Map<string, SentSpan>) =>
    [...sent.values()].map(({ span, header }): SentSpan => {
      const ofTrace = newer.get(header);
      newer.delete(header);
      const x = ofTrace && { traceAttributes: JSON.stringify(ofTrace) };
      return { span: { ...span, ...(x && { x }) }, header };
    });
  const grouped = [...byTrace].map(([traceId, sent]) => ({ traceId, spans: toSpans(sent) }));
  return { projectId, receivedAt, source: "foglamp", traces: grouped };
}

/** Few of everything, so that versions, parents and ties meet. */
const span = (): fc.Arbitrary<WireSpan> =>
  fc.record(
    {
      spanId: fc.constantFrom("a", "b", "c", "d", "e", "Z", "a\ud800", "\0"),
      spanType: fc.constantFrom("agent", "agent", "llm", "llm", "tool", "embedding", "other"),
      name: fc.constantFrom("", "step"),
      startTime: fc.integer({ min: 0, max: 5 }),
      endTime: fc.integer({ min: 5, max: 8 }),
      parentSpanId: fc.constantFrom("a", "b", "c", "d", "e", "missing"),
      status: fc.constantFrom("ok", "error", "aborted"),
      modelId: fc.constantFrom("", "m2", "m1", "m\ud800"),
      ttftMs: fc.constantFrom(0, 0.5, 7),
      usage: fc.dictionary(
        fc.constantFrom("inputTokens", "outputTokens", "totalTokens", "imageCount"),
        fc.constantFrom(0, 1, 5, maxCount),
      ),
      output: fc.constantFrom("x", "y"),
    },
    { requiredKeys: ["spanId", "spanType", "name", "startTime", "endTime"] },
  );

const batch = (): fc.Arbitrary<Batch> =>
  fc.record({
    project: fc.nat(1),
    traces: fc.array(
      fc
        .tuple(
          fc.record(
            {
              agentName: fc.constantFrom("", "agent 1", "agent 2"),
              sessionId: fc.constantFrom("", "session 1", "session 2"),
              customer: fc.constantFrom({ id: "1" }, { id: "2", name: "two" }),
              metadata: fc.constantFrom({}, { env: "prod" }, { env: "test", region: "" }),
              env: fc.constantFrom("prod", "test"),
              zone: fc.constantFrom(1, 2),
            },
            { requiredKeys: [] },
          ),
          fc.record({
            traceId: fc.constantFrom("t", "u", "t\udc00"),
            traceName: fc.constantFrom("trace 1", "trace 2"),
            spans: fc.array(span(), { minLength: 1, maxLength: 5 }),
          }),
          fc.constantFrom({}, { workflowName: "w", workflowRunId: "r" }, { workflowName: "" }),
        )
        .map(([rest, required, workflow]) => ({ ...required, ...rest, ...workflow })),
      { minLength: 1, maxLength: 3 },
    ),
  });

/** Batches, and the order in which they arrive: any of them any number of times. */
const arrivals = (): fc.Arbitrary<Batch[]> =>
  fc
    .array(batch(), { minLength: 1, maxLength: 6 })
    .chain((batches) =>
      fc
        .array(fc.nat(batches.length - 1), { minLength: 1, maxLength: 10 })
        .map((order) => order.map((i) => batches[i]!)),
    );

async function startWithProjects(): Promise<{ server: TestServer; keys: string[] }> {
  const server = await startServer();
  const post = (path: string, body: object) =>
    server.api(path, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(body),
    });
  expect((await post("/api/projects", { name: projects[1] })).status).toBe(201);
  const created = await post("/api/keys", { name: "for the other", project: projects[1] });
  const { key } = (await created.json()) as { key: { secret: string } };
  return { server, keys: [server.key, key.secret] };
}

async function send(server: TestServer, key: string, { traces }: Batch): Promise<void> {
  const response = await server.ingest(
    { version: "v1", traces },
    { authorization: `Bearer ${key}` },
  );
  expect(await response.json()).toEqual({ accepted: traces.flatMap(({ spans }) => spans).length });
}

async function listAll(server: TestServer): Promise<Summary[]> {
  const { traces } = (await (await server.api("/api/traces?limit=500")).json()) as TracePage;
  return traces;
}

async function deleteAll(server: TestServer): Promise<void> {
  for (const { key } of await listAll(server)) {
    await server.api(`/api/traces/~${key}`, { method: "DELETE" });
  }
}

/** The traces and their spans, less what depends on the clock or on what came before. */
async function shown(server: TestServer): Promise<Map<string, unknown>> {
  const traces = new Map<string, unknown>();
  for (const summary of await listAll(server)) {
    const { trace } = (await (await server.api(`/api/traces/~${summary.key}`)).json()) as TraceView;
    expect(trace).toMatchObject({ ...summary });
    const { key: _, receivedAt, lastReceivedAt, attributes, ...rest } = trace;
    expect(lastReceivedAt).toBeGreaterThanOrEqual(receivedAt);
    const exported = await server.api(`/api/traces/~${summary.key}/export`);
    const spans = [...spansOf((await exported.json()) as WirePayload).values()];
    traces.set(JSON.stringify([trace.project, trace.traceId]), {
      ...rest,
      attributes: JSON.parse(attributes ?? "{}"),
      spans: new Map(spans.map(({ span, header }) => [span.spanId, { span, header }])),
    });
  }
  return traces;
}

const model = new Bench(modelEngine, "idempotence");
model.writer.createProject(projects[1]!);
// None of the models here has a price.
model.prices.pico = {};

/** What `shown` must be after these batches arrived in an empty store. */
async function expected(batches: Batch[]): Promise<Map<string, unknown>> {
  model.clear();
  const ids = model.writer.accounts().projects.map(({ id }) => id);
  for (const batch of batches) await model.send(toStored(batch, ids[batch.project]!, model.nowMs));
  const traces = model.list();
  return model.read((reader) => {
    const shown = traces.map(({ summary, metadata }) => {
      const { key, receivedAt: _, lastReceivedAt: __, ...rest } = summary;
      const spans = [...reader.wholeSpans(key, null, Infinity)].map(
        ({ span, header }) => [span.spanId, { span, header }] as const,
      );
      const attributes = JSON.parse(reader.traceAttributes(key) ?? "{}");
      return [
        JSON.stringify([summary.project, summary.traceId]),
        { ...rest, metadata: metadata ?? {}, attributes, spans: new Map(spans) },
      ] as const;
    });
    return new Map(shown);
  });
}

test("any batches, any number of times, in any order leave what the model computes", async () => {
  const { server, keys } = await startWithProjects();
  await using _ = server;
  await fc.assert(
    fc.asyncProperty(arrivals(), async (batches) => {
      await deleteAll(server);
      for (const batch of batches) await send(server, keys[batch.project]!, batch);
      expect(await shown(server)).toEqual(await expected(batches));
    }),
    { numRuns: 250 },
  );
  expect(server.bugs).toEqual([]);
});

/** Versions of few spans, each span with the fields of its trace. */
const versions = (): fc.Arbitrary<{ trace: Omit<NewerTrace, "spans">; span: WireSpan }[]> =>
  fc.array(
    batch().map(({ traces: [first] }) => {
      // What a trace has no field for goes with one span of it, so that other batches are other versions.
      const { spans, env: _, zone: __, ...trace } = first!;
      return { trace, span: spans[0]! };
    }),
    { minLength: 1, maxLength: 12 },
  );

/** All versions in this order, cut into batches none of which has a span twice. */
function batchesOf(sent: { trace: Omit<NewerTrace, "spans">; span: WireSpan }[], isCut: boolean[]) {
  const batches: Batch[] = [];
  let ids = new Set<string>();
  for (const [at, { trace, span }] of sent.entries()) {
    const id = JSON.stringify([trace.traceId, span.spanId]);
    if (batches.length === 0 || isCut[at] || ids.has(id)) {
      batches.push({ project: 0, traces: [] });
      ids = new Set();
    }
    ids.add(id);
    batches.at(-1)!.traces.push({ ...trace, spans: [span] });
  }
  return batches;
}

test("any versions of spans, in any order and any split into batches, leave the same", async () => {
  const { server, keys } = await startWithProjects();
  await using _ = server;
  await fc.assert(
    fc.asyncProperty(
      versions().chain((sent) =>
        fc.tuple(
          ...[0, 1].map(() =>
            fc.tuple(
              fc.shuffledSubarray(sent, { minLength: sent.length }),
              fc.array(fc.boolean(), { minLength: sent.length, maxLength: sent.length }),
            ),
          ),
        ),
      ),
      async (arrangements) => {
        const left: Map<string, unknown>[] = [];
        for (const [sent, isCut] of arrangements) {
          await deleteAll(server);
          const batches = batchesOf(sent, isCut);
          for (const batch of batches) await send(server, keys[0]!, batch);
          left.push(await shown(server), await expected(batches));
        }
        for (const other of left.slice(1)) expect(other).toEqual(left[0]!);
      },
    ),
    { numRuns: 150 },
  );
  expect(server.bugs).toEqual([]);
});

test("batches that arrive at the same time leave what any order of them would", async () => {
  const { server, keys } = await startWithProjects();
  await using _ = server;
  await fc.assert(
    fc.asyncProperty(arrivals(), async (batches) => {
      await deleteAll(server);
      await Promise.all(batches.map((batch) => send(server, keys[batch.project]!, batch)));
      expect(await shown(server)).toEqual(await expected(batches));
    }),
    { numRuns: 100 },
  );
});

test("a restart between any two batches changes nothing", async () => {
  await fc.assert(
    fc.asyncProperty(arrivals(), async (batches) => {
      let { server, keys } = await startWithProjects();
      try {
        for (const batch of batches) {
          await server.stop();
          server = await startServer({ dataDir: server.dataDir });
          await send(server, keys[batch.project]!, batch);
        }
        expect(await shown(server)).toEqual(await expected(batches));
      } finally {
        await server[Symbol.asyncDispose]();
      }
    }),
    // Shrinking would start hundreds of servers.
    { numRuns: 8, endOnFailure: true },
  );
});

test("sending everything again, in any order, changes no row at all", async () => {
  const { server, keys } = await startWithProjects();
  await using _ = server;
  const database = new Database(join(server.dataDir, "tealight.db"), { readonly: true });
  const dump = () =>
    ["traces", "spans", "blocks", "runs", "loans", "borrowings", "names", "headers"].map((table) =>
      database.query(`SELECT * FROM ${table} ORDER BY 1`).values(),
    );
  await fc.assert(
    fc.asyncProperty(arrivals(), fc.infiniteStream(fc.nat(100)), async (batches, random) => {
      for (const batch of batches) await send(server, keys[batch.project]!, batch);
      const before = dump();
      const again = [...batches, ...batches]
        .map((batch) => ({ batch, at: random.next().value! }))
        .sort((a, b) => a.at - b.at);
      for (const { batch } of again) await send(server, keys[batch.project]!, batch);
      expect(dump()).toEqual(before);
    }),
    { numRuns: 60 },
  );
  database.close();
});

test("children before parents, and parents that come late, give the same totals", async () => {
  const { server, keys } = await startWithProjects();
  await using _ = server;
  const usage = (inputTokens: number) => ({ inputTokens, outputTokens: 1 });
  const base = { name: "", startTime: 1, endTime: 2 };
  const spans: WireSpan[] = [
    { ...base, spanId: "root", spanType: "agent", usage: usage(1100) },
    { ...base, spanId: "sub", spanType: "agent", parentSpanId: "root", usage: usage(100) },
    { ...base, spanId: "call", spanType: "llm", parentSpanId: "sub", usage: usage(100) },
    { ...base, spanId: "quiet", spanType: "agent", parentSpanId: "root" },
    { ...base, spanId: "deep", spanType: "llm", parentSpanId: "quiet", usage: usage(1000) },
  ];
  await fc.assert(
    fc.asyncProperty(
      fc.shuffledSubarray(spans, { minLength: spans.length }),
      fc.boolean(),
      async (shuffled, atOnce) => {
        await deleteAll(server);
        for (const part of atOnce ? [shuffled] : shuffled.map((span) => [span])) {
          const traces = [{ traceId: "t", traceName: "n", spans: part }];
          await send(server, keys[0]!, { project: 0, traces });
        }
        const [summary] = await listAll(server);
        expect(summary).toMatchObject({ inputTokens: 1100, outputTokens: 2, spanCount: 5 });
      },
    ),
    { numRuns: 60 },
  );
});

test("totals of thousands of the largest counts are exact", async () => {
  const { server, keys } = await startWithProjects();
  await using _ = server;
  const spans = Array.from({ length: 4000 }, (_, i) => ({
    spanId: `${i}`,
    spanType: "llm",
    name: "",
    startTime: 0,
    endTime: maxCount,
    usage: { inputTokens: maxCount, outputTokens: 1 },
  }));
  for (const part of [spans.slice(0, 2000), spans.slice(2000), spans.slice(1000, 3000)]) {
    const traces = [{ traceId: "t", traceName: "n", spans: part }];
    await send(server, keys[0]!, { project: 0, traces });
  }
  const [summary] = await listAll(server);
  expect(summary).toMatchObject({
    spanCount: 4000,
    inputTokens: String(4000n * BigInt(maxCount)),
    outputTokens: 4000,
    totalTokens: null,
    durationMs: maxCount,
  });
});
