/** What reading a store needs: the database and the texts behind its ids. */
import type { Database } from "bun:sqlite";
import type { BunSQLiteDatabase } from "drizzle-orm/bun-sqlite";
import type { PayloadReader } from "./payload/payloads.ts";
import type { NameLookup } from "./spans/rows.ts";

export interface Source {
  db: BunSQLiteDatabase;
  /** The same connection, for statements that drizzle has no words for. */
  sqlite: Database;
  names: NameLookup;
  payloads: PayloadReader;
}
