/** A real emitter sends to a real server: what the API then shows. */
import { expect } from "bun:test";
import { join } from "node:path";
import type { SpanView, Summary, TracePage, TraceView } from "../../../src/backend/views.ts";
import { listenGrpc } from "../../../src/http/grpc.ts";
import { exportOverGrpc } from "../../../src/http/otlp.ts";
import { startServer, type TestServer } from "../../helpers.ts";

export interface Stored {
  trace: TraceView["trace"];
  /** Every span whole: parents before their children, these in the order of their starts. */
  spans: SpanView[];
  /** Type and name of every span, indented below its parent. */
  tree: string[];
}

/** Runs one emitter to its end, over HTTP, and returns the traces that it left. */
export async function run(file: string, emitter: string, target: object = {}): Promise<Stored[]> {
  await using server = await startServer();
  await runChild(file, emitter, { endpoint: server.url, ...target });
  return await readAll(server);
}

/** The same over gRPC. */
export async function runOverGrpc(file: string, emitter: string, target: object) {
  await using server = await startServer();
  const { hosts, otlp } = server.engine;
  const grpc = await listenGrpc({
    host: "127.0.0.1",
    port: 0,
    hosts,
    export: (call) => exportOverGrpc(call, otlp),
    onRefused: (error) => server.bugs.push(error.message),
    onBug: (cause) => server.bugs.push(String(cause)),
  });
  hosts.add(`127.0.0.1:${grpc.port}`);
  await runChild(file, emitter, { endpoint: `http://127.0.0.1:${grpc.port}`, ...target });
  await grpc.stop(100);
  return await readAll(server);
}

/** Fails where the emitter complains. */
async function runChild(file: string, emitter: string, target: object): Promise<void> {
  const script = join(import.meta.dir, "run.ts");
  const child = Bun.spawn([process.execPath, script, file, emitter, JSON.stringify(target)], {
    stdout: "pipe",
    stderr: "pipe",
  });
  const said = await Promise.all([child.stdout.text(), child.stderr.text()]);
  expect({ said: said.join(""), code: await child.exited }).toEqual({ said: "", code: 0 });
}

async function readAll(server: TestServer): Promise<Stored[]> {
  const { traces } = await get<TracePage>(server, "/api/traces");
  const stored = await Promise.all(traces.map((summary) => read(server, summary)));
  expect(server.bugs).toEqual([]);
  return stored;
}

async function get<T>(server: TestServer, path: string): Promise<T> {
  const response = await server.api(path);
  expect(response.status).toBe(200);
  return (await response.json()) as T;
}

async function read(server: TestServer, { traceId }: Summary): Promise<Stored> {
  const path = `/api/traces/${traceId}`;
  const view = await get<TraceView>(server, path);
  const ids = view.spans.map(({ spanId }) => spanId);
  const spans = await Promise.all(ids.map((id) => get<SpanView>(server, `${path}/spans/${id}`)));
  const branches = branchesOf(spans.sort((a, b) => a.startTime - b.startTime));
  return {
    trace: view.trace,
    spans: branches.map(({ span }) => span),
    tree: branches.map(({ span, depth }) => `${"  ".repeat(depth)}${span.spanType} ${span.name}`),
  };
}

function branchesOf(
  spans: SpanView[],
  parentId?: string,
  depth = 0,
): { span: SpanView; depth: number }[] {
  return spans
    .filter(({ parentSpanId }) => parentSpanId === parentId)
    .flatMap((span) => [{ span, depth }, ...branchesOf(spans, span.spanId, depth + 1)]);
}

/** The traces by their names or agents, in the order of these; there must be no others. */
export function arrange<T extends string[]>(
  traces: Stored[],
  field: "name" | "agentName",
  ...values: T
): { [I in keyof T]: Stored } {
  expect(traces.map(({ trace }) => trace[field]).sort()).toEqual([...values].sort());
  return values.map((value) => traces.find(({ trace }) => trace[field] === value)) as {
    [I in keyof T]: Stored;
  };
}

/** The spans of one type, and only so many. */
export function pick(stored: Stored, spanType: string, count: number): SpanView[] {
  const spans = stored.spans.filter((span) => span.spanType === spanType);
  expect(spans).toHaveLength(count);
  return spans;
}

export const question = "What is the weather in Oslo?";
export const answer = "It is 21 degrees in Oslo.";
export const weatherCall = {
  spanType: "tool",
  name: "weather",
  input: '{"city":"Oslo"}',
  output: '{"city":"Oslo","celsius":21}',
  status: "ok",
};
export const ofUser = { sessionId: "session-1", customer: { id: "user-1" } };
