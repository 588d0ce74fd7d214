/** A bounded first-in, first-out buffer, full by rows or by bytes, whichever comes first. */

export interface Weight {
  rows: number;
  bytes: number;
}

export class Ring<T> {
  readonly #slots: ({ item: T; weight: Weight } | undefined)[];
  readonly #max: Weight;
  #first = 0;
  #count = 0;
  #rows = 0;
  #bytes = 0;

  /** @param max what the ring holds at most; an item weighs at least one row, so rows are the slots. */
  constructor(max: Weight) {
    this.#max = max;
    this.#slots = new Array(max.rows);
  }

  get rows(): number {
    return this.#rows;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** False where the item does not fit. An item heavier than the whole ring fits an empty one. */
  push(item: T, weight: Weight): boolean {
    const fits =
      this.#rows + weight.rows <= this.#max.rows && this.#bytes + weight.bytes <= this.#max.bytes;
    if (!fits && this.#count > 0) return false;
    this.#slots[(this.#first + this.#count) % this.#slots.length] = { item, weight };
    this.#count++;
    this.#rows += weight.rows;
    this.#bytes += weight.bytes;
    return true;
  }

  /** Takes items from the front: at least one where there is one, then as many as stay within `max`. */
  take(max: Weight): T[] {
    const taken: T[] = [];
    let rows = 0;
    let bytes = 0;
    while (this.#count > 0) {
      const { item, weight } = this.#slots[this.#first]!;
      rows += weight.rows;
      bytes += weight.bytes;
      if (taken.length > 0 && (rows > max.rows || bytes > max.bytes)) break;
      this.#slots[this.#first] = undefined;
      this.#first = (this.#first + 1) % this.#slots.length;
      this.#count--;
      this.#rows -= weight.rows;
      this.#bytes -= weight.bytes;
      taken.push(item);
    }
    return taken;
  }
}
