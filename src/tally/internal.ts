/**
 * Which spans of a trace are internal: runtime spans (`isRuntime` in rows.ts) of a trace that has an agent,
 * a model call, a tool or an embedding, that lead to nothing else. A root is never internal, nor is a span
 * whose parent has not come.
 *
 * Spans may come in any order and each is looked at about once: a trace of 50,000 that is sent span by span
 * costs what one sent at once does.
 */
import { IdMarks } from "./idmarks.ts";
import type { Spans } from "./spanfacts.ts";

/** What decides it. */
export interface RuntimeFacts {
  key: number;
  spanId: string;
  parentSpanId: string | null | undefined;
  spanType: string;
  isRuntime: boolean;
}

export class InternalSpans {
  readonly #spans: Spans<RuntimeFacts>;
  /** Those that were added. */
  readonly #stored: IdMarks;
  #storedCount = 0;
  /** Spans, arrived or not, that are no runtime spans or have such a span below them. */
  readonly #leading: IdMarks;
  /** By the id of a parent that has not come: its runtime spans. */
  readonly #orphans = new Map<string, string[]>();
  #runtime = 0;
  #candidates = 0;
  #hasWork = false;

  constructor(spans: Spans<RuntimeFacts>) {
    this.#spans = spans;
    this.#stored = new IdMarks(spans);
    this.#leading = new IdMarks(spans);
  }

  /** How many are internal. */
  get count(): number {
    return this.#hasWork ? this.#candidates : 0;
  }

  /** Whether there are only runtime spans. */
  get areAll(): boolean {
    return this.#runtime > 0 && this.#runtime === this.#spans.size;
  }

  has(span: RuntimeFacts): boolean {
    return this.#hasWork && this.#isCandidate(span);
  }

  /** Adds a span that is among the trace's spans already, and was not added before. */
  add(span: RuntimeFacts): void {
    // Most traces have no runtime spans, and pay nothing for those of others.
    if (this.#storedCount > 0) return this.#add(span);
    if (span.isRuntime) for (const known of this.#spans.values()) this.#add(known);
  }

  #add(span: RuntimeFacts): void {
    const { spanId, parentSpanId, spanType, isRuntime } = span;
    this.#leading.came(span);
    this.#hasWork ||= spanType !== "other";
    if (isRuntime) this.#runtime++;
    this.#stored.addSpan(span);
    this.#storedCount++;
    if (parentSpanId != null && !this.#stored.has(parentSpanId)) {
      const orphans = this.#orphans.get(parentSpanId);
      if (orphans) orphans.push(spanId);
      else this.#orphans.set(parentSpanId, [spanId]);
    } else if (this.#isCandidate(span)) {
      this.#candidates++;
    }
    for (const orphan of this.#orphans.get(spanId) ?? []) {
      if (this.#isCandidate(this.#spans.get(orphan)!)) this.#candidates++;
    }
    this.#orphans.delete(spanId);
    if (isRuntime && !this.#leading.hasSpan(span)) return;
    this.#leading.addSpan(span);
    this.#leadFrom(parentSpanId);
  }

  #leadFrom(from: string | null | undefined): void {
    let id = from;
    while (id != null && !this.#leading.has(id)) {
      const span = this.#spans.get(id);
      const stored = span && this.#stored.hasSpan(span) ? span : null;
      if (stored && this.#isCandidate(stored)) this.#candidates--;
      this.#leading.add(id);
      id = stored?.parentSpanId;
    }
  }

  /** Of a span that is stored. */
  #isCandidate(span: RuntimeFacts): boolean {
    if (!span.isRuntime || this.#leading.hasSpan(span)) return false;
    return span.parentSpanId != null && this.#stored.has(span.parentSpanId);
  }
}
