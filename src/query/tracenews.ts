/**
 * What is new in each model call of a trace, in one answer. The lists of all inputs become one tree of
 * what they begin with (prefixes.ts), so that a call is compared with all before it at once: 35,000 calls
 * take a few hundred ms. Which lists share what costs no text; how long that is in characters does, and
 * of a trace with so many texts that there is no time for them the rest is left unknown.
 */
import { Type, type Static } from "@sinclair/typebox";
import { parseCursor, toCursor } from "../backend/cursor.ts";
import type { Reader } from "../backend/reader.ts";
import type { SpanRecord } from "../backend/spans.ts";
import { DamagedText, type ListFold, type Token } from "../backend/texts.ts";
import type { TraceRef } from "../backend/traces.ts";
import { SpanNews } from "../backend/views.ts";
import { Budget } from "../budget.ts";
import { news as limits } from "../limits.ts";
import { nullable } from "../schemas.ts";
import { commonLength, goesOnFrom, stemOf } from "./compare.ts";
import { SpanId } from "./news.ts";
import { emptyPrefix, LastVisits, Prefixes } from "./prefixes.ts";

const { earlier, sharedLength, newLength, isEdited } = SpanNews.properties;

export const CallNews = Type.Object({
  ...SpanId.properties,
  earlier,
  sharedLength: nullable(sharedLength),
  newLength: nullable(newLength),
  isEdited: nullable(isEdited),
});

export const TraceNews = Type.Object({
  calls: Type.Array(CallNews, {
    description: "Model calls as they started, of several spans of one that which is shown",
  }),
  partial: Type.Boolean({
    description: "The time ended first: the lengths of the last calls are null",
  }),
  nextCursor: nullable(
    Type.String({
      description: `For the calls behind these, compared with the ${limits.earlierCalls} before them and each other`,
    }),
  ),
});

export type CallNews = Static<typeof CallNews>;
export type TraceNews = Static<typeof TraceNews>;

/** What is read of a model call. */
const callFields = ["key", "spanId", "startTime", "texts"] as const;
type Call = Pick<SpanRecord, (typeof callFields)[number]>;

/** Which calls of a trace are asked for; the first where nothing is said. */
export interface NewsQuery {
  cursor?: string | undefined;
  limit?: number | undefined;
}

/**
 * Tells of each call what `readNews` does, against all calls before it.
 *
 * @param budgetMs how long texts are read for.
 * @throws AppError `not_found`, `conflict`, `bad_request` for a cursor that is none.
 */
export function readTraceNews(
  reader: Reader,
  ref: TraceRef,
  { cursor, limit = limits.calls }: NewsQuery,
  nowMs: number,
  budgetMs: number = limits.budgetMs,
): TraceNews {
  const budget = new Budget(budgetMs);
  const behind = cursor === undefined ? null : parseCursor(cursor, 2);
  const { key: traceKey } = reader.findTrace(ref, nowMs);
  // Else what was made for each page would come on top of the pages before.
  if (behind) Bun.gc(true);
  const before = behind ? readCalls(reader, traceKey, behind, -1, limits.earlierCalls) : [];
  const found = readCalls(reader, traceKey, behind ?? [-1, -1], 1, limit + 1);
  const calls = [...before.reverse(), ...found.slice(0, limit)];
  const prefixes = new Prefixes<Token>();
  const inputOf = reader.foldLists(traceKey, "input", nodeIn(prefixes));
  const inputs = calls.map(({ texts }) => inputOf(texts) ?? emptyPrefix);
  const visits = new LastVisits(prefixes);
  const texts = createTexts(reader, prefixes);
  const sequels = createSequels(reader, prefixes);
  let partial = false;

  function remember(input: number, at: number): void {
    sequels.add(input, at);
    if (input !== emptyPrefix) visits.visit(input, at);
  }

  function newsOf(call: Call, at: number): CallNews {
    const input = inputs[at]!;
    const visited = visits.longestVisited(input);
    const shared = texts.hasPiece(visited) ? visited : emptyPrefix;
    const earlierAt = shared === emptyPrefix ? sequels.lastBefore(input) : visits.lastOf(shared);
    remember(input, at);
    const earlier = calls[earlierAt];
    partial = budget.spend();
    return {
      key: call.key,
      spanId: call.spanId,
      earlier: earlier ? { key: earlier.key, spanId: earlier.spanId } : null,
      ...(partial ? unknown : lengthsOf(call, input, earlier ? shared : null, inputs[earlierAt]!)),
    };
  }

  function lengthsOf(call: Call, input: number, shared: number | null, before: number) {
    try {
      // A text that is kept in no list is read whole.
      const length =
        input === emptyPrefix
          ? (reader.textOf(call.texts, "input")?.length ?? 0)
          : texts.lengthOf(input);
      if (shared === null) return { sharedLength: 0, newLength: length, isEdited: false };
      const { commonLength, isEdited } = texts.compare(before, input, prefixes.depthOf(shared));
      const sharedLength = texts.lengthOf(shared) + (isEdited ? 0 : commonLength);
      return { sharedLength, newLength: length - sharedLength, isEdited };
    } catch (cause) {
      if (!(cause instanceof DamagedText)) throw cause;
      return unknown;
    }
  }

  inputs.slice(0, before.length).forEach(remember);
  const news = calls.slice(before.length).map((call, i) => newsOf(call, before.length + i));
  const last = calls.at(-1);
  const isMore = found.length > limit && last !== undefined;
  return { calls: news, partial, nextCursor: isMore ? toCursor([last.startTime, last.key]) : null };
}

/** Calls behind a place, or up to it, those next to it first. */
function readCalls(
  reader: Reader,
  traceKey: number,
  [startTime, key]: number[],
  direction: 1 | -1,
  limit: number,
): Call[] {
  const place = { startTime: startTime!, key: key! };
  const calls = reader.spans(
    {
      traceKey,
      types: ["llm"],
      isShown: true,
      ...(direction > 0 ? { after: place } : { upTo: place }),
      order: "start",
      isDescending: direction < 0,
      limit,
    },
    callFields,
  );
  return [...calls];
}

const unknown = { sharedLength: null, newLength: null, isEdited: null };

/** @returns what makes the node of a list from the node of the list that it stands on. */
function nodeIn(prefixes: Prefixes<Token>): ListFold<number> {
  return (base, taken, tokens) => {
    let node = base === null ? emptyPrefix : prefixes.first(base, taken);
    for (const token of tokens) node = prefixes.append(node, token);
    return node;
  };
}

/** Finds the short calls that others go on from: see `stemOf`. */
function createSequels(reader: Reader, prefixes: Prefixes<Token>) {
  const lastOf = new Map<string, number>();
  const lengths = new Set<number>();
  const tokenAt = (node: number, depth: number) => prefixes.tokenOf(prefixes.first(node, depth))!;

  /** As far as it takes to tell whether it goes on from a stem. */
  function beginningOf(node: number): string {
    const wanted = Math.max(...lengths) + 100;
    let text = "";
    for (let depth = 1; depth <= prefixes.depthOf(node) && text.length < wanted; depth++) {
      text += reader.textOfTokens([tokenAt(node, depth)]);
    }
    return text;
  }

  return {
    add(node: number, at: number): void {
      const stem = prefixes.depthOf(node) === 1 ? stemOf([tokenAt(node, 1)]) : null;
      if (stem === null) return;
      lastOf.set(stem, at);
      lengths.add(stem.length);
    },
    /** The last one with the longest stem, -1 where there is none. */
    lastBefore(node: number): number {
      if (lengths.size === 0 || node === emptyPrefix) return -1;
      try {
        const text = beginningOf(node);
        let found = -1;
        let most = 0;
        for (const length of lengths) {
          const at = length > most ? lastOf.get(text.slice(0, length)) : undefined;
          if (at === undefined || !goesOnFrom(text, text.slice(0, length))) continue;
          found = at;
          most = length;
        }
        return found;
      } catch (cause) {
        if (!(cause instanceof DamagedText)) throw cause;
        return -1;
      }
    },
  };
}

/** What of the texts has to be known. Each piece is read once. */
function createTexts(reader: Reader, prefixes: Prefixes<Token>) {
  const pieceLengths = new Map<Token, number>();
  const lengths = new Float64Array(prefixes.size).fill(NaN);
  lengths[emptyPrefix] = 0;
  /** 1 where a piece is among the tokens: brackets in common are not worth a word. */
  const pieces = new Uint8Array(prefixes.size);
  for (let node = 1; node < prefixes.size; node++) {
    const isPiece = typeof prefixes.tokenOf(node) === "number";
    pieces[node] = isPiece ? 1 : pieces[prefixes.parentOf(node)]!;
  }

  function tokenLength(token: Token): number {
    if (typeof token === "string") return token.length;
    let length = pieceLengths.get(token);
    if (length === undefined)
      pieceLengths.set(token, (length = reader.textOfTokens([token]).length));
    return length;
  }

  /** The text of a list behind so many tokens, as far as it is wanted. */
  function createRest(list: number, depth: number) {
    const rest = {
      text: "",
      /** False at the end. */
      grow(): boolean {
        if (depth === prefixes.depthOf(list)) return false;
        rest.text += reader.textOfTokens([prefixes.tokenOf(prefixes.first(list, ++depth))!]);
        return true;
      },
    };
    return rest;
  }

  return {
    hasPiece: (node: number) => pieces[node] === 1,
    /** In UTF-16 code units. */
    lengthOf(node: number): number {
      const open: number[] = [];
      let at = node;
      for (; Number.isNaN(lengths[at]); at = prefixes.parentOf(at)) open.push(at);
      let length = lengths[at]!;
      for (const next of open.reverse()) {
        length += tokenLength(prefixes.tokenOf(next)!);
        lengths[next] = length;
      }
      return length;
    },
    /** How two inputs go on behind so many tokens that they share: only what decides it is read. */
    compare(before: number, input: number, depth: number) {
      const earlier = createRest(before, depth);
      const later = createRest(input, depth);
      let common = 0;
      do common = commonLength(earlier.text, later.text);
      while (
        (common === earlier.text.length && earlier.grow()) ||
        (common === later.text.length && common < earlier.text.length && later.grow())
      );
      while (/^\s*$/.test(earlier.text.slice(common)) && earlier.grow());
      return { commonLength: common, isEdited: !/^\s*([\]}]|$)/.test(earlier.text.slice(common)) };
    },
  };
}
