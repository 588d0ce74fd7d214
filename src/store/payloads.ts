/**
 * The large texts of spans behind a narrow face: put a span's texts, get them back exactly, release
 * them.
 */
import type { Database } from "bun:sqlite";
import { fromCell, toCell, type Cell } from "./codec.ts";

export const payloadFields = ["input", "output", "toolCatalog", "sources", "attributes"] as const;

type PayloadField = (typeof payloadFields)[number];

/** A span's texts; what it does not have is absent. */
export type Payloads = Partial<Record<PayloadField, string>>;

export interface PayloadReader {
  get(spanKey: number): Payloads;
}

export interface PayloadWriter extends PayloadReader {
  /** Stores a span's texts in place of those it had. */
  put(spanKey: number, payloads: { [F in PayloadField]: string | undefined }): void;
  /** Frees the texts of all spans from `first` to `last`. */
  release(first: number, last: number): void;
}

export function createPayloadReader(db: Database): PayloadReader {
  const select = db.query<Record<string, Cell | null>, [number]>(
    `SELECT ${payloadFields} FROM payloads WHERE spanKey = ?`,
  );
  return {
    get(spanKey) {
      const payloads: Payloads = {};
      const row = select.get(spanKey);
      for (const field of payloadFields) {
        const cell = row?.[field] ?? null;
        if (cell !== null) payloads[field] = fromCell(cell);
      }
      return payloads;
    },
  };
}

export function createPayloadWriter(db: Database): PayloadWriter {
  const write = db.query<null, [number, ...(Cell | null)[]]>(
    `INSERT OR REPLACE INTO payloads (spanKey, ${payloadFields}) VALUES (?, ?, ?, ?, ?, ?)`,
  );
  const remove = db.query<null, [number, number]>(
    "DELETE FROM payloads WHERE spanKey BETWEEN ? AND ?",
  );
  return {
    ...createPayloadReader(db),
    put(spanKey, payloads) {
      const cells = payloadFields.map((field) => {
        const text = payloads[field];
        return text === undefined ? null : toCell(text);
      });
      if (cells.some((cell) => cell !== null)) write.run(spanKey, ...cells);
      else remove.run(spanKey, spanKey);
    },
    release: (first, last) => void remove.run(first, last),
  };
}
