/** Reckons the costs of stored spans anew. */
import type { Database } from "bun:sqlite";
import { and, between, inArray } from "drizzle-orm";
import { drizzle } from "drizzle-orm/bun-sqlite";
import { spanTypes, type ImportedSpan, type Span } from "../contract/v1.ts";
import { fromCell, toFigure, type Cell, type Figure } from "./codec.ts";
import type { Names } from "./names.ts";
import { spanKeyRange, spanOf } from "./rows.ts";
import { spans } from "./schema.ts";
import type { Settler } from "./settle.ts";
import type { TraceState, TraceStates } from "./traces.ts";

/** What a span cost in pico-dollars, and by which price, as JSON. */
export interface Cost {
  price: string;
  amount: bigint;
}

/** @returns null where the span has no price, or none is known. */
export type CostOf = (span: ImportedSpan) => Cost | null;

export interface Repricing {
  spans: number;
  changedSpans: number;
  /** Pico-dollars of the spans looked at; what has no price counts as none. */
  before: bigint;
  after: bigint;
}

/**
 * Reckons the costs of a trace's spans anew.
 *
 * @param isMeant which spans to look at.
 * @param isDry true: only says what would change.
 * @returns null where there is no such trace.
 */
export type Reprice = (
  traceKey: number,
  isMeant: (span: Span) => boolean,
  isDry: boolean,
) => Repricing | null;

/** The types of spans that have a price. */
const callTypes = [spanTypes.indexOf("llm"), spanTypes.indexOf("embedding")];

export function createRepricing({
  db,
  names,
  traces,
  settler,
  touched,
  costOf,
}: {
  db: Database;
  names: Names;
  traces: TraceStates;
  settler: Settler;
  /** The traces whose rows are to be written before the commit. */
  touched: Set<TraceState>;
  costOf: CostOf;
}): Reprice {
  const rows = drizzle(db);
  const updateCost = db.query<null, [number | null, Figure | null, number]>(
    "UPDATE spans SET priceId = ?, cost = ? WHERE key = ?",
  );
  const selectTraceId = db.query<{ projectId: number; traceId: Cell }, [number]>(
    "SELECT projectId, traceId FROM traces WHERE key = ?",
  );

  return (traceKey, isMeant, isDry) => {
    const found = selectTraceId.get(traceKey);
    const state = found && traces.find(found.projectId, fromCell(found.traceId));
    if (!state) return null;
    const result: Repricing = { spans: 0, changedSpans: 0, before: 0n, after: 0n };
    const calls = rows
      .select()
      .from(spans)
      .where(and(between(spans.key, ...spanKeyRange(traceKey)), inArray(spans.spanType, callTypes)))
      .all();
    for (const row of calls) {
      const span = spanOf(row, names);
      if (!isMeant(span)) continue;
      const cost = costOf(span);
      const before = row.cost === null ? undefined : BigInt(row.cost);
      const priceBefore = row.priceId === null ? null : names.nameOf(row.priceId);
      result.spans++;
      result.before += before ?? 0n;
      result.after += cost?.amount ?? 0n;
      if (cost?.amount === before && (cost?.price ?? null) === priceBefore) continue;
      result.changedSpans++;
      if (isDry) continue;
      settler.unsettle(state);
      updateCost.run(cost && names.idOf(cost.price), cost && toFigure(cost.amount), row.key);
      traces.putFacts(state, { ...state.tally.get(span.spanId)!, cost: cost?.amount });
      touched.add(state);
    }
    return result;
  };
}
