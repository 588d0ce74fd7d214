/**
 * Which spans report one and the same model call. Libraries wrap one another and each has a span of a
 * call: one of them counts, the rest repeat it. Nothing here depends on the order in which spans came.
 */
import {
  areOtherIds,
  detailOf,
  isSameModel,
  isSameUsage,
  isSilent,
  isUniqueId,
  isWithin,
  overlap,
  reportsUsage,
} from "./alike.ts";
import type { SpanFacts } from "./spanfacts.ts";

/** A span that may report a model call, and what was decided of it. */
export interface Call {
  span: SpanFacts;
  /** The nearest call above it with no tool or agent in between. */
  up: Call | undefined;
  below: Call[];
  /** The one that counts in its place; of a sum, the last of what it sums up. */
  repeats: Call | undefined;
  /** The one whose messages are shown in its place. */
  shownBy: Call | undefined;
  /** Of one that counts, where another of its group alone says it. */
  ttftMs: number | undefined;
  /** While it is decided over. */
  group: Group | undefined;
}

/** One call of a model, by all that report it. */
interface Group {
  members: Call[];
  /** Set where its counts are a sum over calls below: the last of them. */
  sumOf: Call | undefined;
}

/** How far apart an outer and an inner span of one call may be, in calls. */
const levels = 8;

/** Nobody tries a call so often: who has more calls below it is no report of one, nor of their sum. */
export const maxBelow = 1000;

export function outerOf({ up }: Call): Call | undefined {
  return up && up.below.length <= maxBelow ? up : undefined;
}

export function innerOf({ below }: Call): readonly Call[] {
  return below.length <= maxBelow ? below : [];
}

export function isModelCall({ spanType }: Pick<SpanFacts, "spanType">): boolean {
  return spanType === "llm" || spanType === "embedding";
}

/**
 * What spans have in common that may be reports of one call although none is above the other: the
 * answer's id, and a number made of their counts, -1 where they failed without any.
 */
export function keysOf(span: SpanFacts): (string | number)[] {
  const keys: (string | number)[] = [];
  const { responseId, usage } = span;
  if (responseId !== undefined) keys.push(responseId);
  if (!isSilent(span)) keys.push((usage!.inputTokens ?? 0) * 2 ** 20 + (usage!.outputTokens ?? 0));
  else if (span.status === "error") keys.push(-1);
  return keys;
}

/** Whether two spans that share a key, none above the other, may be reports of one call. */
export function isAlike(a: SpanFacts, b: SpanFacts): boolean {
  if (a.spanType !== b.spanType || a.instrumentation === b.instrumentation) return false;
  if (hasSameId(a, b)) {
    if (!overlap(a, b)) return false;
    return isSilent(a) || isSilent(b) || isUniqueId(a.responseId!) || repeats(a, b);
  }
  const bothFailed = isSilent(a) && isSilent(b) && a.status === "error" && b.status === "error";
  return (
    a.parentSpanId === b.parentSpanId &&
    !areOtherIds(a.responseId, b.responseId) &&
    (isWithin(a, b) || isWithin(b, a)) &&
    (bothFailed ? isSameModel(a, b) : repeats(a, b))
  );
}

function hasSameId(a: SpanFacts, b: SpanFacts): boolean {
  return a.responseId !== undefined && a.responseId === b.responseId;
}

function repeats(a: SpanFacts, b: SpanFacts): boolean {
  return !isSilent(a) && !isSilent(b) && isSameModel(a, b) && isSameUsage(a.usage!, b.usage!);
}

/** Decides over calls of which no other is a neighbour: above, below or alike. */
export function decide(calls: readonly Call[], alikesOf: (call: Call) => readonly Call[]): void {
  for (const call of calls) call.group = { members: [call], sumOf: undefined };
  for (const [a, b] of pairsOf(calls, alikesOf)) join(a, b);
  for (const outer of innerFirst(calls)) {
    const inner = descendantsOf(outer).filter(
      ({ call }) => call.span.spanType === outer.span.spanType,
    );
    const proven = provenIn(outer, inner);
    const sumOf = proven ? undefined : lastOfSum(outer, inner);
    const same = proven ?? (sumOf ? undefined : likeliestIn(outer, inner));
    if (same) join(outer, same);
    else outer.group!.sumOf ??= sumOf;
  }
  for (const call of calls) settle(call, call.group!);
  for (const call of calls) call.group = undefined;
}

function innerFirst(calls: readonly Call[]): Call[] {
  const outer = calls.filter((call) => innerOf(call).length > 0);
  if (outer.length < 2) return outer;
  return outer
    .map((call) => ({ call, depth: ancestorsOf(call).length }))
    .sort((a, b) => b.depth - a.depth || byStart(a.call.span, b.call.span))
    .map(({ call }) => call);
}

/** The likeliest first. */
function pairsOf(
  calls: readonly Call[],
  alikesOf: (call: Call) => readonly Call[],
): [Call, Call][] {
  const pairs: [Call, Call][] = [];
  for (const a of calls) {
    for (const b of alikesOf(a)) if (byStart(a.span, b.span) < 0) pairs.push([a, b]);
  }
  if (pairs.length < 2) return pairs;
  return pairs
    .map((pair) => ({ pair, apart: apart(pair[0].span, pair[1].span) }))
    .sort(
      (a, b) =>
        a.apart - b.apart ||
        byStart(a.pair[0].span, b.pair[0].span) ||
        byStart(a.pair[1].span, b.pair[1].span),
    )
    .map(({ pair }) => pair);
}

/** In ms; who shares an id is nearer than all others. */
function apart(a: SpanFacts, b: SpanFacts): number {
  const far = hasSameId(a, b) ? 0 : 1e12;
  return far + Math.abs(a.startTime - b.startTime) + Math.abs(a.endTime - b.endTime);
}

/** One instrumentation has one span of a call, but for those within each other. */
function join(a: Call, b: Call): void {
  const [into, from] = [a.group!, b.group!];
  if (into === from) return;
  const isTwice = into.members.some((one) =>
    from.members.some(
      (other) =>
        one.span.instrumentation === other.span.instrumentation &&
        !ancestorsOf(one).includes(other) &&
        !ancestorsOf(other).includes(one),
    ),
  );
  if (isTwice) return;
  into.members.push(...from.members);
  into.sumOf ??= from.sumOf;
  for (const member of from.members) member.group = into;
}

/** The nearest first; in a ring of parents not the call itself. */
function ancestorsOf(call: Call): Call[] {
  const found: Call[] = [];
  for (let at = outerOf(call); at && found.length < levels; at = outerOf(at)) {
    if (at === call || found.includes(at)) break;
    found.push(at);
  }
  return found;
}

interface Inner {
  call: Call;
  level: number;
}

function descendantsOf(call: Call): Inner[] {
  const found: Inner[] = [];
  const seen = new Set([call]);
  let parents = [call];
  for (let level = 1; level <= levels && parents.length > 0; level++) {
    const children = parents.flatMap(innerOf).filter((child) => !seen.has(child));
    for (const child of children) {
      seen.add(child);
      found.push({ call: child, level });
    }
    parents = children;
  }
  return found;
}

/** The span below that says the same as the outer one: of several the last, where it was tried again. */
function provenIn(outer: Call, inner: Inner[]): Call | undefined {
  return closestOf(
    outer,
    inner.filter(({ call: { span } }) => hasSameId(outer.span, span) || repeats(outer.span, span)),
  );
}

/** The same where one of the two does not say what it used: it failed, or it was streamed. */
function likeliestIn(outer: Call, inner: Inner[]): Call | undefined {
  return closestOf(
    outer,
    inner.filter(({ call: { span } }) => {
      const isAttempt = hasFailed(span) && !hasFailed(outer.span);
      return (
        (isSilent(outer.span) || (isSilent(span) && !isAttempt)) &&
        isSameModel(outer.span, span) &&
        isWithin(span, outer.span)
      );
    }),
  );
}

function closestOf(outer: Call, found: Inner[]): Call | undefined {
  const differs = ({ call: { span } }: Inner) =>
    Number(!hasSameId(outer.span, span)) * 2 + Number(hasFailed(span) !== hasFailed(outer.span));
  const [best] = found.sort(
    (a, b) => a.level - b.level || differs(a) - differs(b) || byEnd(b.call.span, a.call.span),
  );
  return best?.call;
}

function hasFailed({ status }: SpanFacts): boolean {
  return status === "error";
}

/** The last of several calls below whose counts make up those of the outer one. */
function lastOfSum(outer: Call, inner: Inner[]): Call | undefined {
  if (inner.length < 2 || isSilent(outer.span)) return undefined;
  const parts = [...new Set(inner.map(({ call }) => call.group!))]
    .filter((group) => group !== outer.group && !group.sumOf)
    .map(({ members }) => standFor(members))
    .filter(({ span }) => !isSilent(span));
  if (parts.length < 2) return undefined;
  const sum = { inputTokens: 0, outputTokens: 0, totalTokens: 0 };
  for (const { span } of parts) {
    const { inputTokens = 0, outputTokens = 0, totalTokens } = span.usage!;
    sum.inputTokens += inputTokens;
    sum.outputTokens += outputTokens;
    sum.totalTokens += totalTokens ?? inputTokens + outputTokens;
  }
  if (!isSameUsage(outer.span.usage!, sum)) return undefined;
  return parts.sort((a, b) => byEnd(a.span, b.span)).at(-1);
}

function settle(call: Call, group: Group): void {
  const { members } = resolve(group);
  const counting = standFor(members);
  const shown = voiceOf(members, counting);
  call.repeats = call === counting ? undefined : counting;
  call.shownBy = call === shown ? undefined : shown;
  const timed = members.filter(({ span }) => span.ttftMs !== undefined);
  call.ttftMs = timed.sort((a, b) => byStart(a.span, b.span))[0]?.span.ttftMs;
}

/** The group that counts in the place of a sum. */
function resolve(group: Group): Group {
  let at = group;
  for (const seen = new Set<Group>(); at.sumOf && !seen.has(at); at = at.sumOf.group!) seen.add(at);
  return at;
}

/** The one with most of its messages; of equals the one that counts, then the inner one. */
function voiceOf(members: readonly Call[], counting: Call): Call {
  const said = ({ span }: Call) => Number(span.hasInput) + Number(span.hasOutput);
  return members.reduce((best, call) => {
    const more =
      said(call) - said(best) ||
      Number(call === counting) - Number(best === counting) ||
      depthIn(call, members) - depthIn(best, members) ||
      byStart(best.span, call.span);
    return more > 0 ? call : best;
  });
}

/** The one that says most of what was used; of equals the inner one, then the shorter one. */
function standFor(members: readonly Call[]): Call {
  return members.reduce((best, call) => (rank(call, best, members) > 0 ? call : best));
}

function rank(a: Call, b: Call, members: readonly Call[]): number {
  if (a === b) return 0;
  return (
    Number(reportsUsage(a.span)) - Number(reportsUsage(b.span)) ||
    Number(!!a.span.modelId) - Number(!!b.span.modelId) ||
    detailOf(a.span) - detailOf(b.span) ||
    depthIn(a, members) - depthIn(b, members) ||
    b.span.endTime - b.span.startTime - (a.span.endTime - a.span.startTime) ||
    compare(b.span.spanId, a.span.spanId)
  );
}

function depthIn(call: Call, members: readonly Call[]): number {
  return ancestorsOf(call).filter((above) => members.includes(above)).length;
}

function byStart(a: SpanFacts, b: SpanFacts): number {
  return a.startTime - b.startTime || compare(a.spanId, b.spanId);
}

function byEnd(a: SpanFacts, b: SpanFacts): number {
  return a.endTime - b.endTime || compare(a.spanId, b.spanId);
}

function compare(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}
