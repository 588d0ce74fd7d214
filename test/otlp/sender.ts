/** OTLP as a sender has it: requests written as in JSON, in either encoding, and answers read back. */
import { expect } from "bun:test";
import protobuf, { type Type } from "protobufjs";
import type { Encoding, Signal } from "../../src/otlp/request.ts";
import type { TestServer } from "../helpers.ts";
import { encode, requests, type Message } from "./second.ts";

export const encodings = ["protobuf", "json"] as const satisfies Encoding[];

export const contentTypes: Record<Encoding, string> = {
  protobuf: "application/x-protobuf",
  json: "application/json",
};

const requestTypes: Record<Signal, Type> = {
  traces: requests.Spans,
  logs: requests.Logs,
  metrics: requests.Metrics,
};

export const traceId = "0af7651916cd43dd8448eb211c80319c";

/** The id of a span, from a small number. */
export function idOf(number: number): string {
  return number.toString(16).padStart(16, "0");
}

/** Nanoseconds in decimal, as JSON has them. */
export function nanos(ms: number): string {
  return `${BigInt(ms) * 1_000_000n}`;
}

/** Attributes of texts and numbers. */
export function attributes(map: Record<string, string | number>): Message[] {
  return Object.entries(map).map(([key, value]) => ({
    key,
    value: typeof value === "string" ? { stringValue: value } : { intValue: String(value) },
  }));
}

/** A span that is stored, with any field replaced. */
export function otlpSpan(fields: Message = {}): Message {
  return {
    traceId,
    spanId: idOf(1),
    name: "a span",
    startTimeUnixNano: nanos(1000),
    endTimeUnixNano: nanos(2000),
    ...fields,
  };
}

/** A log record of the span that `otlpSpan` makes. */
export function otlpLog(fields: Message = {}): Message {
  return { traceId, spanId: idOf(1), timeUnixNano: nanos(1500), ...fields };
}

export function tracesRequest(spans: Message[], resource: Message = {}): Message {
  return { resourceSpans: [{ resource, scopeSpans: [{ spans }] }] };
}

export function logsRequest(logRecords: Message[], resource: Message = {}): Message {
  return { resourceLogs: [{ resource, scopeLogs: [{ logRecords }] }] };
}

export function metricsRequest(count: number): Message {
  const metrics = Array.from({ length: count }, (_, i) => ({ name: `metric ${i}` }));
  return { resourceMetrics: [{ scopeMetrics: [{ metrics }] }] };
}

/** A request's bytes. */
export function bodyOf(signal: Signal, request: Message, encoding: Encoding): Buffer {
  if (encoding === "json") return Buffer.from(JSON.stringify(request));
  return encode(requestTypes[signal], withBinaryIds(request) as Message);
}

/** Ids are hex in JSON, and bytes in protobuf. */
function withBinaryIds(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withBinaryIds);
  if (typeof value !== "object" || value === null || value instanceof Uint8Array) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, field]) => [
      name,
      /^(trace|span|parentSpan)Id$/.test(name)
        ? Buffer.from(field as string, "hex")
        : withBinaryIds(field),
    ]),
  );
}

/** `POST /v1/<signal>` of bytes as they are. */
export function post(
  server: Pick<TestServer, "url">,
  signal: Signal,
  body: NonNullable<RequestInit["body"]>,
  headers: Record<string, string>,
): Promise<Response> {
  return fetch(`${server.url}/v1/${signal}`, { method: "POST", headers, body });
}

/** Sends a request in an encoding, without a key. */
export function send(
  server: Pick<TestServer, "url">,
  signal: Signal,
  request: Message,
  encoding: Encoding = "json",
  headers: Record<string, string> = {},
): Promise<Response> {
  const body = bodyOf(signal, request, encoding);
  return post(server, signal, body, { "content-type": contentTypes[encoding], ...headers });
}

const answers = protobuf.parse(`
  syntax = "proto3";
  message Partial { int64 rejected = 1; string error_message = 2; }
  message Exported { Partial partial_success = 1; }
  message Status { int32 code = 1; string message = 2; }
`).root;

const rejectedNames: Record<Signal, string> = {
  traces: "rejectedSpans",
  logs: "rejectedLogRecords",
  metrics: "rejectedDataPoints",
};

/** What an answer says, the same from both encodings. */
export interface Answer {
  status: number;
  encoding: Encoding;
  bytes: number;
  retryAfter: number | null;
  /** Of a success: what was not taken, null where all was. */
  partial: { rejected: number; message: string } | null;
  /** Of an error: google.rpc.Status. */
  error: { code: number; message: string } | null;
}

/** Reads an answer, whose content type says how it is encoded. */
export async function answered(
  signal: Signal,
  response: Response | Promise<Response>,
): Promise<Answer> {
  const { status, headers } = await response;
  const body = new Uint8Array(await (await response).arrayBuffer());
  const encoding = encodings.find((name) => headers.get("content-type") === contentTypes[name]);
  if (!encoding) throw new Error(`content type ${headers.get("content-type")}`);
  const after = headers.get("retry-after");
  const answer = {
    status,
    encoding,
    bytes: body.byteLength,
    retryAfter: after === null ? null : Number(after),
    partial: null,
    error: null,
  };
  if (status !== 200) return { ...answer, error: statusIn(encoding, body) };
  return { ...answer, partial: partialIn(signal, encoding, body) };
}

function statusIn(encoding: Encoding, body: Uint8Array): Answer["error"] {
  if (encoding === "json") {
    const { code, message, ...rest } = JSON.parse(new TextDecoder().decode(body));
    expect(rest).toEqual({});
    return { code, message };
  }
  const { code, message } = answers.lookupType("Status").decode(body) as Message;
  return { code, message };
}

function partialIn(signal: Signal, encoding: Encoding, body: Uint8Array): Answer["partial"] {
  if (encoding === "json") {
    const { partialSuccess, ...rest } = JSON.parse(new TextDecoder().decode(body));
    expect(rest).toEqual({});
    if (!partialSuccess) return null;
    const { [rejectedNames[signal]]: rejected = "0", errorMessage, ...more } = partialSuccess;
    expect(more).toEqual({});
    // 64-bit integers are strings in JSON.
    expect(rejected).toBeString();
    return { rejected: Number(rejected), message: errorMessage };
  }
  const { partialSuccess } = answers.lookupType("Exported").decode(body) as Message;
  if (!partialSuccess) return null;
  return { rejected: Number(partialSuccess.rejected), message: partialSuccess.errorMessage };
}

/** What the server counts as refused or not kept, by code. */
export async function countsOf(server: TestServer): Promise<Record<string, number>> {
  const status = (await (await server.api("/api/status")).json()) as {
    rejects: Record<string, number>;
  };
  return status.rejects;
}

export interface Reject {
  route: string;
  status: number;
  code: string;
  message: string;
  keyName: string | null;
  bytes: number | null;
}

/** The newest refusals, the newest first. */
export async function rejectsOf(server: TestServer): Promise<Reject[]> {
  const page = (await (await server.api("/api/rejects")).json()) as { rejects: Reject[] };
  return page.rejects;
}
