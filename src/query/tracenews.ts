/**
 * What is new in each model call of a trace, in one answer. The lists of all inputs become one tree of
 * what they begin with (prefixes.ts), so that a call is compared with all before it at once: 35,000 calls
 * take a few hundred ms. Which lists share what costs no text; how long that is in characters does, and
 * of a trace with so many texts that there is no time for them the rest is left unknown.
 */
import { Type, type Static } from "@sinclair/typebox";
import { spanTypes } from "../contract/v1.ts";
import { news as limits } from "../limits.ts";
import { isDamage } from "../sqlite/db/trouble.ts";
import { fromCell, type Cell } from "../sqlite/db/cells.ts";
import { readEntries, readList, type Entry, type Token } from "../sqlite/payload/lists.ts";
import { spanKeyRange } from "../tally/numbers.ts";
import { payloadFields } from "../contract/fields.ts";
import { Budget } from "../budget.ts";
import { commonLength, goesOnFrom, stemOf } from "./compare.ts";
import { parseCursor, toCursor } from "../backend/cursor.ts";
import { SpanId } from "./news.ts";
import { emptyPrefix, LastVisits, Prefixes } from "./prefixes.ts";
import type { Source } from "../sqlite/trace/trace.ts";
import { findTrace, type TraceRef } from "../sqlite/list/traces.ts";
import { nullable } from "../schemas.ts";
import { SpanNews } from "../backend/views.ts";

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

/** A model call. */
interface Row {
  key: number;
  spanId: Cell;
  startTime: number;
  lists: Uint8Array | null;
}

/** Which calls of a trace are asked for; the first where nothing is said. */
export interface NewsQuery {
  cursor?: string | undefined;
  limit?: number | undefined;
}

const llm = spanTypes.indexOf("llm");
const inputSlot = payloadFields.indexOf("input") + 1;

/**
 * Tells of each call what `readNews` does, against all calls before it.
 *
 * @param budgetMs how long texts are read for.
 * @throws AppError `not_found`, `conflict`, `bad_request` for a cursor that is none.
 */
export function readTraceNews(
  source: Source,
  ref: TraceRef,
  { cursor, limit = limits.calls }: NewsQuery,
  budgetMs: number = limits.budgetMs,
): TraceNews {
  const budget = new Budget(budgetMs);
  const behind = cursor === undefined ? null : parseCursor(cursor, 2);
  const { trace } = findTrace(source.db, ref);
  // Else what was made for each page would come on top of the pages before.
  if (behind) Bun.gc(true);
  const before = behind ? readCalls(source, trace.key, "<=", behind, limits.earlierCalls) : [];
  const found = readCalls(source, trace.key, ">", behind ?? [-1, -1], limit + 1);
  const calls = [...before.reverse(), ...found.slice(0, limit)];
  const prefixes = new Prefixes<Token>();
  const inputOf = createInputs(source, calls, trace.key, prefixes);
  const inputs = calls.map(inputOf);
  const visits = new LastVisits(prefixes);
  const texts = createTexts(source, prefixes);
  const sequels = createSequels(source, prefixes);
  let partial = false;

  function remember(input: number, at: number): void {
    sequels.add(input, at);
    if (input !== emptyPrefix) visits.visit(input, at);
  }

  function newsOf(call: Row, at: number): CallNews {
    const input = inputs[at]!;
    const visited = visits.longestVisited(input);
    const shared = texts.hasPiece(visited) ? visited : emptyPrefix;
    const earlierAt = shared === emptyPrefix ? sequels.lastBefore(input) : visits.lastOf(shared);
    remember(input, at);
    const earlier = calls[earlierAt];
    partial = budget.spend();
    return {
      key: call.key,
      spanId: fromCell(call.spanId),
      earlier: earlier ? { key: earlier.key, spanId: fromCell(earlier.spanId) } : null,
      ...(partial ? unknown : lengthsOf(call, input, earlier ? shared : null, inputs[earlierAt]!)),
    };
  }

  function lengthsOf(call: Row, input: number, shared: number | null, before: number) {
    try {
      // Texts of the first version of the store are in no list.
      const length = call.lists
        ? texts.lengthOf(input)
        : (source.payloads.get(call.key, null).texts.input?.length ?? 0);
      if (shared === null) return { sharedLength: 0, newLength: length, isEdited: false };
      const { commonLength, isEdited } = texts.compare(before, input, prefixes.depthOf(shared));
      const sharedLength = texts.lengthOf(shared) + (isEdited ? 0 : commonLength);
      return { sharedLength, newLength: length - sharedLength, isEdited };
    } catch (cause) {
      if (!isDamage(cause)) throw cause;
      return unknown;
    }
  }

  inputs.slice(0, before.length).forEach(remember);
  const news = calls.slice(before.length).map((call, i) => newsOf(call, before.length + i));
  const last = calls.at(-1);
  const isMore = found.length > limit && last !== undefined;
  return { calls: news, partial, nextCursor: isMore ? toCursor([last.startTime, last.key]) : null };
}

/** Calls on one side of a place, those next to it first. */
function readCalls(
  { sqlite }: Source,
  traceKey: number,
  side: ">" | "<=",
  place: number[],
  limit: number,
): Row[] {
  const by = side === ">" ? "ASC" : "DESC";
  return sqlite
    .query<Row, number[]>(
      `SELECT key, spanId, startTime, lists FROM spans
       WHERE key BETWEEN ? AND ? AND spanType = ? AND shownBy IS NULL AND (startTime, key) ${side} (?, ?)
       ORDER BY startTime ${by}, key ${by} LIMIT ?`,
    )
    .all(...spanKeyRange(traceKey), llm, ...place, limit);
}

const unknown = { sharedLength: null, newLength: null, isEdited: null };

/** Gives the node of each span's input, the empty list where it has none. */
function createInputs(
  { sqlite }: Source,
  rows: readonly Row[],
  traceKey: number,
  prefixes: Prefixes<Token>,
): (row: Row) => number {
  const [first] = spanKeyRange(traceKey);
  const lists = new Map(rows.map(({ key, lists }) => [key - first, lists]));
  const selectLists = sqlite.query<{ lists: Uint8Array | null }, [number]>(
    "SELECT lists FROM spans WHERE key = ?",
  );
  const entries = new Map<number, Entry[]>();
  const nodes = new Map<string, number>();

  function entriesOf(span: number): Entry[] {
    let found = entries.get(span);
    if (!found) {
      // Other spans' lists stand below those of calls, too.
      const bytes = lists.get(span) ?? selectLists.get(first + span)?.lists;
      entries.set(span, (found = bytes ? readEntries(bytes) : []));
    }
    return found;
  }

  /** As deep as lists stand on each other: see `payload.chain`. */
  function nodeOf(span: number, entry: number): number {
    const id = `${span}.${entry}`;
    const known = nodes.get(id);
    if (known !== undefined) return known;
    // Where the store is damaged lists may stand on each other in a circle.
    nodes.set(id, emptyPrefix);
    const list = entriesOf(span)[entry]?.list;
    if (!list) return emptyPrefix;
    const { base, tokens } = readList(list, { span, traceKey });
    let node = base ? prefixes.first(nodeOf(base.span, base.entry), base.tokens) : emptyPrefix;
    for (const token of tokens) node = prefixes.append(node, token);
    nodes.set(id, node);
    return node;
  }

  return ({ key }) => {
    const entry = entriesOf(key - first).findIndex(({ slot }) => slot === inputSlot);
    return entry < 0 ? emptyPrefix : nodeOf(key - first, entry);
  };
}

/** Finds the short calls that others go on from: see `stemOf`. */
function createSequels({ payloads }: Source, prefixes: Prefixes<Token>) {
  const lastOf = new Map<string, number>();
  const lengths = new Set<number>();
  const tokenAt = (node: number, depth: number) => prefixes.tokenOf(prefixes.first(node, depth))!;

  /** As far as it takes to tell whether it goes on from a stem. */
  function beginningOf(node: number): string {
    const wanted = Math.max(...lengths) + 100;
    let text = "";
    for (let depth = 1; depth <= prefixes.depthOf(node) && text.length < wanted; depth++) {
      text += payloads.textOf([tokenAt(node, depth)]);
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
        if (!isDamage(cause)) throw cause;
        return -1;
      }
    },
  };
}

/** What of the texts has to be known. Each piece is read once. */
function createTexts({ payloads }: Source, prefixes: Prefixes<Token>) {
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
    if (length === undefined) pieceLengths.set(token, (length = payloads.textOf([token]).length));
    return length;
  }

  /** The text of a list behind so many tokens, as far as it is wanted. */
  function createRest(list: number, depth: number) {
    const rest = {
      text: "",
      /** False at the end. */
      grow(): boolean {
        if (depth === prefixes.depthOf(list)) return false;
        rest.text += payloads.textOf([prefixes.tokenOf(prefixes.first(list, ++depth))!]);
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
