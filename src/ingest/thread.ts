/**
 * The writing thread: parses, checks and stores what the HTTP thread hands over as bytes, and makes
 * every other change of the store. The HTTP event loop never waits for a parse or a disk.
 */
import type { Database } from "bun:sqlite";
import { readText } from "../contract/body.ts";
import { parsePayload, prepareCheck } from "../contract/check.ts";
import { AppError } from "../errors.ts";
import { part } from "../limits.ts";
import * as accounts from "../store/accounts.ts";
import { closeWriter, guarded, openWriter, type Durability } from "../store/open.ts";
import { createPayloadWriter } from "../store/payloads.ts";
import { recordRejects } from "../store/rejects.ts";
import { createSpanWriter, type Batch, type SpanWriter, type TraceSpans } from "../store/spans.ts";
import { serveThread } from "../threads.ts";
import { countSpans, cut, groupByTrace, type Part } from "./batch.ts";
import { createRateLimiter, type RateLimiter } from "./rate.ts";
import { startUpkeep, type Upkeep } from "./upkeep.ts";
import { createWriter, type Writer } from "./writer.ts";

/** What is asked of a body. */
export interface Rules {
  /** On the wire and after decompression. */
  maxBodyBytes: number;
  unknownFields: "reject" | "keep";
}

export interface WriterSettings extends Rules {
  path: string;
  durability: Durability;
  /** Spans per second and key, null for no limit. */
  rateLimit: number | null;
  defaultKeyHash: Uint8Array;
  /** One Int32: rows that wait for a commit, for threads that must not ask and wait. */
  buffered: SharedArrayBuffer;
}

/** Whose spans they are, and since when we have them. */
export interface Sent {
  projectId: number;
  keyId: number;
  receivedAt: number;
}

export interface Delivery extends Sent {
  body: ArrayBuffer;
  encoding: string | null;
  /** True where an operator imports: no rate limit, and `x` is read. */
  imported: boolean;
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

function batchOf({ projectId, receivedAt }: Sent, traces: TraceSpans[]): Batch {
  return { projectId, receivedAt, source: "foglamp", traces };
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
      const spans = createSpanWriter(db, payloads);
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

  /** @returns the number of spans in the request, once they are committed. */
  async ingest({ body, encoding, imported, ...sender }: Delivery): Promise<number> {
    const { settings, writer } = opened();
    const text = readText(new Uint8Array(body), encoding, settings.maxBodyBytes);
    const payload = parsePayload(text, { unknownFields: settings.unknownFields, imported });
    const accepted = countSpans(payload);
    if (!imported) methods.charge(sender.keyId, accepted);
    // Part by part: between two parts of one request others get their turn.
    for (const { traces, weight } of cut(groupByTrace(payload), part)) {
      await writer.submit(batchOf(sender, traces), weight);
    }
    return accepted;
  },

  /** Takes spans from a key's budget. @throws AppError `rate_limited`. */
  charge(keyId: number, spans: number): void {
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
