/** How much of its model's context a call took, where the price that it was reckoned by knows the limit. */
import type { Database } from "bun:sqlite";
import { Type, type Static } from "@sinclair/typebox";
import { spanTypes } from "../../contract/v1.ts";
import type { Price } from "../../pricing/rates.ts";
import { fromCell, type Cell } from "../db/cells.ts";
import { type NameLookup } from "../spans/rows.ts";
import { spanKeyRange } from "../../tally/numbers.ts";

export const ContextUse = Type.Object({
  key: Type.Integer({ description: "The call's" }),
  spanId: Type.String(),
  tokens: Type.Integer({
    description: "Input, with what came from a cache or went into one, and output",
  }),
  contextWindow: Type.Integer({ description: "What the model takes at most, in tokens" }),
});

export type ContextUse = Static<typeof ContextUse>;

/** Of the model of a call; absent where no list price was found for it, or the list does not know it. */
export function contextWindowOf(
  names: NameLookup,
  { priceId }: { priceId: number | null },
): Pick<Price, "contextWindow"> {
  if (priceId === null) return {};
  const { contextWindow } = JSON.parse(names.nameOf(priceId)) as Price;
  return contextWindow === undefined ? {} : { contextWindow };
}

interface Fullest {
  key: number;
  spanId: Cell;
  priceId: number;
  tokens: number;
}

/** The call of a trace that took the largest share of its model's context; null where none is known. */
export function readContextUse(
  sqlite: Database,
  names: NameLookup,
  traceKey: number,
): ContextUse | null {
  // Beside a maximum, SQLite gives the other columns of its row. Parts beyond the whole: see receipt.ts.
  const fullest = sqlite
    .query<Fullest, [number, number, number]>(
      `SELECT key, spanId, priceId, max(
         max(inputTokens, coalesce(cachedInputTokens, 0) + coalesce(cacheWriteInputTokens, 0))
         + coalesce(outputTokens, 0)) AS tokens
       FROM spans
       WHERE key BETWEEN ? AND ? AND spanType = ? AND priceId IS NOT NULL AND inputTokens IS NOT NULL
       GROUP BY priceId`,
    )
    .all(...spanKeyRange(traceKey), spanTypes.indexOf("llm"));
  let most: ContextUse | null = null;
  for (const { key, spanId, priceId, tokens } of fullest) {
    const { contextWindow } = contextWindowOf(names, { priceId });
    if (contextWindow === undefined) continue;
    if (most && tokens / contextWindow <= most.tokens / most.contextWindow) continue;
    most = { key, spanId: fromCell(spanId), tokens, contextWindow };
  }
  return most;
}
