/**
 * The writing thread: parses, checks and stores what the HTTP thread hands over as bytes, and makes
 * every other change of the store. The HTTP event loop never waits for a parse or a disk.
 */
import type { Batch, TraceSpans } from "../backend/batch.ts";
import type { Accounts, NewView, StorageKind, StoredView, UnknownNote } from "../backend/store.ts";
import type {
  Change,
  Deletion,
  Meaning,
  Notes,
  Window,
  Writer,
  WriterSettings as StoreSettings,
} from "../backend/writer.ts";
import { prepareCheck } from "../contract/check.ts";
import { AppError } from "../errors.ts";
import { cut, type Part } from "../ingest/batch.ts";
import { createChangeLog, type ChangeLog } from "../ingest/changes.ts";
import type { Delivery, Sent } from "../ingest/delivery.ts";
import { Gauge } from "../ingest/gauge.ts";
import { noteFresh, parseBody, type Receipt, type Rules } from "../ingest/parse.ts";
import { bookOf, openPricer, type PriceListing, type Pricer } from "../ingest/pricer.ts";
import { createQueue, type Queue } from "../ingest/queue.ts";
import { createRateLimiter, type RateLimiter } from "../ingest/rate.ts";
import {
  createRepricer,
  type RepriceFilter,
  type Repricer,
  type RepriceStatus,
} from "../ingest/reprice.ts";
import { createRereader, type Rereader, type RereadStatus } from "../ingest/reread.ts";
import { nextStall, timed } from "../ingest/stalls.ts";
import { part, upkeep as pauses } from "../limits.ts";
import { inputPreview, outputPreview } from "../messages/preview.ts";
import { readLogs } from "../otlp/logs.ts";
import { makeSpan } from "../otlp/made.ts";
import type { PriceRule } from "../pricing/rules.ts";
import { openWriter } from "../sqlite/backend/writer.ts";
import { giveNotice, serveThread } from "./host.ts";

export interface WriterSettings extends Rules, StoreSettings {
  dataDir: string;
  /** Of the configuration file. */
  priceRules: PriceRule[];
  /** Spans per second and key, null for no limit. */
  rateLimit: number | null;
  /** What gauges of the HTTP thread show. */
  gauges: Record<"buffered" | "latestChange" | "freeBytes", SharedArrayBuffer>;
}

export type WriterMethods = typeof methods;

interface Open {
  settings: WriterSettings;
  writer: Writer;
  queue: Queue;
  limiter: RateLimiter | null;
  /** Set once the prices are loaded; `priced` waits for that. */
  pricer: Pricer | null;
  priced: Promise<void>;
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

/** For what is to happen after all that came before. */
async function settled(): Promise<Writer> {
  await opened().queue.drained();
  return opened().writer;
}

/** As soon as the disk gives them. */
async function loadPricer(): Promise<void> {
  while (open) {
    try {
      const loaded = await openPricer(open.writer, open.settings.priceRules, giveNotice);
      if (open) open.pricer = loaded;
      return;
    } catch (cause) {
      if (!(cause instanceof AppError)) throw cause;
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
async function changePrices(change: (writer: Writer) => void): Promise<PriceListing> {
  await opened().priced;
  change(await settled());
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

const meaning: Meaning = {
  costOf: (span) => pricer().costOf(span),
  previews: { input: inputPreview, output: outputPreview },
  readLogs,
  makeSpan,
};

const methods = {
  open(settings: WriterSettings): Accounts {
    const buffered = new Gauge(settings.gauges.buffered);
    const freeBytes = new Gauge(settings.gauges.freeBytes);
    const changes = createChangeLog(new Gauge(settings.gauges.latestChange));
    const writer = openWriter(settings.dataDir, settings, meaning, {
      onChange: changes.note,
      onDamage: giveNotice,
      onFreeBytes: (bytes) => (freeBytes.value = bytes),
      timed,
    });
    const { promise: priced, resolve, reject } = Promise.withResolvers<void>();
    open = {
      settings,
      writer,
      queue: createQueue(writer, (rows) => (buffered.value = rows)),
      limiter: settings.rateLimit === null ? null : createRateLimiter(settings.rateLimit),
      pricer: null,
      priced,
      repricer: createRepricer(writer),
      rereader: createRereader(writer),
      changes,
      droppedProjects: new Set(),
    };
    // After the answer: meanwhile the HTTP thread opens its ports.
    setImmediate(() => {
      prepareCheck();
      void loadPricer().then(resolve, reject);
    });
    return writer.accounts();
  },

  /** Resolves once all that was accepted is committed. */
  async ingest({ body, compression, ...sender }: Delivery): Promise<Receipt> {
    const { settings, queue, priced } = opened();
    await priced;
    const { traces, receipt } = timed(`parsing of ${body.byteLength} bytes`, () =>
      parseBody(body, compression, sender.format, settings),
    );
    methods.charge(sender, receipt.accepted);
    // Part by part: between two parts of one request others get their turn.
    for (const { traces: some, weight } of cut(traces, part)) {
      noteFresh(receipt, await queue.submit(batchOf(sender, some), weight));
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
    return opened().queue.submit(batchOf(sender, traces), weight);
  },

  createProject: async (name: string) => (await settled()).createProject(name),
  renameProject: async (id: number, name: string) => (await settled()).renameProject(id, name),
  createKey: async (projectId: number, name: string, hash: Uint8Array) =>
    (await settled()).createKey(projectId, name, hash),
  revokeKey: async (id: number) => (await settled()).revokeKey(id),

  /** @returns whether the project is gone; if not, some traces came in, and it is to be tried again. */
  async dropProject(id: number): Promise<{ isGone: boolean; accounts: Accounts }> {
    const dropped = (await settled()).dropProject(id);
    if (dropped.isGone) opened().droppedProjects.add(id);
    return dropped;
  },

  async listPrices(): Promise<PriceListing> {
    await opened().priced;
    return pricer().listing();
  },

  /** Adds a rule, in the place of one of the same patterns. */
  async setPrice(provider: string, model: string, own: PriceRule["prices"]): Promise<PriceRule> {
    const rule = { provider, model, prices: JSON.stringify(own), createdAt: Date.now() };
    let id = 0;
    const { rules } = await changePrices((writer) => (id = writer.putPriceRule(rule)));
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
    await changePrices((writer) => (isRemoved = writer.removePriceRule(Number(id))));
    return isRemoved;
  },

  /** Takes newer list prices, null for the bundled ones. @throws AppError `bad_request` */
  async updatePrices(json: string | null): Promise<PriceListing> {
    const broughtAt = Date.now();
    const book = json === null ? null : bookOf(json, broughtAt);
    await opened().priced;
    (await settled()).writePriceBook(json === null ? null : { json, broughtAt });
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
  note: async (notes: Notes): Promise<UnknownNote[]> => (await settled()).note(notes),

  deleteTrace: async (key: number): Promise<boolean> => (await settled()).deleteTrace(key),

  /**
   * Deletes as many of these traces, from the first on, as fit into one short step. Pinned ones stay
   * unless they are meant, too.
   */
  deleteTraces: async (keys: number[], withPinned: boolean): Promise<Deletion> =>
    (await settled()).deleteTraces(keys, withPinned),

  /** False where there is no such trace. */
  pin: async (key: number, isPinned: boolean): Promise<boolean> =>
    (await settled()).pin(key, isPinned),

  putView: async (id: number | null, view: NewView): Promise<StoredView> =>
    (await settled()).putView(id, view),
  removeView: async (id: number): Promise<void> => (await settled()).removeView(id),

  /** What came after each of these changes, up to the latest. */
  changesAfter(ids: number[]): { latest: number; changes: (Change | null)[] } {
    const { changes } = opened();
    return { latest: changes.latest, changes: ids.map(changes.after) };
  },

  /** Answered once it is otherwise than that. */
  storageAfter: (seen: StorageKind) => opened().writer.storageAfter(seen),
  nextStall,

  /** Commits what waits and closes the store. */
  async close(): Promise<void> {
    if (!open) return;
    const { writer, queue } = open;
    await queue.drained();
    open = null;
    writer.close();
  },
};

serveThread(methods, () => open?.writer.rest());
