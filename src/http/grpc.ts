/**
 * OTLP over gRPC, the transport alone: HTTP/2 without TLS, one message in, one message out. Knows
 * nothing of spans, decompresses nothing, and reads no message before `export` asks for it.
 *
 * Bun itself ends a connection that floods it with headers, resets, pings or settings. Its timeouts
 * of streams and sessions are no use here: both wind the same clock, and no byte winds it up again.
 */
import { once } from "node:events";
import http2, { type IncomingHttpHeaders, type ServerHttp2Stream } from "node:http2";
import type { AddressInfo, Socket } from "node:net";
import { setImmediate } from "node:timers/promises";
import { descriptorLimit } from "../descriptors.ts";
import { AppError } from "../errors.ts";
import { idleTimeoutSeconds } from "../limits.ts";
import { grpcCodeOf } from "../otlp/answer.ts";
import type { Signal } from "../otlp/request.ts";
import { internalError } from "./answer.ts";
import { forbiddenHost } from "./guard.ts";
import { isContainerHost, isLocalPeer } from "./peers.ts";

export interface GrpcCall {
  signal: Signal;
  /** The request's metadata. */
  headers: Headers;
  /** How the message is compressed, null for not. */
  encoding: string | null;
  /** The size of the message on the wire, from its prefix. */
  declaredBytes: number;
  /**
   * To be called once, after the size was admitted: nothing of it is held before.
   *
   * @throws AppError `body_timeout`, `bad_request`.
   */
  read(): Promise<ArrayBuffer>;
}

export interface GrpcSettings {
  /** Null: both loopback addresses. */
  host: string | null;
  /** 0 picks a free one. */
  port: number;
  /** Values of `:authority` that are served, with their port; may be filled after listening. */
  hosts: ReadonlySet<string>;
  /** Answers a call with the response message. @throws AppError */
  export: (call: GrpcCall) => Promise<Uint8Array>;
  /** Told of a call that is refused before it is exported, and of its method. */
  onRefused: (error: AppError, method: string) => void;
  onBug: (cause: unknown) => void;
}

export interface GrpcListening {
  port: number;
  /** Refuses new calls, lets those under way finish, then cuts what is left. */
  stop(graceMs: number): Promise<void>;
}

/** Connections, and on each the calls under way and the headers of one. */
const max = {
  connections: Math.min(256, Math.floor(descriptorLimit() / 4)),
  calls: 100,
  headerBytes: 16 * 1024,
};
/** A call that is silent for this long is cut off, and a connection before its first. */
const silentCallMs = idleTimeoutSeconds * 1000;
/** Exporters keep a connection from one batch to the next, and replace one that was closed. */
const silentConnectionMs = 10 * 60_000;

interface Connection {
  /** So many are under way. */
  calls: number;
  socket: Socket | null;
}

const signals: ReadonlyMap<string | undefined, Signal> = new Map([
  ["/opentelemetry.proto.collector.trace.v1.TraceService/Export", "traces"],
  ["/opentelemetry.proto.collector.logs.v1.LogsService/Export", "logs"],
  ["/opentelemetry.proto.collector.metrics.v1.MetricsService/Export", "metrics"],
]);

const grpcType = /^application\/grpc(\+proto)?\s*(;|$)/i;

const encodings = ["identity", "gzip", "deflate", "zstd"];

/** Before each message: whether it is compressed, and its length. */
const prefixBytes = 5;

/** @throws AppError `start_failed` where an address is taken. */
export async function listenGrpc(settings: GrpcSettings): Promise<GrpcListening> {
  const servers: http2.Http2Server[] = [];
  /** The one that has begun or ended no call for longest is the first. */
  const sessions = new Map<http2.ServerHttp2Session, Connection>();
  let isStopping = false;
  let { port } = settings;

  function count(session: http2.ServerHttp2Session, change: 1 | -1): void {
    const connection = sessions.get(session);
    if (!connection) return;
    connection.calls += change;
    sessions.delete(session);
    sessions.set(session, connection);
  }

  /** For one more connection, the one that rests for longest goes; where none does, any. */
  function makeRoom(): void {
    if (sessions.size < max.connections) return;
    const all = [...sessions];
    const [session] = all.find(([, { calls }]) => calls === 0) ?? all[0]!;
    cut(session);
  }

  function cut(session: http2.ServerHttp2Session): void {
    const socket = sessions.get(session)?.socket;
    sessions.delete(session);
    // Says to its peer that it is to come again with what it sends now, where it listens.
    session.close();
    session.destroy();
    // Else it stays open until the peer closes it.
    socket?.destroy();
  }

  async function bind(address: string): Promise<void> {
    const server = http2.createServer({
      settings: { maxConcurrentStreams: max.calls, maxHeaderListSize: max.headerBytes },
    });
    let newest: Connection | null = null;
    server.on("session", (session) => {
      makeRoom();
      newest = { calls: 0, socket: null };
      sessions.set(session, newest);
      session.on("close", () => sessions.delete(session));
      limitSilence(session, () => cut(session));
    });
    // Bun tells of it right after its session.
    server.on("connection", (socket) => {
      if (newest) newest.socket = socket;
    });
    server.on("stream", (stream: ServerHttp2Stream, headers) => {
      const session = stream.session as http2.ServerHttp2Session;
      count(session, 1);
      stream.on("close", () => count(session, -1));
      // A reset. It shows where the message is read, and nobody waits for an answer any more.
      stream.on("error", () => {});
      const isGrpc = grpcType.test(headers["content-type"] ?? "");
      if (!isGrpc) {
        const error = new AppError("unsupported_media_type", "the content type is none of gRPC's");
        settings.onRefused(error, methodOf(headers));
        respondOnly(stream, { ":status": 415 });
      } else if (isStopping) refuse(stream, new AppError("shutting_down", "shutting down"));
      else void answer(stream, headers, settings);
    });
    server.listen(port, address);
    await once(server, "listening");
    server.on("error", settings.onBug);
    servers.push(server);
    port = (server.address() as AddressInfo).port;
  }

  async function stop(graceMs: number): Promise<void> {
    isStopping = true;
    const closed = Promise.all(servers.map((server) => new Promise((done) => server.close(done))));
    for (const session of sessions.keys()) session.close();
    await Promise.race([closed, Bun.sleep(graceMs)]);
    for (const session of sessions.keys()) cut(session);
    await closed;
  }

  for (const address of settings.host === null ? ["127.0.0.1", "::1"] : [settings.host]) {
    try {
      await bind(address);
    } catch (cause) {
      const { code } = cause as { code?: string };
      // A machine without IPv6 has the other one.
      if (servers.length > 0 && code !== "EADDRINUSE") continue;
      await stop(0);
      const what = code === "EADDRINUSE" ? "is taken" : `cannot be used (${code})`;
      throw new AppError("start_failed", `port ${port} ${what} on ${address}`, { cause });
    }
  }
  return { port, stop };
}

/** Closes a connection that never begins to speak HTTP/2, or is not used for a long time. */
function limitSilence(session: http2.ServerHttp2Session, cut: () => void): void {
  let timer = setTimeout(cut, silentCallMs);
  const heard = () => {
    clearTimeout(timer);
    timer = setTimeout(() => session.close(), silentConnectionMs);
  };
  for (const event of ["remoteSettings", "stream", "ping"]) session.on(event, heard);
  session.on("close", () => clearTimeout(timer));
  // Whatever a peer sends that is not HTTP/2. Its connection is closed by then.
  session.on("error", () => {});
}

async function answer(
  stream: ServerHttp2Stream,
  headers: IncomingHttpHeaders,
  settings: GrpcSettings,
): Promise<void> {
  let call: GrpcCall | null = null;
  try {
    call = await open(stream, headers, settings);
    respond(stream, await settings.export(call));
  } catch (cause) {
    if (!(cause instanceof AppError)) settings.onBug(cause);
    const error = cause instanceof AppError ? cause : internalError();
    if (!call) settings.onRefused(error, methodOf(headers));
    refuse(stream, error);
  }
}

/** As it is listed: a signal's path, or what was called instead. */
function methodOf({ ":path": path = "" }: IncomingHttpHeaders): string {
  const signal = signals.get(path);
  return signal ? `/v1/${signal}` : path;
}

/** Checks the headers and the message's prefix; the message itself stays unread. */
async function open(
  stream: ServerHttp2Stream,
  headers: IncomingHttpHeaders,
  { hosts }: GrpcSettings,
): Promise<GrpcCall> {
  const host = headers[":authority"] ?? headers.host ?? "";
  const isServed =
    hosts.has(host.toLowerCase()) ||
    (isContainerHost(host) && isLocalPeer(stream.session?.socket.remoteAddress));
  if (!isServed) throw forbiddenHost(host);
  const signal = signals.get(headers[":path"]);
  if (!signal) {
    throw new AppError("not_found", "there is no such method", {
      hint: "OTLP/gRPC is TraceService, LogsService and MetricsService; OTLP/HTTP has another port",
    });
  }
  const encoding = headers["grpc-encoding"]?.toString() ?? "identity";
  if (!encodings.includes(encoding)) throw new AppError("not_found", "unknown grpc-encoding");

  const next = chunksOf(stream);
  let head = Buffer.alloc(0);
  while (head.length < prefixBytes) {
    const chunk = await next();
    if (!chunk) throw malformed("the call has no message");
    head = Buffer.concat([head, chunk]);
  }
  const flag = head[0]!;
  const declaredBytes = head.readUInt32BE(1);
  if (flag > 1 || (flag === 1 && encoding === "identity")) {
    throw malformed("the message's prefix contradicts its grpc-encoding");
  }

  const metadata = Object.entries(headers).filter(([name]) => !name.startsWith(":"));
  return {
    signal,
    headers: new Headers(metadata as [string, string][]),
    encoding: flag === 1 ? encoding : null,
    declaredBytes,
    async read() {
      const message = new Uint8Array(declaredBytes);
      let filled = 0;
      let chunk: Uint8Array | null = head.subarray(prefixBytes);
      for (; chunk; chunk = await next()) {
        if (filled + chunk.length > declaredBytes) throw malformed("the message is too long");
        message.set(chunk, filled);
        filled += chunk.length;
      }
      if (filled < declaredBytes) throw malformed("the message is cut off");
      return message.buffer;
    },
  };
}

const malformed = (what: string) => new AppError("bad_request", what);

/** Waits for the next piece of what the client sends; null at the end of it. */
function chunksOf(stream: ServerHttp2Stream): () => Promise<Buffer | null> {
  const chunks = stream[Symbol.asyncIterator]() as AsyncIterator<Buffer>;
  const silence = setTimeout(() => stream.close(http2.constants.NGHTTP2_CANCEL), silentCallMs);
  stream.on("close", () => clearTimeout(silence));
  return async () => {
    silence.refresh();
    const { value } = await chunks.next().catch(() => ({ value: null }));
    if (value) return value;
    // A stream that was reset ends as if it were complete, and is marked a moment later.
    await setImmediate();
    if (stream.aborted) throw new AppError("body_timeout", "the message did not arrive");
    return null;
  };
}

const answerHeaders = {
  ":status": 200,
  "content-type": "application/grpc",
  "grpc-accept-encoding": encodings.join(","),
};

function respond(stream: ServerHttp2Stream, message: Uint8Array): void {
  if (stream.closed || stream.destroyed) return;
  const prefix = Buffer.alloc(prefixBytes);
  prefix.writeUInt32BE(message.length, 1);
  stream.on("wantTrailers", () => stream.sendTrailers({ "grpc-status": "0" }));
  stream.respond(answerHeaders, { waitForTrailers: true });
  stream.end(Buffer.concat([prefix, message]));
}

/** Answers with trailers alone. */
function refuse(stream: ServerHttp2Stream, { status, message, hint }: AppError): void {
  // There is no field of its own for what to do about it.
  const text = hint ? `${message}: ${hint}` : message;
  respondOnly(stream, {
    ...answerHeaders,
    "grpc-status": String(grpcCodeOf(status)),
    "grpc-message": text.toWellFormed().replace(/[^\x20-\x24\x26-\x7e]/gu, encodeURIComponent),
  });
}

/** Ends the answer, and with it what the client still sends: NO_ERROR lets the answer stand. */
function respondOnly(stream: ServerHttp2Stream, headers: http2.OutgoingHttpHeaders): void {
  if (stream.closed || stream.destroyed) return;
  stream.respond(headers, { endStream: true });
  stream.close(http2.constants.NGHTTP2_NO_ERROR);
}
