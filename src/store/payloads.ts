/**
 * The large texts of spans (input, output, tool catalog, sources, attributes) behind a narrow face:
 * put a text, get the exact text back by its reference, release it.
 */
import type { Database } from "bun:sqlite";
import { fromCell, toCell, type Cell } from "./codec.ts";

export interface PayloadWriter {
  /** Stores a text and returns its reference. */
  put(text: string): number;
  get(ref: number): string;
  release(ref: number): void;
}

export interface PayloadReader {
  get(ref: number): string;
}

export function createPayloadReader(db: Database): PayloadReader {
  const select = db.query<{ text: Cell }, [number]>("SELECT text FROM payloads WHERE id = ?");
  return {
    get(ref) {
      const row = select.get(ref);
      if (!row) throw new Error(`payload ${ref} is missing`);
      return fromCell(row.text);
    },
  };
}

export function createPayloadWriter(db: Database): PayloadWriter {
  // The id is given, not asked for: RETURNING made an insert twice as slow.
  const insert = db.query<null, [number, Cell]>("INSERT INTO payloads (id, text) VALUES (?, ?)");
  const remove = db.query<null, [number]>("DELETE FROM payloads WHERE id = ?");
  // After a rollback the numbers go on; what they would have stood for was never seen.
  let nextRef =
    db.query<{ last: number }, []>("SELECT coalesce(max(id), 0) AS last FROM payloads").get()!
      .last + 1;
  return {
    ...createPayloadReader(db),
    put(text) {
      const ref = nextRef++;
      insert.run(ref, toCell(text));
      return ref;
    },
    release: (ref) => void remove.run(ref),
  };
}
