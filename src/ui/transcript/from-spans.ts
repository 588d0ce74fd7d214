/** What the transcript takes from the span table of its trace. */
import { rollupOf } from "../data/span-sums.ts";
import type { SpanRow, SpanTable } from "../data/span-table.ts";
import type { Item, Transcript } from "./items.ts";
import type { TranscriptContext } from "./transcript-context.ts";

/** @returns a function that gives the keys of the agents above a span, outermost first. */
export function agentsIn(table: SpanTable): (spanId: string) => readonly number[] {
  const known = new Map<number, readonly number[]>();
  const none: readonly number[] = [];

  /** A parent's row is above its child's row, so this ends even if parents form a cycle. */
  function agentsAbove(row: number): readonly number[] {
    const path: number[] = [];
    let agents: readonly number[] | undefined;
    for (let at: number | null = row; at !== null && !(agents = known.get(at));) {
      path.push(at);
      const { parent }: SpanRow = table.span(at);
      at = parent !== null && parent < at ? parent : null;
    }
    agents ??= none;
    for (const at of path.reverse()) {
      const { parent } = table.span(at);
      const above = parent !== null && parent < at ? table.span(parent) : null;
      if (above?.kind === "agent") agents = [...agents, above.key];
      known.set(at, agents);
    }
    return agents;
  }

  return (spanId) => {
    const row = table.rowOfId(spanId);
    return row === null ? none : agentsAbove(row);
  };
}

export function contextOf(
  table: SpanTable,
  { tools, answered, attached }: Transcript,
  own: Pick<TranscriptContext, "selected" | "onSelect" | "isAll" | "folds">,
): TranscriptContext {
  const { key, state, startTime } = table.trace;
  return {
    traceKey: key,
    state,
    startTime,
    answered,
    attached,
    factsOf: (spanKey) => {
      const row = table.rowOf(spanKey);
      if (row === null) return null;
      const span = table.span(row);
      if (span.repeats === null) return span;
      const { usage, costUsd, isCostEstimated, ttftMs } = table.span(span.repeats);
      const own = { ...span, usage, costUsd, ttftMs: span.ttftMs ?? ttftMs };
      return isCostEstimated ? { ...own, isCostEstimated } : own;
    },
    toolOf: (spanKey) => tools.get(spanKey) ?? null,
    numberOf: (spanKey) => {
      const row = table.rowOf(spanKey);
      return row === null ? null : String(table.steps[row]);
    },
    below: (spanKey) => {
      const row = table.rowOf(spanKey);
      if (row === null) return null;
      const { spanCount, pico, pricedSpanCount } = rollupOf(table, row);
      return { spans: spanCount, costUsd: pricedSpanCount > 0 ? pico / 1e12 : null };
    },
    isBrief: false,
    stepWithoutCalls: null,
    ...own,
  };
}

/** The steps that the keys j and k move to. */
export function stepsOf(items: readonly Item[]): number[] {
  return items.flatMap(({ type }, place) => (type === "step" || type === "group" ? [place] : []));
}

/**
 * The index of the item that shows a span or its closest ancestor.
 *
 * @param read the range of start times that is loaded.
 * @returns "before" or "behind" if the span is outside this range, null if it is not in the trace.
 */
export function indexIn(
  table: SpanTable,
  placeOf: ReadonlyMap<number, number>,
  spanKey: number,
  read: { since: number; until: number },
): number | "before" | "behind" | null {
  const exact = placeOf.get(spanKey);
  const own = table.rowOf(spanKey);
  if (exact !== undefined) return exact;
  if (own !== null && table.span(own).startTime > read.until) return "behind";
  if (own !== null && table.span(own).startTime < read.since) return "before";
  for (let row: number | null = own; row !== null;) {
    const { key, parent }: SpanRow = table.span(row);
    const place = placeOf.get(key);
    if (place !== undefined) return place;
    row = parent !== null && parent < row ? parent : null;
  }
  return null;
}

/**
 * With more spans in between, the transcript starts anew at the span instead of reading everything up to
 * it.
 */
const maxSpansBetween = 400;

/** Whether it takes long to read from a time to the start of a span. */
export function isFar({ columns, rowOf }: SpanTable, fromTime: number, spanKey: number): boolean {
  const row = rowOf(spanKey);
  if (row === null) return false;
  const { startTime } = columns;
  let between = 0;
  for (const time of startTime) if (time > fromTime && time < startTime[row]!) between++;
  return between > maxSpansBetween;
}
