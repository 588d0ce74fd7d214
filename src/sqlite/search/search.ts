/**
 * Search: which messages have all of the words, the newest trace first. Where the index can tell, only
 * traces that it suspects and those that no file has are looked at; for words of one or two characters
 * all are. Each trace is read from the store, so what is deleted or changed is right at once; and a page
 * goes on for a bounded time, then says where it stood.
 */
import { foreignCursor, invalidCursor } from "../../backend/cursor.ts";
import type { Hit, Hits, Search } from "../../backend/search.ts";
import { Budget } from "../../budget.ts";
import { traceKeyOf } from "../../tally/numbers.ts";
import { isOfSqlite } from "../db/trouble.ts";
import { createMatcher } from "../list/match.ts";
import { findTrace } from "../list/records.ts";
import { loadRows } from "../list/rows.ts";
import { facetNumber } from "../rollups/facets.ts";
import type { Source } from "../source.ts";
import { looseKeyOf, type Candidate, type IndexFile, type Stretch } from "./file.ts";
import type { Indexer } from "./indexer.ts";
import { limits } from "./limits.ts";
import type { Scanner } from "./scan.ts";
import type { TraceRow, TraceTexts } from "./texts.ts";
import { unitsOf } from "./units.ts";
import { fold, hasAll, parseWords, trigramsOf, type Words } from "./words.ts";

/** A trace by its place in the order: the one that started last first. */
interface Place {
  startTime: number;
  key: number;
}

/** Where a page goes on: at a trace, behind so many of its messages. */
interface Position extends Place {
  number: number;
}

/** Before all traces that started at the same time. */
const anyKey = Number.MAX_SAFE_INTEGER;

const firstPosition: Position = { startTime: Number.MAX_SAFE_INTEGER, key: anyKey, number: 0 };

export function createSearch(
  source: Source,
  texts: TraceTexts,
  scanner: Scanner,
  indexer: Indexer,
): Pick<Search, "search" | "searchTrace"> {
  const { sqlite } = source;
  let stopped: Scan | null = null;
  const selectByStart = sqlite.query<Place, [number, number, number, number]>(
    `SELECT startTime, key FROM traces
     WHERE startTime <= ? AND (startTime, key) <= (?, ?) ORDER BY startTime DESC, key DESC LIMIT ?`,
  );
  const selectUnsettled = sqlite.query<Place, []>(
    "SELECT startTime, key FROM traces INDEXED BY unsettledTraces WHERE isSettled = 0",
  );
  const selectSettled = sqlite.query<Place, [number, number, number, number]>(
    `SELECT startTime, traceKey AS key FROM facets
     WHERE field = ? AND value > ? AND value <= ? LIMIT ?`,
  );

  /** The traces that no file has; null where they are too many to be held. */
  function freshTraces(): Place[] | null {
    const fresh = selectUnsettled.all();
    for (const { fromStep, untilStep } of indexer.gaps()) {
      const until = Math.min(untilStep, Number.MAX_SAFE_INTEGER);
      const left = limits.freshTraces + 1 - fresh.length;
      if (left <= 0) break;
      fresh.push(...selectSettled.all(facetNumber("settled"), fromStep, until, left));
    }
    return fresh.length > limits.freshTraces ? null : fresh;
  }

  /** All traces from a place on. */
  function* walkAll(from: Place): Generator<Place & { isEnd: boolean }> {
    let at = from;
    for (let count = 64; ; count = Math.min(2 * count, 1024)) {
      const places = selectByStart.all(at.startTime, at.startTime, at.key, count);
      for (const place of places) yield { ...place, isEnd: false };
      const last = places.at(-1);
      if (!last || places.length < count) return;
      at = { startTime: last.startTime, key: last.key - 1 };
    }
  }

  /** Whether a text is one with the words, of pieces or of none: then it is to be looked for in the trace. */
  function createCheck(words: Words): (stretch: Stretch) => boolean {
    const known = new Map<number, boolean>();
    const isIn = (key: number) => {
      let is = known.get(key);
      if (is === undefined) {
        is = unitsOf(scanner.read(key)).some(({ text }) => hasAll(fold(text), words));
        known.set(key, is);
      }
      return is;
    };
    return ({ firstKey, lastKey }) => {
      if (firstKey === looseKeyOf(traceKeyOf(firstKey))) return true;
      for (let key = firstKey; key <= lastKey; key++) if (isIn(key)) return true;
      return false;
    };
  }

  function candidatesOf(
    file: IndexFile,
    trigrams: string[],
    isIn: (stretch: Stretch) => boolean,
  ): Candidate[] {
    try {
      return file.candidates(trigrams, isIn);
    } catch (cause) {
      if (!isOfSqlite(cause)) throw cause;
      // It is damaged: built anew, and until then its traces are fresh ones.
      indexer.dropDamaged(file);
      return [];
    }
  }

  /**
   * The traces that may have the words, newest first. Where time is up before the next is found, a place
   * without a trace says how far there is none.
   */
  function* walkIndexed(
    words: Words,
    trigrams: string[],
    fresh: Place[],
    from: Place,
    since: number,
    budget: Budget,
  ): Generator<Place & { isEnd: boolean }> {
    const files = indexer.files
      .filter(
        ({ state: { minStart, maxStart } }) =>
          minStart !== null && minStart <= from.startTime && maxStart! >= since,
      )
      .sort((a, b) => b.state.maxStart! - a.state.maxStart!);
    const isIn = createCheck(words);
    const shown = new Set<number>();
    let waiting: (Place | Candidate)[] = fresh
      .filter((place) => !isBefore(place, from))
      .sort(byPlace);
    let looked = 0;
    while (true) {
      const next = waiting[looked];
      const [file] = files;
      if (file && (!next || file.state.maxStart! >= next.startTime)) {
        files.shift();
        const found = candidatesOf(file, trigrams, isIn).filter((place) => !isBefore(place, from));
        waiting = [...waiting.slice(looked), ...found].sort(byPlace);
        looked = 0;
        const startTime = Math.max(waiting[0]?.startTime ?? -1, files[0]?.state.maxStart ?? -1);
        // A place behind where this page began, so that all pages come to an end.
        if (startTime >= 0 && startTime < from.startTime && budget.spend()) {
          yield { startTime, key: anyKey, isEnd: true };
        }
        continue;
      }
      if (!next) return;
      if (looked > 0 && budget.spend())
        yield { startTime: next.startTime, key: next.key, isEnd: true };
      looked++;
      if (shown.has(next.key)) continue;
      if (isCandidate(next)) {
        if (!isCurrent(next)) continue;
        shown.add(next.key);
        if (next.stretches && !next.stretches.some(isIn)) continue;
      }
      shown.add(next.key);
      yield { startTime: next.startTime, key: next.key, isEnd: false };
    }
  }

  /** Whether a file says of a trace what it is now: it may have changed, and be in another, since. */
  function isCurrent({ key, startTime, settledStep }: Candidate): boolean {
    const trace = texts.trace(key);
    return trace?.settledStep === settledStep && trace.startTime === startTime;
  }

  return {
    search(query, nowMs) {
      const { text, filter, limit, projectId, since, until } = query;
      const words = parseWords(text);
      const from = query.cursor === null ? firstPosition : positionOf(query.cursor);
      const matcher = createMatcher(source, filter, nowMs);
      const isMatch = (key: number) => {
        if (filter.length === 0) return true;
        const row = loadRows(source, [key], matcher.columns).get(key);
        return row !== undefined && matcher.test(row);
      };

      const budget = new Budget(limits.budgetMs);
      const start: Position =
        from.startTime < until ? from : { ...firstPosition, startTime: until - 1, number: 0 };
      const trigrams = trigramsOf(words);
      const fresh = trigrams.length === 0 || !indexer.isSupported ? null : freshTraces();
      const places = fresh
        ? walkIndexed(words, trigrams, fresh, start, since, budget)
        : walkAll(start);

      const hits: Hit[] = [];
      let isFirst = true;
      for (const place of places) {
        if (place.startTime < since) break;
        const isEnd = place.isEnd || (!isFirst && budget.spend());
        isFirst = false;
        const { startTime, key } = place;
        const number = key === start.key ? start.number : 0;
        if (isEnd) return page(hits, { startTime, key, number }, true);
        const trace = texts.trace(place.key);
        if (!trace || trace.startTime >= until) continue;
        if (projectId !== undefined && trace.projectId !== projectId) continue;
        if (!isMatch(trace.key)) continue;
        const stopped = scanInto(hits, trace, words, number, limit, budget);
        if (stopped !== null) {
          const position = { startTime, key, number: stopped };
          return page(hits, position, hits.length < limit);
        }
      }
      return { hits, next: null, partial: false };
    },
    searchTrace(ref, text, limit, cursor) {
      const words = parseWords(text);
      const { key } = findTrace(source.db, ref).trace;
      const [ofTrace, from] = cursor ?? [key, 0];
      if (from === undefined) throw invalidCursor();
      if (ofTrace !== key) throw foreignCursor();
      const hits: Hit[] = [];
      const budget = new Budget(limits.budgetMs);
      const stopped = scanInto(hits, texts.trace(key)!, words, from, limit, budget);
      return {
        hits,
        next: stopped === null ? null : [key, stopped],
        partial: stopped !== null && hits.length < limit,
      };
    },
  };

  /** @returns the number of the message to go on at; null where all were looked at. */
  function scanInto(
    hits: Hit[],
    trace: TraceRow,
    words: Words,
    from: number,
    limit: number,
    budget: Budget,
  ): number | null {
    const scan = scanFrom(trace, words, from);
    for (let { next } = scan; !next.done; scan.next = next = scan.messages.next()) {
      const { number, found } = next.value;
      // At least one message is behind the page before.
      if ((found && hits.length === limit) || (number > from && budget.spend())) {
        stopped = scan;
        return number;
      }
      if (found) hits.push(scanner.toHit(trace, found, words));
    }
    return null;
  }

  /** Goes on where the last page stopped, where this is the next: else all before it is read again. */
  function scanFrom(trace: TraceRow, words: Words, from: number): Scan {
    const isNext =
      stopped?.traceKey === trace.key &&
      !stopped.next.done &&
      stopped.next.value.number === from &&
      stopped.words.join("\0") === words.join("\0");
    const scan = isNext ? stopped : null;
    stopped = null;
    if (scan) return scan;
    const messages = scanner.scan(trace, words, from);
    return { traceKey: trace.key, words, messages, next: messages.next() };
  }
}

/** A walk through the messages of a trace, and the one that is to be looked at next. */
interface Scan {
  traceKey: number;
  words: Words;
  messages: ReturnType<Scanner["scan"]>;
  next: ReturnType<Scan["messages"]["next"]>;
}

function page(hits: Hit[], { startTime, key, number }: Position, partial: boolean): Hits {
  return { hits, next: [startTime, key, number], partial };
}

/** @throws AppError `bad_request` for a cursor that no page came with. */
function positionOf([startTime, key, number]: readonly number[]): Position {
  if (startTime === undefined || key === undefined || number === undefined) throw invalidCursor();
  return { startTime, key, number };
}

function isCandidate(place: Place | Candidate): place is Candidate {
  return "stretches" in place;
}

/** Whether a place comes before another in the order. */
function isBefore(a: Place, b: Place): boolean {
  return byPlace(a, b) < 0;
}

function byPlace(a: Place, b: Place): number {
  return b.startTime - a.startTime || b.key - a.key;
}
