/**
 * The facts of a trace's spans by id. Of few spans they are objects, which are the fastest; of many they are
 * packed. An object that is at hand may be an earlier look at the same span: who compares, compares keys.
 */
import { PackedFacts } from "./packed.ts";
import type { SpanFacts, Spans } from "./spanfacts.ts";

/** From so many on packing saves more memory than it costs time. */
const packedSpans = 4096;

export class FactSet implements Spans {
  readonly #packedFrom: number;
  readonly #few = new Map<string, SpanFacts>();
  #many: PackedFacts | null = null;

  /** @param packedFrom how many spans are packed. */
  constructor(packedFrom: number = packedSpans) {
    this.#packedFrom = packedFrom;
  }

  get size(): number {
    return this.#many?.size ?? this.#few.size;
  }

  get(id: string): SpanFacts | undefined {
    return this.#many ? this.#many.get(id) : this.#few.get(id);
  }

  values(): Iterable<SpanFacts> {
    return this.#many ? this.#many.values() : this.#few.values();
  }

  /** @returns what may be kept of it: little more than a reference where there are many. */
  set(span: SpanFacts): SpanFacts {
    if (this.#many) return this.#many.set(span);
    this.#few.set(span.spanId, span);
    if (this.#few.size >= this.#packedFrom) {
      this.#many = new PackedFacts();
      for (const each of this.#few.values()) this.#many.set(each);
      this.#few.clear();
    }
    return span;
  }

  delete(id: string): boolean {
    return this.#many ? this.#many.delete(id) : this.#few.delete(id);
  }

  /** Gives one span after the other, each as if those after it had not come yet. */
  replay(add: (span: SpanFacts) => void): void {
    if (this.#many) return this.#many.replay(add);
    const spans = [...this.#few.values()];
    this.#few.clear();
    for (const span of spans) {
      this.#few.set(span.spanId, span);
      add(span);
    }
  }
}
