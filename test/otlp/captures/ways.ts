/** The ways in which a capture reaches the server: whatever the way, the same is shown. */
import { connect } from "node:http2";
import { gzipSync } from "node:zlib";
import { listenGrpc } from "../../../src/http/grpc.ts";
import { exportOverGrpc } from "../../../src/http/otlp.ts";
import type { Signal } from "../../../src/otlp/request.ts";
import type { TestServer } from "../../helpers.ts";
import { recordsField, type Message } from "../second.ts";
import { contentTypes } from "../sender.ts";
import {
  fields,
  fromMessage,
  recordsOf,
  toMessage,
  toProtobuf,
  type Capture,
  type Request,
} from "./capture.ts";

/** Sends one request with a project's key and fails where it is not taken whole. */
type Send = (request: Request, key: string) => Promise<void>;

export interface Way {
  name: string;
  /** What is sent of a capture, in this order. */
  requestsOf(capture: Capture): Request[];
  /** Opens a connection to the server. */
  open(server: TestServer): Promise<{ send: Send; close(): Promise<void> }>;
}

/** @param seed of the order in `shuffled`. */
export function waysOf(seed: number): Way[] {
  return [
    { name: "as captured", requestsOf: ({ requests }) => requests, open: overHttp },
    {
      name: "shuffled, one record a request",
      requestsOf: ({ requests }) => shuffle(requests.flatMap(singlesOf), seed),
      open: overHttp,
    },
    {
      name: "reversed, compressed",
      requestsOf: ({ requests }) => requests.map(reverse).reverse(),
      open: overGzip,
    },
    {
      name: "twice, over gRPC",
      requestsOf: ({ requests }) =>
        requests.map(toProtobuf).flatMap((request) => [request, request]),
      open: overGrpc,
    },
  ];
}

/** Each record alone in a request of its own, with its resource and scope. */
function singlesOf(request: Request): Request[] {
  if (request.signal === "metrics") return [request];
  const field = fields[request.signal];
  return recordsOf(request).map(({ resource, scope, record }) => {
    const alone = { ...scope, [recordsField[field]]: [record] };
    const message = { [`resource${field}`]: [{ ...resource, [`scope${field}`]: [alone] }] };
    return fromMessage(request.signal, message);
  });
}

function shuffle<T>(items: T[], seed: number): T[] {
  const placed = items.map((item, i) => ({ item, place: Bun.hash(`${seed} ${i}`) }));
  return placed.sort((a, b) => (a.place < b.place ? -1 : 1)).map(({ item }) => item);
}

/** The last resource, scope and record first. */
function reverse(request: Request): Request {
  if (request.signal === "metrics") return request;
  const field = fields[request.signal];
  const message = toMessage(request);
  for (const resource of message[`resource${field}`].reverse() as Message[]) {
    for (const scope of resource[`scope${field}`].reverse() as Message[]) {
      scope[recordsField[field]].reverse();
    }
  }
  return fromMessage(request.signal, message);
}

async function overHttp(server: TestServer) {
  return { send: post(server, (body) => body, {}), close: async () => {} };
}

async function overGzip(server: TestServer) {
  return { send: post(server, gzipSync, { "content-encoding": "gzip" }), close: async () => {} };
}

function post({ url }: TestServer, pack: (body: Buffer) => Buffer, headers: object): Send {
  return async ({ signal, encoding, body }, key) => {
    const response = await fetch(`${url}/v1/${signal}`, {
      method: "POST",
      headers: {
        authorization: `Bearer ${key}`,
        "content-type": contentTypes[encoding],
        ...headers,
      },
      body: pack(body),
    });
    const answer = await response.text();
    // An answer without a word is a success; metrics are counted, not kept, and may be told so.
    if (!response.ok || (signal !== "metrics" && answer !== "" && answer !== "{}")) {
      throw new Error(`${signal}: ${response.status} ${answer}`);
    }
  };
}

const services: Record<Signal, string> = {
  traces: "trace.v1.TraceService",
  logs: "logs.v1.LogsService",
  metrics: "metrics.v1.MetricsService",
};

async function overGrpc(server: TestServer) {
  const { hosts, otlp } = server.engine;
  const listening = await listenGrpc({
    host: "127.0.0.1",
    port: 0,
    hosts,
    export: (call) => exportOverGrpc(call, otlp),
    onRefused: (error) => server.bugs.push(error.message),
    onBug: (cause) => server.bugs.push(String(cause)),
  });
  hosts.add(`127.0.0.1:${listening.port}`);
  const session = connect(`http://127.0.0.1:${listening.port}`);

  const send: Send = async ({ signal, body }, key) => {
    const stream = session.request({
      ":method": "POST",
      ":path": `/opentelemetry.proto.collector.${services[signal]}/Export`,
      "content-type": "application/grpc",
      te: "trailers",
      authorization: `Bearer ${key}`,
    });
    const prefix = Buffer.alloc(5);
    prefix.writeUInt32BE(body.length, 1);
    stream.end(Buffer.concat([prefix, body]));
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    let status: unknown = "none";
    const note = (head: Record<string, unknown>) => (status = head["grpc-status"] ?? status);
    stream.on("response", note);
    stream.on("trailers", note);
    stream.on("data", () => {});
    stream.on("error", reject);
    stream.on("close", () =>
      status === "0" ? resolve() : reject(new Error(`${signal}: gRPC status ${status}`)),
    );
    return promise;
  };
  return {
    send,
    async close() {
      session.destroy();
      await listening.stop(100);
    },
  };
}
