/**
 * Collects what nothing refers to any more: the rows of deleted traces, the pieces that only they
 * had, and those that spans had before they were sent again. In small steps, each in a transaction
 * of the caller; a step that never comes, or comes twice, does no harm.
 */
import type { Database } from "bun:sqlite";
import { DamagedText } from "../../backend/texts.ts";
import { collectRowsPerStep, payload as limits } from "../../limits.ts";
import { spanKeyRange, traceKeyOf } from "../../tally/numbers.ts";
import { ByteWriter } from "../../varint.ts";
import { prepareInsert } from "../db/columns.ts";
import { revisions } from "../db/schema.ts";
import { isDamage, SetAside } from "../db/trouble.ts";
import { readIndex, runsOf, writeIndex, type Piece } from "./blocks.ts";
import { readEntries, readList, writeEntry, type Entry } from "./lists.ts";
import type { PayloadWriter } from "./payloads.ts";
import { readBorrowed, toBorrowed } from "./pieces.ts";

/** Blocks whose indexes one step looks through. */
const blocksPerStep = 8;

export interface Collector {
  /** Whether there is something to collect. */
  hasWork(nowMs: number): boolean;
  /** Does one step of it, inside the caller's transaction. */
  step(): void;
}

export function createCollector(db: Database, payloads: PayloadWriter): Collector {
  let work: Work | null = null;
  /** Traces with damaged pages, which stay as they are. */
  const damaged = new SetAside();
  return {
    hasWork: (nowMs) => (work ??= nextWork(db, payloads, nowMs, damaged)) !== null,
    step() {
      const current = work;
      // After an error what is half done begins anew.
      work = null;
      if (!current) return;
      try {
        if (!current.steps.next().done) work = current;
      } catch (cause) {
        if (isDamage(cause)) damaged.add(current.traceKey);
        throw cause;
      }
    },
  };
}

interface Work {
  traceKey: number;
  steps: Iterator<void>;
}

function nextWork(
  db: Database,
  payloads: PayloadWriter,
  nowMs: number,
  damaged: SetAside,
): Work | null {
  const select = (table: string) =>
    db
      .query<{ traceKey: number }, []>(`SELECT traceKey FROM ${table} LIMIT ${100 + damaged.size}`)
      .all()
      .map(({ traceKey }) => traceKey)
      .filter((traceKey) => !damaged.has(traceKey));
  const [deleted] = select("deletions");
  if (deleted !== undefined) {
    return { traceKey: deleted, steps: collectTrace(db, payloads, deleted) };
  }
  const revised = select("revisions").find(
    (traceKey) => payloads.lastPutMs(traceKey) < nowMs - limits.quietMs,
  );
  if (revised === undefined) return null;
  return { traceKey: revised, steps: collectRevised(db, payloads, revised) };
}

/** Collects a trace that is deleted. */
function* collectTrace(db: Database, payloads: PayloadWriter, traceKey: number): Iterator<void> {
  const isUntouched = payloads.watch(traceKey);
  const [first, last] = spanKeyRange(traceKey);
  const deleteSpans = db.query<null, [number, number, number]>(
    "DELETE FROM spans WHERE key IN (SELECT key FROM spans WHERE key BETWEEN ? AND ? LIMIT ?)",
  );
  while (deleteSpans.run(first, last, collectRowsPerStep).changes > 0) yield;
  const selectBorrowed = db.query<{ pieces: Uint8Array }, [number]>(
    "SELECT pieces FROM borrowings WHERE traceKey = ?",
  );
  let row: { pieces: Uint8Array } | null;
  while ((row = selectBorrowed.get(traceKey))) {
    const borrowed = [...readBorrowed(row.pieces)];
    giveBack(db, payloads, borrowed.splice(0, collectRowsPerStep));
    if (borrowed.length > 0) {
      db.query("UPDATE borrowings SET pieces = ? WHERE traceKey = ?").run(
        toBorrowed(borrowed),
        traceKey,
      );
    } else {
      db.query("DELETE FROM borrowings WHERE traceKey = ?").run(traceKey);
    }
    yield;
  }
  for (const _ of dropPieces(db, payloads, traceKey, () => false)) {
    yield;
    if (!isUntouched()) return;
  }
  db.query("DELETE FROM revisions WHERE traceKey = ?").run(traceKey);
  db.query("DELETE FROM deletions WHERE traceKey = ?").run(traceKey);
}

/** Ends the loan of pieces; those of deleted traces that nobody else has go. */
function giveBack(db: Database, payloads: PayloadWriter, keys: number[]): void {
  const giveOne = db.query<{ traces: number }, [number]>(
    "UPDATE loans SET traces = traces - 1 WHERE pieceKey = ? RETURNING traces",
  );
  const endLoan = db.query<null, [number]>("DELETE FROM loans WHERE pieceKey = ?");
  const findTrace = db.query<{ key: number }, [number]>("SELECT key FROM traces WHERE key = ?");
  const noteRevision = prepareInsert(db, revisions, ["traceKey"], { or: "IGNORE" });
  const findBlock = db.query<{ blockId: number }, [number]>(
    "SELECT blockId FROM runs WHERE key <= ? ORDER BY key DESC LIMIT 1",
  );
  const dead = new Map<number, Set<number>>();
  for (const key of keys) {
    const loan = giveOne.get(key);
    if (loan && loan.traces > 0) continue;
    endLoan.run(key);
    const owner = traceKeyOf(key);
    if (findTrace.get(owner)) {
      // It may have been sent again without this piece meanwhile.
      noteRevision({ traceKey: owner });
      continue;
    }
    const blockId = findBlock.get(key)?.blockId;
    if (blockId === undefined) continue;
    if (!dead.has(blockId)) dead.set(blockId, new Set());
    dead.get(blockId)!.add(key);
  }
  for (const [blockId, gone] of dead) bury(db, payloads, blockId, (key) => gone.has(key));
}

/** Drops a trace's pieces but for those that are in use or on loan. */
function* dropPieces(
  db: Database,
  payloads: PayloadWriter,
  traceKey: number,
  isUsed: (key: number) => boolean,
): Generator<void> {
  const [first, last] = spanKeyRange(traceKey);
  const selectRuns = db.query<{ key: number; blockId: number }, [number, number, number]>(
    "SELECT key, blockId FROM runs WHERE key BETWEEN ? AND ? ORDER BY key LIMIT ?",
  );
  const selectLent = db.query<{ pieceKey: number }, [number, number]>(
    "SELECT pieceKey FROM loans WHERE pieceKey BETWEEN ? AND ?",
  );
  let from = first;
  while (true) {
    const runs = selectRuns.all(from, last, blocksPerStep);
    // Anew in each step: between two of them another trace may borrow what is still there.
    const lent = new Set(selectLent.all(first, last).map(({ pieceKey }) => pieceKey));
    for (const blockId of new Set(runs.map((run) => run.blockId))) {
      bury(
        db,
        payloads,
        blockId,
        (key) => traceKeyOf(key) === traceKey && !isUsed(key) && !lent.has(key),
      );
    }
    if (runs.length < blocksPerStep) return;
    from = runs.at(-1)!.key + 1;
    yield;
  }
}

/** Marks pieces of a block as dead. Their bytes go when the block is packed anew. */
function bury(
  db: Database,
  payloads: PayloadWriter,
  blockId: number,
  isDead: (key: number) => boolean,
): void {
  const row = db
    .query<{ pieces: Uint8Array }, [number]>("SELECT pieces FROM blocks WHERE id = ?")
    .get(blockId);
  const index = row && readable(row.pieces);
  if (!index) return;
  const { pieces, dataCrc } = index;
  for (const piece of pieces) {
    if (!piece.hash || !isDead(piece.key)) continue;
    payloads.forgetPiece(piece.hash);
    piece.hash = null;
  }
  const deleteRun = db.query<null, [number]>("DELETE FROM runs WHERE key = ?");
  const alive = new Set(pieces.filter(({ hash }) => hash).map(({ key }) => key));
  for (const { key, count } of runsOf(pieces)) {
    if (!hasAny(alive, key, count)) deleteRun.run(key);
  }
  if (alive.size === 0) {
    db.query("DELETE FROM blocks WHERE id = ?").run(blockId);
    return;
  }
  const isLoose = garbageOf(pieces) > limits.maxGarbage ? 1 : 0;
  db.query("UPDATE blocks SET pieces = ?, isLoose = isLoose OR ? WHERE id = ?").run(
    writeIndex(pieces, dataCrc),
    isLoose,
    blockId,
  );
}

function readable(index: Uint8Array): ReturnType<typeof readIndex> | null {
  try {
    return readIndex(index);
  } catch (cause) {
    // Who knows what lives in it: it stays.
    if (cause instanceof DamagedText) return null;
    throw cause;
  }
}

function hasAny(keys: Set<number>, from: number, count: number): boolean {
  for (let key = from; key < from + count; key++) if (keys.has(key)) return true;
  return false;
}

function garbageOf(pieces: Piece[]): number {
  let all = 0;
  let dead = 0;
  for (const { length, hash } of pieces) {
    all += length;
    if (!hash) dead += length;
  }
  return dead / all;
}

/** Where a list stands: the span's number and that of the entry in its row. */
type ListId = `${number}.${number}`;

/** Collects what spans of a live trace had before they were sent again. */
function* collectRevised(db: Database, payloads: PayloadWriter, traceKey: number): Iterator<void> {
  const isUntouched = payloads.watch(traceKey);
  const [first, last] = spanKeyRange(traceKey);
  const selectRows = db.query<{ key: number; lists: Uint8Array | null }, [number, number, number]>(
    "SELECT key, lists FROM spans WHERE key BETWEEN ? AND ? ORDER BY key LIMIT ?",
  );
  const lists = new Map<ListId, { base: ListId | null; pieces: number[] }>();
  const current: ListId[] = [];
  const revised: number[] = [];
  let from = first;
  while (true) {
    const rows = selectRows.all(from, last, collectRowsPerStep);
    for (const row of rows) {
      const span = row.key - first;
      const entries = row.lists ? readEntries(row.lists) : [];
      if (entries.some(({ slot }) => slot === 0)) revised.push(row.key);
      entries.forEach(({ slot, list }, entry) => {
        if (list.length === 0) return;
        const { base, tokens } = readList(list, { span, traceKey });
        const pieces = tokens.filter(
          (token) => typeof token === "number" && traceKeyOf(token) === traceKey,
        );
        lists.set(`${span}.${entry}`, {
          base: base && `${base.span}.${base.entry}`,
          pieces: pieces as number[],
        });
        if (slot > 0) current.push(`${span}.${entry}`);
      });
    }
    if (rows.length < collectRowsPerStep) break;
    from = rows.at(-1)!.key + 1;
    yield;
    if (!isUntouched()) return;
  }
  const needed = new Set<ListId>();
  const used = new Set<number>();
  for (const start of current) {
    for (let id: ListId | null = start; id && !needed.has(id); id = lists.get(id)?.base ?? null) {
      needed.add(id);
      for (const piece of lists.get(id)?.pieces ?? []) used.add(piece);
    }
  }
  // No later list may stand on one that goes now.
  payloads.close(traceKey);
  const selectLists = db.query<{ lists: Uint8Array }, [number]>(
    "SELECT lists FROM spans WHERE key = ?",
  );
  const updateLists = db.query<null, [Uint8Array | null, number]>(
    "UPDATE spans SET lists = ? WHERE key = ?",
  );
  while (revised.length > 0) {
    for (const key of revised.splice(0, collectRowsPerStep)) {
      const entries = readEntries(selectLists.get(key)!.lists).map((entry, at) =>
        needed.has(`${key - first}.${at}`) ? entry : { slot: 0, list: nothing },
      );
      while (entries.at(-1)?.list.length === 0) entries.pop();
      updateLists.run(toRow(entries), key);
    }
    yield;
    if (!isUntouched()) return;
  }
  for (const _ of dropPieces(db, payloads, traceKey, (key) => used.has(key))) {
    yield;
    if (!isUntouched()) return;
  }
  db.query("DELETE FROM revisions WHERE traceKey = ?").run(traceKey);
}

const nothing = Buffer.alloc(0);

function toRow(entries: Entry[]): Uint8Array | null {
  if (entries.length === 0) return null;
  const to = new ByteWriter();
  for (const entry of entries) writeEntry(to, entry);
  return to.toBytes();
}

/**
 * Gives some free pages back to the file system, outside of any transaction. 200 pages take a few
 * ms. @returns false where none is left.
 */
export function shrinkStep(db: Database): boolean {
  const free = () =>
    db.query<{ freelist_count: number }, []>("PRAGMA freelist_count").get()!.freelist_count;
  const before = free();
  if (before === 0) return false;
  db.run("PRAGMA incremental_vacuum(200)");
  return free() < before;
}
