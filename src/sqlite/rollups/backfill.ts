/**
 * Facets that the store does not have yet are made for the traces that are settled, some at a time; what
 * settles meanwhile has them already. Until all have a facet nobody looks traces up by it.
 */
import type { Database } from "bun:sqlite";
import { settle as limits } from "../../limits.ts";
import { fromCell, type Cell } from "../db/cells.ts";
import { columnsBut, prepareInsert, type Cells } from "../db/columns.ts";
import type { Names } from "../db/names.ts";
import { facetFields, facets as facetsTable } from "../db/schema.ts";
import { isDamage } from "../db/trouble.ts";
import type { TraceStates } from "../spans/traces.ts";
import { byPlace, facetRows, facets, type FacetRow } from "./facets.ts";

export interface Backfill {
  hasWork(): boolean;
  step(): void;
  /** Forgets what a transaction that is gone would have written. */
  forget(): void;
}

type Known = Cells<typeof facetFields>;

export function createBackfill(db: Database, names: Names, traces: TraceStates): Backfill {
  const selectKnown = db.query<Known, []>("SELECT field, afterKey FROM facetFields");
  const putKnown = prepareInsert(db, facetFields, columnsBut(facetFields, []), { or: "REPLACE" });
  const removeKnown = db.query<null, [number]>("DELETE FROM facetFields WHERE field = ?");
  const removeRows = db.query<null, [number]>("DELETE FROM facets WHERE field = ?");
  const addRow = prepareInsert(db, facetsTable, columnsBut(facetsTable, []), { or: "IGNORE" });
  const selectSettled = db.query<
    { key: number; projectId: number; traceId: Cell; settledStep: number },
    [number, number]
  >(
    `SELECT key, projectId, traceId, settledStep FROM traces
     WHERE key > ? AND isSettled = 1 ORDER BY key LIMIT ?`,
  );
  let isDone = false;

  const numbers = () => new Set([...facets.values()].map(({ number }) => number));

  /** What this version does not know is not kept up, and begun anew by one that does. */
  function compare(): Known[] {
    const [mine, stored] = [numbers(), selectKnown.all()];
    for (const { field } of stored) if (!mine.has(field)) removeKnown.run(field);
    const known = stored.filter(({ field }) => mine.has(field));
    for (const { field } of known) mine.delete(field);
    const added = [...mine].map((field) => {
      removeRows.run(field);
      putKnown({ field, afterKey: 0 });
      return { field, afterKey: 0 };
    });
    return [...known, ...added];
  }

  return {
    hasWork() {
      if (isDone) return false;
      const mine = numbers();
      const stored = selectKnown.all();
      const complete = stored.filter(({ field, afterKey }) => afterKey === null && mine.has(field));
      isDone = stored.length === mine.size && complete.length === mine.size;
      return !isDone;
    },
    step() {
      const pending = compare().filter(({ afterKey }) => afterKey !== null);
      if (pending.length === 0) return;
      const from = Math.min(...pending.map(({ afterKey }) => afterKey!));
      const fields = pending.filter(({ afterKey }) => afterKey === from).map(({ field }) => field);
      const wanted = [...facets.values()].filter(({ number }) => fields.includes(number));
      const rows: FacetRow[] = [];
      let spans = 0;
      let last: number | null = null;
      for (const trace of selectSettled.all(from, limits.tracesPerStep)) {
        last = trace.key;
        try {
          const state = traces.peek(trace.projectId, fromCell(trace.traceId))!;
          rows.push(...facetRows(state, trace.settledStep, names.idOf, wanted));
          spans += state.tally.size;
        } catch (cause) {
          // Nobody can read what it would say of itself.
          if (!isDamage(cause)) throw cause;
        }
        if (spans > limits.spansPerStep) break;
      }
      for (const row of rows.sort(byPlace)) addRow(row);
      for (const field of fields) putKnown({ field, afterKey: last });
    },
    forget() {
      isDone = false;
    },
  };
}
