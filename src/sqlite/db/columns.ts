/**
 * What prepared statements take from the tables of schema.ts: the names of columns, and their cells as
 * SQLite gives and takes them. Rows are written by the names of their columns, so that no cell can stand
 * in the place of another.
 */
import type { Changes, Database, SQLQueryBindings } from "bun:sqlite";
import { getTableColumns, getTableName } from "drizzle-orm";
import type { SQLiteTable } from "drizzle-orm/sqlite-core";

type Columns<T extends SQLiteTable> = T["_"]["columns"];

export type ColumnOf<T extends SQLiteTable> = keyof Columns<T> & string;

type CellOf<C> = C extends { _: { driverParam: infer P; notNull: infer N } }
  ? P | (N extends true ? never : null)
  : never;

/** The cells of some columns of a row, not decoded. */
export type Cells<T extends SQLiteTable, K extends ColumnOf<T> = ColumnOf<T>> = {
  [C in K]: CellOf<Columns<T>[C]>;
};

/** All columns of a table but those named. */
export function columnsBut<T extends SQLiteTable, K extends ColumnOf<T>>(
  table: T,
  but: readonly K[],
): Exclude<ColumnOf<T>, K>[] {
  const names = Object.keys(getTableColumns(table)) as ColumnOf<T>[];
  return names.filter((name): name is Exclude<ColumnOf<T>, K> => !but.includes(name as K));
}

/** @param onConflict in which key, and what to do then. */
export function prepareInsert<T extends SQLiteTable, K extends ColumnOf<T>>(
  db: Database,
  table: T,
  columns: readonly K[],
  { or = "ABORT", onConflict }: { or?: "ABORT" | "IGNORE" | "REPLACE"; onConflict?: string } = {},
): (cells: Cells<T, K>) => Changes {
  const marks = columns.map(() => "?");
  return runner(
    db,
    `INSERT OR ${or} INTO ${getTableName(table)} (${columns}) VALUES (${marks})
     ${onConflict ? `ON CONFLICT ${onConflict}` : ""}`,
    columns,
  );
}

/** Sets some columns of the rows that have the same in another. */
export function prepareUpdate<T extends SQLiteTable, K extends ColumnOf<T>, B extends ColumnOf<T>>(
  db: Database,
  table: T,
  columns: readonly K[],
  by: B,
): (cells: Cells<T, K | B>) => Changes {
  const set = columns.map((column) => `${column} = ?`);
  return runner(db, `UPDATE ${getTableName(table)} SET ${set} WHERE ${by} = ?`, [...columns, by]);
}

function runner<Row extends object>(
  db: Database,
  text: string,
  columns: readonly (keyof Row & string)[],
) {
  const statement = db.query<null, SQLQueryBindings[]>(text);
  // Compiled once for these columns: a loop over their names takes twice as long for a span's row.
  const cellsOf = new Function("row", `return [${columns.map((column) => `row.${column}`)}]`);
  return (row: Row): Changes => statement.run(...cellsOf(row));
}
