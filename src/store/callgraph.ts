/**
 * The calls of a trace and what may be one with what, kept while spans come in any order. Only what a
 * new span touches is decided anew, so that a trace of 50,000 spans costs as much for each of them as
 * a small one.
 */
import {
  decide,
  innerOf,
  isAlike,
  isModelCall,
  keysOf,
  maxBelow,
  outerOf,
  type Call,
} from "./calls.ts";
import type { SpanFacts } from "./spanfacts.ts";

/** Spans between an outer and an inner span of one call: HTTP clients, retries and the like. */
const maxBetween = 64;

/** How many of those that share a key and start before or after a call are compared with it. */
const reach = 16;

/** Shared by all calls with none below. */
const none: Call[] = [];

/** The calls by each key; most keys have one. */
type Alike = Map<string | number, Call | Call[]>;

/** A span about which something else was decided than before. */
export interface Change {
  span: SpanFacts;
  /** What it repeated before; undefined where it counted. */
  before: SpanFacts | undefined;
}

export class CallGraph {
  /** All spans that came so far, by id. */
  readonly #spans: ReadonlyMap<string, SpanFacts>;
  readonly #calls = new Map<string, Call>();
  /** Calls whose way up ends at a span that did not come yet, and how many spans it has passed. */
  readonly #waiting = new Map<string, { call: Call; passed: number }[]>();
  /** Calls that share a key, by their start: kept only where there may be two reports of one call. */
  #alike: Alike | null = null;
  #instrumentation: string | undefined | null = null;
  readonly #dirty = new Set<Call>();

  constructor(spans: ReadonlyMap<string, SpanFacts>) {
    this.#spans = spans;
  }

  /** Adds a span that is among the trace's spans already, and was not added before. */
  add(span: SpanFacts): void {
    if (isModelCall(span)) this.#addCall(span);
    const waiting = this.#waiting.get(span.spanId);
    if (!waiting) return;
    this.#waiting.delete(span.spanId);
    for (const { call, passed } of waiting) this.#pass(call, span, passed);
  }

  /** The span that counts in this one's place; undefined where it counts itself. */
  repeatedBy(span: SpanFacts): SpanFacts | undefined {
    return this.#calls.get(span.spanId)?.repeats?.span;
  }

  /** The span whose messages are shown in this one's place. */
  shownBy(span: SpanFacts): SpanFacts | undefined {
    return this.#calls.get(span.spanId)?.shownBy?.span;
  }

  /** The call's time to first token, by whichever span of it says one. */
  ttftOf(span: SpanFacts): number | undefined {
    return span.ttftMs ?? this.#calls.get(span.spanId)?.ttftMs;
  }

  /** Decides what may have changed since the last time. */
  decide(): Change[] {
    const changes: Change[] = [];
    const seen = new Set<Call>();
    for (const dirty of this.#dirty) {
      if (seen.has(dirty)) continue;
      const alikes = new Map<Call, Call[]>();
      const calls = this.#component(dirty, seen, alikes);
      const before = calls.map(({ repeats, shownBy }) => ({ repeats, shownBy }));
      decide(calls, (call) => alikes.get(call) ?? []);
      calls.forEach((call, i) => {
        if (call.repeats === before[i]!.repeats && call.shownBy === before[i]!.shownBy) return;
        changes.push({ span: call.span, before: before[i]!.repeats?.span });
      });
    }
    if (this.#dirty.size > 0) this.#dirty.clear();
    return changes;
  }

  #addCall(span: SpanFacts): void {
    const call: Call = {
      span,
      up: undefined,
      below: none,
      repeats: undefined,
      shownBy: undefined,
      ttftMs: undefined,
      group: undefined,
    };
    this.#calls.set(span.spanId, call);
    this.#climb(call, span.parentSpanId, 0);
    if (this.#alike) return this.#place(call, this.#alike);
    if (this.#instrumentation === null) this.#instrumentation = span.instrumentation;
    if (span.instrumentation === this.#instrumentation) return;
    this.#alike = new Map();
    for (const known of this.#calls.values()) this.#place(known, this.#alike);
  }

  #climb(call: Call, from: string | undefined, passed: number): void {
    let id = from;
    while (id !== undefined && passed < maxBetween) {
      const span = this.#spans.get(id);
      if (!span) {
        const waiting = this.#waiting.get(id);
        if (waiting) waiting.push({ call, passed });
        else this.#waiting.set(id, [{ call, passed }]);
        return;
      }
      if (span.spanType !== "other") return this.#pass(call, span, passed);
      id = span.parentSpanId;
      passed++;
    }
  }

  /** A call's way up has come to a span. */
  #pass(call: Call, span: SpanFacts, passed: number): void {
    if (span.spanType === "other") return this.#climb(call, span.parentSpanId, passed + 1);
    const up = this.#calls.get(span.spanId);
    if (!up || up === call) return;
    call.up = up;
    if (up.below === none) up.below = [call];
    else up.below.push(call);
    if (up.below.length <= maxBelow) this.#dirty.add(call);
    // It was among their neighbours, and is no longer.
    if (up.below.length === maxBelow + 1)
      for (const near of [up, ...up.below]) this.#dirty.add(near);
  }

  /** Who stands near it has other neighbours now. */
  #place(call: Call, alike: Alike): void {
    for (const key of keysOf(call.span)) {
      const known = alike.get(key);
      if (!known) {
        alike.set(key, call);
        continue;
      }
      const others = Array.isArray(known) ? known : [known];
      if (others !== known) alike.set(key, others);
      const at = placeOf(others, call.span);
      others.splice(at, 0, call);
      for (let i = Math.max(0, at - reach); i <= Math.min(others.length - 1, at + reach); i++) {
        this.#dirty.add(others[i]!);
      }
    }
  }

  #alikesOf(call: Call, alike: Alike): Call[] {
    const found: Call[] = [];
    for (const key of keysOf(call.span)) {
      const others = alike.get(key)!;
      if (!Array.isArray(others)) continue;
      const at = placeOf(others, call.span);
      for (let i = Math.max(0, at - reach); i <= Math.min(others.length - 1, at + reach); i++) {
        const other = others[i]!;
        if (other !== call && isAlike(call.span, other.span) && !found.includes(other)) {
          found.push(other);
        }
      }
    }
    return found;
  }

  /** @param alikes gets those that each of them is alike. */
  #component(start: Call, seen: Set<Call>, alikes: Map<Call, Call[]>): Call[] {
    const found = [start];
    seen.add(start);
    const add = (call: Call) => {
      if (seen.has(call)) return;
      seen.add(call);
      found.push(call);
    };
    // Grows while it is gone through.
    for (const call of found) {
      const up = outerOf(call);
      if (up) add(up);
      innerOf(call).forEach(add);
      if (!this.#alike) continue;
      const near = this.#alikesOf(call, this.#alike);
      if (near.length > 0) alikes.set(call, near);
      near.forEach(add);
    }
    return found;
  }
}

/** The place of a span among calls by their start, or the one where it would stand. */
function placeOf(calls: readonly Call[], { startTime, spanId }: SpanFacts): number {
  let low = 0;
  let high = calls.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    const { span } = calls[middle]!;
    const isBefore =
      span.startTime < startTime || (span.startTime === startTime && span.spanId < spanId);
    if (isBefore) low = middle + 1;
    else high = middle;
  }
  return low;
}
