/** The user's own prices: rules, and list prices that are newer than the bundled ones. */
import type { Database } from "bun:sqlite";
import { zstdCompressSync, zstdDecompressSync } from "node:zlib";
import type { StoredRule } from "../../backend/store.ts";

/** The newest first. */
export function listRules(db: Database): StoredRule[] {
  return db
    .query<StoredRule, []>(
      "SELECT id, provider, model, prices, createdAt FROM priceRules ORDER BY createdAt DESC, id DESC",
    )
    .all();
}

/** Adds a rule in the place of one of the same patterns. @returns its id. */
export function putRule(db: Database, rule: Omit<StoredRule, "id">): number {
  const { provider, model, prices, createdAt } = rule;
  db.query("DELETE FROM priceRules WHERE provider = ? AND model = ?").run(provider, model);
  const { lastInsertRowid } = db
    .query("INSERT INTO priceRules (provider, model, prices, createdAt) VALUES (?, ?, ?, ?)")
    .run(provider, model, prices, createdAt);
  return Number(lastInsertRowid);
}

/** False where there is none. */
export function removeRule(db: Database, id: number): boolean {
  return db.query("DELETE FROM priceRules WHERE id = ?").run(id).changes > 0;
}

/** The list prices that the user brought, as JSON; null where the bundled ones hold. */
export function readBook(db: Database): { json: string; broughtAt: number } | null {
  const row = db
    .query<{ value: Uint8Array }, [string]>("SELECT value FROM settings WHERE name = ?")
    .get("priceBook");
  return row && JSON.parse(zstdDecompressSync(row.value).toString());
}

export function writeBook(db: Database, book: { json: string; broughtAt: number } | null): void {
  db.query("DELETE FROM settings WHERE name = ?").run("priceBook");
  if (!book) return;
  const value = zstdCompressSync(JSON.stringify(book));
  db.query("INSERT INTO settings (name, value) VALUES (?, ?)").run("priceBook", value);
}
