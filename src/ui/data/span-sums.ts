/**
 * Sums over spans: over a fold, and over a subtree. A span that repeats another, or that sums up its
 * children, is not counted. A subtree is a range of rows, so prefix sums give the total of any subtree in
 * constant time.
 */
import { toUsd } from "../../pricing/money.ts";
import type { SpanTable } from "./span-table.ts";

/** The figures of each row without its subtree. Tokens are NaN if not reported. */
export interface Own {
  readonly input: Float64Array;
  readonly output: Float64Array;
  /** Input and output. */
  readonly tokens: Float64Array;
  /** In 10^-12 USD: exact up to $9,000. */
  readonly pico: Float64Array;
  readonly isPriced: Uint8Array;
  readonly isPriceable: Uint8Array;
}

export interface Sums {
  durationMs: number;
  /** Null if no span reports any. */
  inputTokens: number | null;
  outputTokens: number | null;
  costUsd: string | null;
  isCostEstimated: boolean;
  pricedSpanCount: number;
  priceableSpanCount: number;
}

const known = new WeakMap<SpanTable, Own>();

export function ownOf(table: SpanTable): Own {
  let own = known.get(table);
  if (!own) known.set(table, (own = readOwn(table)));
  return own;
}

function readOwn({ count, columns, repeats, ends }: SpanTable): Own {
  const { inputTokens, outputTokens } = columns.usage;
  const kinds = columns.spanType.values.map((kind) => kind === "llm" || kind === "embedding");
  const isCall = (row: number) => kinds[columns.spanType.rows[row]!]!;
  const tokensOf = (row: number, values: typeof inputTokens) => values?.[row] ?? NaN;
  const own: Own = {
    input: new Float64Array(count).fill(NaN),
    output: new Float64Array(count).fill(NaN),
    tokens: new Float64Array(count).fill(NaN),
    pico: new Float64Array(count),
    isPriced: new Uint8Array(count),
    isPriceable: new Uint8Array(count),
  };
  /** Prefix count of rows that report tokens. */
  const reporting = new Int32Array(count + 1);
  for (let row = count - 1; row >= 0; row--) {
    const input = tokensOf(row, inputTokens);
    const output = tokensOf(row, outputTokens);
    const isReported = !Number.isNaN(input) || !Number.isNaN(output);
    reporting[row] = reporting[row + 1]! + (isReported ? 1 : 0);
    if (repeats.has(row)) continue;
    const isSum = !isCall(row) && reporting[row + 1]! > reporting[ends[row]!]!;
    if (isReported && !isSum) {
      own.input[row] = input;
      own.output[row] = output;
      own.tokens[row] = (input || 0) + (output || 0);
    }
    const costUsd = columns.costUsd[row] ?? null;
    if (costUsd !== null) {
      own.pico[row] = Math.round(Number(costUsd) * 1e12);
      own.isPriced[row] = 1;
    }
    own.isPriceable[row] = costUsd !== null || isCall(row) ? 1 : 0;
  }
  return own;
}

/** The sums of some spans, without their subtrees. */
export function sumOf(table: SpanTable, rows: Iterable<number>): Sums {
  const own = ownOf(table);
  const { columns, repeats, estimated } = table;
  const sum = { durationMs: 0, input: NaN, output: NaN, pico: 0, priced: 0, priceable: 0 };
  let isCostEstimated = false;
  for (const row of rows) {
    if (repeats.has(row)) continue;
    sum.durationMs += columns.durationMs[row]!;
    sum.input = plus(sum.input, own.input[row]!);
    sum.output = plus(sum.output, own.output[row]!);
    sum.pico += own.pico[row]!;
    sum.priced += own.isPriced[row]!;
    sum.priceable += own.isPriceable[row]!;
    isCostEstimated ||= estimated.has(row);
  }
  return {
    durationMs: sum.durationMs,
    inputTokens: Number.isNaN(sum.input) ? null : sum.input,
    outputTokens: Number.isNaN(sum.output) ? null : sum.output,
    costUsd: sum.priced === 0 ? null : toUsd(BigInt(sum.pico)),
    isCostEstimated,
    pricedSpanCount: sum.priced,
    priceableSpanCount: sum.priceable,
  };
}

function plus(sum: number, value: number): number {
  if (Number.isNaN(value)) return sum;
  return Number.isNaN(sum) ? value : sum + value;
}

/** The sums of a subtree. */
export interface Rollup {
  /** Input and output. */
  tokens: number;
  pico: number;
  pricedSpanCount: number;
  priceableSpanCount: number;
  isCostEstimated: boolean;
  /** How many descendants are not internal. */
  spanCount: number;
  errorCount: number;
}

type Before = Record<keyof Omit<Rollup, "isCostEstimated"> | "estimated", Float64Array>;

const befores = new WeakMap<SpanTable, Before>();

export function rollupOf(table: SpanTable, row: number): Rollup {
  let before = befores.get(table);
  if (!before) befores.set(table, (before = readBefore(table)));
  const sum = (values: Float64Array) => values[table.ends[row]!]! - values[row]!;
  return {
    tokens: sum(before.tokens),
    pico: sum(before.pico),
    pricedSpanCount: sum(before.pricedSpanCount),
    priceableSpanCount: sum(before.priceableSpanCount),
    isCostEstimated: sum(before.estimated) > 0,
    spanCount: sum(before.spanCount) - (table.isInternal[row] === 1 ? 0 : 1),
    errorCount: sum(before.errorCount),
  };
}

function readBefore(table: SpanTable): Before {
  const { count, estimated, errors, isInternal } = table;
  const own = ownOf(table);
  const column = (valueOf: (row: number) => number) => {
    const sums = new Float64Array(count + 1);
    for (let row = 0; row < count; row++) sums[row + 1] = sums[row]! + (valueOf(row) || 0);
    return sums;
  };
  const failed = new Set(errors);
  return {
    tokens: column((row) => own.tokens[row]!),
    pico: column((row) => own.pico[row]!),
    pricedSpanCount: column((row) => own.isPriced[row]!),
    priceableSpanCount: column((row) => own.isPriceable[row]!),
    estimated: column((row) => (estimated.has(row) ? 1 : 0)),
    spanCount: column((row) => 1 - isInternal[row]!),
    errorCount: column((row) => (failed.has(row) ? 1 : 0)),
  };
}
