/**
 * The writing thread: parses, checks and stores what the HTTP thread hands over as bytes, and makes
 * every other change of the store. The HTTP event loop never waits for a parse or a disk.
 */
import type { Database } from "bun:sqlite";
import { prepareCheck } from "../contract/check.ts";
import { AppError } from "../errors.ts";
import { part, removal, upkeep as pauses } from "../limits.ts";
import { inputPreview, outputPreview } from "../messages/preview.ts";
import { readLogs } from "../otlp/logs.ts";
import { makeSpan } from "../otlp/made.ts";
import type { PriceRule } from "../pricing/rules.ts";
import * as accounts from "../sqlite/accounts/accounts.ts";
import {
  closeWriter,
  guarded,
  openWriter,
  shrinkMemory,
  type Durability,
} from "../sqlite/db/open.ts";
import { createPayloadWriter } from "../sqlite/payload/payloads.ts";
import { isPinned } from "../sqlite/spans/pins.ts";
import * as prices from "../sqlite/accounts/prices.ts";
import type { CostOf } from "../sqlite/spans/repricing.ts";
import { recordRejects } from "../sqlite/accounts/rejects.ts";
import {
  createSpanWriter,
  type Batch,
  type SpanWriter,
  type TraceSpans,
} from "../sqlite/spans/spans.ts";
import { createStorage, type Storage, type StorageKind } from "../sqlite/directory/storage.ts";
import { recordUnknown, type UnknownNote } from "../sqlite/accounts/unknown.ts";
import * as views from "../sqlite/accounts/views.ts";
import { tellingDamage, toTrouble } from "../sqlite/db/trouble.ts";
import { giveNotice, serveThread } from "./host.ts";
import { cut, type Part } from "../ingest/batch.ts";
import type { Delivery, Sent } from "../ingest/delivery.ts";
import { createChangeLog, type Change, type ChangeLog } from "../ingest/changes.ts";
import { noteFresh, parseBody, type Receipt, type Rules } from "../ingest/parse.ts";
import { bookOf, openPricer, type PriceListing, type Pricer } from "../ingest/pricer.ts";
import { createRateLimiter, type RateLimiter } from "../ingest/rate.ts";
import {
  createRepricer,
  type RepriceFilter,
  type Repricer,
  type RepriceStatus,
} from "../ingest/reprice.ts";
import { createRereader, type Rereader, type RereadStatus } from "../ingest/reread.ts";
import { nextStall, timed } from "../ingest/stalls.ts";
import { createSweep, type Sweep, type Window } from "../ingest/sweep.ts";
import { startUpkeep, type Upkeep } from "../ingest/upkeep.ts";
import { createWriter, type Writer } from "../ingest/writer.ts";

export interface WriterSettings extends Rules {
  path: string;
  durability: Durability;
  minFreeBytes: number | null;
  /** Of the configuration file. */
  priceRules: PriceRule[];
  /** Spans per second and key, null for no limit. */
  rateLimit: number | null;
  defaultKeyHash: Uint8Array;
  /** One Int32: rows that wait for a commit, for threads that must not ask and wait. */
  buffered: SharedArrayBuffer;
  /** One Int64: see changes.ts. */
  latestChange: SharedArrayBuffer;
  /** One Int64: see storage.ts. */
  freeBytes: SharedArrayBuffer;
}

export type WriterMethods = typeof methods;

interface Open {
  settings: WriterSettings;
  db: Database;
  spans: SpanWriter;
  storage: Storage;
  writer: Writer;
  limiter: RateLimiter | null;
  upkeep: Upkeep;
  /** Set once the prices are loaded; `priced` waits for that. */
  pricer: Pricer | null;
  priced: Promise<void>;
  sweep: Sweep;
  repricer: Repricer;
  rereader: Rereader;
  changes: ChangeLog;
  /** Projects that went while this runs: what is still on its way into them is refused. */
  droppedProjects: Set<number>;
}

let open: Open | null = null;

function opened(): Open {
  if (!open) throw new Error("the store is not open");
  return open;
}

/** As soon as the disk gives them. */
async function loadPricer(): Promise<void> {
  while (open) {
    try {
      const loaded = await openPricer(open.db, open.settings.priceRules, giveNotice);
      if (open) open.pricer = loaded;
      return;
    } catch (cause) {
      if (!(toTrouble(cause) instanceof AppError)) throw cause;
      await Bun.sleep(pauses.idleMs);
    }
  }
}

function pricer(): Pricer {
  const { pricer } = opened();
  if (!pricer) throw new Error("the prices are not loaded");
  return pricer;
}

/** Changes the prices that hold from now on. */
async function changePrices(change: (db: Database) => void): Promise<PriceListing> {
  const { db, writer, priced } = opened();
  await priced;
  writer.change(() => change(db));
  pricer().readRules();
  return pricer().listing();
}

/** @throws AppError `invalid_api_key` where the project went meanwhile, and its keys with it. */
function batchOf({ projectId, receivedAt, format }: Sent, traces: TraceSpans[]): Batch {
  if (opened().droppedProjects.has(projectId)) {
    throw new AppError("invalid_api_key", "invalid or revoked API key", {
      hint: "its project was deleted",
    });
  }
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

const previews = { input: inputPreview, output: outputPreview };

const methods = {
  open(settings: WriterSettings): accounts.Accounts {
    // All of it, since damage beyond the header shows only when a table is read.
    return guarded(settings.path, () => {
      const db = openWriter(settings.path, settings.durability);
      const payloads = createPayloadWriter(db);
      const costOf: CostOf = (span) => pricer().costOf(span);
      const spans = createSpanWriter(db, payloads, { readLogs, makeSpan }, costOf, previews);
      const buffered = new Int32Array(settings.buffered);
      const changes = createChangeLog(settings.latestChange);
      const onBuffered = (rows: number) => void Atomics.store(buffered, 0, rows);
      const storage = createStorage(settings);
      const writer = createWriter(db, spans, onBuffered, changes.note, storage);
      const limiter = settings.rateLimit === null ? null : createRateLimiter(settings.rateLimit);
      const upkeep = startUpkeep(db, writer, payloads, spans.settling, storage, giveNotice);
      const { promise: priced, resolve, reject } = Promise.withResolvers<void>();
      const sweep = createSweep(db, writer, giveNotice);
      const repricer = createRepricer(sweep, spans);
      const rereader = createRereader(sweep, spans);
      open = {
        settings,
        db,
        spans,
        storage,
        writer,
        limiter,
        upkeep,
        pricer: null,
        priced,
        sweep,
        repricer,
        rereader,
        changes,
        droppedProjects: new Set(),
      };
      // After the answer: meanwhile the HTTP thread opens its ports.
      setImmediate(() => {
        prepareCheck();
        void loadPricer().then(resolve, reject);
      });
      return changeAccounts((db, now) => accounts.ensureDefaults(db, settings.defaultKeyHash, now));
    });
  },

  /** Resolves once all that was accepted is committed. */
  async ingest({ body, compression, ...sender }: Delivery): Promise<Receipt> {
    const { settings, writer, priced } = opened();
    await priced;
    const { traces, receipt } = timed(`parsing of ${body.byteLength} bytes`, () =>
      parseBody(body, compression, sender.format, settings),
    );
    methods.charge(sender, receipt.accepted);
    // Part by part: between two parts of one request others get their turn.
    for (const { traces: some, weight } of cut(traces, part)) {
      noteFresh(receipt, await writer.submit(batchOf(sender, some), weight));
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
  async storePart(sender: Sent, { json, weight }: Part) {
    const traces = JSON.parse(new TextDecoder().decode(json)) as TraceSpans[];
    await opened().priced;
    return opened().writer.submit(batchOf(sender, traces), weight);
  },

  createProject: (name: string) =>
    changeAccounts((db, now) => accounts.createProject(db, name, now)),
  renameProject: (id: number, name: string) =>
    changeAccounts((db) => accounts.renameProject(db, id, name)),
  createKey: (projectId: number, name: string, hash: Uint8Array) =>
    changeAccounts((db, now) => accounts.createKey(db, projectId, name, hash, now)),
  revokeKey: (id: number) => changeAccounts((db, now) => accounts.revokeKey(db, id, now)),

  async listPrices(): Promise<PriceListing> {
    await opened().priced;
    return pricer().listing();
  },

  /** Adds a rule, in the place of one of the same patterns. */
  async setPrice(provider: string, model: string, own: PriceRule["prices"]): Promise<PriceRule> {
    const rule = { provider, model, prices: JSON.stringify(own), createdAt: Date.now() };
    let id = 0;
    const { rules } = await changePrices((db) => (id = prices.putRule(db, rule)));
    return rules.find((candidate) => candidate.id === String(id))!;
  },

  /** False where there is no such rule. @throws AppError `bad_request` for one of the configuration. */
  async removePrice(id: string): Promise<boolean> {
    const { rules } = await methods.listPrices();
    if (id.startsWith("config:") && rules.some((rule) => rule.id === id)) {
      throw new AppError("bad_request", "this rule stands in the configuration file", {
        hint: "remove it there and start the server again",
      });
    }
    let isRemoved = false;
    await changePrices((db) => (isRemoved = prices.removeRule(db, Number(id))));
    return isRemoved;
  },

  /** Takes newer list prices, null for the bundled ones. @throws AppError `bad_request` */
  async updatePrices(json: string | null): Promise<PriceListing> {
    const broughtAt = Date.now();
    const book = json === null ? null : bookOf(json, broughtAt);
    const { writer, db, priced } = opened();
    await priced;
    writer.change(() => prices.writeBook(db, json === null ? null : { json, broughtAt }));
    await pricer().useBook(book);
    return pricer().listing();
  },

  async startReprice(filter: RepriceFilter, isDryRun: boolean): Promise<RepriceStatus> {
    const { priced, repricer } = opened();
    await priced;
    return repricer.start(filter, isDryRun);
  },

  repriceStatus: (): RepriceStatus | null => opened().repricer.status(),

  /** Maps stored spans of OTLP anew, which prices them, too. */
  async startReread(window: Window): Promise<RereadStatus> {
    const { priced, rereader } = opened();
    await priced;
    return rereader.start(window);
  },

  rereadStatus: (): RereadStatus | null => opened().rereader.status(),

  /**
   * What the HTTP thread noted since the last time: refusals, keys that were used, fields of newer
   * clients. @returns those of the fields that were never seen before.
   */
  note({ rejects, dropped, uses, unknown }: Notes): UnknownNote[] {
    const { db, writer } = opened();
    return writer.background(() => {
      recordRejects(db, rejects, dropped);
      accounts.markUsed(db, uses);
      return recordUnknown(db, unknown);
    }, "writing notes");
  },

  deleteTrace(key: number): boolean {
    const { spans, writer, upkeep } = opened();
    const found = writer.change(() => spans.deleteTrace(key));
    if (found) upkeep.wake();
    return found;
  },

  /**
   * Deletes as many of these traces, from the first on, as fit into one short step. Pinned ones stay
   * unless they are meant, too.
   */
  deleteTraces(keys: number[], withPinned: boolean): Deletion {
    const { db, spans, writer, upkeep } = opened();
    const result = writer.change(() => {
      const endsAt = performance.now() + removal.stepMs;
      const result: Deletion = { seen: 0, deleted: 0, pinnedKept: 0 };
      for (const key of keys) {
        result.seen++;
        if (!withPinned && isPinned(db, key)) result.pinnedKept++;
        else if (spans.deleteTrace(key)) result.deleted++;
        if (performance.now() > endsAt) break;
      }
      return result;
    });
    if (result.deleted > 0) upkeep.wake();
    return result;
  },

  /** False where there is no such trace. */
  pin: (key: number, isPinned: boolean): boolean =>
    opened().writer.change(() => opened().spans.pin(key, isPinned)),

  putView: (id: number | null, view: views.NewView): views.StoredView =>
    opened().writer.change(() => views.putView(opened().db, id, view)),
  removeView: (id: number): void => opened().writer.change(() => views.removeView(opened().db, id)),

  /** @returns whether the project is gone; if not, some traces came in, and it is to be tried again. */
  dropProject(id: number): { isGone: boolean; accounts: accounts.Accounts } {
    const { droppedProjects } = opened();
    let isGone = false;
    const left = changeAccounts((db, now) => (isGone = accounts.dropProject(db, id, now)));
    if (isGone) droppedProjects.add(id);
    return { isGone, accounts: left };
  },

  /** What came after each of these changes, up to the latest. */
  changesAfter(ids: number[]): { latest: number; changes: (Change | null)[] } {
    const { changes } = opened();
    return { latest: changes.latest, changes: ids.map(changes.after) };
  },

  /** Answered once it is otherwise than that. */
  storageAfter: (seen: StorageKind) => opened().storage.after(seen),
  nextStall,

  /** Commits what waits, writes the log back into the file and closes it. */
  close(): void {
    if (!open) return;
    const { db, writer, upkeep, sweep, storage } = open;
    upkeep.stop();
    sweep.stop();
    try {
      writer.drain();
    } catch {
      // A disk that fails: who waited has been told.
    }
    open = null;
    closeWriter(db);
    storage.end();
  },
};

/** What became of a list of traces. */
export interface Deletion {
  /** So many of them were looked at. */
  seen: number;
  deleted: number;
  pinnedKept: number;
}

export interface Notes {
  rejects: Parameters<typeof recordRejects>[1];
  dropped: Parameters<typeof recordRejects>[2];
  uses: Parameters<typeof accounts.markUsed>[1];
  unknown: UnknownNote[];
}

serveThread(
  tellingDamage(methods, () => giveNotice("not all can be stored or deleted")),
  () => {
    if (!open) return;
    open.spans.rest();
    shrinkMemory(open.db);
  },
);
