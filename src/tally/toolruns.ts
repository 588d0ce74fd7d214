/**
 * Which spans report one run of a tool: an agent has a span of it and the library that it calls its tools
 * through another, both with the id of the call. One of them counts, the rest repeat it. Nothing here
 * depends on the order in which spans came.
 */

import type { Change } from "./callgraph.ts";
import type { SpanFacts, Spans } from "./spanfacts.ts";

/** Spans between an outer and an inner span of one run. */
const maxBetween = 64;

/**
 * With how many others of its id, the next by start, a span is compared: some senders count the ids of each
 * answer from 0 on.
 */
const reach = 16;

/** The tools of a trace that name their call, and which of them repeat another. */
export class ToolRuns {
  /** All spans that came so far, by id. */
  readonly #spans: Spans;
  /** By the id of the call. Most have one span. */
  readonly #runs = new Map<string, SpanFacts | SpanFacts[]>();
  /** Runs about which something may be decided otherwise than before. */
  readonly #dirty = new Set<SpanFacts[]>();
  /** Runs with a span whose way up ends at one that did not come yet, by its id: it may lead to another. */
  readonly #waiting = new Map<string, Set<SpanFacts[]>>();
  readonly #repeated = new Map<string, SpanFacts>();

  constructor(spans: Spans) {
    this.#spans = spans;
  }

  /** Adds a span that is among the trace's spans already, and was not added before. */
  add(span: SpanFacts): void {
    const { spanId, spanType, toolCallId } = span;
    if (this.#waiting.size > 0) {
      for (const runs of this.#waiting.get(spanId) ?? []) this.#dirty.add(runs);
      this.#waiting.delete(spanId);
    }
    if (spanType !== "tool" || toolCallId === undefined) return;
    const known = this.#runs.get(toolCallId);
    if (!known) {
      this.#runs.set(toolCallId, span);
      return;
    }
    const runs = Array.isArray(known) ? known : [known];
    if (runs !== known) this.#runs.set(toolCallId, runs);
    runs.push(span);
    this.#dirty.add(runs);
  }

  /** The span that counts in this one's place; undefined where it counts itself. */
  repeatedBy({ spanId }: SpanFacts): SpanFacts | undefined {
    return this.#repeated.size === 0 ? undefined : this.#repeated.get(spanId);
  }

  /** Decides what may have changed since the last time. */
  decide(): Change[] {
    const changes: Change[] = [];
    for (const runs of this.#dirty) {
      const isAbove = (a: SpanFacts, b: SpanFacts) => this.#isAbove(a, b, runs);
      const repeated = new Map<string, SpanFacts>();
      for (const group of groupsOf(runs.sort(byStart), isAbove)) {
        const counting = group.reduce((best, run) => (rank(run, best) > 0 ? run : best));
        for (const run of group) {
          if (run.spanId !== counting.spanId) repeated.set(run.spanId, counting);
        }
      }
      for (const run of runs) {
        const [before, now] = [this.#repeated.get(run.spanId), repeated.get(run.spanId)];
        if (before?.spanId === now?.spanId) continue;
        changes.push({ span: run, before });
        if (now) this.#repeated.set(run.spanId, now);
        else this.#repeated.delete(run.spanId);
      }
    }
    this.#dirty.clear();
    return changes;
  }

  #isAbove(a: SpanFacts, b: SpanFacts, runs: SpanFacts[]): boolean {
    let id = b.parentSpanId;
    for (let passed = 0; id != null && passed < maxBetween; passed++) {
      if (id === a.spanId) return true;
      const span = this.#spans.get(id);
      if (!span) {
        const waiting = this.#waiting.get(id);
        if (waiting) waiting.add(runs);
        else this.#waiting.set(id, new Set([runs]));
      }
      id = span?.parentSpanId;
    }
    return false;
  }
}

type IsAbove = (a: SpanFacts, b: SpanFacts) => boolean;

/** @param runs of one id, by their start. */
function groupsOf(runs: SpanFacts[], isAbove: IsAbove): SpanFacts[][] {
  const groups = runs.map((run) => [run]);
  runs.forEach((a, i) => {
    for (let j = i + 1; j < Math.min(runs.length, i + 1 + reach); j++) {
      const b = runs[j]!;
      const [into, from] = [groups[i]!, groups[j]!];
      if (into === from || !isSameRun(a, b, isAbove)) continue;
      // Two at once of one instrumentation that are not within each other are two runs.
      if (into.some((one) => from.some((other) => !isSameRun(one, other, isAbove)))) continue;
      into.push(...from);
      for (let k = 0; k < groups.length; k++) if (groups[k] === from) groups[k] = into;
    }
  });
  return [...new Set(groups)].filter(({ length }) => length > 1);
}

function isSameRun(a: SpanFacts, b: SpanFacts, isAbove: IsAbove): boolean {
  if (isAbove(a, b) || isAbove(b, a)) return true;
  const isOneReporter = a.instrumentation === b.instrumentation && a.toolCallKey === b.toolCallKey;
  return !isOneReporter && overlap(a, b);
}

function overlap(a: SpanFacts, b: SpanFacts): boolean {
  return a.startTime <= b.endTime && b.startTime <= a.endTime;
}

/** The one with arguments and result; of equals the longer one. */
function rank(a: SpanFacts, b: SpanFacts): number {
  const texts = ({ hasInput, hasOutput }: SpanFacts) => Number(hasInput) + Number(hasOutput);
  const length = ({ startTime, endTime }: SpanFacts) => endTime - startTime;
  return texts(a) - texts(b) || length(a) - length(b) || byStart(b, a);
}

function byStart(a: SpanFacts, b: SpanFacts): number {
  return a.startTime - b.startTime || (a.spanId < b.spanId ? -1 : Number(a.spanId > b.spanId));
}
