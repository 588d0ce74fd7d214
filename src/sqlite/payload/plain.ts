/**
 * Payloads as the first version of the schema kept them: plain text, a row a span. They are read
 * there until the upkeep has moved them (move.ts), and the table goes at the next start.
 */
import type { Database } from "bun:sqlite";
import { fromCell, type Cell } from "../db/cells.ts";

const fields = ["input", "output", "toolCatalog", "sources", "attributes"] as const;

export type PlainTexts = Partial<Record<(typeof fields)[number], string>>;

export interface PlainPayloads {
  get(spanKey: number): PlainTexts;
  drop(spanKey: number): void;
  /** The first rows that are left, of about so many bytes together. */
  first(bytes: number): { spanKey: number; texts: PlainTexts }[];
}

type Row = Record<(typeof fields)[number], Cell | null> & { spanKey: number };

/** @returns null where nothing is left of that time. */
export function openPlainPayloads(db: Database): PlainPayloads | null {
  if (!exists(db)) return null;
  const select = db.query<Row, [number]>(
    `SELECT spanKey, ${fields} FROM payloads WHERE spanKey = ?`,
  );
  const selectFirst = db.query<{ spanKey: number }, []>(
    "SELECT spanKey FROM payloads ORDER BY spanKey LIMIT 200",
  );
  const remove = db.query<null, [number]>("DELETE FROM payloads WHERE spanKey = ?");
  return {
    get(spanKey) {
      const row = select.get(spanKey);
      return row ? textsOf(row) : {};
    },
    drop: (spanKey) => void remove.run(spanKey),
    first(bytes) {
      const rows: { spanKey: number; texts: PlainTexts }[] = [];
      let taken = 0;
      for (const { spanKey } of selectFirst.all()) {
        const texts = textsOf(select.get(spanKey)!);
        rows.push({ spanKey, texts });
        for (const text of Object.values(texts)) taken += text.length;
        if (taken >= bytes) break;
      }
      return rows;
    },
  };
}

/** Drops the table if all of it was moved. To be called before anybody else has the store open. */
export function dropPlainPayloads(db: Database): void {
  if (exists(db) && !db.query("SELECT 1 FROM payloads LIMIT 1").get()) {
    db.run("DROP TABLE payloads");
  }
}

function exists(db: Database): boolean {
  return db.query("SELECT 1 FROM sqlite_master WHERE name = 'payloads'").get() !== null;
}

function textsOf(row: Row): PlainTexts {
  const texts: PlainTexts = {};
  for (const field of fields) if (row[field] !== null) texts[field] = fromCell(row[field]);
  return texts;
}
