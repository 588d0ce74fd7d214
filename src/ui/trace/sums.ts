/** What a fold of spans adds up to. What is not counted, since it repeats another span, adds nothing. */
import { toPico, toUsd } from "../../pricing/money.ts";
import type { Kind } from "../parts/mark.tsx";
import type { SpanTable } from "./model.ts";

export interface Sums {
  durationMs: number;
  /** Null where none reports any. */
  inputTokens: number | null;
  outputTokens: number | null;
  costUsd: string | null;
  isCostEstimated: boolean;
  pricedSpanCount: number;
  priceableSpanCount: number;
}

const priceable: ReadonlySet<Kind> = new Set<Kind>(["llm", "embedding"]);

/** @param row the first of `count` spans. */
export function sumOf(table: SpanTable, row: number, count: number): Sums {
  const sums: Sums = {
    durationMs: 0,
    inputTokens: null,
    outputTokens: null,
    costUsd: null,
    isCostEstimated: false,
    pricedSpanCount: 0,
    priceableSpanCount: 0,
  };
  let pico = 0n;
  for (let at = row; at < row + count; at++) {
    const { kind, durationMs, usage, costUsd, isCostEstimated, repeats } = table.span(at);
    if (repeats !== null) continue;
    sums.durationMs += durationMs;
    for (const name of ["inputTokens", "outputTokens"] as const) {
      const tokens = usage?.[name];
      if (tokens !== undefined) sums[name] = (sums[name] ?? 0) + tokens;
    }
    if (priceable.has(kind) || costUsd !== null) sums.priceableSpanCount++;
    if (costUsd === null) continue;
    pico += toPico(costUsd);
    sums.pricedSpanCount++;
    sums.isCostEstimated ||= isCostEstimated === true;
  }
  return sums.pricedSpanCount === 0 ? sums : { ...sums, costUsd: toUsd(pico) };
}
