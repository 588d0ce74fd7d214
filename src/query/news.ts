/** What is new in a model call, against the earlier call of its trace that shares most with it. */
import { and, asc, between, isNotNull } from "drizzle-orm";
import { readList, readEntries, type Token } from "../store/lists.ts";
import { payloadFields, spanKeyRange } from "../store/rows.ts";
import { spans } from "../store/schema.ts";
import { findSpan, type Source, type SpanRef } from "./trace.ts";
import type { TraceRef } from "./traces.ts";
import type { SpanNews } from "./views.ts";

type Row = Pick<typeof spans.$inferSelect, "key" | "spanId" | "spanType" | "startTime" | "lists">;

const inputSlot = payloadFields.indexOf("input") + 1;

/**
 * Compares lists, not texts: the longest common prefix with each earlier span of the same type. In a
 * tie the one that started last is taken.
 *
 * @throws AppError `not_found`, `conflict`.
 */
export function readNews(source: Source, traceRef: TraceRef, ref: SpanRef): SpanNews {
  const { db, payloads } = source;
  const { row, trace } = findSpan(source, traceRef, ref);
  const input = payloads.get(row.key, row.lists).texts.input ?? null;
  const tokens = payloads.tokensOf(row.key, row.lists, "input");
  const first: SpanNews = {
    earlier: null,
    sharedLength: 0,
    newLength: input?.length ?? 0,
    isEdited: false,
  };
  if (input === null || !tokens) return first;
  const rows = db
    .select({
      key: spans.key,
      spanId: spans.spanId,
      spanType: spans.spanType,
      startTime: spans.startTime,
      lists: spans.lists,
    })
    .from(spans)
    .where(and(between(spans.key, ...spanKeyRange(trace.key)), isNotNull(spans.lists)))
    .orderBy(asc(spans.key))
    .all();
  // A bracket in common is not worth a word.
  const least = tokens.findIndex((token) => typeof token === "number") + 1;
  if (least === 0) return first;
  const shared = compare(rows, trace.key, tokens);
  let best: { row: Row; tokens: number } | null = null;
  for (const other of rows) {
    const isEarlier =
      other.startTime < row.startTime || (other.startTime === row.startTime && other.key < row.key);
    if (!isEarlier || other.spanType !== row.spanType) continue;
    const count = shared(other);
    if (count === null || count < (best?.tokens ?? least)) continue;
    const isLater = !best || other.startTime >= best.row.startTime;
    if (!best || count > best.tokens || isLater) best = { row: other, tokens: count };
  }
  if (!best) return first;
  const before = payloads.get(best.row.key, best.row.lists).texts.input ?? "";
  const isEdited = goesOnOtherwise(before, input);
  // Up to the last whole message that both have.
  const boundary = payloads.textOf(tokens.slice(0, best.tokens)).length;
  const sharedLength = isEdited ? boundary : Math.max(boundary, commonLength(before, input));
  return {
    earlier: { key: best.row.key, spanId: best.row.spanId },
    sharedLength,
    newLength: input.length - sharedLength,
    isEdited,
  };
}

/**
 * How many tokens of each span's input are those that `wanted` begins with; null where it has none.
 * A list that stands on another shares what that one shares: each list is looked at once.
 */
function compare(rows: Row[], traceKey: number, wanted: Token[]): (row: Row) => number | null {
  const [first] = spanKeyRange(traceKey);
  const entries = new Map(rows.map((row) => [row.key - first, readEntries(row.lists!)]));
  const known = new Map<string, number>();

  function sharedBy(span: number, entry: number): number {
    const id = `${span}.${entry}`;
    let shared = known.get(id);
    if (shared !== undefined) return shared;
    const list = entries.get(span)?.[entry]?.list;
    if (!list || list.length === 0) return 0;
    const { base, tokens } = readList(list, { span, traceKey });
    shared = base ? Math.min(base.tokens, sharedBy(base.span, base.entry)) : 0;
    if (!base || shared === base.tokens) {
      for (const token of tokens) {
        if (token !== wanted[shared]) break;
        shared++;
      }
    }
    known.set(id, shared);
    return shared;
  }

  return ({ key }) => {
    const entry = entries.get(key - first)!.findIndex(({ slot }) => slot === inputSlot);
    return entry < 0 ? null : sharedBy(key - first, entry);
  };
}

/** True where the earlier text has something of its own behind what both have: more than an end. */
function goesOnOtherwise(earlier: string, later: string): boolean {
  return !/^\s*([\]}]|$)/.test(earlier.slice(commonLength(earlier, later)));
}

function commonLength(a: string, b: string): number {
  let low = 0;
  let high = Math.min(a.length, b.length);
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if (b.startsWith(a.slice(0, middle))) low = middle;
    else high = middle - 1;
  }
  return low;
}
