/**
 * The part of bun:sqlite that this project uses, over a shared library of any SQLite. On Linux Bun
 * has its own SQLite and no way to take another; on macOS it takes the system's, which may be as old
 * as 3.37. preload.ts puts this module in the place of bun:sqlite.
 */
import { dlopen, ptr, toBuffer, type Pointer } from "bun:ffi";
import { appendFileSync } from "node:fs";

const { library = "", log = "" } = {
  library: process.env.SQLITE337_LIBRARY,
  log: process.env.SQLITE337_LOG,
};

const { symbols: sqlite } = dlopen(library, {
  sqlite3_bind_blob: { args: ["ptr", "int", "ptr", "int", "i64"], returns: "int" },
  sqlite3_bind_double: { args: ["ptr", "int", "f64"], returns: "int" },
  sqlite3_bind_int64: { args: ["ptr", "int", "i64"], returns: "int" },
  sqlite3_bind_null: { args: ["ptr", "int"], returns: "int" },
  sqlite3_bind_parameter_count: { args: ["ptr"], returns: "int" },
  sqlite3_bind_text: { args: ["ptr", "int", "ptr", "int", "i64"], returns: "int" },
  sqlite3_changes: { args: ["ptr"], returns: "int" },
  sqlite3_clear_bindings: { args: ["ptr"], returns: "int" },
  sqlite3_close_v2: { args: ["ptr"], returns: "int" },
  sqlite3_column_blob: { args: ["ptr", "int"], returns: "ptr" },
  sqlite3_column_bytes: { args: ["ptr", "int"], returns: "int" },
  sqlite3_column_count: { args: ["ptr"], returns: "int" },
  sqlite3_column_double: { args: ["ptr", "int"], returns: "f64" },
  sqlite3_column_int64: { args: ["ptr", "int"], returns: "i64" },
  sqlite3_column_name: { args: ["ptr", "int"], returns: "cstring" },
  sqlite3_column_type: { args: ["ptr", "int"], returns: "int" },
  sqlite3_errmsg: { args: ["ptr"], returns: "cstring" },
  sqlite3_extended_errcode: { args: ["ptr"], returns: "int" },
  sqlite3_extended_result_codes: { args: ["ptr", "int"], returns: "int" },
  sqlite3_finalize: { args: ["ptr"], returns: "int" },
  sqlite3_get_autocommit: { args: ["ptr"], returns: "int" },
  sqlite3_last_insert_rowid: { args: ["ptr"], returns: "i64" },
  sqlite3_libversion: { args: [], returns: "cstring" },
  sqlite3_open_v2: { args: ["ptr", "ptr", "int", "ptr"], returns: "int" },
  sqlite3_prepare_v2: { args: ["ptr", "ptr", "int", "ptr", "ptr"], returns: "int" },
  sqlite3_reset: { args: ["ptr"], returns: "int" },
  sqlite3_step: { args: ["ptr"], returns: "int" },
});

export const libraryVersion = String(sqlite.sqlite3_libversion());

const codes = { ok: 0, row: 100, done: 101 };
const types = { integer: 1, float: 2, text: 3, blob: 4 };
const openFlags = { readonly: 1, readwrite: 2, create: 4 };
/** SQLITE_TRANSIENT: SQLite copies what is bound. */
const copied = -1n;

/** The names of result codes that the project asks for, by their primary part and in full. */
const codeNames: Record<number, string> = {
  1: "SQLITE_ERROR",
  3: "SQLITE_PERM",
  5: "SQLITE_BUSY",
  6: "SQLITE_LOCKED",
  8: "SQLITE_READONLY",
  10: "SQLITE_IOERR",
  11: "SQLITE_CORRUPT",
  13: "SQLITE_FULL",
  14: "SQLITE_CANTOPEN",
  18: "SQLITE_TOOBIG",
  19: "SQLITE_CONSTRAINT",
  20: "SQLITE_MISMATCH",
  21: "SQLITE_MISUSE",
  26: "SQLITE_NOTADB",
  1299: "SQLITE_CONSTRAINT_NOTNULL",
  1555: "SQLITE_CONSTRAINT_PRIMARYKEY",
  2067: "SQLITE_CONSTRAINT_UNIQUE",
};

export class SQLiteError extends Error {
  override readonly name = "SQLiteError";
  readonly errno: number;
  readonly code: string;

  constructor(message: string, errno: number) {
    super(message);
    this.errno = errno;
    this.code = codeNames[errno] ?? codeNames[errno & 0xff] ?? `SQLITE_${errno}`;
  }
}

type Value = string | number | bigint | boolean | null | undefined | Uint8Array;
type Changes = { changes: number; lastInsertRowid: number };
type Row = Record<string, unknown>;

const seen = new Set<string>();

/** Writes each statement down once, for the report of what has run here. */
function note(sql: string): void {
  if (log === "" || seen.has(sql)) return;
  seen.add(sql);
  appendFileSync(log, `${JSON.stringify(sql)}\n`);
}

export class Statement {
  readonly #db: Pointer;
  readonly #handle: Pointer;
  readonly #columns: number;
  readonly #names: string[];
  readonly paramsCount: number;
  #isFinalized = false;

  constructor(db: Pointer, handle: Pointer) {
    this.#db = db;
    this.#handle = handle;
    this.#columns = sqlite.sqlite3_column_count(handle);
    this.paramsCount = sqlite.sqlite3_bind_parameter_count(handle);
    this.#names = Array.from({ length: this.#columns }, (_, i) =>
      String(sqlite.sqlite3_column_name(handle, i)),
    );
  }

  all(...params: Value[]): Row[] {
    return this.values(...params).map((cells) => this.#toRow(cells));
  }

  iterate(...params: Value[]): IterableIterator<Row> {
    return this.all(...params).values();
  }

  get(...params: Value[]): Row | null {
    const [first] = this.#rows(params, 1);
    return first ? this.#toRow(first) : null;
  }

  values(...params: Value[]): unknown[][] {
    return this.#rows(params, Infinity);
  }

  run(...params: Value[]): Changes {
    this.#rows(params, Infinity);
    return changesOf(this.#db);
  }

  finalize(): void {
    if (!this.#isFinalized) sqlite.sqlite3_finalize(this.#handle);
    this.#isFinalized = true;
  }

  #rows(params: Value[], limit: number): unknown[][] {
    if (this.#isFinalized) throw new Error("Statement has finalized");
    // Like bun:sqlite, a list of parameters may come as one array.
    const values = Array.isArray(params[0]) ? (params[0] as Value[]) : params;
    if (values.length > 0 && values.length !== this.paramsCount) {
      throw new RangeError(`expected ${this.paramsCount} values, received ${values.length}`);
    }
    sqlite.sqlite3_clear_bindings(this.#handle);
    values.forEach((value, i) => this.#bind(i + 1, value));
    const rows: unknown[][] = [];
    try {
      while (rows.length < limit && step(this.#db, this.#handle)) {
        rows.push(Array.from({ length: this.#columns }, (_, i) => readCell(this.#handle, i)));
      }
    } finally {
      sqlite.sqlite3_reset(this.#handle);
    }
    return rows;
  }

  #bind(index: number, value: Value): void {
    checked(this.#db, bindValue(this.#handle, index, value));
  }

  #toRow(cells: unknown[]): Row {
    return Object.fromEntries(cells.map((cell, i) => [this.#names[i]!, cell]));
  }
}

function bindValue(handle: Pointer, index: number, value: Value): number {
  if (value === null || value === undefined) return sqlite.sqlite3_bind_null(handle, index);
  if (typeof value === "boolean") return bindValue(handle, index, Number(value));
  if (typeof value === "bigint") return sqlite.sqlite3_bind_int64(handle, index, value);
  if (typeof value === "number") {
    return Number.isSafeInteger(value)
      ? sqlite.sqlite3_bind_int64(handle, index, BigInt(value))
      : sqlite.sqlite3_bind_double(handle, index, value);
  }
  const bytes = typeof value === "string" ? Buffer.from(value) : value;
  // Nothing points at nothing, which SQLite would take for NULL.
  const start = ptr(bytes.byteLength === 0 ? new Uint8Array(1) : bytes);
  return typeof value === "string"
    ? sqlite.sqlite3_bind_text(handle, index, start, bytes.byteLength, copied)
    : sqlite.sqlite3_bind_blob(handle, index, start, bytes.byteLength, copied);
}

function readCell(handle: Pointer, index: number): unknown {
  const type = sqlite.sqlite3_column_type(handle, index);
  if (type === types.integer) return Number(sqlite.sqlite3_column_int64(handle, index));
  if (type === types.float) return sqlite.sqlite3_column_double(handle, index);
  if (type !== types.text && type !== types.blob) return null;
  const start = sqlite.sqlite3_column_blob(handle, index);
  const length = sqlite.sqlite3_column_bytes(handle, index);
  const bytes = start === null || length === 0 ? Buffer.alloc(0) : toBuffer(start, 0, length);
  return type === types.text ? bytes.toString() : new Uint8Array(bytes);
}

function step(db: Pointer, handle: Pointer): boolean {
  const code = sqlite.sqlite3_step(handle);
  if (code !== codes.row && code !== codes.done) throw failure(db);
  return code === codes.row;
}

function changesOf(db: Pointer): Changes {
  return {
    changes: sqlite.sqlite3_changes(db),
    lastInsertRowid: Number(sqlite.sqlite3_last_insert_rowid(db)),
  };
}

function checked(db: Pointer, code: number): void {
  if (code !== codes.ok) throw failure(db);
}

function failure(db: Pointer): SQLiteError {
  const message = String(sqlite.sqlite3_errmsg(db));
  return new SQLiteError(message, sqlite.sqlite3_extended_errcode(db));
}

interface Options {
  readonly?: boolean;
  create?: boolean;
  readwrite?: boolean;
}

export class Database {
  readonly filename: string;
  #handle: Pointer;
  #isClosed = false;
  readonly #statements = new Set<Statement>();
  readonly #queries = new Map<string, Statement>();

  constructor(filename: string, { readonly, create, readwrite }: Options = {}) {
    this.filename = filename;
    const flags = readonly
      ? openFlags.readonly
      : openFlags.readwrite | (create || !readwrite ? openFlags.create : 0);
    const out = new BigUint64Array(1);
    const code = sqlite.sqlite3_open_v2(ptr(Buffer.from(`${filename}\0`)), ptr(out), flags, null);
    this.#handle = Number(out[0]) as Pointer;
    if (code !== codes.ok) {
      const cause = failure(this.#handle);
      sqlite.sqlite3_close_v2(this.#handle);
      throw cause;
    }
    sqlite.sqlite3_extended_result_codes(this.#handle, 1);
  }

  prepare(sql: string): Statement {
    note(sql);
    const { statement } = this.#compile(sql);
    if (!statement) throw new Error("there is no statement in it");
    return statement;
  }

  query(sql: string): Statement {
    let statement = this.#queries.get(sql);
    if (!statement) this.#queries.set(sql, (statement = this.prepare(sql)));
    return statement;
  }

  /** Runs all statements of a text; only a single one takes parameters. */
  run(sql: string, ...params: Value[]): Changes {
    note(sql);
    let rest = sql;
    while (rest.trim() !== "") {
      const { statement, tail } = this.#compile(rest);
      rest = tail;
      if (!statement) break;
      statement.run(...params);
      statement.finalize();
      this.#statements.delete(statement);
    }
    return changesOf(this.#handle);
  }

  exec(sql: string): Changes {
    return this.run(sql);
  }

  get inTransaction(): boolean {
    return sqlite.sqlite3_get_autocommit(this.#handle) === 0;
  }

  transaction<A extends unknown[], T>(work: (...args: A) => T) {
    const within =
      (begin: string) =>
      (...args: A): T => {
        this.run(begin);
        try {
          const result = work(...args);
          this.run("COMMIT");
          return result;
        } catch (cause) {
          if (this.inTransaction) this.run("ROLLBACK");
          throw cause;
        }
      };
    return Object.assign(within("BEGIN"), {
      deferred: within("BEGIN DEFERRED"),
      immediate: within("BEGIN IMMEDIATE"),
      exclusive: within("BEGIN EXCLUSIVE"),
    });
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    for (const statement of this.#statements) statement.finalize();
    sqlite.sqlite3_close_v2(this.#handle);
  }

  [Symbol.dispose](): void {
    this.close();
  }

  #compile(sql: string): { statement: Statement | null; tail: string } {
    if (this.#isClosed) throw new RangeError("Cannot use a closed database");
    const text = Buffer.from(`${sql}\0`);
    const start = ptr(text);
    const out = new BigUint64Array(2);
    const code = sqlite.sqlite3_prepare_v2(this.#handle, start, -1, ptr(out), ptr(out, 8));
    checked(this.#handle, code);
    const tail = text.toString("utf8", Number(out[1]) - start, text.length - 1);
    if (out[0] === 0n) return { statement: null, tail };
    const statement = new Statement(this.#handle, Number(out[0]) as Pointer);
    this.#statements.add(statement);
    return { statement, tail };
  }
}

export default Database;
