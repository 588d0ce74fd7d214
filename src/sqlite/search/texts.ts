/**
 * The texts of a trace, each once, at the first span that has it: names, ids and errors as they are,
 * payloads as the pieces of their lists. Lists that stand on others are walked only where they go on, so
 * that a conversation costs what its messages are, not what was sent.
 */
import type { Database } from "bun:sqlite";
import type { Field } from "../../backend/search.ts";
import { type Token } from "../../backend/texts.ts";
import { payloadFields } from "../../contract/fields.ts";
import { payload } from "../../limits.ts";
import { spanKeyRange } from "../../tally/numbers.ts";
import { fromCell, type Cell } from "../db/cells.ts";
import { isDamage, isOfSqlite } from "../db/trouble.ts";
import { readEntries, readList, type Entry } from "../payload/lists.ts";
import { type NameLookup } from "../spans/rows.ts";
import { readByStart } from "../trace/bystart.ts";
import { readNumbered } from "../trace/numbered.ts";
import { limits } from "./limits.ts";

export interface SpanRow {
  key: number;
  spanId: Cell;
  spanType: number;
  nameId: number;
  errorMessage: Cell | null;
  startTime: number;
  lists: Uint8Array | null;
}

export interface TraceRow {
  key: number;
  projectId: number;
  traceId: Cell;
  traceName: Cell | null;
  agentName: Cell | null;
  workflowName: Cell | null;
  workflowRunId: Cell | null;
  sessionId: Cell | null;
  customer: string | null;
  startTime: number;
  isSettled: number;
  settledStep: number | null;
}

export interface Text {
  span: SpanRow;
  field: Field;
  /** A piece by its key, or the text itself. */
  token: Token;
  /** Of a payload's: how many tokens stand before it. */
  position: number | null;
}

export interface TraceTexts {
  /** @returns null where the trace is gone. */
  trace(key: number): TraceRow | null;
  /**
   * In the order of the spans' starts.
   *
   * @param onDamage is told where not all can be read.
   */
  textsOf(trace: TraceRow, onDamage?: () => void): Generator<Text>;
}

export function createTraceTexts(db: Database, names: NameLookup): TraceTexts {
  const selectTrace = db.query<TraceRow, [number]>(
    `SELECT key, projectId, traceId, traceName, agentName, workflowName, workflowRunId, sessionId,
       customer, startTime, isSettled, settledStep FROM traces WHERE key = ?`,
  );
  const selectSpans = db.query<SpanRow, [number, number]>(
    `SELECT key, spanId, spanType, nameId, errorMessage, startTime, lists
     FROM spans WHERE key BETWEEN ? AND ?`,
  );
  const selectLists = db.query<{ lists: Uint8Array | null }, [number]>(
    "SELECT lists FROM spans WHERE key = ?",
  );

  function* spansOf({ key }: TraceRow): Generator<SpanRow> {
    const [first] = spanKeyRange(key);
    const numbers = readByStart(db, key);
    for (let at = 0; at < numbers.length; at += limits.spansPerRead) {
      // The engine does not know how large the texts are that were unpacked, and would keep them for long.
      if (at % limits.spansPerCleanup === 0 && at > 0) Bun.gc(true);
      yield* readNumbered(selectSpans, first, numbers.subarray(at, at + limits.spansPerRead));
    }
  }

  function* read(trace: TraceRow): Generator<Text> {
    const lists = new Lists(trace.key, (key) => selectLists.get(key)?.lists ?? null);
    const seen = new SeenTexts();
    let isFirst = true;
    for (const span of spansOf(trace)) {
      for (const { field, text } of [
        ...(isFirst ? namesOf(trace) : []),
        { field: "name" as const, text: names.nameOf(span.nameId) },
        { field: "id" as const, text: fromCell(span.spanId) },
        ...(span.errorMessage === null
          ? []
          : [{ field: "error" as const, text: fromCell(span.errorMessage) }]),
      ]) {
        if (text === "" || !seen.add(`${field} ${text}`)) continue;
        yield { span, field, token: text, position: null };
      }
      isFirst = false;
      for (const { field, token, position } of lists.freshOf(span)) {
        yield { span, field, token, position };
      }
    }
  }

  return {
    trace: (key) => selectTrace.get(key),
    *textsOf(trace, onDamage = () => {}) {
      try {
        yield* read(trace);
      } catch (cause) {
        // Rows that are damaged, of which the rest cannot be read. They must end neither the thread nor
        // the answers that come by them; any other trouble with the file is not theirs.
        if (isOfSqlite(cause) && !isDamage(cause)) throw cause;
        onDamage();
      }
    },
  };
}

function namesOf(trace: TraceRow): { field: "name" | "id"; text: string }[] {
  const texts = (field: "name" | "id", cells: (Cell | null)[]) =>
    cells.flatMap((cell) => (cell === null ? [] : [{ field, text: fromCell(cell) }]));
  const customer: { [name: string]: unknown } =
    trace.customer === null ? {} : JSON.parse(trace.customer);
  return [
    ...texts("name", [trace.traceName, trace.agentName, trace.workflowName]),
    ...texts("id", [trace.traceId, trace.sessionId, trace.workflowRunId]),
    ...texts(
      "id",
      Object.values(customer).filter((value) => typeof value === "string") as string[],
    ),
  ];
}

/** The lists of a trace, of each token the first place. */
class Lists {
  readonly #traceKey: number;
  readonly #first: number;
  readonly #listsOf: (spanKey: number) => Uint8Array | null;
  /** Of the spans looked at last, on whose lists others mostly stand. */
  readonly #entries = new Map<number, Entry[]>();
  /** Of lists looked at last how many of their tokens were walked: to walk them again costs time alone. */
  readonly #walked = new Map<string, number>();
  readonly #seen = new SeenTexts();

  constructor(traceKey: number, listsOf: (spanKey: number) => Uint8Array | null) {
    this.#traceKey = traceKey;
    [this.#first] = spanKeyRange(traceKey);
    this.#listsOf = listsOf;
  }

  #entriesOf(span: number, lists?: Uint8Array | null): Entry[] {
    let entries = this.#entries.get(span);
    if (!entries) {
      lists ??= this.#listsOf(this.#first + span);
      entries = lists ? readEntries(lists) : [];
      if (this.#entries.size >= limits.knownLists) this.#entries.clear();
      this.#entries.set(span, entries);
    }
    return entries;
  }

  *freshOf({ key, lists }: SpanRow): Generator<{ field: Field; token: Token; position: number }> {
    if (!lists) return;
    const span = key - this.#first;
    for (const [at, { slot }] of this.#entriesOf(span, lists).entries()) {
      const field = payloadFields[slot - 1];
      if (!field || field === "resource") continue;
      for (const { token, position } of this.#walk(span, at, Infinity)) {
        yield { field, token, position };
      }
    }
  }

  *#walk(
    span: number,
    entry: number,
    until: number,
  ): Generator<{ token: Token; position: number }> {
    // A chain of lists has bounded length, and where it breaks off the rest is damaged.
    const chain: { tokens: Token[]; from: number; until: number }[] = [];
    for (let links = 0; links <= payload.chain; links++) {
      const id = `${span}.${entry}`;
      const walked = this.#walked.get(id) ?? 0;
      const list = this.#entriesOf(span)[entry]?.list;
      if (walked >= until || !list || list.length === 0) break;
      if (this.#walked.size >= limits.knownLists) this.#walked.clear();
      this.#walked.set(id, until);
      const { base, tokens } = readList(list, { span, traceKey: this.#traceKey });
      chain.push({ tokens, from: base?.tokens ?? 0, until });
      if (!base) break;
      span = base.span;
      entry = base.entry;
      until = Math.min(until, base.tokens);
    }
    for (const { tokens, from, until } of chain.reverse()) {
      for (const [i, token] of tokens.entries()) {
        if (from + i >= until) break;
        if (!this.#seen.add(typeof token === "number" ? `#${token}` : `"${token}`)) continue;
        yield { token, position: from + i };
      }
    }
  }
}

/** Random, so that no sender can choose texts whose hashes meet. */
const seeds = crypto.getRandomValues(new Uint32Array(2));

/**
 * Which texts came before, by hashes of 64 bits: of a trace with a million messages these are some 30 MB,
 * the texts may be any size.
 */
export class SeenTexts {
  #count = 0;
  /** Two numbers a place, both 0 where it is free. */
  #table = new Uint32Array(2 * 64);

  /** @returns false where it was added before. */
  add(text: string): boolean {
    const high = Bun.hash.xxHash32(text, seeds[0]);
    const low = Bun.hash.xxHash32(text, seeds[1]) || 1;
    const at = this.#placeOf(high, low);
    if (this.#table[at + 1] !== 0) return false;
    this.#table[at] = high;
    this.#table[at + 1] = low;
    this.#count++;
    if (4 * this.#count > this.#table.length) this.#grow();
    return true;
  }

  /** Where it stands, or would. */
  #placeOf(high: number, low: number): number {
    const table = this.#table;
    for (let at = 2 * (low % (table.length / 2)); ; at = (at + 2) % table.length) {
      if (table[at + 1] === 0 || (table[at] === high && table[at + 1] === low)) return at;
    }
  }

  #grow(): void {
    const before = this.#table;
    this.#table = new Uint32Array(2 * before.length);
    for (let from = 0; from < before.length; from += 2) {
      if (before[from + 1] === 0) continue;
      const at = this.#placeOf(before[from]!, before[from + 1]!);
      this.#table[at] = before[from]!;
      this.#table[at + 1] = before[from + 1]!;
    }
  }
}
