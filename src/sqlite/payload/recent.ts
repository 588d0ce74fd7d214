/**
 * Which pieces were stored or sent again lately: from a piece's hash of 16 bytes to its key, in
 * bounded memory. An index on disk would be touched at random places by every piece: at 20 million
 * pieces some 4 KB read and written for each. So a piece that none of the last 260,000 to 520,000
 * different ones repeated is stored once more when it comes again.
 */
import { recentPieces } from "../../limits.ts";

/** Lanes of 32 bits: four of the hash, two of the key. */
const lanes = 6;
const smallest = 4096;

/** Open addressing over one flat array: 24 bytes a slot, where a Map of strings takes 100. */
class Table {
  #slots = new Uint32Array(smallest * lanes);
  #size = 0;

  get size(): number {
    return this.#size;
  }

  get(hash: Uint32Array): number | undefined {
    const at = this.#find(hash);
    const key = this.#keyAt(at);
    return key === 0 ? undefined : key;
  }

  set(hash: Uint32Array, key: number): void {
    if (2 * this.#size * lanes >= this.#slots.length) this.#grow();
    const at = this.#find(hash);
    if (!this.#isUsed(at)) {
      this.#size++;
      this.#slots.set(hash, at);
    }
    this.#slots[at + 4] = key % 2 ** 32;
    this.#slots[at + 5] = Math.floor(key / 2 ** 32);
  }

  /** Leaves the hash in its slot, as others may lie behind it. */
  delete(hash: Uint32Array): void {
    const at = this.#find(hash);
    if (this.#isUsed(at)) this.#slots.fill(0, at + 4, at + 6);
  }

  #keyAt(at: number): number {
    return this.#slots[at + 4]! + this.#slots[at + 5]! * 2 ** 32;
  }

  #isUsed(at: number): boolean {
    const slots = this.#slots;
    return (slots[at]! | slots[at + 1]! | slots[at + 2]! | slots[at + 3]!) !== 0;
  }

  /** The slot of a hash, or the free one where it belongs. */
  #find(hash: Uint32Array): number {
    const slots = this.#slots;
    const count = slots.length / lanes;
    for (let slot = hash[0]! % count; ; slot = (slot + 1) % count) {
      const at = slot * lanes;
      const isSame =
        slots[at] === hash[0] &&
        slots[at + 1] === hash[1] &&
        slots[at + 2] === hash[2] &&
        slots[at + 3] === hash[3];
      if (isSame || !this.#isUsed(at)) return at;
    }
  }

  #grow(): void {
    const old = this.#slots;
    this.#slots = new Uint32Array(2 * old.length);
    this.#size = 0;
    for (let at = 0; at < old.length; at += lanes) {
      const key = old[at + 4]! + old[at + 5]! * 2 ** 32;
      if (key !== 0) this.set(old.subarray(at, at + 4), key);
    }
  }
}

/** Two tables: the younger is filled, the older only asked, and dropped when the younger is full. */
export class RecentPieces {
  #young = new Table();
  #old = new Table();

  get(hash: Uint32Array): number | undefined {
    const key = this.#young.get(hash);
    if (key !== undefined) return key;
    const older = this.#old.get(hash);
    if (older !== undefined) this.set(hash, older);
    return older;
  }

  set(hash: Uint32Array, key: number): void {
    if (this.#young.size >= recentPieces) {
      this.#old = this.#young;
      this.#young = new Table();
    }
    this.#young.set(hash, key);
  }

  /** Adds one that is known from before, without a claim to be young. @returns false where full. */
  restore(hash: Uint32Array, key: number): boolean {
    if (this.#old.size >= recentPieces) return false;
    if (this.#old.get(hash) === undefined) this.#old.set(hash, key);
    return true;
  }

  delete(hash: Uint32Array): void {
    this.#young.delete(hash);
    this.#old.delete(hash);
  }
}
