/** The user's own prices: rules, and list prices that are newer than the bundled ones. */
import type { Database } from "bun:sqlite";
import { zstdCompressSync, zstdDecompressSync } from "node:zlib";
import { and, desc, eq } from "drizzle-orm";
import { drizzle } from "drizzle-orm/bun-sqlite";
import type { StoredRule } from "../../backend/store.ts";
import { priceRules, settings } from "../db/schema.ts";

/** The newest first. */
export function listRules(db: Database): StoredRule[] {
  const newest = [desc(priceRules.createdAt), desc(priceRules.id)];
  return drizzle(db)
    .select()
    .from(priceRules)
    .orderBy(...newest)
    .all();
}

/** Adds a rule in the place of one of the same patterns. @returns its id. */
export function putRule(db: Database, rule: Omit<StoredRule, "id">): number {
  const store = drizzle(db);
  const { provider, model } = priceRules;
  const same = and(eq(provider, rule.provider), eq(model, rule.model));
  store.delete(priceRules).where(same).run();
  return store.insert(priceRules).values(rule).returning().get().id;
}

/** False where there is none. */
export function removeRule(db: Database, id: number): boolean {
  const removed = drizzle(db).delete(priceRules).where(eq(priceRules.id, id)).returning().all();
  return removed.length > 0;
}

const isBook = eq(settings.name, "priceBook");

/** The list prices that the user brought, as JSON; null where the bundled ones hold. */
export function readBook(db: Database): { json: string; broughtAt: number } | null {
  const row = drizzle(db).select().from(settings).where(isBook).get();
  return row ? JSON.parse(zstdDecompressSync(row.value).toString()) : null;
}

export function writeBook(db: Database, book: { json: string; broughtAt: number } | null): void {
  const store = drizzle(db);
  store.delete(settings).where(isBook).run();
  if (!book) return;
  const value = zstdCompressSync(JSON.stringify(book));
  store.insert(settings).values({ name: "priceBook", value }).run();
}
