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
  const insert = db.query<{ id: number }, [Cell]>("INSERT INTO payloads (text) VALUES (?) RETURNING id");
  const remove = db.query<null, [number]>("DELETE FROM payloads WHERE id = ?");
  return {
    ...createPayloadReader(db),
    put: (text) => insert.get(toCell(text))!.id,
    release: (ref) => void remove.run(ref),
  };
}
