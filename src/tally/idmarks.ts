/** Marks spans by their ids, also those that did not come yet: a bit for each that did. */
import { numberOf } from "./numbers.ts";
import type { Spans } from "./spanfacts.ts";

export class IdMarks {
  readonly #spans: Spans<{ key: number }>;
  #bits = new Uint32Array(2);
  readonly #missing = new Set<string>();

  /** @param spans all that came so far, by id. */
  constructor(spans: Spans<{ key: number }>) {
    this.#spans = spans;
  }

  has(id: string): boolean {
    const span = this.#spans.get(id);
    return span ? this.hasSpan(span) : this.#missing.has(id);
  }

  /** The same of one that came. */
  hasSpan({ key }: { key: number }): boolean {
    const number = numberOf(key);
    return ((this.#bits[number >> 5] ?? 0) & (1 << (number & 31))) !== 0;
  }

  add(id: string): void {
    const span = this.#spans.get(id);
    if (span) this.addSpan(span);
    else this.#missing.add(id);
  }

  addSpan({ key }: { key: number }): void {
    const number = numberOf(key);
    const word = number >> 5;
    if (word >= this.#bits.length) {
      const bits = new Uint32Array(2 ** Math.ceil(Math.log2(word + 1)));
      bits.set(this.#bits);
      this.#bits = bits;
    }
    this.#bits[word]! |= 1 << (number & 31);
  }

  /** To be told of each span that comes, before anything is asked of it. */
  came(span: { key: number; spanId: string }): void {
    if (this.#missing.size > 0 && this.#missing.delete(span.spanId)) this.addSpan(span);
  }
}
