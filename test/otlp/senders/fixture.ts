/** What an emitter sends, written by hand beside what is to become of it. */
import type { Span } from "../../../src/contract/v1.ts";

type Plain = string | number | boolean | null | Plain[] | { [key: string]: Plain };
type Attributes = Record<string, Plain>;

/** Milliseconds after the beginning. */
type Time = number;

interface SentEvent {
  name: string;
  at: Time;
  attributes?: Attributes;
}

interface SentLink {
  traceId: string;
  spanId: string;
  attributes?: Attributes;
}

/** A text, or the structure whose JSON it is. */
type Content = Plain;

/** What a span is to become: all of it, what is absent here must be absent there. */
interface Expected extends Pick<
  Span,
  "spanType" | "errorMessage" | "provider" | "modelId" | "usage" | "ttftMs" | "metadata"
> {
  /** Where it is not the one that was sent. */
  name?: string;
  /** `ok` where there is none. */
  status?: Span["status"];
  input?: Content;
  output?: Content;
  toolCatalog?: Content;
  reportedCostUsd?: number;
}

export interface SentSpan {
  id: number;
  parent?: number;
  name: string;
  /** Internal where there is none. */
  kind?: number;
  at: [Time, Time];
  status?: { code: number | string; message?: string };
  attributes?: Attributes;
  events?: SentEvent[];
  links?: SentLink[];
  scope?: Scope;
  /** `dropped`: no span at all. */
  becomes: Expected | "dropped";
  /** Secrets, which are not kept. */
  secrets?: string[];
  /** Log records of this span; `fromLogs` are the texts that it has from them alone. */
  logs?: SentLog[];
  fromLogs?: ("input" | "output" | "toolCatalog")[];
}

interface SentLog {
  eventName?: string;
  at: Time;
  attributes?: Attributes;
  body?: Plain;
}

interface Scope {
  name: string;
  version?: string;
  attributes?: Attributes;
}

export interface Fixture {
  title: string;
  resource: Attributes;
  scope: Scope;
  spans: SentSpan[];
  /** All that the list of traces says. Counts that are absent are null there. */
  trace: {
    traceName: string | null;
    agentName: string | null;
    sessionId?: string;
    workflowName?: string;
    /** The trace's id where there is none. */
    workflowRunId?: string;
    customer?: { id: string };
    status?: string;
    spanCount: number;
    llmCount: number;
    toolCount: number;
    errorCount?: number;
    models: string[];
    inputTokens?: number;
    outputTokens?: number;
    totalTokens?: number;
    cachedInputTokens?: number;
    cacheWriteInputTokens?: number;
    reasoningTokens?: number;
  };
}

/** 2026-09-21T14:13:20Z and some nanoseconds that no double holds. */
const beginning = 1_790_000_000_000_123_457n;

export function nanosOf(at: Time): string {
  return String(beginning + BigInt(Math.round(at * 1e6)));
}

export function msOf(at: Time): number {
  return Number(BigInt(nanosOf(at)) / 1_000_000n);
}

export function traceIdOf({ title }: Fixture): string {
  return new Bun.CryptoHasher("md5").update(title).digest("hex");
}

export function spanIdOf(id: number): string {
  return id.toString(16).padStart(16, "a");
}

function toAnyValue(value: Plain): object {
  if (value === null) return {};
  if (typeof value === "string") return { stringValue: value };
  if (typeof value === "boolean") return { boolValue: value };
  if (typeof value === "number") {
    return Number.isInteger(value) ? { intValue: String(value) } : { doubleValue: value };
  }
  if (Array.isArray(value)) return { arrayValue: { values: value.map(toAnyValue) } };
  return { kvlistValue: { values: toKeyValues(value) } };
}

function toKeyValues(attributes: Attributes = {}): object[] {
  return Object.entries(attributes).map(([key, value]) => ({ key, value: toAnyValue(value) }));
}

function toScope({ name, version, attributes }: Scope): object {
  return { name, ...(version && { version }), attributes: toKeyValues(attributes) };
}

/** The request for `/v1/traces`. */
export function toTraces(fixture: Fixture): object {
  const traceId = traceIdOf(fixture);
  return {
    resourceSpans: [
      {
        resource: { attributes: toKeyValues(fixture.resource) },
        scopeSpans: fixture.spans.map((span) => ({
          scope: toScope(span.scope ?? fixture.scope),
          spans: [
            {
              traceId,
              spanId: spanIdOf(span.id),
              ...(span.parent !== undefined && { parentSpanId: spanIdOf(span.parent) }),
              name: span.name,
              kind: span.kind ?? 1,
              startTimeUnixNano: nanosOf(span.at[0]),
              endTimeUnixNano: nanosOf(span.at[1]),
              status: span.status ?? {},
              attributes: toKeyValues(span.attributes),
              events: (span.events ?? []).map(({ name, at, attributes }) => ({
                name,
                timeUnixNano: nanosOf(at),
                attributes: toKeyValues(attributes),
              })),
              links: (span.links ?? []).map((link) => ({
                ...link,
                attributes: toKeyValues(link.attributes),
              })),
            },
          ],
        })),
      },
    ],
  };
}

/** The request for `/v1/logs`; null where there are no records. */
export function toLogs(fixture: Fixture): object | null {
  const logRecords = fixture.spans.flatMap(({ id, logs = [] }) =>
    logs.map(({ eventName, at, attributes, body }) => ({
      traceId: traceIdOf(fixture),
      spanId: spanIdOf(id),
      timeUnixNano: nanosOf(at),
      ...(eventName !== undefined && { eventName }),
      attributes: toKeyValues(attributes),
      ...(body !== undefined && { body: toAnyValue(body) }),
    })),
  );
  if (logRecords.length === 0) return null;
  return {
    resourceLogs: [
      {
        resource: { attributes: toKeyValues(fixture.resource) },
        scopeLogs: [{ scope: toScope(fixture.scope), logRecords }],
      },
    ],
  };
}
