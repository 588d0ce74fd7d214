/**
 * What is left of the usage that an agent reports of itself where a call below it does not say its own:
 * its counts less those of the spans below. Where all calls say theirs they are believed: what the agent
 * has beyond them is a sum over more than this trace, or counted in another way.
 */
import type { Usage } from "../contract/v1.ts";
import { isSilent, reportsUsage } from "./alike.ts";
import { isModelCall } from "./calls.ts";
import { summedCounts, type SpanFacts } from "./spanfacts.ts";

/** A trace's spans and what is known of them. */
export interface Counted {
  spans: ReadonlyMap<string, SpanFacts>;
  /** The span of the same call that counts in the place of one. */
  repeatedBy(span: SpanFacts): SpanFacts | undefined;
  /** Whether a span is no call, and one below it reports usage. */
  isCovered(span: SpanFacts): boolean;
}

/** @returns by the id of the span what counts of its usage. */
export function findRests(counted: Counted): Map<string, Usage> {
  const rests = new Map<string, Usage>();
  const partial = [...findPartial(counted)].map((span) => ({
    span,
    depth: [...ancestorsOf(span, counted.spans)].length,
  }));
  if (partial.length === 0) return rests;
  const children = Map.groupBy(counted.spans.values(), ({ parentSpanId }) => parentSpanId);
  // In a ring of parents none is deeper than the other.
  partial.sort((a, b) => b.depth - a.depth || (a.span.spanId < b.span.spanId ? -1 : 1));
  for (const { span } of partial) {
    const rest = restOf(span, sumBelow(span, children, counted, rests));
    if (rest) rests.set(span.spanId, rest);
  }
  return rests;
}

/** Who reports usage next above a call that does not say its own. */
function findPartial({ spans, repeatedBy, isCovered }: Counted): Set<SpanFacts> {
  const found = new Set<SpanFacts>();
  const seen = new Set<SpanFacts>();
  for (const call of spans.values()) {
    if (!isModelCall(call) || !isSilent(call) || call.status === "error" || repeatedBy(call)) {
      continue;
    }
    for (const span of ancestorsOf(call, spans)) {
      if (seen.has(span)) break;
      seen.add(span);
      if (isModelCall(span) || !reportsUsage(span)) continue;
      if (isCovered(span)) found.add(span);
      break;
    }
  }
  return found;
}

function* ancestorsOf(
  span: SpanFacts,
  spans: ReadonlyMap<string, SpanFacts>,
): Generator<SpanFacts> {
  const seen = new Set([span]);
  for (let at = span; at.parentSpanId !== undefined;) {
    const parent = spans.get(at.parentSpanId);
    if (!parent || seen.has(parent)) return;
    seen.add(parent);
    yield (at = parent);
  }
}

function sumBelow(
  top: SpanFacts,
  children: ReadonlyMap<string | undefined, SpanFacts[]>,
  { repeatedBy, isCovered }: Counted,
  rests: ReadonlyMap<string, Usage>,
): Usage {
  const sum: Usage = {};
  const seen = new Set([top]);
  const counted = new Set<SpanFacts>();
  // Grows while it is gone through.
  for (const parent of seen) {
    for (const child of children.get(parent.spanId) ?? []) seen.add(child);
    const span = repeatedBy(parent) ?? parent;
    if (parent === top || counted.has(span)) continue;
    counted.add(span);
    const usage = isCovered(span) ? rests.get(span.spanId) : span.usage;
    if (!usage) continue;
    for (const field of summedCounts) sum[field] = (sum[field] ?? 0) + (usage[field] ?? 0);
  }
  return sum;
}

function restOf({ usage }: SpanFacts, below: Usage): Usage | null {
  const rest: Usage = {};
  for (const field of summedCounts) {
    const left = (usage![field] ?? 0) - (below[field] ?? 0);
    if (left > 0) rest[field] = left;
  }
  return Object.keys(rest).length > 0 ? rest : null;
}
