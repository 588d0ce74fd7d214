/**
 * Compares the inputs of a trace's spans by the lists of pieces that they are kept as: what agents send
 * again is the same pieces, so that of 1 MB of history not a word need be read.
 */
import { and, between, desc, eq, isNotNull, isNull, sql } from "drizzle-orm";
import { transcript as limits } from "../limits.ts";
import { readEntries, readList, type Token } from "../sqlite/payload/lists.ts";
import { spanKeyRange } from "../tally/numbers.ts";
import { payloadFields } from "../contract/fields.ts";
import { spans } from "../sqlite/db/schema.ts";
import type { Source } from "../sqlite/trace/trace.ts";

/** A span as others are compared with it. */
export type Call = Pick<
  typeof spans.$inferSelect,
  "key" | "spanId" | "spanType" | "startTime" | "lists"
>;

export const callColumns = {
  key: spans.key,
  spanId: spans.spanId,
  spanType: spans.spanType,
  startTime: spans.startTime,
  lists: spans.lists,
};

/** The earlier call that shares most, and how many tokens of the input. */
export interface Shared {
  call: Call;
  tokens: number;
}

const inputSlot = payloadFields.indexOf("input") + 1;

/**
 * The spans of the same type that started before, as many as are compared, the last one first; of
 * several spans of one model call that one which is shown.
 */
export function readEarlier({ db }: Source, traceKey: number, row: Call): Call[] {
  return db
    .select(callColumns)
    .from(spans)
    .where(
      and(
        between(spans.key, ...spanKeyRange(traceKey)),
        eq(spans.spanType, row.spanType),
        isNotNull(spans.lists),
        isNull(spans.shownBy),
        sql`(${spans.startTime}, ${spans.key}) < (${row.startTime}, ${row.key})`,
      ),
    )
    .orderBy(desc(spans.startTime), desc(spans.key))
    .limit(limits.earlierCalls)
    .all();
}

/** @param earlier the last one first, which is taken of those that share as much. */
export function findShared(
  tokens: Token[],
  earlier: readonly Call[],
  tokensOf: (call: Call) => Token[] | null,
): Shared | null {
  let best: Shared | null = null;
  // A bracket in common is not worth a word.
  let most = tokens.findIndex((token) => typeof token === "number");
  for (const call of most < 0 ? [] : earlier) {
    const other = tokensOf(call);
    // Most share no more than the best: one look tells.
    if (!other || other[most] !== tokens[most]) continue;
    let count = 0;
    while (count < tokens.length && other[count] === tokens[count]) count++;
    if (count <= most) continue;
    best = { call, tokens: count };
    most = count;
  }
  return best;
}

/**
 * What a text begins with that goes on from a short one: all but the brackets at its end. Messages that are
 * too short to be pieces have no token in common with anything.
 *
 * @returns null of an input that has pieces, or says nothing.
 */
export function stemOf(tokens: Token[] | null): string | null {
  if (tokens?.length !== 1 || typeof tokens[0] !== "string") return null;
  const stem = tokens[0].replace(/[\s\]}]+$/, "");
  return /\w/.test(stem) && stem !== tokens[0] ? stem : null;
}

/**
 * The earlier call that a text goes on from although they have no token in common.
 *
 * @param textOf asked for only where there is one that it could be.
 */
export function findShort(
  textOf: () => string,
  earlier: readonly Call[],
  tokensOf: (call: Call) => Token[] | null,
): Shared | null {
  let text: string | null = null;
  let best: Call | null = null;
  let most = 0;
  for (const call of earlier) {
    const stem = stemOf(tokensOf(call));
    if (stem === null || stem.length <= most) continue;
    text ??= textOf();
    if (!goesOnFrom(text, stem)) continue;
    best = call;
    most = stem.length;
  }
  return best && { call: best, tokens: 0 };
}

/** Whether it says something behind the stem, too. */
export function goesOnFrom(text: string, stem: string): boolean {
  return text.startsWith(stem) && /\w/.test(text.slice(stem.length));
}

/** Gives the tokens of inputs. Most lists stand on others: each is read once. */
export function createTokens(
  { sqlite }: Source,
  traceKey: number,
): (call: Pick<Call, "key" | "lists">) => Token[] | null {
  const [first] = spanKeyRange(traceKey);
  const selectLists = sqlite.query<{ lists: Uint8Array | null }, [number]>(
    "SELECT lists FROM spans WHERE key = ?",
  );
  const entries = new Map<number, ReturnType<typeof readEntries>>();
  const resolved = new Map<string, Token[]>();

  function entriesOf(key: number, lists?: Uint8Array | null) {
    let found = entries.get(key);
    if (!found) {
      lists ??= selectLists.get(key)?.lists;
      entries.set(key, (found = lists ? readEntries(lists) : []));
    }
    return found;
  }

  function resolve(key: number, entry: number): Token[] {
    const id = `${key}.${entry}`;
    const known = resolved.get(id);
    if (known) return known;
    // Where the store is damaged lists may stand on each other in a circle.
    resolved.set(id, []);
    const list = entriesOf(key)[entry]?.list;
    if (!list) return [];
    const { base, tokens } = readList(list, { span: key - first, traceKey });
    const whole = base
      ? resolve(first + base.span, base.entry)
          .slice(0, base.tokens)
          .concat(tokens)
      : tokens;
    resolved.set(id, whole);
    return whole;
  }

  /** Each call is looked at for all that come after it. */
  const inputs = new Map<number, Token[] | null>();
  return ({ key, lists }) => {
    let tokens = inputs.get(key);
    if (tokens === undefined) {
      const entry = entriesOf(key, lists).findIndex(({ slot }) => slot === inputSlot);
      inputs.set(key, (tokens = entry < 0 ? null : resolve(key, entry)));
    }
    return tokens;
  };
}

/** True where the earlier text has something of its own behind what both have: more than an end. */
export function goesOnOtherwise(earlier: string, later: string): boolean {
  return !/^\s*([\]}]|$)/.test(earlier.slice(commonLength(earlier, later)));
}

/** How far two texts are the same, in UTF-16 code units. */
export function commonLength(a: string, b: string): number {
  let low = 0;
  let high = Math.min(a.length, b.length);
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if (b.startsWith(a.slice(0, middle))) low = middle;
    else high = middle - 1;
  }
  return low;
}
