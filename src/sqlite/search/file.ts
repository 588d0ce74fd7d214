/**
 * One file of the index: which traces may have a text, of those that settled in a stretch of steps. It
 * only ever says which traces to look at; what they say is read from the store.
 *
 * A row of `texts` stands for about 2 KB of a trace, so that the lists of trigrams stay short: with a row
 * a message the index is as large as the text. `docs` says which pieces they are; names, ids and short
 * texts have the last key of their trace. `borrows` leads from pieces to the other traces that have them.
 */
import { Database } from "bun:sqlite";
import { rmSync, statSync } from "node:fs";
import { spanKeyRange, traceKeyOf } from "../../tally/numbers.ts";
import { shrinkMemory } from "../db/open.ts";
import { limits } from "./limits.ts";

/** Of the tables and of what is in them: a file of another version is built anew. */
const version = 4;

/** "TeaS". */
const applicationId = 0x54656153;

const tables = [
  // Folding is done before; rows are never changed, so neither texts nor their sizes are kept.
  `CREATE VIRTUAL TABLE texts USING fts5(
     text, content='', columnsize=0, detail=none, tokenize='trigram case_sensitive 1'
   )`,
  // The marks of the pieces, four bytes each: see marks.ts.
  `CREATE TABLE docs (
     id INTEGER PRIMARY KEY, firstKey INTEGER NOT NULL, lastKey INTEGER NOT NULL, marks BLOB NOT NULL
   )`,
  "CREATE INDEX docsByKey ON docs (firstKey)",
  `CREATE TABLE borrows (
     firstKey INTEGER NOT NULL, lastKey INTEGER NOT NULL, traceKey INTEGER NOT NULL,
     PRIMARY KEY (firstKey, lastKey, traceKey)
   ) WITHOUT ROWID`,
  `CREATE TABLE traces (
     key INTEGER PRIMARY KEY, startTime INTEGER NOT NULL, settledStep INTEGER NOT NULL
   )`,
  // One row: the file has what settled in the steps (fromStep, toStep]. Starts of traces lie between
  // minStart and maxStart.
  `CREATE TABLE state (
     fromStep INTEGER NOT NULL, toStep INTEGER NOT NULL, textBytes INTEGER NOT NULL,
     minStart INTEGER, maxStart INTEGER, isSealed INTEGER NOT NULL
   )`,
];

export interface FileState {
  fromStep: number;
  toStep: number;
  /** Of the pieces and names in it, in UTF-8. */
  textBytes: number;
  minStart: number | null;
  maxStart: number | null;
  isSealed: number;
}

export interface IndexedTrace {
  key: number;
  startTime: number;
  /** In which step it settled. */
  settledStep: number;
}

/** Pieces of one trace, from key to key. */
export interface Stretch {
  firstKey: number;
  lastKey: number;
}

/** A trace, and in which of its texts the words may be; null: in any. */
export interface Candidate extends IndexedTrace {
  stretches: Stretch[] | null;
}

export type IndexFile = ReturnType<typeof openFile>;

/**
 * @param fromStep of a new file; null opens one that is there.
 * @throws where it is damaged or of another version.
 */
export function openFile(path: string, fromStep: number | null) {
  const db = new Database(path, { create: true });
  try {
    // One connection: the log needs no shared memory.
    db.run("PRAGMA locking_mode = EXCLUSIVE");
    if (fromStep !== null) db.run("PRAGMA page_size = 4096");
    db.run("PRAGMA journal_mode = WAL");
    db.run("PRAGMA journal_size_limit = 1000000");
    db.run("PRAGMA synchronous = NORMAL");
    db.run("PRAGMA cache_size = -4096");
    db.run("PRAGMA temp_store = MEMORY");
    db.run("PRAGMA trusted_schema = OFF");
    if (fromStep !== null) create(db, fromStep);
    const id = db.query<{ application_id: number }, []>("PRAGMA application_id").get()!;
    const made = db.query<{ user_version: number }, []>("PRAGMA user_version").get()!;
    if (id.application_id !== applicationId || made.user_version !== version) {
      throw new Error("the index is of another version");
    }
    return access(db, path);
  } catch (cause) {
    db.close();
    // A file that was only begun is no use to anybody.
    if (fromStep !== null) removeFile(path);
    throw cause;
  }
}

function create(db: Database, fromStep: number): void {
  db.transaction(() => {
    for (const table of tables) db.run(table);
    db.query<null, [number, number]>(
      "INSERT INTO state (fromStep, toStep, textBytes, isSealed) VALUES (?, ?, 0, 0)",
    ).run(fromStep, fromStep);
    db.run(`PRAGMA application_id = ${applicationId}`);
    db.run(`PRAGMA user_version = ${version}`);
  })();
}

/** The key that stands for what is in no piece. */
export const looseKeyOf = (traceKey: number) => spanKeyRange(traceKey)[1];

function access(db: Database, path: string) {
  const selectState = db.query<FileState, []>(
    "SELECT fromStep, toStep, textBytes, minStart, maxStart, isSealed FROM state",
  );
  const updateState = db.query<null, [number, number, number | null, number | null, number]>(
    "UPDATE state SET toStep = ?, textBytes = ?, minStart = ?, maxStart = ?, isSealed = ?",
  );
  const addDoc = db.query<null, [number, number, number, Uint8Array]>(
    "INSERT INTO docs (id, firstKey, lastKey, marks) VALUES (?, ?, ?, ?)",
  );
  const addText = db.query<null, [number, string]>("INSERT INTO texts (rowid, text) VALUES (?, ?)");
  const findDoc = db.query<{ firstKey: number; marks: Uint8Array }, [number, number]>(
    `SELECT firstKey, marks FROM docs WHERE firstKey BETWEEN ? AND ?
     ORDER BY firstKey DESC, id DESC LIMIT 1`,
  );
  const addBorrow = db.query<null, [number, number, number]>(
    "INSERT OR IGNORE INTO borrows (firstKey, lastKey, traceKey) VALUES (?, ?, ?)",
  );
  const putTrace = db.query<null, [number, number, number]>(
    "INSERT OR REPLACE INTO traces (key, startTime, settledStep) VALUES (?, ?, ?)",
  );
  const selectTrace = db.query<IndexedTrace, [number]>(
    "SELECT key, startTime, settledStep FROM traces WHERE key = ?",
  );
  const selectTraces = db.query<IndexedTrace, [number, number]>(
    "SELECT key, startTime, settledStep FROM traces WHERE key > ? ORDER BY key LIMIT ?",
  );
  const lastDoc = db.query<{ id: number | null }, []>("SELECT max(id) AS id FROM docs");
  const mergeTexts = db.query<null, [number]>(
    "INSERT INTO texts (texts, rank) VALUES ('merge', ?)",
  );
  const countChanges = db.query<{ changes: number }, []>("SELECT total_changes() AS changes");
  const selectMatches = db.query<Stretch, [string]>(
    `SELECT docs.firstKey, docs.lastKey FROM texts JOIN docs ON docs.id = texts.rowid
     WHERE texts MATCH ?`,
  );
  const selectBorrowers = db.query<
    Stretch & { traceKey: number },
    [number, number, number, number]
  >(
    `SELECT firstKey, lastKey, traceKey FROM borrows
     WHERE firstKey BETWEEN ? AND ? AND lastKey >= ? LIMIT ?`,
  );
  const state = selectState.get();
  if (!state) throw new Error("the index is damaged");
  const hasBorrows = db.query<null, []>("SELECT 1 FROM borrows LIMIT 1");
  let docs = lastDoc.get()!.id ?? 0;
  let isOpen = false;

  return {
    path,
    state,
    /** Begins a transaction, unless one is under way. */
    begin(): void {
      if (!isOpen) db.run("BEGIN");
      isOpen = true;
    },
    /** Ends it: all that was added stands, or with a crash before nothing of it. */
    commit(): void {
      if (!isOpen) return;
      const { toStep, textBytes, minStart, maxStart, isSealed } = state;
      updateState.run(toStep, textBytes, minStart, maxStart, isSealed);
      db.run("COMMIT");
      isOpen = false;
    },
    /** @param text folded, of pieces of consecutive keys. */
    addText(firstKey: number, lastKey: number, marks: number[], text: string): void {
      addDoc.run(++docs, firstKey, lastKey, new Uint8Array(Uint32Array.from(marks).buffer));
      addText.run(docs, text);
    },
    /** Whether it is in the doc that begins last before it. Of docs that overlap one may be missed. */
    hasPiece(key: number, mark: number): boolean {
      const [first] = spanKeyRange(traceKeyOf(key));
      const doc = findDoc.get(first, key);
      const at = doc ? 4 * (key - doc.firstKey) : 0;
      return !!doc && at < doc.marks.length && Buffer.from(doc.marks).readUInt32LE(at) === mark;
    },
    addBorrow(firstKey: number, lastKey: number, traceKey: number): void {
      addBorrow.run(firstKey, lastKey, traceKey);
    },
    putTrace({ key, startTime, settledStep }: IndexedTrace): void {
      putTrace.run(key, startTime, settledStep);
      state.minStart = Math.min(state.minStart ?? startTime, startTime);
      state.maxStart = Math.max(state.maxStart ?? startTime, startTime);
    },
    trace: (key: number) => selectTrace.get(key),
    tracesAfter: (key: number) => selectTraces.all(key, limits.tracesPerLook),
    /** Joins lists of trigrams. Some milliseconds. @returns false where all are one. */
    mergeStep(): boolean {
      const before = countChanges.get()!.changes;
      mergeTexts.run(limits.mergePages);
      return countChanges.get()!.changes - before >= 2;
    },
    /**
     * The traces that may have a text with all of these trigrams, each with where.
     *
     * @param isIn whether a text of these pieces is one.
     */
    candidates(trigrams: string[], isIn: (stretch: Stretch) => boolean): Candidate[] {
      const match = trigrams.map((trigram) => `"${trigram.replaceAll('"', '""')}"`).join(" AND ");
      const stretches = new Map<number, Stretch[]>();
      const suspect = (key: number, stretch: Stretch) => {
        const known = stretches.get(key);
        if (known) known.push(stretch);
        else stretches.set(key, [stretch]);
      };
      const isLent = hasBorrows.get() !== null;
      let isEverywhere = false;
      for (const doc of selectMatches.all(match)) {
        const { firstKey, lastKey } = doc;
        const owner = traceKeyOf(firstKey);
        suspect(owner, doc);
        if (!isLent || firstKey === looseKeyOf(owner)) continue;
        const [first] = spanKeyRange(owner);
        const most = limits.borrowers;
        const borrowers = selectBorrowers.all(first, lastKey, firstKey, most + 1);
        // What so many have, as a prompt, is looked at before they all are.
        if (borrowers.length > most) isEverywhere ||= isIn(doc);
        else
          for (const { traceKey, ...stretch } of borrowers) {
            suspect(traceKey, {
              firstKey: Math.max(firstKey, stretch.firstKey),
              lastKey: Math.min(lastKey, stretch.lastKey),
            });
          }
      }
      if (isEverywhere)
        return selectTraces.all(0, -1).map((trace) => ({ ...trace, stretches: null }));
      // Of an owner that is not in this file only what others borrow is.
      return [...stretches].flatMap(([key, stretches]) => {
        const trace = selectTrace.get(key);
        return trace ? { ...trace, stretches } : [];
      });
    },
    /** Writes the log back into the file. */
    checkpoint: () => void db.run("PRAGMA wal_checkpoint(TRUNCATE)"),
    shrinkMemory: () => shrinkMemory(db),
    bytes: () => sizeOf(path) + sizeOf(`${path}-wal`),
    close(): void {
      // An error of the disk has ended it already.
      if (db.inTransaction) db.run("ROLLBACK");
      db.close();
    },
  };
}

/** Removes a file that is closed. One that another program holds open stays until the next time. */
export function removeFile(path: string): void {
  for (const name of [path, `${path}-wal`, `${path}-journal`, `${path}-shm`]) {
    try {
      rmSync(name, { force: true });
    } catch {
      // Windows.
    }
  }
}

function sizeOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0;
}
