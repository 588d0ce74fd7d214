/**
 * What happened in a stretch of time: counts, sums, and how durations spread. A cell is the sum of
 * what each trace adds to it, so taking a trace's part away again leaves exactly the rest.
 */
import { ByteReader, ByteWriter } from "../varint.ts";
import { toFigure, type Figure } from "./figure.ts";

const tokenCounts = [
  "inputTokens",
  "outputTokens",
  "totalTokens",
  "reasoningTokens",
  "cachedInputTokens",
  "cacheWriteInputTokens",
] as const;

/** The sums of a cell, by their number in its bytes: only ever append, at most 31. */
export const cellSums = [
  "traces",
  "failedTraces",
  "abortedTraces",
  "requests",
  "errors",
  "aborted",
  "pricedSpanCount",
  "priceableSpanCount",
  /** In pico-dollars. */
  "cost",
  /** Time in which the tokens beside it were generated: from the first one to the end. */
  "generationMs",
  "generatedTokens",
  ...tokenCounts,
  /** How many spans report each kind of token: a sum that nobody reports is unknown, not 0. */
  ...tokenCounts.map((name) => `${name}Reporters` as const),
  /** Traces of runtime spans alone: they are not among `traces`. */
  "internalTraces",
  /** Traces in which any span failed, whatever became of the trace. */
  "tracesWithErrors",
] as const;

/** `latency` and `ttft` are of requests, `traceDuration` is of traces that started. */
export const cellSpreads = ["latency", "ttft", "traceDuration"] as const;

export type CellSum = (typeof cellSums)[number];
export type CellSpread = (typeof cellSpreads)[number];

/** A whole number; a bigint only beyond what a number holds exactly. */
type Sum = number | bigint;

/**
 * Durations fall into bins, each 4 % wider than the one before: a percentile read from them is off by
 * at most 2 %, or 0.1 ms where it is below that.
 */
const binWidth = 1.04;
const smallestMs = 0.1;
export const spreadError = (binWidth - 1) / (binWidth + 1);

const sumNumbers = Object.fromEntries(cellSums.map((name, i) => [name, i])) as Record<
  CellSum,
  number
>;
const spreadNumbers = { latency: 0, ttft: 1, traceDuration: 2 };

function binOf(ms: number): number {
  if (ms < smallestMs) return 0;
  // Beyond 1.8e307, which the contract admits, the ratio would be infinite.
  const ratio = Math.min(ms / smallestMs, Number.MAX_VALUE);
  return 1 + Math.floor(Math.log(ratio) / Math.log(binWidth));
}

/** The duration that is off from both ends of a bin by the same share. */
function durationOf(bin: number): number {
  return bin === 0 ? 0 : (smallestMs * binWidth ** (bin - 1) * 2 * binWidth) / (binWidth + 1);
}

export class Cell {
  readonly #sums: Sum[] = new Array(cellSums.length).fill(0);
  /** By bin, how many. */
  readonly #spreads: Map<number, number>[] = cellSpreads.map(() => new Map());

  add(name: CellSum, value: number | bigint): void {
    const i = sumNumbers[name];
    this.#sums[i] = plus(this.#sums[i]!, value);
  }

  addDuration(name: CellSpread, ms: number): void {
    bump(this.#spreads[spreadNumbers[name]]!, binOf(ms), 1);
  }

  /** @param sign -1 takes away what was added before. */
  merge(other: Cell, sign: 1 | -1 = 1): void {
    other.#sums.forEach((sum, i) => {
      if (sum !== 0) this.#sums[i] = plus(this.#sums[i]!, sign === 1 ? sum : -sum);
    });
    other.#spreads.forEach((bins, i) => {
      for (const [bin, count] of bins) bump(this.#spreads[i]!, bin, sign * count);
    });
  }

  get isEmpty(): boolean {
    return this.#sums.every((sum) => sum === 0) && this.#spreads.every(({ size }) => size === 0);
  }

  sum(name: CellSum): bigint {
    return BigInt(this.#sums[sumNumbers[name]]!);
  }

  /** A sum that is a count of spans or traces. */
  count(name: CellSum): number {
    return Number(this.#sums[sumNumbers[name]]!);
  }

  figure(name: CellSum): Figure {
    return toFigure(this.sum(name));
  }

  /**
   * @param shares ascending, 0.95 for the 95th percentile.
   * @returns ms for each; null where there is no duration.
   */
  percentiles(name: CellSpread, shares: readonly number[]): number[] | null {
    const bins = [...this.#spreads[spreadNumbers[name]]!].sort(([a], [b]) => a - b);
    const total = bins.reduce((sum, [, count]) => sum + count, 0);
    if (total === 0) return null;
    let i = 0;
    let seen = bins[0]![1];
    return shares.map((share) => {
      const wanted = Math.max(1, Math.ceil(share * total));
      while (seen < wanted) seen += bins[++i]![1];
      return durationOf(bins[i]![0]);
    });
  }

  /** The sums that are not 0, then each spread as bins and how many, all as varints. */
  toBytes(): Uint8Array<ArrayBuffer> {
    const to = new ByteWriter(96);
    let present = 0;
    let large = 0;
    this.#sums.forEach((sum, i) => {
      if (sum < 0) throw new Error(`${cellSums[i]} of a rollup is below 0`);
      if (sum !== 0) present += 2 ** i;
      if (typeof sum === "bigint") large += 2 ** i;
    });
    to.varint(present);
    to.varint(large);
    for (const sum of this.#sums) {
      if (sum === 0) continue;
      if (typeof sum === "number") {
        to.varint(sum);
      } else {
        const digits = sum.toString();
        to.varint(digits.length);
        to.text(digits, digits.length);
      }
    }
    for (const bins of this.#spreads) {
      to.varint(bins.size);
      let last = 0;
      for (const [bin, count] of [...bins].sort(([a], [b]) => a - b)) {
        to.varint(bin - last);
        to.varint(count);
        last = bin;
      }
    }
    return to.toBytes();
  }

  /** One sum of what `toBytes` made; beyond 2^53 about so much. */
  static readSum(bytes: Uint8Array, name: CellSum): number {
    const wanted = sumNumbers[name];
    const from = new ByteReader(bytes);
    const present = from.varint();
    const large = from.varint();
    if (!(present & (1 << wanted))) return 0;
    for (let i = 0; ; i++) {
      if (!(present & (1 << i))) continue;
      const value = from.varint();
      const digits = large & (1 << i) ? from.raw(value).toString() : null;
      if (i === wanted) return digits === null ? value : Number(digits);
    }
  }

  /** Adds what `toBytes` of another cell made. */
  mergeBytes(bytes: Uint8Array): void {
    const from = new ByteReader(bytes);
    const present = from.varint();
    const large = from.varint();
    for (let i = 0; i < cellSums.length; i++) {
      if (!(present & (1 << i))) continue;
      const value = from.varint();
      const sum = large & (1 << i) ? BigInt(from.raw(value).toString()) : value;
      this.#sums[i] = plus(this.#sums[i]!, sum);
    }
    for (const bins of this.#spreads) {
      let bin = 0;
      for (let left = from.varint(); left > 0; left--) {
        bin += from.varint();
        bump(bins, bin, from.varint());
      }
    }
  }
}

function plus(a: Sum, b: Sum): Sum {
  if (typeof a === "number" && typeof b === "number") {
    const total = a + b;
    if (Number.isSafeInteger(total)) return total;
  }
  const total = BigInt(a) + BigInt(b);
  const number = Number(total);
  return Number.isSafeInteger(number) ? number : total;
}

function bump(bins: Map<number, number>, bin: number, by: number): void {
  const count = (bins.get(bin) ?? 0) + by;
  if (count === 0) bins.delete(bin);
  else bins.set(bin, count);
}
