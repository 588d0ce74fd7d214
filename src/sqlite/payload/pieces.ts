/**
 * Pieces of text, each stored once for a project however often it is sent: text in, key out, and
 * back. Everything that writes runs inside a transaction of the caller.
 */
import type { Database } from "bun:sqlite";
import { DamagedText } from "../../backend/texts.ts";
import { payload as limits } from "../../limits.ts";
import { spanKeyOf, spanKeyRange, traceKeyOf } from "../../tally/numbers.ts";
import { ByteReader, ByteWriter } from "../../varint.ts";
import { columnsBut, prepareInsert, prepareUpdate } from "../db/columns.ts";
import { blocks, borrowings, loans, runs } from "../db/schema.ts";
import {
  crcOf,
  hashBytes,
  hashesOf,
  headOf,
  isUtf16,
  joinIndex,
  lengthOf,
  readIndex,
  runsOf,
  textOf,
  unpack,
  type BlockRow,
  type Piece,
} from "./blocks.ts";
import { RecentPieces } from "./recent.ts";

/** The block that a trace's new pieces go to: one run. */
interface OpenBlock {
  id: number;
  isStored: boolean;
  firstKey: number;
  /** See blocks.ts. */
  heads: number[];
  hashes: Buffer<ArrayBuffer>;
  hashesLength: number;
  bytes: Buffer<ArrayBuffer>;
  length: number;
}

/** What the writer knows of a trace's pieces. */
export interface TracePieces {
  readonly traceKey: number;
  readonly projectId: number;
  /** The number of the next new piece. */
  next: number;
  open: OpenBlock | null;
  isOpenChanged: boolean;
  /** Blocks that are full and not yet written. */
  full: OpenBlock[];
  /** Keys of pieces that other traces sent first. */
  borrowed: Set<number>;
  isBorrowedChanged: boolean;
  /** True while pieces are stored anew although they are known, as those that are there are damaged. */
  isHealing: boolean;
}

export interface PieceWriter {
  /** @param isNew true where the store has nothing of this trace. */
  ofTrace(traceKey: number, projectId: number, isNew: boolean): TracePieces;
  /** The key of a piece of this text, stored at need. */
  keyOf(trace: TracePieces, text: string): number;
  /** The text of a piece that is still to be written, if it is one. */
  unwritten(trace: TracePieces, key: number): string | undefined;
  /** Writes what is new of a trace. To be called before the commit and before any read. */
  flush(trace: TracePieces): void;
  /** Forgets what the transaction under way has added. */
  rolledBack(): void;
  committed(): void;
  /** Takes a trace that is forgotten, for its memory. */
  recycle(trace: TracePieces): void;
  /** The id that the next new block gets. */
  nextBlockId(): number;
  takeBlockId(): number;
  /** Forgets a piece, so that no later text is taken for it. */
  forget(hash: Uint8Array): void;
  /** Learns some pieces of earlier runs. @returns false where there is nothing more to learn. */
  learnStep(): boolean;
}

/** Room that a new block begins with, and of forgotten blocks how many are kept for new ones. */
const smallestBlock = 8192;
const spareBlocks = 64;

/** Hashed before a piece's bytes: the secret, the project, whether the bytes are UTF-16. */
const prefixBytes = 32 + 8 + 1;

export function createPieceWriter(db: Database): PieceWriter {
  const lastRun = db.query<{ blockId: number; key: number }, [number, number]>(
    "SELECT blockId, key FROM runs WHERE key BETWEEN ? AND ? ORDER BY key DESC LIMIT 1",
  );
  const selectBlock = db.query<BlockRow & { isLoose: number }, [number]>(
    "SELECT id, isLoose, pieces, data FROM blocks WHERE id = ?",
  );
  const insertBlock = prepareInsert(db, blocks, columnsBut(blocks, []));
  const insertRun = prepareInsert(db, runs, columnsBut(runs, []));
  const updateBlock = prepareUpdate(db, blocks, ["pieces", "data"], "id");
  const selectBorrowed = db.query<{ pieces: Uint8Array }, [number]>(
    "SELECT pieces FROM borrowings WHERE traceKey = ?",
  );
  const writeBorrowed = prepareInsert(db, borrowings, columnsBut(borrowings, []), {
    or: "REPLACE",
  });
  const lend = prepareInsert(db, loans, columnsBut(loans, []), {
    onConflict: "(pieceKey) DO UPDATE SET traces = traces + excluded.traces",
  });
  const selectIndexes = db.query<{ id: number; pieces: Uint8Array }, [number]>(
    "SELECT id, pieces FROM blocks WHERE id < ? ORDER BY id DESC LIMIT 50",
  );

  const recent = new RecentPieces();
  /** Hashes learnt in the transaction under way, four numbers each. */
  let pending: number[] = [];
  const digest = new Uint8Array(32);
  const hash = digest.subarray(0, hashBytes);
  const lanes = new Uint32Array(digest.buffer, 0, hashBytes / 4);
  let scratch = Buffer.alloc(64 * 1024);
  scratch.set(readSecret(db));
  /** An allocation costs more than storing a small trace's text. */
  const spare: Buffer<ArrayBuffer>[] = [];
  let nextBlockId = lastBlockId(db) + 1;
  let learnBelow = nextBlockId;

  function ofTrace(traceKey: number, projectId: number, isNew: boolean): TracePieces {
    const trace: TracePieces = {
      traceKey,
      projectId,
      next: 0,
      open: null,
      isOpenChanged: false,
      full: [],
      borrowed: new Set(),
      isBorrowedChanged: false,
      isHealing: false,
    };
    if (isNew) return trace;
    const run = lastRun.get(...spanKeyRange(traceKey));
    if (run) {
      const row = selectBlock.get(run.blockId)!;
      trace.next = endOfTrace(row, traceKey, run.key);
      trace.open = reopen(row);
    }
    const stored = selectBorrowed.get(traceKey);
    if (stored) trace.borrowed = readBorrowed(stored.pieces);
    return trace;
  }

  /** A block of one trace that has room goes on as it was. */
  function reopen(row: BlockRow & { isLoose: number }): OpenBlock | null {
    if (!row.isLoose) return null;
    try {
      const { pieces, bytes } = unpack(row);
      const [run, another] = runsOf(pieces);
      if (!run || another || bytes.length >= limits.openBlockBytes) return null;
      const hashes = hashesOf(pieces);
      return {
        id: row.id,
        isStored: true,
        firstKey: run.key,
        heads: pieces.map(headOf),
        hashes,
        hashesLength: hashes.length,
        bytes,
        length: bytes.length,
      };
    } catch (cause) {
      if (cause instanceof DamagedText) return null;
      throw cause;
    }
  }

  /** The text's bytes stand in `scratch` behind the prefix, their hash in `digest`. */
  function digestOf(projectId: number, text: string, asUtf16: boolean): number {
    const most = prefixBytes + text.length * 3;
    if (most > scratch.length) {
      const larger = Buffer.alloc(2 * most);
      larger.set(scratch.subarray(0, prefixBytes));
      scratch = larger;
    }
    scratch.writeDoubleLE(projectId, 32);
    scratch[40] = asUtf16 ? 1 : 0;
    const length = scratch.write(text, prefixBytes, asUtf16 ? "utf16le" : "utf8");
    Bun.SHA256.hash(scratch.subarray(0, prefixBytes + length), digest);
    return length;
  }

  /** Puts the piece that stands in `scratch` and `digest` into the trace's block. */
  function append(trace: TracePieces, key: number, length: number, asUtf16: boolean): void {
    let { open } = trace;
    if (open && open.length > 0 && open.length + length > limits.openBlockBytes) {
      if (trace.isOpenChanged) trace.full.push(open);
      open = null;
    }
    open ??= {
      id: nextBlockId++,
      isStored: false,
      firstKey: key,
      heads: [],
      hashes: Buffer.allocUnsafeSlow(8 * hashBytes),
      hashesLength: 0,
      bytes: spare.pop() ?? Buffer.allocUnsafeSlow(smallestBlock),
      length: 0,
    };
    open.bytes = withRoom(open.bytes, open.length, length);
    open.hashes = withRoom(open.hashes, open.hashesLength, hashBytes);
    scratch.copy(open.bytes, open.length, prefixBytes, prefixBytes + length);
    open.length += length;
    open.heads.push(headOf({ length, isUtf16: asUtf16, hash }));
    open.hashes.set(hash, open.hashesLength);
    open.hashesLength += hashBytes;
    pending.push(lanes[0]!, lanes[1]!, lanes[2]!, lanes[3]!);
    trace.open = open;
    trace.isOpenChanged = true;
  }

  function store(block: OpenBlock): void {
    const data = Bun.zstdCompressSync(block.bytes.subarray(0, block.length), {
      level: limits.openLevel,
    });
    const hashes = block.hashes.subarray(0, block.hashesLength);
    const runs = [{ key: block.firstKey, count: block.heads.length }];
    const index = joinIndex(runs, block.heads, hashes, crcOf(data));
    if (block.isStored) {
      updateBlock({ id: block.id, pieces: index, data });
    } else {
      insertBlock({ id: block.id, isLoose: 1, pieces: index, data });
      insertRun({ key: block.firstKey, blockId: block.id });
      block.isStored = true;
    }
  }

  return {
    ofTrace,
    keyOf(trace, text) {
      const asUtf16 = !text.isWellFormed();
      const length = digestOf(trace.projectId, text, asUtf16);
      const known = recent.get(lanes);
      if (known !== undefined && !trace.isHealing) {
        if (traceKeyOf(known) !== trace.traceKey && !trace.borrowed.has(known)) {
          trace.borrowed.add(known);
          trace.isBorrowedChanged = true;
          lend({ pieceKey: known, traces: 1 });
        }
        return known;
      }
      const key = spanKeyOf(trace.traceKey, trace.next++);
      recent.set(lanes, key);
      append(trace, key, length, asUtf16);
      return key;
    },
    unwritten(trace, key) {
      const { open, isOpenChanged, full } = trace;
      const blocks = open && isOpenChanged ? [open, ...full] : full;
      for (const { firstKey, heads, bytes } of blocks) {
        if (key < firstKey || key >= firstKey + heads.length) continue;
        let at = 0;
        for (const head of heads.slice(0, key - firstKey)) at += lengthOf(head);
        const head = heads[key - firstKey]!;
        return textOf(bytes.subarray(at, at + lengthOf(head)), isUtf16(head));
      }
      return undefined;
    },
    flush(trace) {
      for (const block of trace.full) store(block);
      trace.full = [];
      if (trace.open && trace.isOpenChanged) store(trace.open);
      trace.isOpenChanged = false;
      if (trace.isBorrowedChanged)
        writeBorrowed({ traceKey: trace.traceKey, pieces: toBorrowed([...trace.borrowed]) });
      trace.isBorrowedChanged = false;
    },
    committed() {
      pending = [];
    },
    rolledBack() {
      for (let at = 0; at < pending.length; at += 4) {
        recent.delete(Uint32Array.from(pending.slice(at, at + 4)));
      }
      pending = [];
    },
    recycle({ open }) {
      if (open?.bytes.length === smallestBlock && spare.length < spareBlocks)
        spare.push(open.bytes);
    },
    nextBlockId: () => nextBlockId,
    takeBlockId: () => nextBlockId++,
    forget(hash) {
      recent.delete(lanesOf(hash));
    },
    learnStep() {
      const rows = selectIndexes.all(learnBelow);
      for (const { id, pieces } of rows) {
        learnBelow = id;
        for (const { key, hash } of indexOf(pieces)) {
          if (hash && !recent.restore(lanesOf(hash), key)) return false;
        }
      }
      return rows.length > 0;
    },
  };
}

function withRoom(bytes: Buffer<ArrayBuffer>, length: number, more: number): Buffer<ArrayBuffer> {
  if (length + more <= bytes.length) return bytes;
  const larger = Buffer.allocUnsafeSlow(2 * (length + more));
  bytes.copy(larger, 0, 0, length);
  return larger;
}

/** The hash as numbers, wherever its bytes lie. */
function lanesOf(hash: Uint8Array): Uint32Array {
  return new Uint32Array(Uint8Array.from(hash).buffer);
}

/** A damaged index has nothing to learn from. */
function indexOf(bytes: Uint8Array): Piece[] {
  try {
    return readIndex(bytes).pieces;
  } catch (cause) {
    if (cause instanceof DamagedText) return [];
    throw cause;
  }
}

/** One more than the number of the last piece that a trace ever had. */
function endOfTrace(row: BlockRow, traceKey: number, runKey: number): number {
  const [first] = spanKeyRange(traceKey);
  const own = indexOf(row.pieces).filter(({ key }) => traceKeyOf(key) === traceKey);
  // With the index damaged: beyond whatever fits into a block, since every piece has a byte.
  const last = own.at(-1)?.key ?? runKey + limits.packedBlockBytes;
  return last - first + 1;
}

export function toBorrowed(keys: number[]): Uint8Array {
  const to = new ByteWriter(keys.length * 4 + 8);
  let before = 0;
  for (const key of keys.sort((a, b) => a - b)) {
    to.varint(key - before);
    before = key;
  }
  return to.toBytes();
}

export function readBorrowed(bytes: Uint8Array): Set<number> {
  const reader = new ByteReader(bytes);
  const keys = new Set<number>();
  let key = 0;
  while (!reader.isAtEnd) keys.add((key += reader.varint()));
  return keys;
}

function readSecret(db: Database): Uint8Array {
  const row = db.query("SELECT value FROM settings WHERE name = 'hashSecret'").get();
  return (row as { value: Uint8Array }).value;
}

function lastBlockId(db: Database): number {
  return (db.query("SELECT max(id) AS id FROM blocks").get() as { id: number | null }).id ?? 0;
}
