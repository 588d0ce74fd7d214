/** What emitters send is mapped as their conventions say, and nothing of it is lost. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import type { SpanView, Summary, TracePage, TraceView } from "../../src/backend/views.ts";
import type { ImportedSpan } from "../../src/contract/v1.ts";
import { readRequest } from "../../src/otlp/request.ts";
import { startServer, type TestServer } from "../helpers.ts";
import {
  msOf,
  nanosOf,
  spanIdOf,
  toLogs,
  toTraces,
  traceIdOf,
  type Fixture,
  type SentSpan,
} from "./senders/fixture.ts";
import { fixtures } from "./senders/list.ts";

/** A span with what it carries beyond the contract, wherever it is read. */
type Whole = Omit<ImportedSpan, "x"> &
  Omit<NonNullable<ImportedSpan["x"]>, "attributes"> & {
    attributes?: string | null;
  };

const contentFields = ["input", "output", "toolCatalog"] as const;

function expectMapped(actual: Whole, sent: SentSpan): void {
  if (sent.becomes === "dropped") throw new Error("a span that is to be dropped is here");
  const { becomes, id, parent, at } = sent;
  const pick = {
    ...becomes,
    spanId: spanIdOf(id),
    parentSpanId: parent === undefined ? undefined : spanIdOf(parent),
    name: becomes.name ?? sent.name,
    startTime: msOf(at[0]),
    endTime: msOf(at[1]),
    status: becomes.status ?? "ok",
  };
  expect({
    spanId: actual.spanId,
    parentSpanId: actual.parentSpanId,
    spanType: actual.spanType,
    name: actual.name,
    startTime: actual.startTime,
    endTime: actual.endTime,
    status: actual.status ?? "ok",
    errorMessage: actual.errorMessage,
    provider: actual.provider,
    // Of a span alone no more is known.
    modelId: actual.isModelInherited ? undefined : actual.modelId,
    usage: actual.usage,
    ttftMs: actual.ttftMs,
    metadata: actual.metadata,
    reportedCostUsd: actual.reportedCostUsd,
    ...Object.fromEntries(
      contentFields.map((field) => {
        const text = actual[field];
        const isText = text === undefined || typeof becomes[field] === "string";
        return [field, isText ? text : JSON.parse(text)];
      }),
    ),
  } as object).toEqual({ input: undefined, output: undefined, toolCatalog: undefined, ...pick });
}

/** Everything that was sent can be read again: where it was, or in the texts that it became. */
function expectWhole(actual: Whole, sent: SentSpan, fixture: Fixture): void {
  const attributes = JSON.parse(actual.attributes ?? "{}");
  const texts = contentFields.flatMap((field) => actual[field] ?? []);
  const said = new Set(texts.flatMap((text) => [text, ...leavesOf(text)]));
  const isSaid = (value: unknown) =>
    said.has(String(value)) ||
    leavesOf(value).every((leaf) => said.has(leaf) || said.has(String(parse(leaf))));
  const lost = Object.entries(sent.attributes ?? {}).filter(
    ([key, value]) =>
      !sent.secrets?.includes(key) && !Bun.deepEquals(attributes[key], value) && !isSaid(value),
  );
  expect(lost).toEqual([]);
  for (const key of sent.secrets ?? []) {
    expect(JSON.stringify(actual)).not.toContain(String(sent.attributes![key]));
  }

  const entries: Record<string, any>[] = JSON.parse(actual.events ?? "[]");
  const links = entries.filter(({ type }) => type === "link");
  const { links: sentLinks = [], events: sentEvents = [] } = sent;
  expect(links).toEqual(sentLinks.map((link) => ({ type: "link", ...link })));
  const events = entries.filter(({ type }) => type === "event");
  const times = sentEvents.map(({ name, at }) => ({ name, timeUnixNano: nanosOf(at) }));
  expect(events.map(({ name, timeUnixNano }) => ({ name, timeUnixNano }))).toEqual(times);
  const lostOfEvents = sentEvents.flatMap(({ attributes = {} }, i) =>
    Object.entries(attributes).filter(
      ([key, value]) => !Bun.deepEquals(events[i]!.attributes?.[key], value) && !isSaid(value),
    ),
  );
  expect(lostOfEvents).toEqual([]);

  expect(JSON.parse(actual.resource!)).toEqual({
    attributes: fixture.resource,
    scope: sent.scope ?? fixture.scope,
  });
  expect(actual.spanName ?? actual.name).toBe(sent.name);
  expect(actual.startNanos).toBe(Number(BigInt(nanosOf(sent.at[0])) % 1_000_000n));
  expect(actual.endNanos).toBe(Number(BigInt(nanosOf(sent.at[1])) % 1_000_000n));
}

/** What a word became whose meaning another word has in the form that is shown. */
const renamed = new Map([["image", "image_url"]]);

/** The texts, numbers and truth values in a structure, and in the JSON within it, as they are written. */
function leavesOf(value: unknown): string[] {
  if (value === null) return [];
  if (typeof value === "object") return Object.values(value!).flatMap(leavesOf);
  const inner = typeof value === "string" ? parse(value) : undefined;
  if (typeof inner === "object" && inner !== null) return leavesOf(inner);
  const text = String(value);
  return [renamed.get(text) ?? text];
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text, (_key, value, context?: { source?: string }) =>
      typeof value === "number" ? context?.source : value,
    );
  } catch {
    return undefined;
  }
}

const bytesOf = (request: object) => new TextEncoder().encode(JSON.stringify(request));

describe.each(fixtures)("$title", (fixture) => {
  const kept = fixture.spans.filter(({ becomes }) => becomes !== "dropped");

  test("becomes spans of the contract, without a loss", () => {
    const mapped = readRequest("traces", "json", bytesOf(toTraces(fixture)));
    expect({ ...mapped, traces: undefined }).toEqual({
      traces: undefined as never,
      accepted: kept.length,
      refused: new Map(),
      dropped: fixture.spans.length - kept.length,
    });
    const spans = mapped.traces.flatMap(({ spans }) => spans);
    expect(spans).toHaveLength(kept.length);
    for (const sent of kept) {
      const { x, ...span } = spans.find(({ span }) => span.spanId === spanIdOf(sent.id))!.span;
      if (!sent.fromLogs) expectMapped({ ...span, ...x }, sent);
      expectWhole({ ...span, ...x }, sent, fixture);
    }
  });

  test.each([{ first: "spans" }, { first: "logs" }])(
    "is shown as one trace whose usage counts once, $first first",
    async ({ first }) => {
      const stored = { ...fixture, title: `${fixture.title}, ${first} first` };
      const requests: [string, object | null][] = [
        ["/v1/traces", toTraces(stored)],
        ["/v1/logs", toLogs(stored)],
      ];
      if (first === "logs") requests.reverse();
      for (const [path, request] of requests) {
        if (!request) continue;
        const response = await fetch(server.url + path, {
          method: "POST",
          headers: { "content-type": "application/json" },
          body: JSON.stringify(request),
        });
        expect(response.status).toBe(200);
      }
      const traceId = traceIdOf(stored);
      const { traces } = await get<TracePage>("/api/traces?limit=500");
      expectTrace(
        traces.find((trace) => trace.traceId === traceId)!,
        stored,
      );
      const view = await get<TraceView>(`/api/traces/${traceId}`);
      expect(view.spans).toHaveLength(kept.length);
      for (const sent of kept) {
        const path = `/api/traces/${traceId}/spans/${spanIdOf(sent.id)}`;
        const span = await get<SpanView>(path);
        expectMapped(span as Whole, sent);
        expectWhole(span as Whole, sent, stored);
        expect(span.fromLogs).toEqual(sent.fromLogs);
        expectLogs(span, sent);
      }
      expect(server.bugs).toEqual([]);
    },
  );
});

function expectTrace(summary: Summary, fixture: Fixture): void {
  const { workflowName = null, workflowRunId } = fixture.trace;
  const absent = {
    sessionId: null,
    customer: null,
    inputTokens: null,
    outputTokens: null,
    totalTokens: null,
    cachedInputTokens: null,
    cacheWriteInputTokens: null,
    reasoningTokens: null,
  };
  const expected = {
    ...absent,
    status: "ok",
    errorCount: 0,
    ...fixture.trace,
    workflowName,
    workflowRunId: workflowName === null ? null : (workflowRunId ?? traceIdOf(fixture)),
  };
  const keys = Object.keys(expected) as (keyof Summary)[];
  expect(Object.fromEntries(keys.map((key) => [key, summary[key]])) as object).toEqual(expected);
}

function expectLogs(span: SpanView, { logs = [] }: SentSpan): void {
  const entries: Record<string, unknown>[] = JSON.parse(span.events ?? "[]");
  const kept = entries.filter(({ type }) => type === "log");
  expect(kept.map(({ name: _, ...log }) => log)).toEqual(
    logs.map(({ at, attributes, body }) => ({
      type: "log",
      timeUnixNano: nanosOf(at),
      ...(body !== undefined && { body }),
      ...(attributes && { attributes }),
    })),
  );
}

let server: TestServer;
beforeAll(async () => {
  server = await startServer();
});
afterAll(() => server[Symbol.asyncDispose]());

async function get<T>(path: string): Promise<T> {
  const response = await server.api(path);
  expect(response.status).toBe(200);
  return (await response.json()) as T;
}
