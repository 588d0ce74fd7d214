/**
 * What is left of the usage that an agent reports of itself where a call below it does not say its own:
 * its counts less those of the spans below. Where all calls say theirs they are believed: what the agent
 * has beyond them is a sum over more than this trace, or counted in another way.
 */
import type { Usage } from "../contract/v1.ts";
import { reportsUsage } from "./alike.ts";
import { isModelCall } from "./calls.ts";
import { summedCounts, type SpanFacts, type Spans } from "./spanfacts.ts";

/** A trace's spans and what is known of them. */
export interface Counted {
  spans: Spans;
  /** The calls that count and do not say what they used, but for those that failed. */
  silent: Iterable<SpanFacts>;
  /** The span of the same call that counts in the place of one. */
  repeatedBy(span: SpanFacts): SpanFacts | undefined;
  /** Whether a span is no call, and one below it reports usage. */
  isCovered(span: SpanFacts): boolean;
}

/** Who reports only a part below it, and what that is. */
interface Partial {
  span: SpanFacts;
  depth: number;
  below: Usage;
  /** Keys of the spans that are part of the sum: a call may be reported at two places. */
  counted: Set<number>;
}

/** @returns by the id of the span what counts of its usage. */
export function findRests(counted: Counted): Map<string, Usage> {
  const rests = new Map<string, Usage>();
  const partial = findPartial(counted);
  if (partial.size === 0) return rests;
  const nextAbove = createNextAbove(counted.spans, partial);
  const add = (span: SpanFacts, counting: SpanFacts, usage: Usage) => {
    for (let at = nextAbove(span); at && !at.counted.has(counting.key); at = nextAbove(at.span)) {
      at.counted.add(counting.key);
      for (const field of summedCounts) {
        if (usage[field]) at.below[field] = (at.below[field] ?? 0) + usage[field];
      }
    }
  };
  for (const span of counted.spans.values()) {
    const counting = counted.repeatedBy(span) ?? span;
    if (counting.usage && !counted.isCovered(counting)) add(span, counting, counting.usage);
  }
  // In a ring of parents none is deeper than the other.
  const sorted = [...partial.values()].sort(
    (a, b) => b.depth - a.depth || (a.span.spanId < b.span.spanId ? -1 : 1),
  );
  for (const { span, below } of sorted) {
    const rest = restOf(span, below);
    if (!rest) continue;
    rests.set(span.spanId, rest);
    add(span, span, rest);
  }
  return rests;
}

/** Who reports usage next above a call that does not say its own, by key. */
function findPartial({ spans, silent, isCovered }: Counted): Map<number, Partial> {
  const found = new Map<number, Partial>();
  const seen = new Set<number>();
  for (const call of silent) {
    for (const span of ancestorsOf(call, spans)) {
      if (seen.has(span.key)) break;
      seen.add(span.key);
      if (isModelCall(span) || !reportsUsage(span)) continue;
      if (isCovered(span)) {
        const depth = [...ancestorsOf(span, spans)].length;
        found.set(span.key, { span, depth, below: {}, counted: new Set([span.key]) });
      }
      break;
    }
  }
  return found;
}

function* ancestorsOf(span: SpanFacts, spans: Spans): Generator<SpanFacts> {
  const seen = new Set([span.key]);
  for (let at = span; at.parentSpanId !== undefined;) {
    const parent = spans.get(at.parentSpanId);
    if (!parent || seen.has(parent.key)) return;
    seen.add(parent.key);
    yield (at = parent);
  }
}

/** @returns what finds the next one above a span. Each way up is gone once. */
function createNextAbove(
  spans: Spans,
  partial: ReadonlyMap<number, Partial>,
): (span: SpanFacts) => Partial | null {
  const known = new Map<string, Partial | null>();
  return (span) => {
    const path: string[] = [];
    let found: Partial | null | undefined;
    for (let id = span.parentSpanId; id !== undefined; id = spans.get(id)?.parentSpanId) {
      found = known.get(id);
      if (found !== undefined) break;
      // Until it is known there is none: so ends a ring.
      known.set(id, null);
      path.push(id);
      const parent = spans.get(id);
      found = parent && partial.get(parent.key);
      if (found) break;
    }
    for (const id of path) known.set(id, found ?? null);
    return found ?? null;
  };
}

function restOf({ usage }: SpanFacts, below: Usage): Usage | null {
  const rest: Usage = {};
  for (const field of summedCounts) {
    const left = (usage![field] ?? 0) - (below[field] ?? 0);
    if (left > 0) rest[field] = left;
  }
  return Object.keys(rest).length > 0 ? rest : null;
}
