/**
 * Compares the inputs of a trace's spans by the lists of pieces that they are kept as: what agents send
 * again is the same pieces, so that of 1 MB of history not a word need be read.
 */
import type { Reader } from "../backend/reader.ts";
import type { SpanRecord } from "../backend/spans.ts";
import type { Token } from "../backend/texts.ts";
import { transcript as limits } from "../limits.ts";

/** What is read of a span that others are compared with. */
export const callFields = ["key", "spanId", "spanType", "startTime", "texts"] as const;

/** A span as others are compared with it. */
export type Call = Pick<SpanRecord, (typeof callFields)[number]>;

/** The earlier call that shares most, and how many tokens of the input. */
export interface Shared {
  call: Call;
  tokens: number;
}

/**
 * The spans of the same type that started before, as many as are compared, the last one first; of
 * several spans of one model call that one which is shown.
 */
export function readEarlier(reader: Reader, traceKey: number, call: Call): Call[] {
  const { spanType, startTime, key } = call;
  const earlier = reader.spans(
    {
      traceKey,
      types: [spanType],
      isShown: true,
      before: { startTime, key },
      order: "start",
      isDescending: true,
      limit: limits.earlierCalls,
    },
    callFields,
  );
  return [...earlier].filter(({ texts }) => reader.fieldsOf(texts).length > 0);
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

/** Gives the tokens of inputs; null where a call has none. Most lists stand on others: each is read once. */
export function createTokens(
  reader: Reader,
  traceKey: number,
): (call: Pick<Call, "key" | "texts">) => Token[] | null {
  const tokensOf = reader.foldLists<Token[]>(traceKey, "input", (base, taken, tokens) =>
    base ? base.slice(0, taken).concat(tokens) : [...tokens],
  );
  /** Each call is looked at for all that come after it. */
  const inputs = new Map<number, Token[] | null>();
  return ({ key, texts }) => {
    let tokens = inputs.get(key);
    if (tokens === undefined) inputs.set(key, (tokens = tokensOf(texts)));
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
