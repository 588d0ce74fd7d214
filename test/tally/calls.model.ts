/**
 * Which spans report one call, and what counts of their usage, found in the plainest way: every span
 * against every other one. It shares no code with the store.
 */
import type { Usage } from "../../src/contract/v1.ts";

export interface ModelSpan {
  spanId: string;
  parentSpanId?: string | undefined;
  spanType: string;
  status?: string | undefined;
  startTime: number;
  endTime: number;
  modelId?: string | undefined;
  usage?: Usage | undefined;
  ttftMs?: number | undefined;
  x?: { responseId?: string; requestModelId?: string; instrumentation?: string } | undefined;
}

/** Names in these tests that stand for one model. */
const sameNames = [["gpt-4o", "openai/gpt-4o-2024-08-06"]];

const isCall = ({ spanType }: ModelSpan) => spanType === "llm" || spanType === "embedding";
const hasFailed = ({ status }: ModelSpan) => status === "error";
const tokensOf = ({ usage }: ModelSpan) => [
  usage?.inputTokens,
  usage?.outputTokens,
  usage?.totalTokens,
];
const isSilent = (span: ModelSpan) =>
  !tokensOf(span).some((count) => count !== undefined && count > 0);
const reports = ({ usage }: ModelSpan) => usage !== undefined && Object.keys(usage).length > 0;
const compare = <T>(a: T, b: T) => (a < b ? -1 : a > b ? 1 : 0);
const byStart = (a: ModelSpan, b: ModelSpan) =>
  compare(a.startTime, b.startTime) || compare(a.spanId, b.spanId);
const byEnd = (a: ModelSpan, b: ModelSpan) =>
  compare(a.endTime, b.endTime) || compare(a.spanId, b.spanId);

function isSameModel(a: ModelSpan, b: ModelSpan): boolean {
  const namesOf = ({ modelId, x }: ModelSpan) => [modelId, x?.requestModelId].filter((n) => n);
  if (namesOf(a).length === 0 || namesOf(b).length === 0) return true;
  return namesOf(a).some((one) =>
    namesOf(b).some(
      (other) =>
        one === other || sameNames.some((same) => same.includes(one!) && same.includes(other!)),
    ),
  );
}

function isSameUsage(a: Usage, b: Usage): boolean {
  const both = (["inputTokens", "outputTokens"] as const).filter((f) => f in a && f in b);
  if (both.length > 0) return both.every((field) => a[field] === b[field]);
  const total = (usage: Usage) =>
    usage.totalTokens ?? (usage.inputTokens ?? 0) + (usage.outputTokens ?? 0);
  return total(a) === total(b);
}

const saysAgain = (a: ModelSpan, b: ModelSpan) =>
  !isSilent(a) && !isSilent(b) && isSameModel(a, b) && isSameUsage(a.usage!, b.usage!);
const isIn = (a: ModelSpan, b: ModelSpan) =>
  a.startTime >= b.startTime - 5 && a.startTime <= b.endTime && a.endTime <= b.endTime + 5;

export interface PlainCalls<S> {
  /** The span that counts for this one's call; itself where it counts. */
  countingOf(span: S): S;
  isRepeated(span: S): boolean;
  /** What counts of its usage. */
  usageOf(span: S): Usage | undefined;
  /** True of a call that counts, and of whatever else reports usage where no span below does. */
  countsWhole(span: S): boolean;
  /** What another span of its call says, where it counts. */
  ttftOf(span: S): number | undefined;
  errorCount: number;
}

export function countCalls<S extends ModelSpan>(all: readonly S[]): PlainCalls<S> {
  const spans = [...all].sort(byStart);
  const parentOf = (span: S) => spans.find(({ spanId }) => spanId === span.parentSpanId);
  /** The calls above a call with nothing but `other` in between, the nearest first. */
  const callsAbove = new Map(spans.filter(isCall).map((span) => [span, findAbove(span)]));
  const groups = new Map(spans.filter(isCall).map((span) => [span, [span]]));
  const sums = new Map<S[], S>();

  function findAbove(call: S): S[] {
    const found: S[] = [];
    const seen = new Set([call]);
    for (let at = parentOf(call); at && !seen.has(at); at = parentOf(at)) {
      seen.add(at);
      if (at.spanType === "tool" || at.spanType === "agent") break;
      if (isCall(at)) found.push(at);
    }
    return found;
  }

  function join(a: S, b: S): void {
    const [one, other] = [groups.get(a)!, groups.get(b)!];
    if (one === other) return;
    const isNested = (x: S, y: S) =>
      callsAbove.get(x)?.includes(y) || callsAbove.get(y)?.includes(x) || false;
    const isTwice = one.some((x) =>
      other.some((y) => x.x?.instrumentation === y.x?.instrumentation && !isNested(x, y)),
    );
    if (isTwice) return;
    const joined = [...one, ...other];
    const sum = sums.get(one) ?? sums.get(other);
    if (sum) sums.set(joined, sum);
    for (const span of joined) groups.set(span, joined);
  }

  function isAlike(a: S, b: S): boolean {
    if (a === b) return false;
    if (a.spanType !== b.spanType) return false;
    if (a.x?.instrumentation === b.x?.instrumentation) return false;
    const [idA, idB] = [a.x?.responseId, b.x?.responseId];
    if (idA !== undefined && idA === idB) {
      const isMomentIn = (x: S, y: S) =>
        x.startTime === x.endTime && y.startTime <= x.startTime && x.startTime <= y.endTime;
      const isAtOnce =
        Math.max(a.startTime, b.startTime) < Math.min(a.endTime, b.endTime) ||
        a.startTime === b.startTime ||
        isMomentIn(a, b) ||
        isMomentIn(b, a);
      return isAtOnce && (isSilent(a) || isSilent(b) || idA.length > 16 || saysAgain(a, b));
    }
    if (idA !== undefined && idB !== undefined) return false;
    if (a.parentSpanId !== b.parentSpanId || !(isIn(a, b) || isIn(b, a))) return false;
    const isSameCount =
      (a.usage?.inputTokens ?? 0) === (b.usage?.inputTokens ?? 0) &&
      (a.usage?.outputTokens ?? 0) === (b.usage?.outputTokens ?? 0);
    return isSilent(a) && isSilent(b)
      ? hasFailed(a) && hasFailed(b) && isSameModel(a, b)
      : isSameCount && saysAgain(a, b);
  }

  const shareId = (a: S, b: S) =>
    a.x?.responseId !== undefined && a.x.responseId === b.x?.responseId;
  const distance = (a: S, b: S) =>
    Math.abs(a.startTime - b.startTime) + Math.abs(a.endTime - b.endTime);
  const pairs = [...groups.keys()].flatMap((a, i, list) =>
    list.slice(i + 1).flatMap((b) => (isAlike(a, b) ? [[a, b] as const] : [])),
  );
  pairs.sort(
    ([a, b], [c, d]) =>
      compare(shareId(c, d), shareId(a, b)) ||
      compare(distance(a, b), distance(c, d)) ||
      byStart(a, c) ||
      byStart(b, d),
  );
  for (const [a, b] of pairs) join(a, b);

  const depthOf = (call: S) => callsAbove.get(call)?.length ?? 0;
  const calls = [...callsAbove.keys()].sort((a, b) => depthOf(b) - depthOf(a) || byStart(a, b));
  for (const outer of calls) {
    const below = calls.filter(
      (call) =>
        call !== outer && callsAbove.get(call)!.includes(outer) && call.spanType === outer.spanType,
    );
    const same = below.filter((inner) => shareId(outer, inner) || saysAgain(outer, inner));
    if (same.length > 0) {
      join(outer, nearest(outer, same));
      continue;
    }
    const parts = [...new Set(below.map((call) => groups.get(call)!))]
      .filter((group) => !group.includes(outer) && !sums.has(group))
      .map(standing)
      .filter((part) => !isSilent(part));
    const add = (field: "inputTokens" | "outputTokens") =>
      parts.reduce((sum, { usage }) => sum + (usage![field] ?? 0), 0);
    const totalTokens = parts.reduce(
      (sum, { usage }) =>
        sum + (usage!.totalTokens ?? (usage!.inputTokens ?? 0) + (usage!.outputTokens ?? 0)),
      0,
    );
    const sum = { inputTokens: add("inputTokens"), outputTokens: add("outputTokens"), totalTokens };
    if (parts.length > 1 && !isSilent(outer) && isSameUsage(outer.usage!, sum)) {
      const group = groups.get(outer)!;
      if (!sums.has(group)) sums.set(group, parts.sort(byEnd).at(-1)!);
      continue;
    }
    const likely = below.filter(
      (inner) =>
        (isSilent(outer) || (isSilent(inner) && (hasFailed(outer) || !hasFailed(inner)))) &&
        isSameModel(outer, inner) &&
        isIn(inner, outer),
    );
    if (likely.length > 0) join(outer, nearest(outer, likely));
  }

  function nearest(outer: S, found: S[]): S {
    return found.sort(
      (a, b) =>
        callsAbove.get(a)!.indexOf(outer) - callsAbove.get(b)!.indexOf(outer) ||
        compare(shareId(outer, b), shareId(outer, a)) ||
        compare(hasFailed(a) !== hasFailed(outer), hasFailed(b) !== hasFailed(outer)) ||
        byEnd(b, a),
    )[0]!;
  }

  function standing(group: S[]): S {
    const detail = ({ usage }: S) => Object.values(usage ?? {}).filter((n) => n > 0).length;
    const depth = (span: S) =>
      (callsAbove.get(span) ?? []).filter((above) => group.includes(above)).length;
    return [...group].sort(
      (a, b) =>
        compare(reports(b), reports(a)) ||
        compare(!!b.modelId, !!a.modelId) ||
        detail(b) - detail(a) ||
        depth(b) - depth(a) ||
        a.endTime - a.startTime - (b.endTime - b.startTime) ||
        compare(a.spanId, b.spanId),
    )[0]!;
  }

  function countingOf(span: S): S {
    let group = groups.get(span);
    if (!group) return span;
    for (const seen = new Set<S[]>(); sums.has(group) && !seen.has(group);) {
      seen.add(group);
      group = groups.get(sums.get(group)!)!;
    }
    return standing(group);
  }

  /** In a ring of parents every span is its own descendant. */
  function descendantsOf(span: S): S[] {
    const found = new Set<S>();
    const visit = (parent: S) => {
      for (const child of spans) {
        if (child.parentSpanId !== parent.spanId || found.has(child)) continue;
        found.add(child);
        visit(child);
      }
    };
    visit(span);
    return [...found];
  }

  const isRepeated = (span: S) => countingOf(span) !== span;
  const isCovered = (span: S) => !isCall(span) && descendantsOf(span).some(reports);
  const rests = new Map<S, Usage>();

  function usageOf(span: S): Usage | undefined {
    if (isRepeated(span)) return undefined;
    return isCovered(span) ? rests.get(span) : span.usage;
  }

  const silent = spans.filter(
    (span) => isCall(span) && isSilent(span) && !hasFailed(span) && !isRepeated(span),
  );
  const above = (span: S): S[] => {
    const found: S[] = [];
    for (let at = parentOf(span); at && at !== span && !found.includes(at); at = parentOf(at)) {
      found.push(at);
    }
    return found;
  };
  const reporters = silent.flatMap((call) =>
    above(call)
      .filter((span) => !isCall(span) && reports(span))
      .slice(0, 1),
  );
  for (const span of [...new Set(reporters)]
    .filter((span) => isCovered(span))
    .sort((a, b) => above(b).length - above(a).length || compare(a.spanId, b.spanId))) {
    const parts = new Set(
      descendantsOf(span)
        .filter((part) => part !== span)
        .map(countingOf),
    );
    const rest: Usage = {};
    for (const field of [
      "inputTokens",
      "outputTokens",
      "totalTokens",
      "reasoningTokens",
      "cachedInputTokens",
      "cacheWriteInputTokens",
    ] as const) {
      const below = [...parts].reduce((sum, part) => sum + BigInt(usageOf(part)?.[field] ?? 0), 0n);
      const left = BigInt(span.usage![field] ?? 0) - below;
      if (left > 0n) rest[field] = Number(left);
    }
    if (Object.keys(rest).length > 0) rests.set(span, rest);
  }

  return {
    countingOf,
    isRepeated,
    usageOf,
    countsWhole: (span) => (isCall(span) ? !isRepeated(span) : reports(span) && !isCovered(span)),
    ttftOf(span) {
      const group = groups.get(span);
      if (!group || isRepeated(span)) return undefined;
      return [...group].sort(byStart).find(({ ttftMs }) => ttftMs !== undefined)?.ttftMs;
    },
    errorCount: spans.filter(
      (span) => hasFailed(span) && !(isRepeated(span) && hasFailed(countingOf(span))),
    ).length,
  };
}
