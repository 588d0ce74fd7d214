/** A query for the spans of one trace as SQL, and its rows as the records that it asks for. */
import { parsed } from "../../backend/attributes.ts";
import type { SpanField, SpanQuery, SpanRecord, StartPlace } from "../../backend/spans.ts";
import { usageColumns } from "../../contract/fields.ts";
import { spanStatuses, spanTypes } from "../../contract/v1.ts";
import { spanKeyRange } from "../../tally/numbers.ts";
import { fromCell, toCell, type Cell } from "../db/cells.ts";
import { createCleanup } from "../db/open.ts";
import type { Source } from "../source.ts";
import { readNumbered } from "./numbered.ts";
import { toTexts } from "./texts.ts";

type Row = Record<string, any> & { key: number };
type Value = Cell | number;

/** What a field is read from, where that is not the column of its name. */
const columnOf: Partial<Record<SpanField, string>> = {
  name: "nameId",
  provider: "providerId",
  modelId: "modelId",
  price: "priceId",
  texts: "lists",
  wholeLengths: "extra",
  reportsUsage: `coalesce(${usageColumns}) IS NOT NULL`,
};

/** How the cell of a field becomes its value, where it is not the value itself. */
type Decode = (cell: any, row: Row, source: Source) => unknown;
const ofName: Decode = (id, _, { names }) => (id === null ? null : names.nameOf(id));
const ofText: Decode = (cell) =>
  cell === null || typeof cell === "string" ? cell : fromCell(cell);
const decoders: Partial<Record<SpanField, Decode>> = {
  spanId: ofText,
  parentSpanId: ofText,
  errorMessage: ofText,
  spanType: (number) => spanTypes[number],
  status: (number) => (number === null ? null : spanStatuses[number]),
  name: ofName,
  provider: ofName,
  modelId: ofName,
  price: ofName,
  metadata: parsed,
  isCostEstimated: (cell) => cell === 1,
  isRuntime: (cell) => cell === 1,
  reportsUsage: (cell) => cell === 1,
  wholeLengths: (extra: string | null) =>
    extra?.includes('"wholeLengths"') ? (JSON.parse(extra).x?.wholeLengths ?? null) : null,
  texts: (lists, { key }) => toTexts(key, lists),
};

/** All fields of a span. */
export const spanFields: readonly SpanField[] = [
  ...["key", "spanId", "parentSpanId", "spanType", "status", "startTime", "durationMs"],
  ...["name", "provider", "modelId", "errorMessage", "ttftMs", ...usageColumns, "reportsUsage"],
  ...[
    "metadata",
    "cost",
    "isCostEstimated",
    "price",
    "repeats",
    "shownBy",
    "isRuntime",
    "wholeLengths",
  ],
  "texts",
] as SpanField[];

/** Rows are objects of their own, so that each becomes its record in place. */
function decoderOf<F extends SpanField>(source: Source, fields: readonly F[]) {
  const decoded = fields.filter((field) => decoders[field]);
  const decodes = decoded.map((field) => decoders[field]!);
  return (row: Row): Pick<SpanRecord, F> => {
    // By index: a trace may have a million rows.
    for (let i = 0; i < decoded.length; i++) {
      const field = decoded[i]!;
      row[field] = decodes[i]!(row[field], row, source);
    }
    return row as unknown as Pick<SpanRecord, F>;
  };
}

/** What a row is read from. The key is always there: the texts of a span are found by it. */
function selectionOf(fields: readonly SpanField[]): string {
  return [...new Set(["key", ...fields] as SpanField[])]
    .map((field) => (columnOf[field] ? `${columnOf[field]} AS ${field}` : field))
    .join(", ");
}

export function querySpans<F extends SpanField>(
  source: Source,
  query: SpanQuery,
  fields: readonly F[],
): Iterable<Pick<SpanRecord, F>> {
  const decode = decoderOf(source, fields);
  if (query.keys) return rowsOfKeys(source, query, fields).map(decode);
  const { sql, values } = toSql(query, selectionOf(fields));
  const select = source.sqlite.query<Row, Value[]>(sql);
  if (query.limit !== undefined) return select.all(...values).map(decode);
  return (function* () {
    const cleanUp = createCleanup(source.sqlite);
    for (const row of select.iterate(...values)) {
      yield decode(row);
      cleanUp();
    }
  })();
}

/** In the order of the keys as they are given. */
function rowsOfKeys({ sqlite }: Source, query: SpanQuery, fields: readonly SpanField[]): Row[] {
  const [first, last] = spanKeyRange(query.traceKey);
  const own = query.keys!.filter((key) => key >= first && key <= last);
  const select = sqlite.query<Row, [number, number]>(
    `SELECT ${selectionOf(fields)} FROM spans WHERE key BETWEEN ? AND ?`,
  );
  return readNumbered(
    select,
    first,
    Int32Array.from(own, (key) => key - first),
  );
}

const orders = {
  key: ["key"],
  start: ["startTime", "key"],
  startAndType: ["startTime", "spanType", "key"],
} as const;

function toSql(query: SpanQuery, selection: string): { sql: string; values: Value[] } {
  const { traceKey, lastKey, types, isShown, parentSpanIds, limit } = query;
  const [first, last] = spanKeyRange(traceKey);
  const columns = orders[query.order ?? "key"];
  const conditions = ["key BETWEEN ? AND ?"];
  const values: Value[] = [first, lastKey ?? last];
  const isIn = (column: string, wanted: readonly Value[]) => {
    conditions.push(`${column} IN (${wanted.map(() => "?").join(", ")})`);
    values.push(...wanted);
  };
  const lies = (side: string, place: StartPlace | undefined) => {
    if (!place) return;
    const [placed, wanted] =
      query.order === "startAndType"
        ? [orders.startAndType, [place.startTime, numberOf(place.spanType!), place.key]]
        : [orders.start, [place.startTime, place.key]];
    conditions.push(`(${placed.join(", ")}) ${side} (${placed.map(() => "?").join(", ")})`);
    values.push(...wanted);
  };
  if (types) isIn("spanType", types.map(numberOf));
  if (isShown) conditions.push("shownBy IS NULL");
  if (parentSpanIds) isIn("parentSpanId", parentSpanIds.map(toCell));
  lies(">", query.after);
  lies(">=", query.from);
  lies("<", query.before);
  lies("<=", query.upTo);
  const direction = query.isDescending ? "DESC" : "ASC";
  const order = columns.map((column) => `${column} ${direction}`).join(", ");
  const end = limit === undefined ? "" : " LIMIT ?";
  if (limit !== undefined) values.push(limit);
  const where = conditions.join(" AND ");
  return { sql: `SELECT ${selection} FROM spans WHERE ${where} ORDER BY ${order}${end}`, values };
}

function numberOf(type: (typeof spanTypes)[number]): number {
  return spanTypes.indexOf(type);
}
