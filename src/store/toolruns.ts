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
  readonly #runs = new Map<string, SpanFacts[]>();
  /** The runs of ids that several spans have: few traces have any. */
  readonly #shared = new Set<SpanFacts[]>();
  #repeated = new Map<string, SpanFacts>();
  #isDecided = true;

  constructor(spans: Spans) {
    this.#spans = spans;
  }

  /** Adds a span that is among the trace's spans already, and was not added before. */
  add(span: SpanFacts): void {
    const { spanType, toolCallId } = span;
    if (spanType === "tool" && toolCallId !== undefined) {
      const runs = this.#runs.get(toolCallId);
      if (runs) this.#shared.add(runs);
      if (runs) runs.push(span);
      else this.#runs.set(toolCallId, [span]);
    }
    // Any span may be the one between two others.
    if (this.#shared.size > 0) this.#isDecided = false;
  }

  /** The span that counts in this one's place; undefined where it counts itself. */
  repeatedBy({ spanId }: SpanFacts): SpanFacts | undefined {
    return this.#repeated.get(spanId);
  }

  /** Decides what may have changed since the last time. */
  decide(): Change[] {
    if (this.#isDecided) return [];
    this.#isDecided = true;
    const before = this.#repeated;
    this.#repeated = new Map();
    for (const runs of this.#shared) {
      for (const group of groupsOf(runs.sort(byStart), this.#spans)) {
        const counting = group.reduce((best, run) => (rank(run, best) > 0 ? run : best));
        for (const run of group)
          if (run.spanId !== counting.spanId) this.#repeated.set(run.spanId, counting);
      }
    }
    return [...new Set([...before.keys(), ...this.#repeated.keys()])]
      .filter((spanId) => before.get(spanId)?.spanId !== this.#repeated.get(spanId)?.spanId)
      .map((spanId) => ({ span: this.#spans.get(spanId)!, before: before.get(spanId) }));
  }
}

/** @param runs of one id, by their start. */
function groupsOf(runs: SpanFacts[], spans: Spans): SpanFacts[][] {
  const groups = runs.map((run) => [run]);
  runs.forEach((a, i) => {
    for (let j = i + 1; j < Math.min(runs.length, i + 1 + reach); j++) {
      const b = runs[j]!;
      const [into, from] = [groups[i]!, groups[j]!];
      if (into === from || !isSameRun(a, b, spans)) continue;
      // Two at once of one instrumentation that are not within each other are two runs.
      if (into.some((one) => from.some((other) => !isSameRun(one, other, spans)))) continue;
      into.push(...from);
      for (let k = 0; k < groups.length; k++) if (groups[k] === from) groups[k] = into;
    }
  });
  return [...new Set(groups)].filter(({ length }) => length > 1);
}

function isSameRun(a: SpanFacts, b: SpanFacts, spans: Spans): boolean {
  if (isAbove(a, b, spans) || isAbove(b, a, spans)) return true;
  const isOneReporter = a.instrumentation === b.instrumentation && a.toolCallKey === b.toolCallKey;
  return !isOneReporter && overlap(a, b);
}

function isAbove(a: SpanFacts, b: SpanFacts, spans: Spans): boolean {
  let id = b.parentSpanId;
  for (let passed = 0; id != null && passed < maxBetween; passed++) {
    if (id === a.spanId) return true;
    id = spans.get(id)?.parentSpanId;
  }
  return false;
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
