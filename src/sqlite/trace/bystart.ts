/** The spans of a trace in the order of their starts, without their rows. */
import type { Database } from "bun:sqlite";
import { spanKeyRange } from "../../tally/numbers.ts";
import { sortByStart } from "../../tally/tree.ts";
import { createCleanup } from "../db/open.ts";

/** The numbers of a trace's spans by their start, for who needs no more of the order. */
export function readByStart(sqlite: Database, traceKey: number): Int32Array {
  const [firstKey, end] = spanKeyRange(traceKey);
  const last = lastKeyOf(sqlite, firstKey, end);
  if (last === null) return new Int32Array();
  const starts = new Float64Array(last - firstKey + 1);
  const present = new Int32Array(starts.length);
  let count = 0;
  const select = sqlite.query<{ key: number; startTime: number }, [number, number]>(
    "SELECT key, startTime FROM spans WHERE key BETWEEN ? AND ? ORDER BY key",
  );
  const cleanUp = createCleanup(sqlite);
  for (const { key, startTime } of select.iterate(firstKey, last)) {
    present[count++] = key - firstKey;
    starts[key - firstKey] = startTime;
    cleanUp();
  }
  const byStart = present.subarray(0, count);
  sortByStart(starts, byStart);
  return byStart;
}

function lastKeyOf(sqlite: Database, firstKey: number, until: number): number | null {
  return sqlite
    .query<{ key: number | null }, [number, number]>(
      "SELECT max(key) AS key FROM spans WHERE key BETWEEN ? AND ?",
    )
    .get(firstKey, until)!.key;
}
