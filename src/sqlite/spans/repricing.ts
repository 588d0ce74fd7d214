/** Reckons the costs of stored spans anew. */
import type { Database } from "bun:sqlite";
import { and, between, sql } from "drizzle-orm";
import { drizzle } from "drizzle-orm/bun-sqlite";
import type { Cost, CostOf, Repricing } from "../../backend/writer.ts";
import { usageColumns } from "../../contract/fields.ts";
import { spanTypes, type ImportedSpan } from "../../contract/v1.ts";
import { reportsUsage } from "../../tally/alike.ts";
import { isModelCall } from "../../tally/calls.ts";
import { toFigure } from "../../tally/figure.ts";
import { spanKeyRange } from "../../tally/numbers.ts";
import { fromCell, type Cell } from "../db/cells.ts";
import { prepareUpdate } from "../db/columns.ts";
import type { Names } from "../db/names.ts";
import { spans } from "../db/schema.ts";
import type { Settler } from "../rollups/settle.ts";
import { costColumns, extensionOf, spanOf, type CostCells } from "./rows.ts";
import type { TraceState, TraceStates } from "./traces.ts";

/** Takes two seconds, and as long again where the trace is not in memory any more. */
const spansPerStep = 50_000;

/** Not all rows of a step are in memory. */
const rowsAtOnce = 5000;

const calls = spanTypes.flatMap((spanType, i) => (isModelCall({ spanType }) ? [i] : []));

const noCost: CostCells = { priceId: null, cost: null, isCostEstimated: null };

export function costCells(cost: Cost | null, names: Pick<Names, "idOf">): CostCells {
  if (!cost) return noCost;
  return {
    priceId: names.idOf(cost.price),
    cost: toFigure(cost.amount),
    isCostEstimated: cost.isEstimated ? 1 : null,
  };
}

/** Calls, and whatever reports usage: of most traces few of the rows. */
const mayHavePrice = sql.raw(`(spanType IN (${calls}) OR coalesce(${usageColumns}) IS NOT NULL)`);

export interface RepriceStep extends Repricing {
  /** From which span of the trace on to go on; null at its end. */
  next: number | null;
}

/**
 * Reckons the costs of a trace's spans anew: of up to 50,000, from a key on.
 *
 * @param isMeant which spans to look at.
 * @param isDry true: only says what would change.
 * @returns null where there is no such trace.
 */
export type Reprice = (
  traceKey: number,
  isMeant: (span: ImportedSpan) => boolean,
  isDry: boolean,
  from?: number,
) => RepriceStep | null;

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
  const updateCost = prepareUpdate(db, spans, costColumns, "key");
  const selectTraceId = db.query<{ projectId: number; traceId: Cell }, [number]>(
    "SELECT projectId, traceId FROM traces WHERE key = ?",
  );

  function* rowsFrom(traceKey: number, from: number) {
    const [first, last] = spanKeyRange(traceKey);
    let next = Math.max(first, from);
    for (let read = 0; read < spansPerStep; read += rowsAtOnce) {
      // The rows of each part would come on top of those before.
      if (read > 0) Bun.gc(true);
      const some = rows
        .select()
        .from(spans)
        .where(and(between(spans.key, next, last), mayHavePrice))
        .orderBy(spans.key)
        .limit(rowsAtOnce)
        .all();
      yield* some;
      if (some.length < rowsAtOnce) return null;
      next = some.at(-1)!.key + 1;
    }
    return next;
  }

  return (traceKey, isMeant, isDry, from = 0) => {
    const found = selectTraceId.get(traceKey);
    const state = found && traces.find(found.projectId, fromCell(found.traceId));
    if (!state) return null;
    const result: RepriceStep = {
      next: null,
      spans: 0,
      changedSpans: 0,
      before: 0n,
      after: 0n,
    };
    const some = rowsFrom(traceKey, from);
    for (let at = some.next(); ; at = some.next()) {
      if (at.done) {
        result.next = at.value;
        settler.pause(result.next === null ? null : traceKey);
        return result;
      }
      const row = at.value;
      const facts = state.tally.get(row.spanId)!;
      if (!isModelCall(facts) && !reportsUsage(facts)) continue;
      const span: ImportedSpan = { ...spanOf(row, names), x: extensionOf(row, names) };
      if (!isMeant(span)) continue;
      const cost = costOf(span);
      const before = facts.cost;
      const priceBefore = row.priceId === null ? null : names.nameOf(row.priceId);
      const isChanged =
        cost?.amount !== before ||
        (cost?.price ?? null) !== priceBefore ||
        (cost?.isEstimated ?? false) !== facts.isCostEstimated;
      // What another span says again has a price, too, which counts nowhere.
      if (state.tally.counts(facts)) {
        result.spans++;
        result.before += before ?? 0n;
        result.after += cost?.amount ?? 0n;
        if (isChanged) result.changedSpans++;
      }
      if (!isChanged || isDry) continue;
      settler.unsettle(state);
      updateCost({ ...costCells(cost, names), key: row.key });
      state.tally.setCost(facts, cost?.amount, cost?.isEstimated ?? false);
      touched.add(state);
    }
  };
}
