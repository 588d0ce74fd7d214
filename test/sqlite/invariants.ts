/** What must hold of any store between two transactions, in words where it does not. */
import type { Database } from "bun:sqlite";
import { readIndex, runsOf } from "../../src/sqlite/payload/blocks.ts";
import { readEntries, readList } from "../../src/sqlite/payload/lists.ts";
import { readBorrowed } from "../../src/sqlite/payload/pieces.ts";
import { traceKeyOf } from "../../src/tally/numbers.ts";

/**
 * @param isSettled true where all of the upkeep was done, so that there must be no garbage.
 * @returns the first things that are wrong.
 */
export function problemsOf(db: Database, isSettled: boolean): string[] {
  const problems: string[] = [];
  const traces = new Set(
    db
      .query<{ key: number }, []>("SELECT key FROM traces")
      .all()
      .map(({ key }) => key),
  );
  const used = new Set<number>();
  const borrowedBy = new Map<number, Set<number>>();
  for (const { key, lists } of db
    .query<{ key: number; lists: Uint8Array | null }, []>("SELECT key, lists FROM spans")
    .all()) {
    const traceKey = traceKeyOf(key);
    if (!traces.has(traceKey)) {
      if (isSettled) problems.push(`span ${key} of a deleted trace is there`);
      continue;
    }
    for (const { list } of lists ? readEntries(lists) : []) {
      if (list.length === 0) continue;
      const { tokens } = readList(list, { span: key - traceKey * 2 ** 24, traceKey });
      for (const token of tokens) {
        if (typeof token === "string") continue;
        used.add(token);
        if (traceKeyOf(token) === traceKey) continue;
        if (!borrowedBy.has(traceKey)) borrowedBy.set(traceKey, new Set());
        borrowedBy.get(traceKey)!.add(token);
      }
    }
  }

  const loans = new Map<number, number>();
  for (const { traceKey, pieces } of db
    .query<{ traceKey: number; pieces: Uint8Array }, []>("SELECT * FROM borrowings")
    .all()) {
    if (isSettled && !traces.has(traceKey)) problems.push(`deleted trace ${traceKey} borrows`);
    const borrowed = readBorrowed(pieces);
    for (const piece of borrowed) loans.set(piece, (loans.get(piece) ?? 0) + 1);
    for (const piece of borrowedBy.get(traceKey) ?? []) {
      if (!borrowed.has(piece)) problems.push(`trace ${traceKey} uses ${piece} without a loan`);
    }
    borrowedBy.delete(traceKey);
  }
  for (const [traceKey, pieces] of borrowedBy) {
    problems.push(`trace ${traceKey} uses ${pieces.size} pieces of others without a loan`);
  }
  for (const { pieceKey, traces: count } of db
    .query<{ pieceKey: number; traces: number }, []>("SELECT * FROM loans")
    .all()) {
    if (loans.get(pieceKey) !== count) problems.push(`piece ${pieceKey} is lent ${count} times`);
    loans.delete(pieceKey);
  }
  if (loans.size > 0) problems.push(`${loans.size} loans are not counted`);

  const findBlock = db.query<{ blockId: number }, [number]>(
    "SELECT blockId FROM runs WHERE key <= ? ORDER BY key DESC LIMIT 1",
  );
  const isLent = db.query("SELECT 1 FROM loans WHERE pieceKey = ?");
  const living = new Set<number>();
  const runs = new Set<number>();
  for (const { id, pieces } of db
    .query<{ id: number; pieces: Uint8Array }, []>("SELECT id, pieces FROM blocks")
    .all()) {
    const index = readIndex(pieces).pieces;
    const live = index.filter(({ hash }) => hash);
    if (live.length === 0) problems.push(`block ${id} has nothing that lives`);
    for (const { key } of runsOf(index)) runs.add(key);
    for (const { key } of live) {
      living.add(key);
      if (findBlock.get(key)?.blockId !== id) problems.push(`piece ${key} is not found in ${id}`);
      if (isSettled && !used.has(key) && !isLent.get(key)) problems.push(`piece ${key} is garbage`);
    }
  }
  for (const piece of used) if (!living.has(piece)) problems.push(`piece ${piece} is missing`);
  for (const { key } of db.query<{ key: number }, []>("SELECT key FROM runs").all()) {
    if (!runs.has(key)) problems.push(`run ${key} is in no block`);
  }
  return problems.slice(0, 10);
}
