/**
 * Packs small and sparse blocks into large ones: what many spans and traces have in common then
 * compresses away. Compression, the long part, happens between two transactions and on another
 * thread; if a block changed meanwhile, nothing is written.
 */
import type { Database } from "bun:sqlite";
import { payload as limits } from "../../limits.ts";
import { columnsBut, prepareInsert } from "../db/columns.ts";
import { blocks, runs } from "../db/schema.ts";
import { isDamage, SetAside } from "../db/trouble.ts";
import {
  crcOf,
  readIndex,
  runsOf,
  unpack,
  writeIndex,
  type BlockRow,
  type Piece,
} from "./blocks.ts";
import type { PayloadWriter } from "./payloads.ts";

export interface Packing {
  sources: { id: number; pieces: Uint8Array; runs: number[] }[];
  pieces: Piece[];
  bytes: Buffer<ArrayBuffer>;
}

/** What to pack next; null where there is nothing to gain. @param nowMs by performance.now(). */
export function planPacking(db: Database, payloads: PayloadWriter, nowMs: number): Packing | null {
  const loose = db.query<{ id: number }, [number]>(
    "SELECT id FROM blocks WHERE isLoose AND id < ? ORDER BY id LIMIT 1000",
  );
  const newest = db.query<{ id: number }, []>(
    "SELECT id FROM blocks WHERE NOT isLoose ORDER BY id DESC LIMIT 1",
  );
  const selectIndex = db.query<{ pieces: Uint8Array }, [number]>(
    "SELECT pieces FROM blocks WHERE id = ?",
  );
  const ids: number[] = [];
  let total = 0;
  const take = (id: number, most: number): boolean => {
    if (unreadable.get(db)?.has(id)) return true;
    const bytes = sizeOf(() => selectIndex.get(id)!.pieces);
    if (bytes === null) {
      leave(db, id);
      return true;
    }
    if (total > 0 && total + bytes > most) return false;
    total += bytes;
    ids.push(id);
    return true;
  };
  const quietSinceMs = nowMs - limits.quietMs;
  const open = payloads.openBlocks(quietSinceMs);
  for (const { id } of loose.all(payloads.firstBlockSince(quietSinceMs))) {
    if (!open.has(id) && !take(id, limits.packedBlockBytes)) break;
  }
  if (ids.length === 0) return null;
  // One who records a run an hour would else have as many small blocks as runs.
  if (total < limits.packedBlockBytes / 2) {
    const last = newest.get();
    if (last) take(last.id, limits.packedBlockBytes / 2);
  }
  return gather(db, payloads, ids);
}

/** The bytes of a block's live pieces; null where its index is damaged. */
function sizeOf(index: () => Uint8Array): number | null {
  return unlessDamaged(() =>
    readIndex(index()).pieces.reduce((sum, { length, hash }) => sum + (hash ? length : 0), 0),
  );
}

function unlessDamaged<T>(read: () => T): T | null {
  try {
    return read();
  } catch (cause) {
    if (isDamage(cause)) return null;
    throw cause;
  }
}

function gather(db: Database, payloads: PayloadWriter, ids: number[]): Packing | null {
  const selectBlock = db.query<BlockRow, [number]>(
    "SELECT id, pieces, data FROM blocks WHERE id = ?",
  );
  const selectIndex = db.query<{ pieces: Uint8Array }, [number]>(
    "SELECT pieces FROM blocks WHERE id = ?",
  );
  const sources: Packing["sources"] = [];
  const parts: { piece: Piece; bytes: Buffer }[] = [];
  for (const id of ids) {
    const block = unlessDamaged(() => {
      const row = selectBlock.get(id)!;
      return { ...unpack(row), index: row.pieces };
    });
    if (!block) {
      // It stays as it is, and no new text is taken for one of its own.
      const { pieces } = readIndex(selectIndex.get(id)!.pieces);
      for (const { hash } of pieces) if (hash) payloads.forgetPiece(hash);
      leave(db, id);
      continue;
    }
    sources.push({ id, pieces: block.index, runs: runsOf(block.pieces).map(({ key }) => key) });
    let at = 0;
    for (const piece of block.pieces) {
      if (piece.hash) parts.push({ piece, bytes: block.bytes.subarray(at, at + piece.length) });
      at += piece.length;
    }
  }
  if (sources.length === 0) return null;
  parts.sort((a, b) => a.piece.key - b.piece.key);
  return {
    sources,
    pieces: parts.map(({ piece }) => piece),
    bytes: Buffer.concat(parts.map(({ bytes }) => bytes)),
  };
}

/** Blocks of which a page is damaged: not even the mark in their row can be changed. */
const unreadable = new WeakMap<Database, SetAside>();

function leave(db: Database, id: number): void {
  try {
    db.query("UPDATE blocks SET isLoose = 0 WHERE id = ?").run(id);
  } catch (cause) {
    if (!isDamage(cause)) throw cause;
    setAside(db, id);
  }
}

function setAside(db: Database, id: number): void {
  if (!unreadable.has(db)) unreadable.set(db, new SetAside());
  unreadable.get(db)!.add(id);
}

export function compressPacking({ bytes }: Packing): Promise<Buffer> {
  return Bun.zstdCompress(bytes, { level: limits.packedLevel });
}

/** Puts the packed block in place of its sources, unless one of them has changed. */
export function applyPacking(
  db: Database,
  payloads: PayloadWriter,
  packing: Packing,
  data: Buffer,
): void {
  try {
    replaceBlocks(db, payloads, packing, data);
  } catch (cause) {
    if (isDamage(cause)) for (const { id } of packing.sources) setAside(db, id);
    throw cause;
  }
}

function replaceBlocks(
  db: Database,
  payloads: PayloadWriter,
  { sources, pieces }: Packing,
  data: Buffer,
): void {
  const selectIndex = db.query<{ pieces: Uint8Array }, [number]>(
    "SELECT pieces FROM blocks WHERE id = ?",
  );
  for (const source of sources) {
    const row = selectIndex.get(source.id);
    if (!row || Buffer.compare(row.pieces, source.pieces) !== 0) return;
  }
  const deleteBlock = db.query<null, [number]>("DELETE FROM blocks WHERE id = ?");
  const deleteRun = db.query<null, [number]>("DELETE FROM runs WHERE key = ?");
  payloads.closeBlocks(new Set(sources.map(({ id }) => id)));
  for (const { id, runs } of sources) {
    deleteBlock.run(id);
    for (const key of runs) deleteRun.run(key);
  }
  const id = payloads.takeBlockId();
  const index = writeIndex(pieces, crcOf(data));
  prepareInsert(db, blocks, columnsBut(blocks, []))({ id, isLoose: 0, pieces: index, data });
  const insertRun = prepareInsert(db, runs, columnsBut(runs, []));
  for (const { key } of runsOf(pieces)) insertRun({ key, blockId: id });
}
