/** The system prompt of a trace, which is read once for as long as the trace does not change. */
import type { Database } from "bun:sqlite";
import { findPrompt, promptId, promptSpans, type UsedPrompt } from "../../backend/prompt.ts";
import type { TraceRecord } from "../../backend/traces.ts";
import { spanTypes } from "../../contract/v1.ts";
import { spanKeyRange } from "../../tally/numbers.ts";
import { readText } from "../payload/payloads.ts";
import type { Source } from "../source.ts";

/** Of each connection which version a settled trace has. Keys are never used again. */
const caches = new WeakMap<Database, Map<number, { version: number; used: UsedPrompt | null }>>();
const cachedTraces = 50_000;
const cachedPrompts = 10_000;

export type PromptOf = (trace: Pick<TraceRecord, "key" | "version">) => UsedPrompt | null;

/** @returns tells which prompt a trace begins with; null where it has none. */
export function createPrompts(source: Source): PromptOf {
  const cache = caches.getOrInsertComputed(source.sqlite, () => new Map());
  /** Many traces have the very same text, which is masked once. */
  const ids = new Map<number | bigint, string>();
  const idOf = (prompt: string) => {
    if (ids.size >= cachedPrompts) ids.clear();
    return ids.getOrInsertComputed(Bun.hash(prompt), () => promptId(prompt));
  };
  return ({ key, version }) => {
    const known = cache.get(key);
    if (known && known.version === version) return known.used;
    const prompt = readPrompt(source, key);
    const used = prompt === null ? null : { id: idOf(prompt), length: prompt.length };
    if (version !== null) {
      cache.delete(key);
      cache.set(key, { version, used });
      if (cache.size > cachedTraces) cache.delete(cache.keys().next().value!);
    }
    return used;
  };
}

/** The system prompt that a trace begins with; null where it has none. */
function readPrompt(source: Source, traceKey: number): string | null {
  const [agent, llm] = promptSpans.types.map((type) => spanTypes.indexOf(type)) as [number, number];
  const spans = source.sqlite
    .query<{ key: number; spanType: number; lists: Uint8Array | null }, number[]>(
      `SELECT key, spanType, lists FROM spans
       WHERE key BETWEEN ? AND ? AND spanType IN (?, ?)
       ORDER BY startTime, spanType, key LIMIT ?`,
    )
    .all(...spanKeyRange(traceKey), agent, llm, promptSpans.limit)
    .map((span) => ({ ...span, spanType: spanTypes[span.spanType]! }));
  return findPrompt(spans, (span, field) => readText(source, span, field));
}
