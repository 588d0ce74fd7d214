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
import type { SpanFacts, Spans } from "./spanfacts.ts";

/** Spans between an outer and an inner span of one call: HTTP clients, retries and the like. */
const maxBetween = 64;

/** How many of those that share a key and start before or after a call are compared with it. */
const reach = 16;

/** Shared by all calls with none below. */
const none: Call[] = [];

/** The calls by each key; most keys have one. */
type Alike = Map<string | number, SpanFacts | SpanFacts[]>;

/** A span about which something else was decided than before. */
export interface Change {
  span: SpanFacts;
  /** What it repeated before; undefined where it counted. */
  before: SpanFacts | undefined;
}

export class CallGraph {
  /** All spans that came so far, by id. */
  readonly #spans: Spans;
  /** By key, the calls that have neighbours. Most have none, and cost next to nothing. */
  readonly #calls = new Map<number, Call>();
  /** Calls whose way up ends at a span that did not come yet, by its id. */
  readonly #waiting = new Map<string, SpanFacts[]>();
  /** How many spans the way of such a call has passed, where it has any, by its key. */
  readonly #passed = new Map<number, number>();
  /** Calls that share a key, by their start: kept only where there may be two reports of one call. */
  #alike: Alike | null = null;
  #instrumentation: string | undefined | null = null;
  readonly #dirty = new Set<Call>();

  constructor(spans: Spans) {
    this.#spans = spans;
  }

  /** Adds a span that is among the trace's spans already, and was not added before. */
  add(span: SpanFacts): void {
    const waiting = this.#waiting.get(span.spanId);
    if (isModelCall(span)) this.#addCall(span);
    if (!waiting) return;
    this.#waiting.delete(span.spanId);
    for (const call of waiting) this.#pass(call, span, this.#passed.get(call.key) ?? 0);
  }

  /** The span that counts in this one's place; undefined where it counts itself. */
  repeatedBy(span: SpanFacts): SpanFacts | undefined {
    return this.#calls.get(span.key)?.repeats?.span;
  }

  /** The span whose messages are shown in this one's place. */
  shownBy(span: SpanFacts): SpanFacts | undefined {
    return this.#calls.get(span.key)?.shownBy?.span;
  }

  /** The call's time to first token, by whichever span of it says one. */
  ttftOf(span: SpanFacts): number | undefined {
    return span.ttftMs ?? this.#calls.get(span.key)?.ttftMs;
  }

  /** Decides what may have changed since the last time. */
  decide(): Change[] {
    if (this.#dirty.size === 0) return [];
    const changes: Change[] = [];
    const seen = new Set<Call>();
    for (const dirty of this.#dirty) {
      if (seen.has(dirty)) continue;
      const alikes = new Map<Call, Call[]>();
      const calls = this.#component(dirty, seen, alikes);
      const repeats = calls.map((call) => call.repeats);
      const shownBy = calls.map((call) => call.shownBy);
      decide(calls, (call) => alikes.get(call) ?? none);
      calls.forEach((call, i) => {
        if (call.repeats === repeats[i] && call.shownBy === shownBy[i]) return;
        changes.push({ span: call.span, before: repeats[i]?.span });
      });
    }
    this.#dirty.clear();
    return changes;
  }

  #addCall(span: SpanFacts): void {
    this.#climb(span, span.parentSpanId, 0);
    if (this.#alike) return this.#place(span, this.#alike);
    if (this.#instrumentation === null) this.#instrumentation = span.instrumentation;
    if (span.instrumentation === this.#instrumentation) return;
    this.#alike = new Map();
    for (const known of this.#spans.values()) {
      if (isModelCall(known)) this.#place(known, this.#alike);
    }
  }

  #callOf(span: SpanFacts): Call {
    let call = this.#calls.get(span.key);
    if (!call) {
      call = {
        span,
        up: undefined,
        below: none,
        repeats: undefined,
        shownBy: undefined,
        ttftMs: undefined,
        group: undefined,
      };
      this.#calls.set(span.key, call);
    }
    return call;
  }

  #climb(call: SpanFacts, from: string | undefined, passed: number): void {
    let id = from;
    while (id !== undefined && passed < maxBetween) {
      const span = this.#spans.get(id);
      if (!span) {
        const waiting = this.#waiting.get(id);
        if (waiting) waiting.push(call);
        else this.#waiting.set(id, [call]);
        if (passed > 0) this.#passed.set(call.key, passed);
        return;
      }
      if (span.spanType !== "other") return this.#pass(call, span, passed);
      id = span.parentSpanId;
      passed++;
    }
  }

  /** A call's way up has come to a span. */
  #pass(inner: SpanFacts, span: SpanFacts, passed: number): void {
    if (span.spanType === "other") return this.#climb(inner, span.parentSpanId, passed + 1);
    if (span.key === inner.key || !isModelCall(span)) return;
    const [call, up] = [this.#callOf(inner), this.#callOf(span)];
    call.up = up;
    if (up.below === none) up.below = [call];
    else up.below.push(call);
    if (up.below.length <= maxBelow) this.#dirty.add(call);
    // It was among their neighbours, and is no longer.
    if (up.below.length === maxBelow + 1)
      for (const near of [up, ...up.below]) this.#dirty.add(near);
  }

  /** Who stands near it has other neighbours now. */
  #place(span: SpanFacts, alike: Alike): void {
    for (const key of keysOf(span)) {
      const known = alike.get(key);
      if (!known) {
        alike.set(key, span);
        continue;
      }
      const others = Array.isArray(known) ? known : [known];
      if (others !== known) alike.set(key, others);
      const at = placeOf(others, span);
      others.splice(at, 0, span);
      for (let i = Math.max(0, at - reach); i <= Math.min(others.length - 1, at + reach); i++) {
        this.#dirty.add(this.#callOf(others[i]!));
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
        if (other.key === call.span.key || !isAlike(call.span, other)) continue;
        const near = this.#callOf(other);
        if (!found.includes(near)) found.push(near);
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
function placeOf(calls: readonly SpanFacts[], { startTime, spanId }: SpanFacts): number {
  let low = 0;
  let high = calls.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    const span = calls[middle]!;
    const isBefore =
      span.startTime < startTime || (span.startTime === startTime && span.spanId < spanId);
    if (isBefore) low = middle + 1;
    else high = middle;
  }
  return low;
}
