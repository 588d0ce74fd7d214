/**
 * Which spans of a trace are internal: runtime spans (`isRuntime` in rows.ts) of a trace that has an agent,
 * a model call, a tool or an embedding, that lead to nothing else. A root is never internal, nor is a span
 * whose parent has not come.
 *
 * Spans may come in any order and each is looked at about once: a trace of 50,000 that is sent span by span
 * costs what one sent at once does.
 */
/** What decides it. */
export interface RuntimeFacts {
  spanId: string;
  parentSpanId: string | null | undefined;
  spanType: string;
  isRuntime: boolean;
}

export class InternalSpans {
  readonly #spans: ReadonlyMap<string, RuntimeFacts>;
  readonly #stored = new Set<string>();
  /** Ids, of spans arrived or not, that are no runtime spans or have such a span below them. */
  readonly #leading = new Set<string>();
  /** By the id of a parent that has not come: its runtime spans. */
  readonly #orphans = new Map<string, string[]>();
  #runtime = 0;
  #candidates = 0;
  #hasWork = false;

  /** @param spans all that came so far, by id. */
  constructor(spans: ReadonlyMap<string, RuntimeFacts>) {
    this.#spans = spans;
  }

  /** How many are internal. */
  get count(): number {
    return this.#hasWork ? this.#candidates : 0;
  }

  /** Whether there are only runtime spans. */
  get areAll(): boolean {
    return this.#runtime > 0 && this.#runtime === this.#spans.size;
  }

  has(spanId: string): boolean {
    return this.#hasWork && this.#isCandidate(spanId);
  }

  /** Adds a span that is among the trace's spans already, and was not added before. */
  add(span: RuntimeFacts): void {
    // Most traces have no runtime spans, and pay nothing for those of others.
    if (this.#stored.size > 0) return this.#add(span);
    if (span.isRuntime) for (const known of this.#spans.values()) this.#add(known);
  }

  #add({ spanId, parentSpanId, spanType, isRuntime }: RuntimeFacts): void {
    this.#hasWork ||= spanType !== "other";
    if (isRuntime) this.#runtime++;
    this.#stored.add(spanId);
    if (parentSpanId != null && !this.#stored.has(parentSpanId)) {
      const orphans = this.#orphans.get(parentSpanId);
      if (orphans) orphans.push(spanId);
      else this.#orphans.set(parentSpanId, [spanId]);
    } else if (this.#isCandidate(spanId)) {
      this.#candidates++;
    }
    for (const orphan of this.#orphans.get(spanId) ?? []) {
      if (this.#isCandidate(orphan)) this.#candidates++;
    }
    this.#orphans.delete(spanId);
    if (isRuntime && !this.#leading.has(spanId)) return;
    this.#leading.add(spanId);
    this.#leadFrom(parentSpanId);
  }

  #leadFrom(id: string | null | undefined): void {
    while (id != null && !this.#leading.has(id)) {
      if (this.#stored.has(id) && this.#isCandidate(id)) this.#candidates--;
      this.#leading.add(id);
      id = this.#stored.has(id) ? this.#spans.get(id)!.parentSpanId : null;
    }
  }

  /** Of a span that is stored. */
  #isCandidate(spanId: string): boolean {
    if (this.#leading.has(spanId)) return false;
    const { isRuntime, parentSpanId } = this.#spans.get(spanId)!;
    return isRuntime && parentSpanId != null && this.#stored.has(parentSpanId);
  }
}
