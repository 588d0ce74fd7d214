/**
 * What a trace's row says, kept from the facts of its spans.
 *
 * Adding the same facts in any order gives the same row. Nothing is ever subtracted for a changed
 * span: the tally is built again from the facts, in memory.
 */
import type { TraceHeader, Usage } from "../contract/v1.ts";
import { toFigure, type Figure } from "./codec.ts";

/** The token counts that a trace sums. */
export const summedCounts = [
  "inputTokens",
  "outputTokens",
  "totalTokens",
  "reasoningTokens",
  "cachedInputTokens",
  "cacheWriteInputTokens",
] as const satisfies (keyof Usage)[];

/** The trace-level fields that a row shows, each from the span that ended last and has it. */
const headerFields = [
  "traceName",
  "agentName",
  "workflowName",
  "workflowRunId",
  "sessionId",
  "customer",
  "metadata",
] as const satisfies (keyof TraceHeader)[];

export type SummedCount = (typeof summedCounts)[number];

/** The part of a span that its trace's row depends on. */
export interface SpanFacts {
  key: number;
  spanId: string;
  parentSpanId: string | undefined;
  spanType: string;
  status: string;
  startTime: number;
  endTime: number;
  ttftMs: number | undefined;
  /** The tool's name; undefined for all other spans. */
  toolName: string | undefined;
  provider: string | undefined;
  modelId: string | undefined;
  usage: Usage | undefined;
  hasInput: boolean;
  hasOutput: boolean;
  /** In pico-dollars; undefined where no price is known. */
  cost: bigint | undefined;
  /** True where it may be billed otherwise. */
  isCostEstimated: boolean;
  /** In pico-dollars, as the sender says it. */
  reportedCost: bigint | undefined;
  header: TraceHeader;
}

export interface TallyRow {
  startTime: number;
  endTime: number;
  status: "ok" | "error" | "aborted";
  rootCount: number;
  spanCount: number;
  llmCount: number;
  toolCount: number;
  errorCount: number;
  models: string[];
  ttftMs: number | null;
  /**
   * The fields that any span carries, each as the span that ended last carries it. Where none names
   * an agent, the service stands for it.
   */
  header: TraceHeader;
  /** A count that no span reports is absent, not 0. */
  usage: Partial<Record<SummedCount, Figure>>;
  /** In pico-dollars; null where no call is priced. */
  cost: Figure | null;
  /** Of the model calls, embeddings and other usage that count, how many have a price. */
  pricedSpanCount: number;
  priceableSpanCount: number;
  /** Of those with a price, how many may be billed otherwise. */
  estimatedSpanCount: number;
  /** What the senders say of those without one, in pico-dollars; null where they say nothing. */
  reportedCost: Figure | null;
  /**
   * The keys of the spans whose input and output stand for the trace's: of the root that starts first
   * or ends last, else of such a model call; null where none has one.
   */
  inputFrom: number | null;
  outputFrom: number | null;
}

export class Tally {
  readonly #facts = new Map<string, SpanFacts>();
  #sums = startSums();
  /** True where a span was replaced since the sums were built. */
  #isStale = false;

  get(spanId: string): SpanFacts | undefined {
    return this.#facts.get(spanId);
  }

  get size(): number {
    return this.#facts.size;
  }

  facts(): Iterable<SpanFacts> {
    return this.#facts.values();
  }

  /** False where a span below reports the same usage: see `#addUsage`. */
  counts(span: SpanFacts): boolean {
    if (this.#isStale) this.#rebuild();
    return !isRepeated(span, this.#sums.covered.get(span.spanId) ?? 0);
  }

  /** Adds a span, or replaces the one of the same id. */
  put(span: SpanFacts): void {
    // Built again once and not for each replaced span: a client may update all 50,000 of a trace.
    if (this.#facts.has(span.spanId)) this.#isStale = true;
    this.#facts.set(span.spanId, span);
    if (!this.#isStale) this.#add(span);
  }

  remove(spanId: string): void {
    if (this.#facts.delete(spanId)) this.#isStale = true;
  }

  #rebuild(): void {
    const facts = [...this.#facts.values()];
    this.#facts.clear();
    this.#sums = startSums();
    this.#isStale = false;
    for (const fact of facts) this.put(fact);
  }

  row(): TallyRow {
    if (this.#isStale) this.#rebuild();
    const sums = this.#sums;
    const failed = sums.rootErrors > 0 || sums.lastModelCall?.status === "error";
    return {
      startTime: sums.startTime,
      endTime: sums.endTime,
      status: sums.rootAborts > 0 ? "aborted" : failed ? "error" : "ok",
      rootCount: sums.roots,
      spanCount: this.size,
      llmCount: sums.modelCalls,
      toolCount: sums.tools,
      errorCount: sums.errors,
      models: [...sums.models].sort(),
      ttftMs: sums.firstTimed?.ttftMs ?? null,
      header: this.#shownHeader(),
      cost: sums.priced > 0 ? toFigure(sums.cost) : null,
      pricedSpanCount: sums.priced,
      priceableSpanCount: sums.priceable,
      estimatedSpanCount: sums.estimated,
      reportedCost: sums.reporters > 0 ? toFigure(sums.reportedCost) : null,
      inputFrom: sums.firstInput?.key ?? null,
      outputFrom: sums.lastOutput?.key ?? null,
      usage: Object.fromEntries(
        [...sums.usage]
          .filter(([, sum]) => sum.reporters > 0)
          .map(([field, sum]) => [field, toFigure(sum.total)]),
      ),
    };
  }

  #shownHeader(): TraceHeader {
    const { shown, lastOfService } = this.#sums;
    const header: TraceHeader = Object.fromEntries(
      [...shown].map(([field, span]) => [field, span.header[field]]),
    );
    const service = lastOfService?.header.x?.serviceName;
    if (!header.agentName && service) header.agentName = service;
    return header;
  }

  #add(span: SpanFacts): void {
    const sums = this.#sums;
    sums.startTime = Math.min(sums.startTime, span.startTime);
    sums.endTime = Math.max(sums.endTime, span.endTime);
    if (span.status === "error") sums.errors++;
    if (span.parentSpanId === undefined) {
      sums.roots++;
      if (span.status === "error") sums.rootErrors++;
      if (span.status === "aborted") sums.rootAborts++;
    }
    if (span.spanType === "tool") sums.tools++;
    if (span.spanType === "llm") {
      sums.modelCalls++;
      if (!sums.lastModelCall || endsAfter(span, sums.lastModelCall)) sums.lastModelCall = span;
      if (span.ttftMs !== undefined && (!sums.firstTimed || startsBefore(span, sums.firstTimed))) {
        sums.firstTimed = span;
      }
    }
    if (span.modelId && (span.spanType === "llm" || span.spanType === "embedding"))
      sums.models.add(span.modelId);
    for (const field of headerFields) {
      if (isEmpty(span.header[field])) continue;
      const shown = sums.shown.get(field);
      if (!shown || endsAfter(span, shown)) sums.shown.set(field, span);
    }
    if (
      span.header.x?.serviceName &&
      (!sums.lastOfService || endsAfter(span, sums.lastOfService))
    ) {
      sums.lastOfService = span;
    }
    if (span.hasInput && speaksBefore(span, sums.firstInput, startsBefore)) sums.firstInput = span;
    if (span.hasOutput && speaksBefore(span, sums.lastOutput, endsAfter)) sums.lastOutput = span;
    this.#addUsage(span);
  }

  /**
   * What one call used counts once. Clients repeat the sum of the steps on the root, and one library's
   * span of a call stands around another's with the same counts: a span's own usage counts only where
   * no span below says it again. Parents may arrive after their children, so coverage climbs from
   * whichever end arrives last. In a ring of parents every span is its own descendant, in any order.
   */
  #addUsage(span: SpanFacts): void {
    const { covered } = this.#sums;
    const own = covered.get(span.spanId) ?? 0;
    if (!isRepeated(span, own)) this.#count(span, 1);
    let coverage = Math.max(
      reportsUsage(span) ? (isModelCall(span) ? sameCall : below) : 0,
      passedUp(span, own),
    );
    let id = span.parentSpanId;
    while (id !== undefined && coverage > (covered.get(id) ?? 0)) {
      const before = covered.get(id) ?? 0;
      covered.set(id, coverage);
      const parent = this.#facts.get(id);
      if (!parent) return;
      if (!isRepeated(parent, before) && isRepeated(parent, coverage)) this.#count(parent, -1);
      coverage = passedUp(parent, coverage);
      id = parent.parentSpanId;
    }
  }

  #count(span: SpanFacts, sign: 1 | -1): void {
    const sums = this.#sums;
    if (span.usage) sum(sums.usage, span.usage, sign);
    if (!isPriceable(span)) return;
    sums.priceable += sign;
    if (span.cost !== undefined) {
      sums.priced += sign;
      sums.cost += BigInt(sign) * span.cost;
      if (span.isCostEstimated) sums.estimated += sign;
    } else if (span.reportedCost !== undefined) {
      sums.reporters += sign;
      sums.reportedCost += BigInt(sign) * span.reportedCost;
    }
  }
}

/** How a span is covered by usage below it: by any, or by what may be the same model call. */
const below = 1;
const sameCall = 2;

/** An empty usage says no more than an absent one, and is not told apart in a row. */
export function reportsUsage({ usage }: SpanFacts): boolean {
  return usage !== undefined && Object.keys(usage).length > 0;
}

export function isModelCall({ spanType }: Pick<SpanFacts, "spanType">): boolean {
  return spanType === "llm" || spanType === "embedding";
}

/** What counts and could have a price: calls, and usage that no call below reports. */
function isPriceable(span: SpanFacts): boolean {
  return isModelCall(span) || reportsUsage(span);
}

function isRepeated(span: SpanFacts, coverage: number): boolean {
  return coverage >= (isModelCall(span) ? sameCall : below);
}

/** A tool or an agent that a model call asked for makes calls of its own. */
function passedUp({ spanType }: SpanFacts, coverage: number): number {
  return spanType === "tool" || spanType === "agent" ? Math.min(coverage, below) : coverage;
}

type Sums = ReturnType<typeof startSums>;

function startSums() {
  return {
    startTime: Infinity,
    endTime: 0,
    roots: 0,
    rootErrors: 0,
    rootAborts: 0,
    modelCalls: 0,
    tools: 0,
    errors: 0,
    models: new Set<string>(),
    lastModelCall: undefined as SpanFacts | undefined,
    /** The model call that started first among those with a time to first token. */
    firstTimed: undefined as SpanFacts | undefined,
    /** The span whose header's value is shown, by field. */
    shown: new Map<(typeof headerFields)[number], SpanFacts>(),
    usage: new Map<SummedCount, { total: bigint; reporters: number }>(),
    lastOfService: undefined as SpanFacts | undefined,
    firstInput: undefined as SpanFacts | undefined,
    lastOutput: undefined as SpanFacts | undefined,
    cost: 0n,
    priced: 0,
    priceable: 0,
    estimated: 0,
    reportedCost: 0n,
    reporters: 0,
    /** By id, of spans arrived or not: how the usage below covers it. */
    covered: new Map<string, number>(),
  };
}

function sum(sums: Sums["usage"], usage: Usage, sign: 1 | -1): void {
  for (const field of summedCounts) {
    const value = usage[field];
    if (value === undefined) continue;
    let sum = sums.get(field);
    if (!sum) sums.set(field, (sum = { total: 0n, reporters: 0 }));
    sum.total += BigInt(sign * value);
    sum.reporters += sign;
  }
}

/** `""` and `{}` say no more than an absent field. */
function isEmpty(value: TraceHeader[(typeof headerFields)[number]]): boolean {
  return typeof value === "object" ? Object.keys(value).length === 0 : !value;
}

/** Whose texts stand for the trace's: a root's, else a model call's, of several as `isBefore` says. */
function speaksBefore(
  span: SpanFacts,
  other: SpanFacts | undefined,
  isBefore: (a: SpanFacts, b: SpanFacts) => boolean,
): boolean {
  const rank = voiceOf(span);
  if (rank === 0 || !other) return rank > 0;
  return rank === voiceOf(other) ? isBefore(span, other) : rank > voiceOf(other);
}

function voiceOf({ parentSpanId, spanType }: SpanFacts): number {
  return parentSpanId === undefined ? 2 : spanType === "llm" ? 1 : 0;
}

function endsAfter(a: SpanFacts, b: SpanFacts): boolean {
  return a.endTime > b.endTime || (a.endTime === b.endTime && a.spanId > b.spanId);
}

function startsBefore(a: SpanFacts, b: SpanFacts): boolean {
  return a.startTime < b.startTime || (a.startTime === b.startTime && a.spanId < b.spanId);
}
