/**
 * The large texts of spans behind a narrow face: give a span's texts, get the bytes that stand for
 * them in its row; give those bytes, get the texts back exactly.
 *
 * A text becomes a list of pieces. Agents send the whole history with each call, so most lists are
 * an earlier list of the same trace, up to some token, and a few pieces more.
 */
import type { Database } from "bun:sqlite";
import { type Token } from "../../backend/texts.ts";
import { payloadFields, type PayloadField, type Payloads } from "../../contract/fields.ts";
import { payload as limits } from "../../limits.ts";
import { spanKeyOf, spanKeyRange, traceKeyOf } from "../../tally/numbers.ts";
import { ByteWriter } from "../../varint.ts";
import { prepareInsert } from "../db/columns.ts";
import { revisions } from "../db/schema.ts";
import { isDamage } from "../db/trouble.ts";
import { createPieceReader, type PieceReader } from "./blocks.ts";
import { closest, copyOf, type Candidate } from "./candidates.ts";
import { cut, longestLiteral, type Place } from "./cut.ts";
import { linksOf, resolve } from "./links.ts";
import { type Entry, appendEntry, readEntries, writeEntry, writeList } from "./lists.ts";
import { createPieceWriter, type TracePieces } from "./pieces.ts";
import { openPlainPayloads } from "./plain.ts";

export interface PayloadReader {
  /** @param lists the bytes in the span's row. A text that is damaged says so in its place. */
  get(spanKey: number, lists: Uint8Array | null): { texts: Payloads; damaged: PayloadField[] };
  /** The tokens of one payload, its bases resolved; null where the span has none. @throws DamagedText. */
  tokensOf(spanKey: number, lists: Uint8Array | null, field: PayloadField): Token[] | null;
  textOf(tokens: readonly Token[]): string;
  /** To be called at the start of each transaction. */
  forget(): void;
}

export interface PayloadWriter {
  /**
   * @param span `isPassing`: it may be removed, so that no other span's list may stand on its lists.
   * @returns what to put into the row of the span, whose row held `before`. The bytes are good until
   *   the next put.
   */
  put(
    span: {
      key: number;
      projectId: number;
      isTraceNew: boolean;
      isDamaged: boolean;
      isPassing: boolean;
    },
    texts: { [F in PayloadField]?: string | undefined },
    before: Uint8Array | null,
  ): Uint8Array | null;
  /** Says that the row of a passing span goes. */
  remove(spanKey: number): void;
  /** As of a reader; sees what this transaction has put. */
  get: PayloadReader["get"];
  /** Writes what the spans put since the last time need. To be called before the commit. */
  flush(): void;
  committed(): void;
  rolledBack(): void;
  /** Forgets a trace, for who changes it in the database. */
  close(traceKey: number): void;
  /**
   * True as long as no payload was put into the trace since and no transaction was undone. One trace
   * at a time.
   */
  watch(traceKey: number): () => boolean;
  /** The blocks that may still grow: their traces got a payload after `sinceMs`, by performance.now(). */
  openBlocks(sinceMs: number): Set<number>;
  /** The first block that may be younger than that. */
  firstBlockSince(sinceMs: number): number;
  /** These blocks will not grow any more. */
  closeBlocks(ids: Set<number>): void;
  takeBlockId(): number;
  /** When a trace last got a payload, 0 where that is long ago. */
  lastPutMs(traceKey: number): number;
  forgetPiece(hash: Uint8Array): void;
  learnStep(): boolean;
}

export function createPayloadReader(
  db: Database,
  pieces: PieceReader = createPieceReader(db),
  onDamage: (spanKey: number, field: PayloadField) => void = () => {},
): PayloadReader {
  const plain = openPlainPayloads(db);
  const selectLists = db.query<{ lists: Uint8Array | null }, [number]>(
    "SELECT lists FROM spans WHERE key = ?",
  );

  /** @param own the span's lists, `entry` which of them. */
  function tokensAt(spanKey: number, own: readonly Entry[], entry: number): Token[] {
    const traceKey = traceKeyOf(spanKey);
    const [first] = spanKeyRange(traceKey);
    const entriesOf = (span: number) => {
      if (first + span === spanKey) return own;
      const lists = selectLists.get(first + span)?.lists;
      return lists ? readEntries(lists) : [];
    };
    return resolve(linksOf(traceKey, spanKey - first, entry, entriesOf));
  }

  const textOf = (tokens: readonly Token[]) =>
    tokens.map((token) => (typeof token === "string" ? token : pieces.textOf(token))).join("");

  return {
    textOf,
    forget: pieces.forget,
    tokensOf(spanKey, lists, field) {
      const slot = payloadFields.indexOf(field) + 1;
      const own = lists ? readEntries(lists) : [];
      const entry = own.findIndex((entry) => entry.slot === slot);
      return entry < 0 ? null : tokensAt(spanKey, own, entry);
    },
    get(spanKey, lists) {
      const damaged: PayloadField[] = [];
      if (!lists && plain) return { texts: plain.get(spanKey), damaged };
      const texts: Payloads = {};
      const own = lists ? readEntries(lists) : [];
      for (const [entry, { slot }] of own.entries()) {
        const field = payloadFields[slot - 1];
        if (!field) continue;
        try {
          texts[field] = textOf(tokensAt(spanKey, own, entry));
        } catch (cause) {
          if (!isDamage(cause)) throw cause;
          damaged.push(field);
          onDamage(spanKey, field);
          texts[field] = "[this text is damaged in the store and cannot be read]";
        }
      }
      return { texts, damaged };
    },
  };
}

interface TraceState {
  pieces: TracePieces;
  /** The one used last at the end. */
  candidates: Candidate[];
  putAtMs: number;
  bytes: number;
}

export function createPayloadWriter(db: Database): PayloadWriter {
  const plain = openPlainPayloads(db);
  const pieces = createPieceWriter(db);
  const unwritten = (key: number) => {
    const state = states.get(traceKeyOf(key));
    return state && pieces.unwritten(state.pieces, key);
  };
  const reader = createPayloadReader(db, createPieceReader(db, unwritten));
  const noteRevision = prepareInsert(db, revisions, ["traceKey"], { or: "IGNORE" });
  /** The traces in memory, the one used longest ago first. */
  const states = new Map<number, TraceState>();
  const touched = new Set<TraceState>();
  let watched: number | null = null;
  /** The number of the next block once in a while, to tell old ones from young ones. */
  const firstBlockId = pieces.nextBlockId();
  let putAtMs = -Infinity;
  let births: { atMs: number; blockId: number }[] = [];
  let cachedBytes = 0;
  const row = new ByteWriter();
  const list = new ByteWriter();

  function stateOf(traceKey: number, projectId: number, isNew: boolean): TraceState {
    let state = states.get(traceKey);
    if (state) {
      states.delete(traceKey);
    } else {
      const trace = pieces.ofTrace(traceKey, projectId, isNew);
      state = { pieces: trace, candidates: [], putAtMs: -Infinity, bytes: 0 };
    }
    states.set(traceKey, state);
    return state;
  }

  function forget(traceKey: number): void {
    const state = states.get(traceKey);
    if (!state) return;
    cachedBytes -= state.bytes;
    states.delete(traceKey);
    touched.delete(state);
    pieces.recycle(state.pieces);
  }

  function flush(): void {
    for (const { pieces: trace } of touched) pieces.flush(trace);
  }

  /** Writes a text's list to `list`, and remembers it where a later one may begin with it. */
  function putText(
    state: TraceState,
    spanKey: number,
    entry: number,
    text: string,
    isPassing: boolean,
  ): void {
    const traceKey = state.pieces.traceKey;
    const span = spanKey - spanKeyOf(traceKey, 0);
    if (text.length <= longestLiteral && text.isWellFormed()) {
      writeList(list, { span, traceKey }, null, text === "" ? [] : [text]);
      return;
    }
    const { candidate, shared } = closest(state.candidates, text);
    const from = shared > 0 ? candidate!.ends[shared - 1]! : 0;
    const place = shared > 0 ? candidate!.places[shared - 1]! : "start";
    const tokens: Token[] = [];
    const ends: number[] = [];
    const places: Place[] = [];
    let at = from;
    cut(text, from, place, (end, place) => {
      const part = text.slice(at, end);
      const isLiteral = part.length <= longestLiteral && part.isWellFormed();
      tokens.push(isLiteral ? part : pieces.keyOf(state.pieces, part));
      ends.push(end);
      places.push(place);
      at = end;
    });
    if (!candidate || shared === 0) {
      writeList(list, { span, traceKey }, null, tokens);
      // A text in one piece is found by its hash.
      if (tokens.length > 2 && !isPassing) {
        const self = { span, entry, tokens: tokens.length, depth: 0 };
        remember(state, { self, base: null, text, tokens, ends, places });
      }
      return;
    }
    // Siblings stand side by side on what they share, not each on the one before.
    const under =
      candidate.base && shared <= candidate.base.tokens ? candidate.base : candidate.self;
    const base = under.depth < limits.chain ? { ...under, tokens: shared } : null;
    if (isPassing) {
      writeList(
        list,
        { span, traceKey },
        base,
        base ? tokens : [...candidate.tokens.slice(0, shared), ...tokens],
      );
      return;
    }
    // What goes on takes the candidate's place; what shares no more than the start stands beside it.
    const next = 2 * shared >= candidate.tokens.length ? candidate : copyOf(candidate, shared);
    next.tokens.splice(shared, Infinity, ...tokens);
    next.ends.splice(shared, Infinity, ...ends);
    next.places.splice(shared, Infinity, ...places);
    writeList(list, { span, traceKey }, base, base ? tokens : next.tokens);
    next.self = { span, entry, tokens: next.tokens.length, depth: base ? base.depth + 1 : 0 };
    next.base = base;
    next.text = text;
    remember(state, next);
  }

  function remember({ candidates }: TraceState, candidate: Candidate): void {
    const at = candidates.indexOf(candidate);
    if (at >= 0) candidates.splice(at, 1);
    candidates.push(candidate);
    if (candidates.length > limits.candidates) candidates.shift();
  }

  function weigh(state: TraceState): number {
    let bytes = 1000 + (state.pieces.open?.bytes.length ?? 0) + 40 * state.pieces.borrowed.size;
    for (const { text, tokens } of state.candidates) bytes += text.length + 40 * tokens.length;
    return bytes;
  }

  return {
    put({ key, projectId, isTraceNew, isDamaged, isPassing }, texts, before) {
      row.clear();
      let entry = 0;
      // Others may stand on the lists of the version before.
      for (const { list } of before ? readEntries(before) : []) {
        writeEntry(row, { slot: 0, list });
        entry++;
      }
      const traceKey = traceKeyOf(key);
      if (watched === traceKey) watched = null;
      if (!before) plain?.drop(key);
      if (before) noteRevision({ traceKey });
      let state: TraceState | null = null;
      for (let slot = 1; slot <= payloadFields.length; slot++) {
        const text = texts[payloadFields[slot - 1]!];
        if (text === undefined) continue;
        if (!state) {
          state = stateOf(traceKey, projectId, isTraceNew);
          // Nothing that is stored already can be trusted to be read.
          if (isDamaged) state.candidates = [];
          state.pieces.isHealing = isDamaged;
        }
        list.clear();
        putText(state, key, entry++, text, isPassing);
        appendEntry(row, slot, list);
      }
      if (state) touched.add(state);
      return row.length > 0 ? row.view() : null;
    },
    remove(spanKey) {
      const traceKey = traceKeyOf(spanKey);
      if (watched === traceKey) watched = null;
      plain?.drop(spanKey);
      noteRevision({ traceKey });
    },
    get: reader.get,
    flush,
    committed() {
      pieces.committed();
      reader.forget();
      const now = performance.now();
      for (const state of touched) {
        cachedBytes -= state.bytes;
        state.bytes = weigh(state);
        cachedBytes += state.bytes;
        state.putAtMs = now;
      }
      if (touched.size > 0) putAtMs = now;
      touched.clear();
      if (now - (births.at(-1)?.atMs ?? -Infinity) >= limits.quietMs / 10) {
        births = [...births.slice(-20), { atMs: now, blockId: pieces.nextBlockId() }];
      }
      for (const traceKey of states.keys()) {
        if (cachedBytes <= limits.cachedBytes || states.size === 1) break;
        forget(traceKey);
      }
    },
    rolledBack() {
      pieces.rolledBack();
      reader.forget();
      touched.clear();
      states.clear();
      watched = null;
      cachedBytes = 0;
    },
    close: forget,
    watch(traceKey) {
      watched = traceKey;
      return () => watched === traceKey;
    },
    openBlocks(sinceMs) {
      const ids = new Set<number>();
      for (const { putAtMs, pieces } of states.values()) {
        if (pieces.open && putAtMs > sinceMs) ids.add(pieces.open.id);
      }
      return ids;
    },
    firstBlockSince(sinceMs) {
      if (putAtMs <= sinceMs) return pieces.nextBlockId();
      return births.findLast(({ atMs }) => atMs <= sinceMs)?.blockId ?? firstBlockId;
    },
    closeBlocks(ids) {
      for (const { pieces } of states.values()) {
        if (pieces.open && ids.has(pieces.open.id)) pieces.open = null;
      }
    },
    takeBlockId: pieces.takeBlockId,
    lastPutMs: (traceKey) => states.get(traceKey)?.putAtMs ?? -Infinity,
    forgetPiece: pieces.forget,
    learnStep: pieces.learnStep,
  };
}

/** One text of a span: the others, such as a history of 1 MB, are left alone. */
export function readText(
  { payloads }: { payloads: PayloadReader },
  { key, lists }: { key: number; lists: Uint8Array | null },
  field: PayloadField,
): string | undefined {
  try {
    const tokens = payloads.tokensOf(key, lists, field);
    if (tokens) return payloads.textOf(tokens);
    if (lists) return undefined;
  } catch (cause) {
    if (!isDamage(cause)) throw cause;
  }
  // Which has texts that are stored as they are, and says what is damaged.
  return payloads.get(key, lists).texts[field];
}
