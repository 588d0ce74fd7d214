/**
 * The load generator: a process of its own that writes HTTP/1.1 by hand over keep-alive
 * connections, each with one request under way, so that it leaves the two cores to what is measured.
 */
import type { Socket } from "bun";
import { serveHelper } from "./helper.ts";
import { sessions, type Session } from "./sessions.ts";
import { bodyShapes } from "./shapes.ts";
import { salt, type Template } from "./template.ts";

export interface Job {
  port: number;
  /** The key or token to send. */
  secret?: string;
  /** What is sent: bodies of these shapes in turn, sessions from first to last, or reads of paths. */
  shapes?: (keyof typeof bodyShapes)[];
  replicas?: { first: number; count: number };
  paths?: string[];
  connections: number;
  /** Ends after this time or this number of requests, sessions at the latest with the last. */
  seconds?: number;
  requests?: number;
  /** Pause of a connection between an answer and the next request. */
  pauseMs?: number;
  /**
   * So many requests a second in all, whether or not they are answered as fast: one that had to wait for
   * a connection is measured from when it was due.
   */
  perSecond?: number;
}

export interface Load {
  requests: number;
  spansPerSecond: number;
  bytes: number;
  seconds: number;
  p50: number;
  p95: number;
  p99: number;
}

interface Request {
  bytes: Uint8Array;
  spans: number;
}
/** The next request of a connection; null where there is none. */
type Feed = (connection: number) => Request | null;

/** Each process of this kind gets a range of salts of its own. */
const range = Number(process.argv[2]);
let count = range * 100_000_000;

function head(job: Job, bodyBytes: number, path = "/ingest", contentType = "application/json") {
  const method = job.paths ? "GET" : "POST";
  const auth = job.secret ? `authorization: Bearer ${job.secret}\r\n` : "";
  const body = job.paths ? "" : `content-type: ${contentType}\r\ncontent-length: ${bodyBytes}\r\n`;
  return `${method} ${path} HTTP/1.1\r\nhost: 127.0.0.1:${job.port}\r\n${auth}${body}\r\n`;
}

function withHead(
  job: Job,
  body: Uint8Array,
  otlp?: Template["otlp"],
): { bytes: Buffer; offset: number } {
  const path = otlp ? "/v1/traces" : "/ingest";
  const start = Buffer.from(head(job, body.byteLength, path, otlp?.contentType));
  return { bytes: Buffer.concat([start, body]), offset: start.byteLength };
}

const templates = new Map<string, Template>();

function templateOf(shape: keyof typeof bodyShapes, seed: number): Template {
  const id = `${shape} ${seed}`;
  let template = templates.get(id);
  if (!template) templates.set(id, (template = bodyShapes[shape](seed)));
  return template;
}

/** A buffer for each connection and shape, whose salts change before each sending. */
function shapesFeed(job: Job): Feed {
  const buffers = Array.from({ length: job.connections }, (_, connection) =>
    job.shapes!.map((shape) => {
      const template = templateOf(shape, connection);
      return { template, ...withHead(job, template.body, template.otlp) };
    }),
  );
  const sent = buffers.map(() => 0);
  return (connection) => {
    const own = buffers[connection]!;
    const { template, bytes, offset } = own[sent[connection]!++ % own.length]!;
    count = salt(template, bytes, offset, count);
    return { bytes, spans: template.spans };
  };
}

const replicas = new Map<string, Session[]>();

/** A session stays on its connection, as one agent's does. */
function sessionsFeed(job: Job): Feed {
  const { first, count } = job.replicas!;
  const id = `${first} ${count}`;
  if (!replicas.has(id)) replicas.set(id, sessions(first, count));
  const waiting = replicas
    .get(id)!
    .map((bodies) => bodies.map((body) => ({ bytes: withHead(job, body).bytes, spans: 1 })));
  const current = Array.from({ length: job.connections }, () => ({
    bodies: waiting[0]!,
    at: Infinity,
  }));
  let next = 0;
  return (connection) => {
    const own = current[connection]!;
    if (own.at >= own.bodies.length) {
      if (next === waiting.length) return null;
      own.bodies = waiting[next++]!;
      own.at = 0;
    }
    return own.bodies[own.at++]!;
  };
}

function pathsFeed(job: Job): Feed {
  const requests = job.paths!.map((path) => ({ bytes: Buffer.from(head(job, 0, path)), spans: 0 }));
  let next = 0;
  return () => requests[next++ % requests.length]!;
}

async function run(job: Job): Promise<Load> {
  const feed = job.paths ? pathsFeed(job) : job.replicas ? sessionsFeed(job) : shapesFeed(job);
  const latencies: number[] = [];
  let spans = 0;
  let bytes = 0;
  let left = job.requests ?? Infinity;
  const startedAt = performance.now();
  const endsAt = startedAt + (job.seconds ?? Infinity) * 1000;
  let lastAt = startedAt;
  let due = 0;

  function start(connection: number): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    let request: Request | null = null;
    let written = 0;
    let sentAt = 0;
    /** The beginning of an answer whose head is not complete yet. */
    let early: Buffer | null = null;
    /** Bytes of the answer's body that are still to come. */
    let missing = 0;
    let isOver = false;

    const end = (socket: Socket) => {
      isOver = true;
      socket.end();
      resolve();
    };
    const write = (socket: Socket) => {
      if (!request || written === request.bytes.byteLength) return;
      written += socket.write(written === 0 ? request.bytes : request.bytes.subarray(written));
    };
    const send = (socket: Socket, dueAt = performance.now()) => {
      request = performance.now() < endsAt && left-- > 0 ? feed(connection) : null;
      if (!request) return end(socket);
      written = 0;
      sentAt = dueAt;
      write(socket);
    };
    const sendInTime = (socket: Socket) => {
      const dueAt = startedAt + (due++ * 1000) / job.perSecond!;
      const waitMs = dueAt - performance.now();
      if (waitMs <= 0) send(socket, dueAt);
      else setTimeout(send, waitMs, socket);
    };
    const answered = (socket: Socket) => {
      lastAt = performance.now();
      if (lastAt <= endsAt) {
        latencies.push(lastAt - sentAt);
        spans += request!.spans;
        bytes += request!.bytes.byteLength;
      }
      if (job.perSecond) sendInTime(socket);
      else if (job.pauseMs === undefined) send(socket);
      else setTimeout(send, job.pauseMs, socket);
    };
    const fail = (problem: string) => {
      if (!isOver) reject(new Error(problem));
      isOver = true;
    };

    Bun.connect({
      hostname: "127.0.0.1",
      port: job.port,
      socket: {
        open: job.perSecond ? sendInTime : (socket) => send(socket),
        drain: write,
        data(socket, chunk) {
          if (missing > 0) {
            missing -= chunk.byteLength;
          } else {
            const read = early ? Buffer.concat([early, chunk]) : chunk;
            const end = read.indexOf("\r\n\r\n");
            early = end < 0 ? Buffer.from(read) : null;
            if (early) return;
            const text = read.toString("latin1", 0, end);
            const length = /\r\ncontent-length: *(\d+)/i.exec(text)?.[1];
            const status = Number(text.slice(9, 12));
            if (status < 200 || status > 299 || length === undefined) {
              return fail(`refused: ${read.toString("utf8", 0, 1000)}`);
            }
            missing = Number(length) - (read.byteLength - end - 4);
          }
          if (missing === 0) answered(socket);
        },
        close: () => fail("the server closed the connection"),
        error: (_, cause) => fail(String(cause)),
      },
    }).catch((cause) => fail(String(cause)));
    return promise;
  }

  await Promise.all(Array.from({ length: job.connections }, (_, connection) => start(connection)));
  // By time: what was answered within it. By number: until the last answer.
  const seconds = (Math.min(lastAt, endsAt) - startedAt) / 1000;
  latencies.sort((a, b) => a - b);
  const at = (share: number) => latencies[Math.floor(share * (latencies.length - 1))] ?? NaN;
  return {
    requests: latencies.length,
    spansPerSecond: spans / seconds,
    bytes,
    seconds,
    p50: at(0.5),
    p95: at(0.95),
    p99: at(0.99),
  };
}

serveHelper({ run });
