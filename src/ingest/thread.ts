/**
 * The writing thread: parses, checks and stores what the HTTP thread hands over as bytes, and makes
 * every other change of the store. The HTTP event loop never waits for a parse or a disk.
 */
import type { Database } from "bun:sqlite";
import { prepareCheck } from "../contract/check.ts";
import { AppError } from "../errors.ts";
import { part } from "../limits.ts";
import { readLogs } from "../otlp/logs.ts";
import * as accounts from "../store/accounts.ts";
import { closeWriter, guarded, openWriter, type Durability } from "../store/open.ts";
import { createPayloadWriter } from "../store/payloads.ts";
import { recordRejects } from "../store/rejects.ts";
import { createSpanWriter, type Batch, type SpanWriter, type TraceSpans } from "../store/spans.ts";
import { serveThread } from "../threads.ts";
import { cut, type Part } from "./batch.ts";
import { parseBody, type Format, type Receipt, type Rules } from "./parse.ts";
import { createRateLimiter, type RateLimiter } from "./rate.ts";
import { startUpkeep, type Upkeep } from "./upkeep.ts";
import { createWriter, type Writer } from "./writer.ts";

export interface WriterSettings extends Rules {
  path: string;
  durability: Durability;
  /** Spans per second and key, null for no limit. */
  rateLimit: number | null;
  defaultKeyHash: Uint8Array;
  /** One Int32: rows that wait for a commit, for threads that must not ask and wait. */
  buffered: SharedArrayBuffer;
}

/** Whose spans they are, in which protocol, and since when we have them. */
export interface Sent {
  projectId: number;
  keyId: number;
  receivedAt: number;
  format: Format;
}

export interface Delivery extends Sent {
  body: ArrayBuffer;
  /** As `Content-Encoding` has it. */
  compression: string | null;
}

export type WriterMethods = typeof methods;

interface Open {
  settings: WriterSettings;
  db: Database;
  spans: SpanWriter;
  writer: Writer;
  limiter: RateLimiter | null;
  upkeep: Upkeep;
}

let open: Open | null = null;

function opened(): Open {
  if (!open) throw new Error("the store is not open");
  return open;
}

function batchOf({ projectId, receivedAt, format }: Sent, traces: TraceSpans[]): Batch {
  const source = format.protocol === "otlp" ? "otlp" : "foglamp";
  return { projectId, receivedAt, source, traces };
}

function changeAccounts(change: (db: Database, nowMs: number) => void): accounts.Accounts {
  const { db, writer } = opened();
  return writer.change(() => {
    change(db, Date.now());
    return accounts.listAccounts(db);
  });
}

const methods = {
  open(settings: WriterSettings): accounts.Accounts {
    // All of it, since damage beyond the header shows only when a table is read.
    return guarded(settings.path, () => {
      const db = openWriter(settings.path, settings.durability);
      const payloads = createPayloadWriter(db);
      const spans = createSpanWriter(db, payloads, readLogs);
      const buffered = new Int32Array(settings.buffered);
      const writer = createWriter(db, spans, (rows) => Atomics.store(buffered, 0, rows));
      const limiter = settings.rateLimit === null ? null : createRateLimiter(settings.rateLimit);
      const upkeep = startUpkeep(db, writer, payloads);
      open = { settings, db, spans, writer, limiter, upkeep };
      // After the answer: meanwhile the HTTP thread opens its ports.
      setImmediate(prepareCheck);
      return changeAccounts((db, now) => accounts.ensureDefaults(db, settings.defaultKeyHash, now));
    });
  },

  /** Resolves once all that was accepted is committed. */
  async ingest({ body, compression, ...sender }: Delivery): Promise<Receipt> {
    const { settings, writer } = opened();
    const { traces, receipt } = parseBody(body, compression, sender.format, settings);
    methods.charge(sender, receipt.accepted);
    // Part by part: between two parts of one request others get their turn.
    for (const { traces: some, weight } of cut(traces, part)) {
      await writer.submit(batchOf(sender, some), weight);
    }
    return receipt;
  },

  /** Takes spans from a key's budget. @throws AppError `rate_limited`. */
  charge({ keyId, format }: Sent, spans: number): void {
    if (format.protocol === "import" || spans === 0) return;
    const retryAfterSeconds = opened().limiter?.take(keyId, spans, Date.now()) ?? 0;
    if (retryAfterSeconds > 0) {
      throw new AppError("rate_limited", "rate limit exceeded", { retryAfterSeconds });
    }
  },

  /** Commits a part of a large request that was checked on its own thread. */
  async storePart(sender: Sent, { json, weight }: Part): Promise<void> {
    const traces = JSON.parse(new TextDecoder().decode(json)) as TraceSpans[];
    await opened().writer.submit(batchOf(sender, traces), weight);
  },

  createProject: (name: string) =>
    changeAccounts((db, now) => accounts.createProject(db, name, now)),
  renameProject: (id: number, name: string) =>
    changeAccounts((db) => accounts.renameProject(db, id, name)),
  createKey: (projectId: number, name: string, hash: Uint8Array) =>
    changeAccounts((db, now) => accounts.createKey(db, projectId, name, hash, now)),
  revokeKey: (id: number) => changeAccounts((db, now) => accounts.revokeKey(db, id, now)),

  /** What the HTTP thread noted since the last time: refusals, and keys that were used. */
  note({ rejects, dropped, uses }: Notes): void {
    const { db, writer } = opened();
    writer.change(() => {
      recordRejects(db, rejects, dropped);
      accounts.markUsed(db, uses);
    });
  },

  deleteTrace(key: number): boolean {
    const { spans, writer, upkeep } = opened();
    const found = writer.change(() => spans.deleteTrace(key));
    if (found) upkeep.wake();
    return found;
  },

  /** Commits what waits, writes the log back into the file and closes it. */
  close(): void {
    if (!open) return;
    const { db, writer, upkeep } = open;
    upkeep.stop();
    writer.change(() => {});
    open = null;
    closeWriter(db);
  },
};

export interface Notes {
  rejects: Parameters<typeof recordRejects>[1];
  dropped: Parameters<typeof recordRejects>[2];
  uses: Parameters<typeof accounts.markUsed>[1];
}

serveThread(methods);
