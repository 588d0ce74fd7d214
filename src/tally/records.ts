/** Numbers of which each span has some others, one record behind the other in few large arrays. */
import { usageColumns } from "../contract/fields.ts";
import type { Usage } from "../contract/v1.ts";
import type { CallMark } from "./spanfacts.ts";

/** The numbers that not every span has: a record has those of one, behind the sum of their bits. */
const recordFields = [
  ...usageColumns,
  "ttftMs",
  "cost",
  "reportedCost",
  "repeats",
  "shownBy",
  "responseId",
  "toolCallId",
] as const;
type RecordField = (typeof recordFields)[number];
const bitOf = Object.fromEntries(recordFields.map((field, i) => [field, 1 << i])) as Record<
  RecordField,
  number
>;
/** There is one, which may be empty. */
export const usageBit = 1 << recordFields.length;
export const markBit = usageBit << 1;

export type Numbers = Partial<Record<RecordField, number>>;

/** Of a span without any of them. */
const noRecord = -1;

const numbersPerChunk = 8192;

/** Records one behind the other. */
export class Records {
  readonly #chunks: Float64Array[] = [];
  #used = numbersPerChunk;

  /** @returns the place of the record: the one before where it has room there. */
  put(before: number, numbers: Numbers, flags: number): number {
    let mask = flags;
    let count = 0;
    for (const field of recordFields) {
      if (numbers[field] === undefined) continue;
      mask |= bitOf[field];
      count++;
    }
    if (mask === 0) return noRecord;
    const place = this.#maskAt(before) === mask ? before : this.#take(1 + count);
    const chunk = this.#chunks[Math.floor(place / numbersPerChunk)]!;
    let at = place % numbersPerChunk;
    chunk[at++] = mask;
    for (const field of recordFields) {
      const value = numbers[field];
      if (value !== undefined) chunk[at++] = value;
    }
    return place;
  }

  get(place: number, field: RecordField): number | undefined {
    const mask = this.#maskAt(place);
    const bit = bitOf[field];
    if ((mask & bit) === 0) return undefined;
    let at = place + 1;
    for (let below = mask & (bit - 1); below !== 0; below &= below - 1) at++;
    return this.#chunks[Math.floor(place / numbersPerChunk)]![at % numbersPerChunk];
  }

  usage(place: number): Usage | undefined {
    const mask = this.#maskAt(place);
    if ((mask & usageBit) === 0) return undefined;
    const chunk = this.#chunks[Math.floor(place / numbersPerChunk)]!;
    const usage: Usage = {};
    let at = place % numbersPerChunk;
    // They are the first in a record.
    for (const field of usageColumns) {
      if ((mask & bitOf[field]) !== 0) usage[field] = chunk[++at]!;
    }
    return usage;
  }

  mark(place: number): CallMark | undefined {
    if ((this.#maskAt(place) & markBit) === 0) return undefined;
    return {
      repeats: this.get(place, "repeats") ?? null,
      shownBy: this.get(place, "shownBy") ?? null,
    };
  }

  #maskAt(place: number): number {
    return place === noRecord
      ? 0
      : this.#chunks[Math.floor(place / numbersPerChunk)]![place % numbersPerChunk]!;
  }

  #take(count: number): number {
    if (this.#used + count > numbersPerChunk) {
      this.#chunks.push(new Float64Array(numbersPerChunk));
      this.#used = 0;
    }
    const place = (this.#chunks.length - 1) * numbersPerChunk + this.#used;
    this.#used += count;
    return place;
  }
}
