/** A trace without its internal spans, and what shows them. */
import { useCallback, useEffect } from "react";
import type { TraceColumns } from "../../query/columns.ts";
import { useParam, useSetParams } from "../state/url.ts";
import type { SpanTable } from "./model.ts";
import { runningKey } from "./running.ts";

/** The columns of the spans that are left, and how many of those that are not stood below each. */
export function withoutInternal(data: TraceColumns): { data: TraceColumns; hidden: Int32Array } {
  const { columns, spanCount, internalRows } = data;
  const isInternal = new Uint8Array(spanCount);
  for (const row of internalRows) isInternal[row] = 1;
  const kept: number[] = [];
  const places = new Int32Array(spanCount).fill(-1);
  for (let row = 0; row < spanCount; row++) {
    if (isInternal[row] === 0) places[row] = kept.push(row) - 1;
  }
  const pick = <T>(values: readonly T[]) => kept.map((row) => values[row]!);
  const pickTexts = <T extends { rows: number[] }>(texts: T): T => ({
    ...texts,
    rows: pick(texts.rows),
  });
  const pickRows = (rows: readonly number[]) =>
    rows.flatMap((row) => (places[row]! >= 0 ? [places[row]!] : []));
  const hidden = new Int32Array(kept.length);
  const childCount = pick(columns.childCount);
  for (const row of internalRows) {
    // The one above may be internal, too, and in a circle of parents it may come later.
    let above = columns.parent[row];
    if (typeof above === "number" && places[above]! >= 0) childCount[places[above]!]!--;
    for (let left = spanCount; typeof above === "number" && left > 0; left--) {
      if (places[above]! >= 0) {
        hidden[places[above]!]!++;
        break;
      }
      above = columns.parent[above];
    }
  }
  return {
    hidden,
    data: {
      ...data,
      spanCount: kept.length,
      internalRows: [],
      cycleRows: pickRows(data.cycleRows),
      estimatedRows: pickRows(data.estimatedRows),
      // Only model calls and tools repeat one another, and neither is ever internal: both rows are kept.
      repeats: data.repeats.map(([row, counting]) => [places[row]!, places[counting]!]),
      columns: {
        key: pick(columns.key),
        spanId: pick(columns.spanId),
        parent: pick(columns.parent).map((parent) =>
          typeof parent === "number" ? places[parent]! : parent,
        ),
        depth: pick(columns.depth),
        childCount,
        spanType: pickTexts(columns.spanType),
        name: pickTexts(columns.name),
        startTime: pick(columns.startTime),
        durationMs: pick(columns.durationMs),
        status: pickTexts(columns.status),
        errorMessage: pickTexts(columns.errorMessage),
        provider: pickTexts(columns.provider),
        modelId: pickTexts(columns.modelId),
        ttftMs: pick(columns.ttftMs),
        costUsd: pick(columns.costUsd),
        usage: Object.fromEntries(
          Object.entries(columns.usage).map(([name, values]) => [name, pick(values!)]),
        ),
        payloads: pickTexts(columns.payloads),
      },
    },
  };
}

export interface InternalSwitch {
  /** How many there are. */
  count: number;
  /** What they are called, with how many are called so, most first. */
  names(): [name: string, count: number][];
  isOn: boolean;
  set(isOn: boolean): void;
}

/**
 * Whether internal spans are shown, as the address says. It is turned on where one of them is selected: a
 * link, a hit of a search. Turned off, the selection goes to the closest span above that is shown.
 *
 * @param spanKey the span that is selected.
 */
export function useInternalSwitch(
  whole: SpanTable,
  folded: SpanTable,
  spanKey: number | null,
): InternalSwitch {
  const [shown] = useParam<"" | "shown">("internal", "");
  const set = useSetParams();
  const isSelected =
    spanKey !== null && folded.rowOf(spanKey) === null && whole.rowOf(spanKey) !== null;
  const isOn = shown === "shown" || isSelected;
  useEffect(() => {
    if (isSelected && shown === "") set({ internal: "shown" }, { replace: true });
  }, [isSelected, shown, set]);
  const names = useCallback(() => namesOf(whole, folded), [whole, folded]);
  return {
    count: whole.count - folded.count,
    names,
    isOn,
    set(next) {
      const key = !next && isSelected ? nearestShown(whole, folded, spanKey) : spanKey;
      const span = key === null ? null : `~${key}`;
      set({ internal: next ? "shown" : null, span }, { replace: true });
    },
  };
}

function namesOf(whole: SpanTable, folded: SpanTable): [name: string, count: number][] {
  const { key, name } = whole.columns;
  const counts = new Map<string, number>();
  for (let row = 0; row < whole.count; row++) {
    if (folded.rowOf(key[row]!) !== null) continue;
    const text = name.values[name.rows[row]!]!;
    counts.set(text, (counts.get(text) ?? 0) + 1);
  }
  return [...counts].sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1));
}

/** The key of the closest span above that is no internal one. */
function nearestShown(whole: SpanTable, folded: SpanTable, spanKey: number): number | null {
  let row = whole.rowOf(spanKey)!;
  for (let left = whole.count; row >= 0 && left > 0; left--) {
    const key = whole.columns.key[row]!;
    if (folded.rowOf(key) !== null) return key === runningKey ? null : key;
    row = whole.parents[row]!;
  }
  return null;
}
