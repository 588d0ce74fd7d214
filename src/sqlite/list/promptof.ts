/** The system prompt of a trace, and which version it is: one text with ids, dates, paths and numbers masked. */
import type { Database } from "bun:sqlite";
import { spanTypes } from "../../contract/v1.ts";
import { instructionsIn } from "../../messages/gist.ts";
import { maskPrompt } from "../../messages/mask.ts";
import { readMessages } from "../../messages/read.ts";
import { spanKeyRange } from "../../tally/numbers.ts";
import { readText } from "../payload/text.ts";
import type { Source } from "../trace/trace.ts";

/** Which version a settled trace has; a trace that changes is settled anew. Keys are never used again. */
const caches = new WeakMap<
  Database,
  Map<number, { settledStep: number; used: UsedPrompt | null }>
>();
const cachedTraces = 50_000;

/** The prompt of a trace: its version, and the length of its text in UTF-16 code units. */
export interface UsedPrompt {
  id: string;
  length: number;
}

/** A trace's row, as far as it says whether what is remembered of it still holds. */
export interface PromptRow {
  key: number;
  isSettled: number;
  settledStep: number | null;
}

/** @returns tells which prompt a trace begins with; null where it has none. */
export function createPrompts(source: Source): (row: PromptRow) => UsedPrompt | null {
  const cache = caches.getOrInsertComputed(source.sqlite, () => new Map());
  /** Many traces have the very same text, which is masked once. */
  const ids = new Map<number | bigint, string>();
  const idOf = (prompt: string) =>
    ids.getOrInsertComputed(Bun.hash(prompt), () => versionId(prompt));
  return ({ key, isSettled, settledStep }) => {
    const known = cache.get(key);
    if (known && isSettled === 1 && known.settledStep === settledStep) return known.used;
    const prompt = promptOf(source, key);
    const used = prompt === null ? null : { id: idOf(prompt), length: prompt.length };
    if (isSettled === 1 && settledStep !== null) {
      cache.delete(key);
      cache.set(key, { settledStep, used });
      if (cache.size > cachedTraces) cache.delete(cache.keys().next().value!);
    }
    return used;
  };
}

function versionId(prompt: string): string {
  const hash = new Bun.CryptoHasher("sha256").update(maskPrompt(prompt)).digest("hex");
  return hash.slice(0, 12);
}

const llm = spanTypes.indexOf("llm");
const agent = spanTypes.indexOf("agent");

/** The system prompt that a trace begins with; null where it has none. */
export function promptOf(source: Source, traceKey: number): string | null {
  const spans = source.sqlite
    .query<
      { key: number; spanType: number; lists: Uint8Array | null },
      [number, number, number, number]
    >(
      `SELECT key, spanType, lists FROM spans
       WHERE key BETWEEN ? AND ? AND spanType IN (?, ?)
       ORDER BY startTime, spanType, key LIMIT 8`,
    )
    .all(...spanKeyRange(traceKey), agent, llm);
  for (const span of spans) {
    const own = readText(source, span, "systemPrompt");
    if (own) return own;
    if (span.spanType !== llm) continue;
    const said = instructionsIn(readMessages(readText(source, span, "input") ?? "", "input"));
    if (said !== null) return said;
  }
  return null;
}
