/**
 * Blocks: pieces side by side, compressed together. A block's row has an index of its pieces and
 * their bytes as one zstd frame.
 *
 * The index: CRC-32 of what follows it, CRC-32 of the frame, the number of runs (pieces of
 * consecutive keys) and for each its first key and its length; then for each piece a varint (bytes *
 * 4 + 2 for UTF-16 + 1 for a dead one); then the hashes of those that live, 16 bytes each.
 */
import type { Database } from "bun:sqlite";
import { DamagedText } from "../../backend/texts.ts";
import { payload as limits } from "../../limits.ts";
import { ByteReader, ByteWriter } from "../../varint.ts";
import type { blocks } from "../db/schema.ts";

export const hashBytes = 16;

export interface Piece {
  key: number;
  /** Bytes in the block. */
  length: number;
  /** Not well-formed text is kept as its UTF-16 code units, all other as UTF-8. */
  isUtf16: boolean;
  /** Null for a piece that nothing refers to any more. */
  hash: Uint8Array | null;
}

/** Pieces of consecutive keys. */
export interface Run {
  key: number;
  count: number;
}

export type BlockRow = Omit<typeof blocks.$inferSelect, "isLoose">;

export function crcOf(bytes: Uint8Array): number {
  return Bun.hash.crc32(bytes);
}

/** What stands for a piece in the index besides its hash. */
export function headOf({ length, isUtf16, hash }: Omit<Piece, "key">): number {
  return length * 4 + (isUtf16 ? 2 : 0) + (hash ? 0 : 1);
}

export const lengthOf = (head: number) => Math.floor(head / 4);
export const isUtf16 = (head: number) => head % 4 >= 2;
const isDead = (head: number) => head % 2 === 1;

/** The hashes of the pieces that live, side by side. */
export function hashesOf(pieces: Piece[]): Buffer<ArrayBuffer> {
  return Buffer.concat(pieces.flatMap(({ hash }) => hash ?? []));
}

/** @returns bytes that are good until the next index. */
export function writeIndex(pieces: Piece[], dataCrc: number): Uint8Array {
  return joinIndex(runsOf(pieces), pieces.map(headOf), hashesOf(pieces), dataCrc);
}

/**
 * The parts of an index as one; `heads` and `hashes` in the order of the pieces.
 *
 * @returns bytes that are good until the next index.
 */
export function joinIndex(
  runs: Run[],
  heads: number[],
  hashes: Uint8Array,
  dataCrc: number,
): Uint8Array {
  const to = indexWriter;
  to.clear();
  to.raw(emptyHead);
  to.varint(runs.length);
  for (const { key, count } of runs) {
    to.varint(key);
    to.varint(count);
  }
  for (const head of heads) to.varint(head);
  to.raw(hashes);
  const index = to.view();
  index.writeUInt32LE(dataCrc, 4);
  index.writeUInt32LE(crcOf(index.subarray(4)), 0);
  return index;
}

/** One for all, since an allocation costs more than a small index. */
const indexWriter = new ByteWriter();
const emptyHead = new Uint8Array(8);

/** @throws DamagedText. */
export function readIndex(bytes: Uint8Array): { pieces: Piece[]; dataCrc: number } {
  const index = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (index.length < 8 || index.readUInt32LE(0) !== crcOf(index.subarray(4))) {
    throw new DamagedText("the index of a block is damaged");
  }
  const reader = new ByteReader(index.subarray(8));
  const pieces: Piece[] = [];
  for (let runs = reader.varint(); runs > 0; runs--) {
    const key = reader.varint();
    const count = reader.varint();
    for (let i = 0; i < count; i++) {
      pieces.push({ key: key + i, length: 0, isUtf16: false, hash: noHash });
    }
  }
  for (const piece of pieces) {
    const head = reader.varint();
    piece.length = lengthOf(head);
    piece.isUtf16 = isUtf16(head);
    if (isDead(head)) piece.hash = null;
  }
  for (const piece of pieces) if (piece.hash) piece.hash = reader.raw(hashBytes);
  return { pieces, dataCrc: index.readUInt32LE(4) };
}

const noHash = new Uint8Array(hashBytes);

/** Pieces of consecutive keys, together: what one row of `runs` stands for. */
export function runsOf(pieces: Piece[]): Run[] {
  const runs: Run[] = [];
  for (const { key } of pieces) {
    const run = runs.at(-1);
    if (run && run.key + run.count === key) run.count++;
    else runs.push({ key, count: 1 });
  }
  return runs;
}

/** A block's pieces and the bytes that they share, in order. @throws DamagedText. */
export function unpack(row: BlockRow): { pieces: Piece[]; bytes: Buffer<ArrayBuffer> } {
  const { pieces, dataCrc } = readIndex(row.pieces);
  if (crcOf(row.data) !== dataCrc) throw new DamagedText("a block is damaged");
  const bytes = Bun.zstdDecompressSync(row.data as Uint8Array<ArrayBuffer>);
  return { pieces, bytes: bytes as Buffer<ArrayBuffer> };
}

export function textOf(bytes: Buffer, asUtf16: boolean): string {
  return bytes.toString(asUtf16 ? "utf16le" : "utf8");
}

export interface PieceReader {
  /** @throws DamagedText. */
  textOf(key: number): string;
  /** Forgets what was read: blocks change from one transaction to the next. */
  forget(): void;
}

/** Bytes of blocks that a reader keeps unpacked while it reads on. */
const unpackedBytes = 16 * limits.packedBlockBytes;

/**
 * @param unwritten finds a piece's text where it is not in the database yet.
 * @param keptBytes of blocks that stay unpacked: who goes through long traces reads each again and again.
 */
export function createPieceReader(
  db: Database,
  unwritten: (key: number) => string | undefined = () => undefined,
  keptBytes: number = unpackedBytes,
): PieceReader {
  const findRun = db.query<{ blockId: number }, [number]>(
    "SELECT blockId FROM runs WHERE key <= ? ORDER BY key DESC LIMIT 1",
  );
  const selectBlock = db.query<BlockRow, [number]>(
    "SELECT id, pieces, data FROM blocks WHERE id = ?",
  );
  const found = new Map<number, { piece: Piece; bytes: Buffer; at: number }>();
  let cachedBytes = 0;

  function forget(): void {
    found.clear();
    cachedBytes = 0;
  }

  function load(key: number): void {
    const run = findRun.get(key);
    const row = run && selectBlock.get(run.blockId);
    if (!row) throw new DamagedText(`piece ${key} is in no block`);
    const { pieces, bytes } = unpack(row);
    if (cachedBytes > keptBytes) forget();
    cachedBytes += bytes.length;
    let at = 0;
    for (const piece of pieces) {
      if (piece.hash) found.set(piece.key, { piece, bytes, at });
      at += piece.length;
    }
  }

  return {
    forget,
    textOf(key) {
      const text = unwritten(key);
      if (text !== undefined) return text;
      if (!found.has(key)) load(key);
      const place = found.get(key);
      if (!place) throw new DamagedText(`piece ${key} is not in its block`);
      const { bytes, at, piece } = place;
      return textOf(bytes.subarray(at, at + piece.length), piece.isUtf16);
    },
  };
}
