/**
 * The schema's history: an ordered list, each step once and in a transaction of its own.
 *
 * drizzle's own migrator reads a folder at run time, which a compiled file does not have, and skips
 * steps older than the newest applied one.
 */
import type { Database } from "bun:sqlite";
import init from "./migrations/0001_init.sql" with { type: "text" };
import pieces from "./migrations/0002_pieces.sql" with { type: "text" };
import logs from "./migrations/0003_logs.sql" with { type: "text" };
import prices from "./migrations/0004_prices.sql" with { type: "text" };
import reading from "./migrations/0005_reading.sql" with { type: "text" };
import unknown from "./migrations/0006_unknown.sql" with { type: "text" };
import estimated from "./migrations/0007_estimated.sql" with { type: "text" };
import calls from "./migrations/0008_calls.sql" with { type: "text" };
import units from "./migrations/0009_units.sql" with { type: "text" };
import internal from "./migrations/0010_internal.sql" with { type: "text" };
import texts from "./migrations/0011_texts.sql" with { type: "text" };
import settling from "./migrations/0012_settling.sql" with { type: "text" };
import withErrors from "./migrations/0013_witherrors.sql" with { type: "text" };
import views from "./migrations/0014_views.sql" with { type: "text" };
import settledStep from "./migrations/0015_settledstep.sql" with { type: "text" };
import tokens from "./migrations/0016_tokens.sql" with { type: "text" };
import facetFields from "./migrations/0017_facetfields.sql" with { type: "text" };

/** In the order in which stores applied them, which is not that of the names. It never changes. */
const migrations = [
  init,
  pieces,
  logs,
  prices,
  reading,
  unknown,
  units,
  estimated,
  calls,
  texts,
  internal,
  settling,
  withErrors,
  views,
  settledStep,
  tokens,
  facetFields,
];

export const schemaVersion = migrations.length;

/** Brings a store of any earlier version up to this one's. A killed run goes on where it stopped. */
export function migrate(db: Database): void {
  const { user_version } = db.query("PRAGMA user_version").get() as { user_version: number };
  for (let version = user_version; version < schemaVersion; version++) {
    db.transaction(() => {
      db.run(migrations[version]!);
      db.run(`PRAGMA user_version = ${version + 1}`);
    }).immediate();
  }
}
