/**
 * What a trace's row says, kept from the facts of its spans.
 *
 * Adding the same facts in any order gives the same row. Nothing is ever subtracted for a changed
 * span: the tally is built again from the facts, in memory.
 */
import type { TraceHeader, Usage } from "../contract/v1.ts";
import { isSilent, reportsUsage } from "./alike.ts";
import { CallGraph } from "./callgraph.ts";
import { isModelCall } from "./calls.ts";
import { extentOf } from "./clock.ts";
import { FactSet } from "./factset.ts";
import { toFigure, type Figure } from "./figure.ts";
import { IdMarks } from "./idmarks.ts";
import { InternalSpans } from "./internal.ts";
import { findRests } from "./rests.ts";
import {
  endsAfter,
  speaksBefore,
  startsBefore,
  type SpanFacts,
  type SummedCount,
} from "./spanfacts.ts";
import { bump, headerFields, isEmpty, startSums, sum } from "./sums.ts";
import { ToolRuns } from "./toolruns.ts";

export interface TallyRow {
  startTime: number;
  endTime: number;
  status: "ok" | "error" | "aborted";
  rootCount: number;
  spanCount: number;
  /** Of the spans: see internal.ts. */
  internalSpanCount: number;
  /** True where there are only runtime spans: nothing of an agent's work. */
  isInternal: boolean;
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
  readonly #facts: FactSet;
  #calls: CallGraph;
  #runs: ToolRuns;
  #internal: InternalSpans;
  /** The spans, arrived or not, with usage below them. */
  #covered: IdMarks;
  #sums = startSums();
  /** What counts of usage that the spans below report in part, by span; null where it is to be found. */
  #rests: Map<string, Usage> | null = null;
  /** Spans whose row may say something else than `markOf`. */
  readonly #unmarked = new Set<string>();
  /** True where a span was replaced since the sums were built. */
  #isStale = false;

  /** @param packedFrom see FactSet. */
  constructor(packedFrom?: number) {
    this.#facts = new FactSet(packedFrom);
    this.#calls = new CallGraph(this.#facts);
    this.#runs = new ToolRuns(this.#facts);
    this.#internal = new InternalSpans(this.#facts);
    this.#covered = new IdMarks(this.#facts);
  }

  get(spanId: string): SpanFacts | undefined {
    return this.#facts.get(spanId);
  }

  get size(): number {
    return this.#facts.size;
  }

  facts(): Iterable<SpanFacts> {
    return this.#facts.values();
  }

  /** True of a model call or a tool's run that another span reports, too, and that counts there. */
  isRepeated(span: SpanFacts): boolean {
    this.#decide();
    return this.#repeatedBy(span) !== undefined;
  }

  isInternal(span: SpanFacts): boolean {
    this.#decide();
    return this.#internal.has(span);
  }

  /** False where another span reports the same usage: see calls.ts and `#cover`. */
  counts(span: SpanFacts): boolean {
    this.#decide();
    return this.#calls.repeatedBy(span) === undefined && !this.#isCovered(span);
  }

  /** What counts of the usage that a span reports. */
  usageOf(span: SpanFacts): Usage | undefined {
    return this.counts(span) ? span.usage : this.#findRests().get(span.spanId);
  }

  /** Of a model call that counts, by whichever span of it says one. */
  ttftOf(span: SpanFacts): number | undefined {
    this.#decide();
    return this.#calls.ttftOf(span);
  }

  /** The spans whose rows have to say something else of their call than they do, once. */
  takeMarks(): SpanFacts[] {
    this.#decide();
    const changed: SpanFacts[] = [];
    for (const spanId of this.#unmarked) {
      const span = this.#facts.get(spanId);
      if (!span) continue;
      const mark = {
        repeats: this.#repeatedBy(span)?.key ?? null,
        shownBy: (this.#calls.shownBy(span) ?? this.#runs.repeatedBy(span))?.key ?? null,
      };
      const { repeats = null, shownBy = null } = span.mark ?? {};
      if (mark.repeats === repeats && mark.shownBy === shownBy) continue;
      span.mark = mark;
      changed.push(span);
    }
    this.#unmarked.clear();
    return changed;
  }

  /** Says what a span costs now: nothing but sums follows from that. */
  setCost(span: SpanFacts, cost: bigint | undefined, isCostEstimated: boolean): void {
    this.#decide();
    const repeated = this.#repeatedBy(span);
    this.#count(span, repeated, -1);
    span.cost = cost;
    span.isCostEstimated = isCostEstimated;
    this.#count(span, repeated, 1);
  }

  /** Adds a span, or replaces the one of the same id. */
  put(span: SpanFacts): void {
    // Built again once and not for each replaced span: a client may update all 50,000 of a trace.
    if (this.#facts.get(span.spanId)) this.#isStale = true;
    const kept = this.#facts.set(span);
    if (span.mark) this.#unmarked.add(span.spanId);
    if (!this.#isStale) this.#add(kept);
  }

  remove(spanId: string): void {
    if (this.#facts.delete(spanId)) this.#isStale = true;
  }

  #decide(): void {
    if (this.#isStale) this.#rebuild();
    for (const { span: decided, before } of [...this.#calls.decide(), ...this.#runs.decide()]) {
      // What it costs may have changed since.
      const span = this.#facts.get(decided.spanId)!;
      this.#rests = null;
      this.#count(span, before, -1);
      this.#count(span, this.#repeatedBy(span), 1);
      this.#unmarked.add(span.spanId);
    }
  }

  #repeatedBy(span: SpanFacts): SpanFacts | undefined {
    return this.#calls.repeatedBy(span) ?? this.#runs.repeatedBy(span);
  }

  #rebuild(): void {
    this.#calls = new CallGraph(this.#facts);
    this.#runs = new ToolRuns(this.#facts);
    this.#internal = new InternalSpans(this.#facts);
    this.#covered = new IdMarks(this.#facts);
    this.#sums = startSums();
    this.#isStale = false;
    this.#facts.replay((span) => {
      if (span.mark) this.#unmarked.add(span.spanId);
      this.#add(span);
    });
  }

  row(): TallyRow {
    this.#decide();
    const sums = this.#sums;
    const failed = sums.rootErrors > 0 || sums.lastModelCall?.status === "error";
    return {
      ...extentOf(this.#facts, sums),
      status: sums.rootAborts > 0 ? "aborted" : failed ? "error" : "ok",
      rootCount: sums.roots,
      spanCount: this.size,
      internalSpanCount: this.#internal.count,
      isInternal: this.#internal.areAll,
      llmCount: sums.modelCalls,
      toolCount: sums.tools,
      errorCount: sums.errors,
      models: [...sums.models.keys()].sort(),
      ttftMs: sums.firstTimed?.ttftMs ?? null,
      header: this.#shownHeader(),
      cost: sums.priced > 0 ? toFigure(sums.cost) : null,
      pricedSpanCount: sums.priced,
      priceableSpanCount: sums.priceable,
      estimatedSpanCount: sums.estimated,
      reportedCost: sums.reporters > 0 ? toFigure(sums.reportedCost) : null,
      inputFrom: sums.firstInput?.key ?? null,
      outputFrom: sums.lastOutput?.key ?? null,
      usage: this.#shownUsage(),
    };
  }

  #shownUsage(): TallyRow["usage"] {
    const { usage } = this.#sums;
    const rests = this.#findRests();
    for (const rest of rests.values()) sum(usage, rest, 1);
    const shown = [...usage]
      .filter(([, sum]) => sum.reporters > 0)
      .map(([field, sum]) => [field, toFigure(sum.total)]);
    for (const rest of rests.values()) sum(usage, rest, -1);
    return Object.fromEntries(shown);
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
    this.#covered.came(span);
    sums.startTime = Math.min(sums.startTime, span.startTime);
    sums.endTime = Math.max(sums.endTime, span.endTime);
    if (span.parentSpanId === undefined) {
      sums.roots++;
      sums.rootStart = Math.min(sums.rootStart, span.startTime);
      if (span.status === "error") sums.rootErrors++;
      if (span.status === "aborted") sums.rootAborts++;
    }
    if (span.spanType === "llm") {
      if (!sums.lastModelCall || endsAfter(span, sums.lastModelCall)) sums.lastModelCall = span;
      if (span.ttftMs !== undefined && (!sums.firstTimed || startsBefore(span, sums.firstTimed))) {
        sums.firstTimed = span;
      }
    }
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
    this.#rests = null;
    this.#calls.add(span);
    this.#runs.add(span);
    this.#internal.add(span);
    this.#count(span, undefined, 1);
    this.#cover(span);
  }

  /**
   * What agents and others say of themselves is mostly the sum of the calls below them: it counts only
   * where no span below reports any usage. Parents may arrive after their children, so coverage climbs
   * from whichever end arrives last. In a ring of parents every span is its own descendant.
   */
  #cover(span: SpanFacts): void {
    const covered = this.#covered;
    if (!reportsUsage(span) && !covered.hasSpan(span)) return;
    let id = span.parentSpanId;
    while (id !== undefined && !covered.has(id)) {
      const parent = this.#facts.get(id);
      const isReport = parent && !isModelCall(parent) && reportsUsage(parent);
      if (isReport) this.#count(parent, undefined, -1);
      covered.add(id);
      this.#sums.isCovering = true;
      if (isReport) this.#count(parent, undefined, 1);
      id = parent?.parentSpanId;
    }
  }

  #isCovered(span: SpanFacts): boolean {
    return !isModelCall(span) && this.#covered.hasSpan(span);
  }

  /** @param repeated the span of the same call or run that counts in its place. */
  #count(span: SpanFacts, repeated: SpanFacts | undefined, sign: 1 | -1): void {
    const sums = this.#sums;
    const isCall = isModelCall(span);
    // A call that failed is one error; where only its outer span did, that is the error.
    if (span.status === "error" && repeated?.status !== "error") sums.errors += sign;
    if (span.spanType === "tool" && !repeated) sums.tools += sign;
    // A tool's own usage is not said again by another span of its run.
    if ((repeated && isCall) || this.#isCovered(span)) return;
    if (span.usage) sum(sums.usage, span.usage, sign);
    if (span.spanType === "llm") sums.modelCalls += sign;
    if (isCall && span.modelId) bump(sums.models, span.modelId, sign);
    if (isCall && isSilent(span) && span.status !== "error") {
      if (sign === 1) sums.silent.set(span.key, span);
      else sums.silent.delete(span.key);
    }
    // Calls could have a price, and usage that no span below reports.
    if (!isCall && !reportsUsage(span)) return;
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

  /** Looked for only where some call does not say what it used. */
  #findRests(): Map<string, Usage> {
    this.#decide();
    if (this.#rests) return this.#rests;
    const { silent, isCovering } = this.#sums;
    if (silent.size === 0 || !isCovering) return (this.#rests = new Map());
    return (this.#rests = findRests({
      spans: this.#facts,
      silent: silent.values(),
      repeatedBy: (span) => this.#calls.repeatedBy(span),
      isCovered: (span) => this.#isCovered(span),
    }));
  }
}
