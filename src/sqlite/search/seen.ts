/**
 * Which texts came before, by hashes of 64 bits: of a trace with a million messages these are some 30 MB,
 * the texts may be any size.
 */

/** Nobody knows them: no sender can choose texts whose hashes meet. */
const seeds = crypto.getRandomValues(new Uint32Array(2));

export class SeenTexts {
  #count = 0;
  /** Two numbers a place, both 0 where it is free. */
  #table = new Uint32Array(2 * 64);

  /** @returns false where it was added before. */
  add(text: string): boolean {
    const high = Bun.hash.xxHash32(text, seeds[0]);
    const low = Bun.hash.xxHash32(text, seeds[1]) || 1;
    const at = this.#placeOf(high, low);
    if (this.#table[at + 1] !== 0) return false;
    this.#table[at] = high;
    this.#table[at + 1] = low;
    this.#count++;
    if (4 * this.#count > this.#table.length) this.#grow();
    return true;
  }

  /** Where it stands, or would. */
  #placeOf(high: number, low: number): number {
    const table = this.#table;
    for (let at = 2 * (low % (table.length / 2)); ; at = (at + 2) % table.length) {
      if (table[at + 1] === 0 || (table[at] === high && table[at + 1] === low)) return at;
    }
  }

  #grow(): void {
    const before = this.#table;
    this.#table = new Uint32Array(2 * before.length);
    for (let from = 0; from < before.length; from += 2) {
      if (before[from + 1] === 0) continue;
      const at = this.#placeOf(before[from]!, before[from + 1]!);
      this.#table[at] = before[from]!;
      this.#table[at + 1] = before[from + 1]!;
    }
  }
}
