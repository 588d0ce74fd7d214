/** Rows of one trace's spans by their numbers, for who reads them in an order of its own. */
import type { Statement } from "bun:sqlite";

/** Keys that lie so near are read with what is between them. */
const nearKeys = 8;

/**
 * @param select rows with keys from the first parameter to the second.
 * @param firstKey a span's key is this plus its number.
 * @returns in the order of the numbers; who is gone is left out.
 */
export function readNumbered<R extends { key: number }>(
  select: Statement<R, [number, number]>,
  firstKey: number,
  numbers: Int32Array,
): R[] {
  const rows = new Map<number, R>();
  const sorted = numbers.toSorted();
  for (let from = 0, to = 0; from < sorted.length; from = ++to) {
    while (to + 1 < sorted.length && sorted[to + 1]! - sorted[to]! <= nearKeys) to++;
    for (const row of select.all(firstKey + sorted[from]!, firstKey + sorted[to]!)) {
      rows.set(row.key - firstKey, row);
    }
  }
  return Array.from(numbers, (number) => rows.get(number)).filter((row) => row !== undefined);
}
