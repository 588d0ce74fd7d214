/** Three descriptions of the same rows are held together: the SQL, drizzle's tables, the contract. */
import type { Database } from "bun:sqlite";
import { afterAll, describe, expect, test } from "bun:test";
import { rmSync } from "node:fs";
import { join } from "node:path";
import { is } from "drizzle-orm";
import { getTableConfig, SQLiteTable } from "drizzle-orm/sqlite-core";
import { payloadFields, usageColumns } from "../../../src/contract/fields.ts";
import { droppedFields, Span, Trace, TraceHeader, Usage } from "../../../src/contract/v1.ts";
import { openWriter } from "../../../src/sqlite/db/open.ts";
import * as schema from "../../../src/sqlite/db/schema.ts";
import { extraFields } from "../../../src/sqlite/spans/rows.ts";
import { makeTempDir } from "../../helpers.ts";

const dir = makeTempDir();
const db: Database = openWriter(join(dir, "tealight.db"), "process");
afterAll(() => {
  db.close();
  rmSync(dir, { recursive: true });
});

interface Column {
  name: string;
  type: string;
  notnull: number;
  dflt_value: string | null;
  pk: number;
}

const columnsOf = (table: string) =>
  db
    .query<Column, []>(
      `SELECT name, type, "notnull", dflt_value, pk FROM pragma_table_info('${table}')`,
    )
    .all();

const drizzleTables = Object.values(schema)
  .filter((value) => is(value, SQLiteTable))
  .map((table) => getTableConfig(table));

describe("drizzle's tables", () => {
  test.each(drizzleTables.map((table) => [table.name, table] as const))(
    "%s has the columns that the migrations make",
    (name, { columns, primaryKeys }) => {
      const keyColumns = primaryKeys.flatMap((key) => key.columns.map((column) => column.name));
      expect(
        columns.map((column) => ({
          name: column.name,
          type: column.getSQLType().toUpperCase(),
          // SQLite lets a primary key be null in words, and never in fact where it is an integer.
          notnull: column.notNull && !(column.primary && column.getSQLType() === "integer") ? 1 : 0,
          dflt_value: column.default === undefined ? null : String(column.default),
          pk: column.primary ? 1 : keyColumns.indexOf(column.name) + 1,
        })),
      ).toEqual(
        columnsOf(name).map((column) => ({
          ...column,
          // A text primary key without NOT NULL: what drizzle calls not null.
          notnull: column.pk === 1 && column.type !== "INTEGER" ? 1 : column.notnull,
        })),
      );
    },
  );

  test("are all tables that there are", () => {
    const tables = db
      .query<{ name: string }, []>(
        "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'",
      )
      .all();
    expect(drizzleTables.map(({ name }) => name).sort()).toEqual(
      tables.map(({ name }) => name).sort(),
    );
  });
});

describe("the contract", () => {
  const spanColumns = columnsOf("spans").map(({ name }) => name);

  /** Where a field stands whose column has another name. */
  const standIns: Record<string, readonly string[]> = {
    name: ["nameId"],
    provider: ["providerId"],
    endTime: ["durationMs"],
    usage: usageColumns,
  };

  test.each(Object.keys(Span.properties))(
    "span field %s is kept, or dropped on purpose",
    (field) => {
      const homes = [
        (standIns[field] ?? [field]).every((column) => spanColumns.includes(column)),
        (extraFields as readonly string[]).includes(field),
        (payloadFields as readonly string[]).includes(field),
        (droppedFields as readonly string[]).includes(field),
      ];
      expect(homes.filter(Boolean)).toHaveLength(1);
    },
  );

  test("every count of a usage has a column", () => {
    expect([...usageColumns] as string[]).toEqual(Object.keys(Usage.properties));
    for (const column of usageColumns) expect(spanColumns).toContain(column);
  });

  test.each(Object.keys(Trace.properties).filter((field) => field !== "spans"))(
    "trace field %s is shown by the trace's row",
    (field) => {
      expect(columnsOf("traces").map(({ name }) => name)).toContain(field);
      // All but the id stand in each span's header, too.
      if (field !== "traceId") expect(Object.keys(TraceHeader.properties)).toContain(field);
    },
  );
});
