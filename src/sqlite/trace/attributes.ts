/** What spans say under names of the sender's. Of two spans that say something of their trace the later end counts. */
import { payloadFields } from "../../contract/fields.ts";
import { parseAttributes } from "../../contract/unknown.ts";
import { traceAttributes as limits } from "../../limits.ts";
import { spanKeyRange } from "../../tally/numbers.ts";
import { fromCell, type Cell } from "../db/cells.ts";
import { mayHaveSlotFrom8, readSlots } from "../payload/lists.ts";
import { readText } from "../payload/payloads.ts";
import type { Source } from "../source.ts";

interface AttributesRow {
  key: number;
  spanId: Cell;
  endTime: number;
  headerId: number;
  lists: Uint8Array | null;
}

const slot = payloadFields.indexOf("traceAttributes") + 1;

/** @returns JSON text; null where there is nothing, or it is too long to be told with the trace. */
export function readTraceAttributes(source: Source, traceKey: number): string | null {
  const { names } = source;
  const seen = new Set<string>();
  const all = new Map<string, unknown>();
  let readLength = 0;
  for (const row of lastRows(source, traceKey)) {
    // What a client sends with each batch is mostly the same: the last ones say it.
    if (readLength > limits.length) break;
    // Stores of before have it in the header.
    const { x } = names.headerOf(row.headerId);
    for (const text of [readText(source, row, "traceAttributes"), x?.attributes]) {
      if (text === undefined || seen.has(text)) continue;
      seen.add(text);
      readLength += text.length;
      for (const [name, value] of Object.entries(parseAttributes(text)))
        if (!all.has(name)) all.set(name, value);
    }
  }
  const [first = null, ...more] = seen;
  // As it came, with numbers that JavaScript would round.
  const json = more.length > 0 ? JSON.stringify(Object.fromEntries(all)) : first;
  if (json === null) return null;
  return json.length > limits.length ? null : json;
}

/** The spans that have any, as many as are looked at, the one that ended last first. */
function lastRows({ sqlite, names }: Source, traceKey: number): AttributesRow[] {
  const range = spanKeyRange(traceKey);
  const headers = sqlite
    .query<{ headerId: number }, [number, number]>(
      "SELECT DISTINCT headerId FROM spans WHERE key BETWEEN ? AND ?",
    )
    .all(...range)
    .filter(({ headerId }) => names.headerOf(headerId).x?.attributes !== undefined)
    .map(({ headerId }) => headerId);
  const inHeader = new Set(headers);
  const select = sqlite.query<AttributesRow, [number, number, string]>(
    `SELECT key, spanId, startTime + durationMs AS endTime, headerId, lists FROM spans
     WHERE key BETWEEN ? AND ?
       AND (${mayHaveSlotFrom8("lists")} OR headerId IN (SELECT value FROM json_each(?)))`,
  );
  const rows: AttributesRow[] = [];
  const keepLast = () => {
    rows.sort(
      (a, b) => b.endTime - a.endTime || (fromCell(a.spanId) < fromCell(b.spanId) ? 1 : -1),
    );
    rows.length = Math.min(rows.length, limits.spans);
  };
  for (const row of select.iterate(...range, JSON.stringify(headers))) {
    const isHere = row.lists !== null && readSlots(row.lists).includes(slot);
    if (isHere || inHeader.has(row.headerId)) rows.push(row);
    if (rows.length === 2 * limits.spans) keepLast();
  }
  keepLast();
  return rows;
}
