/**
 * What the product is measured against. `floor`: a server that only parses the JSON and counts.
 * `plain`: the contract in Hono and zod, rows pushed into an array. `bare`: no HTTP, texts as they
 * come into plain rows.
 */
import { Database } from "bun:sqlite";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Hono } from "hono";
import { bodyLimit } from "hono/body-limit";
import { z } from "zod";
import { serveHelper } from "./helper.ts";
import { sessions } from "./sessions.ts";

const count = z.int().min(0);
const number = z.number().min(0);
const text = (max: number) => z.string().max(max);
const id = z.string().min(1).max(128);
const map = z
  .record(z.string().max(128), z.string().max(1024))
  .refine((value) => Object.keys(value).length <= 64);
const deprecated = z.array(count).max(200).optional();

const spanFields = {
  spanId: id,
  parentSpanId: id.optional(),
  spanType: z.enum(["agent", "llm", "tool", "embedding", "other"]),
  name: text(512),
  startTime: count,
  endTime: count,
  status: z.enum(["ok", "error", "aborted"]).default("ok"),
  errorMessage: text(8192).optional(),
  provider: text(128).optional(),
  modelId: text(256).optional(),
  usage: z
    .strictObject({
      inputTokens: count.optional(),
      outputTokens: count.optional(),
      totalTokens: count.optional(),
      reasoningTokens: count.optional(),
      cachedInputTokens: count.optional(),
      cacheWriteInputTokens: count.optional(),
      imageCount: count.optional(),
      webSearchCount: count.optional(),
      requestCount: count.optional(),
    })
    .optional(),
  ttftMs: number.optional(),
  input: text(1_000_000).optional(),
  output: text(1_000_000).optional(),
  toolCatalog: text(1_000_000).optional(),
  sources: text(1_000_000).optional(),
  modelCallMs: count.optional(),
  responseTimeMs: count.optional(),
  reasoningDurationMs: count.optional(),
  effectiveOutputTps: number.optional(),
  effectiveTotalTps: number.optional(),
  outputTps: number.optional(),
  inputTps: number.optional(),
  chunkJitter: z
    .strictObject({
      min: number,
      p10: number,
      median: number,
      avg: number,
      p90: number,
      max: number,
    })
    .optional(),
  systemFingerprint: text(256).optional(),
  safetyMetadata: text(16_384).optional(),
  rateLimit: z
    .strictObject({
      requestsLimit: count.optional(),
      requestsRemaining: count.optional(),
      requestsResetMs: count.optional(),
      tokensLimit: count.optional(),
      tokensRemaining: count.optional(),
      tokensResetMs: count.optional(),
    })
    .optional(),
  metadata: map.optional(),
  chunkOffsets: deprecated,
  chunkTokens: deprecated,
  reasoningOffsets: deprecated,
  reasoningChunkTokens: deprecated,
};
const span = z.strictObject(spanFields).refine((value) => value.endTime >= value.startTime);
const trace = z
  .strictObject({
    traceId: id,
    traceName: text(256).optional(),
    agentName: text(256).optional(),
    workflowName: text(256).optional(),
    workflowRunId: text(128).optional(),
    sessionId: text(128).optional(),
    customer: z
      .strictObject({ id, name: text(256).optional(), imageUrl: z.url().max(2048).optional() })
      .optional(),
    metadata: map.optional(),
    spans: z.array(span).min(1).max(2000),
  })
  .refine((value) => value.traceName || value.agentName)
  .refine((value) => !value.workflowName === !value.workflowRunId);
const payload = z.strictObject({
  version: z.literal("v1"),
  traces: z.array(trace).min(1).max(1000),
});

function startFloor(): number {
  const server = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    async fetch(request) {
      const { traces } = (await request.json()) as { traces: { spans: unknown[] }[] };
      let accepted = 0;
      for (const { spans } of traces) accepted += spans.length;
      return Response.json({ accepted }, { status: 202 });
    },
  });
  return server.port!;
}

function startPlain(key: string): number {
  const projects = new Map([[digestOf(key), "default"]]);
  let rows: object[] = [];
  const app = new Hono();
  app.post("/ingest", bodyLimit({ maxSize: 10 * 1024 * 1024 }), async (c) => {
    const secret = /^Bearer\s+(.+)$/i.exec(c.req.header("authorization") ?? "")?.[1];
    const project = projects.get(digestOf(secret ?? ""));
    if (!project) return c.json({ error: "invalid or revoked API key" }, 401);
    const result = payload.safeParse(await c.req.json());
    if (!result.success) return c.json({ error: "invalid payload" }, 400);
    const receivedAt = Date.now();
    let accepted = 0;
    for (const { spans, metadata, ...header } of result.data.traces) {
      for (const { usage, ...span } of spans) {
        const merged = { ...metadata, ...span.metadata };
        rows.push({ project, receivedAt, ...header, ...span, ...usage, metadata: merged });
      }
      accepted += spans.length;
    }
    // Somewhere the rows must go; here they go nowhere.
    if (rows.length > 10_000) rows = [];
    return c.json({ accepted }, 202);
  });
  return Bun.serve({ hostname: "127.0.0.1", port: 0, fetch: app.fetch }).port!;
}

function digestOf(secret: string): string {
  return new Bun.CryptoHasher("sha256").update(secret).digest("hex");
}

const columns = {
  texts:
    "spanId parentSpanId spanType name status errorMessage provider modelId input output toolCatalog sources".split(
      " ",
    ),
  numbers: "startTime endTime ttftMs".split(" "),
  json: "usage metadata".split(" "),
};
const spansPerTransaction = 50;

/** @returns spans per second from the bodies to the last commit. */
function storeBare(replicas: { first: number; count: number }): { spansPerSecond: number } {
  const bodies = bodiesOf(replicas);
  const dir = mkdtempSync(join(tmpdir(), "tealight-bench-"));
  try {
    const db = new Database(join(dir, "bare.db"));
    db.run("PRAGMA journal_mode = WAL");
    db.run("PRAGMA synchronous = NORMAL");
    const names = ["traceId", ...columns.texts, ...columns.numbers, ...columns.json];
    db.run(`CREATE TABLE spans (${names})`);
    const insert = db.query(`INSERT INTO spans VALUES (${names.map(() => "?")})`);
    const startedAt = performance.now();
    let spans = 0;
    for (let at = 0; at < bodies.length; at += spansPerTransaction) {
      db.run("BEGIN");
      for (const body of bodies.slice(at, at + spansPerTransaction)) {
        for (const { traceId, spans: sent } of JSON.parse(body).traces) {
          for (const span of sent) {
            insert.run(
              traceId,
              ...columns.texts.map((name) => span[name] ?? null),
              ...columns.numbers.map((name) => span[name] ?? null),
              ...columns.json.map((name) => (span[name] ? JSON.stringify(span[name]) : null)),
            );
            spans++;
          }
        }
      }
      db.run("COMMIT");
    }
    const seconds = (performance.now() - startedAt) / 1000;
    db.close();
    return { spansPerSecond: spans / seconds };
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

const known = new Map<number, string[]>();

/** Texts, ready to parse: what HTTP costs is not the loop's. */
function bodiesOf({ first, count }: { first: number; count: number }): string[] {
  if (!known.has(first)) known.set(first, sessions(first, count).flat().map(String));
  return known.get(first)!;
}

serveHelper({ floor: startFloor, plain: startPlain, bare: storeBare });
