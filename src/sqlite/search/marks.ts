/**
 * What tells a piece from another that gets its number once it is gone: four bytes of its hash. A trace
 * whose last pieces nothing refers to any more goes on at their numbers, with other texts.
 */
import type { Database } from "bun:sqlite";
import { isDamage } from "../db/trouble.ts";
import { readIndex } from "../payload/blocks.ts";

/** The mark of a piece by its key; 0 where it is damaged or gone. */
export type MarkOf = (key: number) => number;

/** @returns what makes a reader of marks, good for one trace: what changes meanwhile settles anew. */
export function createMarks(db: Database): () => MarkOf {
  const findRun = db.query<{ blockId: number }, [number]>(
    "SELECT blockId FROM runs WHERE key <= ? ORDER BY key DESC LIMIT 1",
  );
  const selectPieces = db.query<{ pieces: Uint8Array }, [number]>(
    "SELECT pieces FROM blocks WHERE id = ?",
  );

  function load(key: number, marks: Map<number, number>): void {
    try {
      const run = findRun.get(key);
      const block = run && selectPieces.get(run.blockId);
      for (const { key, hash } of block ? readIndex(block.pieces).pieces : []) {
        if (hash) marks.set(key, Buffer.from(hash).readUInt32LE(0));
      }
    } catch (cause) {
      if (!isDamage(cause)) throw cause;
    }
  }

  return () => {
    const marks = new Map<number, number>();
    return (key) => {
      if (!marks.has(key)) load(key, marks);
      return marks.get(key) ?? 0;
    };
  };
}
