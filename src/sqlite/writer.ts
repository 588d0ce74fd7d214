/** The one connection that writes, and all that is done with it: see src/backend/writer.ts. */
import type { Database } from "bun:sqlite";
import type { Accounts } from "../backend/store.ts";
import type { Deletion, Meaning, Writer, WriterEvents, WriterSettings } from "../backend/writer.ts";
import { removal } from "../limits.ts";
import * as accounts from "./accounts/accounts.ts";
import * as prices from "./accounts/prices.ts";
import { recordRejects } from "./accounts/rejects.ts";
import { recordUnknown } from "./accounts/unknown.ts";
import * as views from "./accounts/views.ts";
import { closeWriter, guarded, openWriter, shrinkMemory } from "./db/open.ts";
import { isDamage, toTrouble } from "./db/trouble.ts";
import { createPayloadWriter } from "./payload/payloads.ts";
import { isPinned } from "./spans/pins.ts";
import { createSpanWriter } from "./spans/spans.ts";
import { createStorage } from "./storage/storage.ts";
import { createTransactions } from "./transactions.ts";
import { createSweep } from "./upkeep/sweep.ts";
import { startUpkeep } from "./upkeep/upkeep.ts";

/**
 * Opens the store, making it at need, and begins with the work in the background.
 *
 * @throws AppError `store_unusable`.
 */
export function openStoreWriter(
  path: string,
  { durability, minFreeBytes, defaultKeyHash }: WriterSettings,
  { costOf, previews, readLogs, makeSpan }: Meaning,
  events: WriterEvents,
): Writer {
  // All of it, since damage beyond the header shows only when a table is read.
  return guarded(path, () => {
    const db = openWriter(path, durability);
    const payloads = createPayloadWriter(db);
    const spans = createSpanWriter(db, payloads, { readLogs, makeSpan }, costOf, previews);
    const { onFreeBytes } = events;
    const storage = createStorage({ path, minFreeBytes, onFreeBytes });
    const transactions = createTransactions(db, spans, events, storage);
    const sweep = createSweep(db, transactions, events.onDamage);
    const { change } = transactions;

    function changeAccounts(work: (db: Database, nowMs: number) => void): Accounts {
      return change(() => {
        work(db, Date.now());
        return accounts.listAccounts(db);
      });
    }

    changeAccounts((db, now) => accounts.ensureDefaults(db, defaultKeyHash, now));
    // Last: a store that is refused is left as it is.
    const upkeep = startUpkeep(db, transactions, payloads, spans.settling, storage, events);

    const writer: Writer = {
      apply: async (batches, bytes) => transactions.apply(batches, bytes),

      accounts: () => accounts.listAccounts(db),
      createProject: (name) => changeAccounts((db, now) => accounts.createProject(db, name, now)),
      renameProject: (id, name) => changeAccounts((db) => accounts.renameProject(db, id, name)),
      dropProject(id) {
        let isGone = false;
        const left = changeAccounts((db, now) => (isGone = accounts.dropProject(db, id, now)));
        return { isGone, accounts: left };
      },
      createKey: (projectId, name, hash) =>
        changeAccounts((db, now) => accounts.createKey(db, projectId, name, hash, now)),
      revokeKey: (id) => changeAccounts((db, now) => accounts.revokeKey(db, id, now)),

      priceRules: () => prices.listRules(db),
      putPriceRule: (rule) => change(() => prices.putRule(db, rule)),
      removePriceRule: (id) => change(() => prices.removeRule(db, id)),
      priceBook: () => prices.readBook(db),
      writePriceBook: (book) => change(() => prices.writeBook(db, book)),

      putView: (id, view) => change(() => views.putView(db, id, view)),
      removeView: (id) => change(() => views.removeView(db, id)),
      note({ rejects, dropped, uses, unknown }) {
        return transactions.background(() => {
          recordRejects(db, rejects, dropped);
          accounts.markUsed(db, uses);
          return recordUnknown(db, unknown);
        }, "writing notes");
      },

      deleteTrace(key) {
        const found = change(() => spans.deleteTrace(key));
        if (found) upkeep.wake();
        return found;
      },
      deleteTraces(keys, withPinned) {
        const result = change(() => {
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
      pin: (key, isPinned) => change(() => spans.pin(key, isPinned)),

      reprice(window, { isMeant, isDry, onStep }) {
        return sweep.run(window, (traceKey, from) => {
          const did = spans.reprice(traceKey, isMeant, isDry, from);
          return { next: did?.next ?? null, committed: () => did && onStep(traceKey, did) };
        });
      },
      reread(window, { mapAgain, onStep }) {
        return sweep.run(window, (traceKey, from) => {
          const did = spans.reread(traceKey, from, mapAgain);
          return { next: did.next, committed: () => onStep(traceKey, did) };
        });
      },

      storageAfter: storage.after,
      rest() {
        spans.rest();
        shrinkMemory(db);
      },
      close() {
        upkeep.stop();
        sweep.stop();
        closeWriter(db);
        storage.end();
      },
    };
    return inWords(writer, () => events.onDamage("not all can be stored or deleted"));
  });
}

/** @returns the same methods, whose errors are those of any backend, and which tell of damage. */
function inWords(writer: Writer, tellDamage: () => void): Writer {
  function fail(cause: unknown): never {
    if (isDamage(cause)) tellDamage();
    throw toTrouble(cause);
  }
  const methods = Object.entries(writer).map(([name, method]) => [
    name,
    (...args: unknown[]) => {
      try {
        return (method as (...args: unknown[]) => unknown)(...args);
      } catch (cause) {
        fail(cause);
      }
    },
  ]);
  return {
    ...(Object.fromEntries(methods) as Writer),
    async apply(batches, bytes) {
      const results = await writer.apply(batches, bytes);
      if (results.some((result) => result.status === "rejected" && isDamage(result.reason)))
        tellDamage();
      return results;
    },
  };
}
