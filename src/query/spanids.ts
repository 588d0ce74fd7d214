/** Finds spans by their ids, of which only hashes are kept: a million ids as texts would take 100 MB. */
import { none } from "../tally/tree.ts";

/** Random, so that no sender can choose ids whose hashes meet. */
const seeds = crypto.getRandomValues(new Uint32Array(4));

/** Hashes of 64 bits, as two columns: numbers beyond 32 bits would be an object each. */
class Hashes {
  high: Uint32Array;
  low: Uint32Array;

  constructor(size: number) {
    this.high = new Uint32Array(size);
    this.low = new Uint32Array(size);
  }

  set(at: number, id: string): void {
    if (at === this.high.length) {
      this.high = enlarged(this.high);
      this.low = enlarged(this.low);
    }
    // A hash of a text takes all lone surrogates for the same character: such an id is hashed as bytes.
    const from = id.isWellFormed() ? 0 : 2;
    const bytes = from === 0 ? id : Buffer.from(id, "utf16le");
    this.high[at] = Bun.hash.xxHash32(bytes, seeds[from]);
    this.low[at] = Bun.hash.xxHash32(bytes, seeds[from + 1]);
  }
}

/** @returns the same values, with room for twice as many. */
export function enlarged<A extends Uint8Array | Uint32Array | Float64Array>(values: A): A {
  const larger = new (values.constructor as new (size: number) => A)(2 * values.length);
  larger.set(values);
  return larger;
}

export class SpanIds {
  readonly #ids: Hashes;
  readonly #parents: Hashes;
  /** 1 where a span names a parent. */
  #isBelow: Uint8Array;
  #count = 0;
  /** Numbers + 1, at the first free place from that of the hash on. Made when all spans are there. */
  #table: Int32Array | null = null;

  /** @param expected how many spans there will be, about. */
  constructor(expected: number) {
    this.#ids = new Hashes(expected);
    this.#parents = new Hashes(expected);
    this.#isBelow = new Uint8Array(expected);
  }

  /** Spans are numbered from 0 on as they are added. */
  add(id: string, parent: string | null): void {
    const number = this.#count++;
    if (number === this.#isBelow.length) this.#isBelow = enlarged(this.#isBelow);
    this.#ids.set(number, id);
    this.#parents.set(number, parent ?? "");
    this.#isBelow[number] = parent === null ? 0 : 1;
  }

  /** Once all spans are there: the number of a span's parent; `none` where it is not among them. */
  parentOf(number: number): number {
    if (this.#isBelow[number] === 0) return none;
    const table = (this.#table ??= this.#makeTable());
    return table[this.#placeOf(table, this.#parents, number)]! - 1;
  }

  /** Whether it names a parent. */
  isBelow(number: number): boolean {
    return this.#isBelow[number] === 1;
  }

  #makeTable(): Int32Array {
    const table = new Int32Array(2 ** Math.ceil(Math.log2(2 * this.#count + 2)));
    for (let number = 0; number < this.#count; number++) {
      table[this.#placeOf(table, this.#ids, number)] = number + 1;
    }
    return table;
  }

  /** Where a hash stands in the table, or would. */
  #placeOf(table: Int32Array, { high, low }: Hashes, at: number): number {
    const last = table.length - 1;
    for (let place = low[at]! & last; ; place = (place + 1) & last) {
      const found = table[place]! - 1;
      if (found < 0) return place;
      if (this.#ids.low[found] === low[at] && this.#ids.high[found] === high[at]) return place;
    }
  }
}
