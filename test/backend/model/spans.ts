/** The spans of a trace by any query, whole, and their texts. */
import type { Reader, SpanPlace } from "../../../src/backend/reader.ts";
import type {
  SpanQuery,
  SpanRecord,
  StartPlace,
  Texts,
  WholeSpan,
} from "../../../src/backend/spans.ts";
import { payloadFields, payloadsOf, usageColumns } from "../../../src/contract/fields.ts";
import { spanTypes, type ImportedSpan } from "../../../src/contract/v1.ts";
import { AppError } from "../../../src/errors.ts";
import { isRuntime, reportsUsage, storedId } from "./rules.ts";
import type { Kept } from "./state.ts";
import { byStart, figure, shownElsewhere, type View } from "./summary.ts";

type Reads = Pick<
  Reader,
  | "findSpan"
  | "spans"
  | "wholeSpans"
  | "wholeSpan"
  | "sameCalls"
  | "traceAttributes"
  | "fieldsOf"
  | "textOf"
  | "isDamaged"
  | "tokensOf"
  | "textOfTokens"
  | "foldLists"
>;

const spanOf = (texts: Texts) => texts as unknown as ImportedSpan;
const noSpan = () => new AppError("not_found", "no such span in this trace");

export function spanReads(views: (nowMs: number) => View[], findTrace: Reader["findTrace"]): Reads {
  const viewOf = (traceKey: number) => views(0).find(({ trace }) => trace.key === traceKey);
  const keptOf = (traceKey: number, key: number): Kept => {
    const kept = viewOf(traceKey)?.trace.spans.find((each) => each.key === key);
    if (!kept) throw noSpan();
    return kept;
  };

  return {
    findSpan(trace, ref) {
      const { key: traceKey } = findTrace(trace, 0);
      const view = viewOf(traceKey)!;
      const withId = (id: string | null) => view.trace.spans.find(({ span }) => span.spanId === id);
      const kept =
        "key" in ref
          ? view.trace.spans.find(({ key }) => key === ref.key)
          : (withId(ref.spanId) ?? withId(storedId(ref.spanId)));
      if (!kept) throw noSpan();
      return { ...recordOf(view, kept), traceKey };
    },
    spans(query) {
      const view = viewOf(query.traceKey);
      if (!view) return [];
      const shownBy = shownElsewhere(view.trace);
      return select(
        view.trace.spans.map((kept) => recordOf(view, kept, shownBy)),
        query,
      );
    },
    wholeSpans: (traceKey, afterKey, limit) =>
      (viewOf(traceKey)?.trace.spans ?? [])
        .filter(({ key }) => afterKey === null || key > afterKey)
        .slice(0, limit)
        .map(toWhole),
    wholeSpan: (traceKey, key) => toWhole(keptOf(traceKey, key)),
    sameCalls(traceKey, key, limit) {
      const own = keptOf(traceKey, key).span;
      const { projectId } = viewOf(traceKey)!.trace;
      return views(0)
        .filter(({ trace }) => trace.key !== traceKey && trace.projectId === projectId)
        .flatMap(({ trace }) =>
          trace.spans
            .filter(({ span }) => areSameCall(own, span))
            .map(({ key, span: { spanId } }): SpanPlace => {
              return { traceKey: trace.key, traceId: trace.traceId, key, spanId };
            }),
        )
        .slice(0, limit);
    },
    traceAttributes(traceKey) {
      const texts = (viewOf(traceKey)?.spans ?? [])
        .toSorted((a, b) => b.endTime - a.endTime || (a.spanId < b.spanId ? 1 : -1))
        .flatMap(({ x }) => x?.traceAttributes ?? []);
      const different = [...new Set(texts)];
      // As it came, where all say the same.
      if (different.length < 2) return different[0] ?? null;
      const all = different.reverse().map((text) => JSON.parse(text) as object);
      return JSON.stringify(Object.assign({}, ...all));
    },
    fieldsOf: (texts) =>
      payloadFields.filter((field) => payloadsOf(spanOf(texts))[field] !== undefined),
    textOf: (texts, field) => payloadsOf(spanOf(texts))[field],
    isDamaged: () => false,
    tokensOf(texts, field) {
      const text = payloadsOf(spanOf(texts))[field];
      return text === undefined ? null : [text];
    },
    textOfTokens: (tokens) => tokens.join(""),
    foldLists: (_, field, fold) => (texts) => {
      const text = payloadsOf(spanOf(texts))[field];
      return text === undefined ? null : fold(null, 0, [text]);
    },
  };
}

function recordOf(view: View, kept: Kept, shownBy = shownElsewhere(view.trace)): SpanRecord {
  const { key, span, cost } = kept;
  const keyOf = (other: ImportedSpan) => view.trace.spans.find((each) => each.span === other)!.key;
  const counts = Object.fromEntries(
    usageColumns.map((field) => [field, span.usage?.[field] ?? null]),
  ) as Record<(typeof usageColumns)[number], number | null>;
  return {
    key,
    spanId: span.spanId,
    parentSpanId: span.parentSpanId ?? null,
    spanType: span.spanType,
    status: span.status ?? null,
    startTime: span.startTime,
    durationMs: span.endTime - span.startTime,
    name: span.name,
    provider: span.provider ?? null,
    modelId: span.modelId ?? null,
    errorMessage: span.errorMessage ?? null,
    ttftMs: span.ttftMs ?? null,
    ...counts,
    reportsUsage: reportsUsage(span),
    metadata: span.metadata ?? null,
    cost: cost ? figure(cost.amount) : null,
    isCostEstimated: cost?.isEstimated ?? false,
    price: cost?.price ?? null,
    repeats: view.isRepeated(span) ? keyOf(view.countingOf(span)) : null,
    shownBy: shownBy.get(key) ?? null,
    wholeLengths: span.x?.wholeLengths ?? null,
    isRuntime: isRuntime(span),
    texts: span as unknown as Texts,
  };
}

const types = (type: ImportedSpan["spanType"]) => spanTypes.indexOf(type);

function select(records: SpanRecord[], query: SpanQuery): SpanRecord[] {
  if (query.keys)
    return query.keys.flatMap((key) => records.find((span) => span.key === key) ?? []);
  const { order = "key", isDescending, limit = Infinity } = query;
  type Place = Pick<StartPlace, "startTime" | "spanType" | "key">;
  const compare = (a: Place, b: Place) =>
    a.startTime - b.startTime ||
    (order === "startAndType" ? types(a.spanType!) - types(b.spanType!) : 0) ||
    a.key - b.key;
  const isIn = <T>(wanted: readonly T[] | undefined, value: T) =>
    wanted === undefined || wanted.includes(value);
  const found = records.filter(
    (span) =>
      span.key <= (query.lastKey ?? Infinity) &&
      isIn(query.types, span.spanType) &&
      !(query.isShown && span.shownBy !== null) &&
      isIn(query.parentSpanIds, span.parentSpanId ?? undefined) &&
      (!query.after || compare(span, query.after) > 0) &&
      (!query.from || compare(span, query.from) >= 0) &&
      (!query.before || compare(span, query.before) < 0) &&
      (!query.upTo || compare(span, query.upTo) <= 0),
  );
  found.sort(order === "key" ? (a, b) => a.key - b.key : compare);
  if (isDescending) found.reverse();
  return found.slice(0, limit);
}

function toWhole({ key, span, header, source, receivedAt }: Kept): WholeSpan {
  const { x: { isRuntime: _, ...x } = {}, ...own } = span;
  const more = { ...x, ...(isRuntime(span) && { isRuntime: true as const }) };
  return { key, span: own, x: { ...more, source, receivedAt }, header, damaged: [] };
}

/** The same answer at the same time, reported by another instrumentation. */
function areSameCall(a: ImportedSpan, b: ImportedSpan): boolean {
  const id = a.x?.responseId;
  if (id === undefined || b.x?.responseId !== id || a.spanType !== b.spanType) return false;
  if (a.x?.instrumentation === b.x?.instrumentation) return false;
  const [first, second] = [a, b].sort(byStart) as [ImportedSpan, ImportedSpan];
  if (first.startTime === second.startTime) return true;
  const isMoment = first.startTime === first.endTime || second.startTime === second.endTime;
  return second.startTime < first.endTime || (isMoment && second.startTime === first.endTime);
}
