/**
 * What coding agents exported against a scripted model, with what is right (of what log records say): as it
 * came, in single records out of order, backwards, twice. Skipped where the captures are not at hand.
 */
import { expect, test } from "bun:test";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { SpanView, Summary, TracePage, TraceView } from "../../src/query/views.ts";
import { startServer, type TestServer } from "../helpers.ts";

const dir = join(import.meta.dir, "../../../shared/data/otlp-captures");
const names = ["cc-tool-json", "codex-tool-json", "gemini-tool-http"].filter((name) =>
  existsSync(join(dir, `${name}.json`)),
);

type Json = any;

interface Request {
  path: string;
  body: Json;
}

/** The requests of a capture in OTLP/JSON; metrics are not kept. */
function requestsOf(capture: Json): Request[] {
  return capture.requests
    .filter(({ path }: Json) => /\/v1\/(traces|logs)$/.test(path))
    .map(({ path, bodyGzipBase64, bodyBase64 }: Json) => {
      let bytes: Uint8Array = Buffer.from(bodyGzipBase64 ?? bodyBase64, "base64");
      while (bytes[0] === 0x1f) bytes = Bun.gunzipSync(Buffer.from(bytes));
      return { path, body: JSON.parse(new TextDecoder().decode(bytes)) };
    });
}

/** One request for each record. */
function single({ path, body }: Request): Request[] {
  const [outer, inner, list] = path.endsWith("logs")
    ? ["resourceLogs", "scopeLogs", "logRecords"]
    : ["resourceSpans", "scopeSpans", "spans"];
  return body[outer].flatMap((group: Json) =>
    group[inner].flatMap((scope: Json) =>
      scope[list].map((record: Json) => ({
        path,
        body: {
          [outer]: [
            { resource: group.resource, [inner]: [{ scope: scope.scope, [list]: [record] }] },
          ],
        },
      })),
    ),
  );
}

function shuffled<T>(list: T[], seed: number): T[] {
  const all = [...list];
  for (let i = all.length - 1; i > 0; i--) {
    seed = (seed * 48_271) % 2_147_483_647;
    const at = seed % (i + 1);
    [all[i], all[at]] = [all[at]!, all[i]!];
  }
  return all;
}

const ways: { [name: string]: (requests: Request[]) => Request[] } = {
  "as it came": (requests) => requests,
  "logs first": (requests) => requests.toSorted((a, b) => (a.path < b.path ? -1 : 1)),
  shuffled: (requests) => shuffled(requests.flatMap(single), 7),
  "backwards and twice": (requests) => {
    const all = requests.flatMap(single).reverse();
    return [...all, ...all];
  },
};

async function take(server: TestServer, requests: Request[]): Promise<void> {
  for (const { path, body } of requests) {
    const headers = { "content-type": "application/json" };
    const response = await fetch(`${server.url}${path}`, {
      method: "POST",
      headers,
      body: JSON.stringify(body),
    });
    expect(response.status).toBe(200);
  }
}

async function read(server: TestServer) {
  const get = async (path: string) => (await server.api(path)).json();
  const { traces } = (await get("/api/traces?limit=500")) as TracePage;
  const spans: SpanView[] = [];
  for (const { key } of traces) {
    const view = (await get(`/api/traces/~${key}`)) as TraceView;
    for (const span of view.spans.filter(({ spanType }) => spanType !== "other")) {
      spans.push((await get(`/api/traces/~${key}/spans/~${span.key}`)) as SpanView);
    }
  }
  return { traces, spans };
}

/** A list in `right` means any of it. */
function isRight(found: unknown, right: unknown): boolean {
  return [right].flat().some((one) => one === (found ?? null) || String(one) === String(found));
}

function check({ traces, spans }: { traces: Summary[]; spans: SpanView[] }, right: Json): string[] {
  const { session } = right;
  const wrong: string[] = [];
  const say = (what: string, found: unknown, expected: unknown) => {
    if (!isRight(found, expected)) wrong.push(`${what}: ${String(found)}, not ${String(expected)}`);
  };
  const calls = spans.filter(({ spanType }) => spanType === "llm");
  const tools = spans.filter(({ spanType }) => spanType === "tool");
  say("model calls", calls.length, session.llm);
  say("tools", tools.length, session.tool);
  for (const [field, total] of Object.entries(session.totals)) {
    const counts = traces.map((trace) => (trace as Json)[field]).filter((count) => count !== null);
    const sum = counts.reduce((all: number, count: number) => all + Number(count), 0);
    say(field, counts.length === 0 ? null : sum, total);
  }
  const has = (
    what: string,
    found: SpanView[],
    field: "input" | "output",
    texts: string[] = [],
  ) => {
    for (const text of texts) {
      const isThere = found.some((span) => JSON.stringify(span[field] ?? "").includes(text));
      if (!isThere) wrong.push(`${what}: nowhere ${text}`);
    }
  };
  has("inputs", spans, "input", session.anyInput);
  has("tools' inputs", tools, "input", session.toolInputs);
  has("tools' outputs", tools, "output", session.toolOutputs);
  const expected = [
    ...(session.spans ?? []),
    ...right.traces.flatMap((trace: Json) => trace.spans),
  ];
  for (const { spanId, usage = {}, inputHas, outputHas } of expected) {
    const span = spans.find((span) => span.spanId === spanId);
    if (!span) continue;
    for (const [field, count] of Object.entries(usage)) {
      say(`${spanId} ${field}`, (span.usage as Json)?.[field], count);
    }
    has(spanId, [span], "input", inputHas);
    // Of an answer in chunks the text stands in parts.
    has(spanId, [span], "output", span.spanType === "llm" && isInChunks(span) ? [] : outputHas);
  }
  return wrong;
}

function isInChunks({ output }: SpanView): boolean {
  return JSON.stringify(output ?? "").split("role").length > 3;
}

const cases = names.flatMap((name) => Object.keys(ways).map((way) => [name, way] as const));

test.skipIf(cases.length === 0).each(cases.length > 0 ? cases : [["none", "none"] as const])(
  "what %s says is right, %s",
  async (name, way) => {
    const capture = JSON.parse(readFileSync(join(dir, `${name}.json`), "utf8"));
    await using server = await startServer();
    await take(server, ways[way]!(requestsOf(capture)));
    expect(check(await read(server), capture.right)).toEqual([]);
    expect(server.bugs).toEqual([]);
  },
  120_000,
);

test.skipIf(cases.length === 0).each(names.length > 0 ? names : ["none"])(
  "the log records of %s alone say its calls, its tools and its prompt",
  async (name) => {
    const capture = JSON.parse(readFileSync(join(dir, `${name}.json`), "utf8"));
    await using server = await startServer();
    await take(
      server,
      requestsOf(capture).filter(({ path }) => path.endsWith("logs")),
    );
    const { session } = capture.right;
    // What came back from a tool is in no record of Gemini CLI.
    const toolOutputs = name.startsWith("gemini") ? [] : session.toolOutputs;
    const right = { session: { ...session, toolOutputs, spans: [] }, traces: [] };
    expect(check(await read(server), right)).toEqual([]);
  },
  120_000,
);
