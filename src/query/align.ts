/**
 * Aligns two lists: which elements of the one stand for which of the other, both in order. Exact where the
 * table of all pairs is small enough. Larger lists are cut at elements that each has once (patience), and
 * where there are none into stretches, so that time and memory stay bounded whatever they hold. The
 * algorithm of Myers, as the package `diff` has it, takes seconds for 2,000 elements without any in common.
 */

/** Pairs in one table: 32 MB, which take some 100 ms. */
const maxCells = 16_000_000;

/** Elements as numbers: those that may be paired are equal in `keys`, those that are the same in `whole`, too. */
export interface Elements {
  keys: Int32Array;
  whole: Int32Array;
}

/** What is aligned, and its length. */
interface Part {
  a: number;
  aEnd: number;
  b: number;
  bEnd: number;
}

/** Numbers for values, from 0 on: equal ones for equal values. */
export function createNumbers(): (value: string) => number {
  const numbers = new Map<string, number>();
  return (value) => {
    let number = numbers.get(value);
    if (number === undefined) numbers.set(value, (number = numbers.size));
    return number;
  };
}

/**
 * The common subsequence of the keys with the greatest sum: a pair counts 2, one that is wholly the same 3.
 *
 * @returns of each element of `a` the place of its counterpart in `b`, -1 for none. Places grow.
 */
export function align(a: Elements, b: Elements): Int32Array {
  const places = new Int32Array(a.keys.length).fill(-1);
  const open: Part[] = [{ a: 0, aEnd: a.keys.length, b: 0, bEnd: b.keys.length }];
  for (let part = open.pop(); part; part = open.pop()) {
    trim(a, b, part, places);
    const rows = part.aEnd - part.a;
    const columns = part.bEnd - part.b;
    if (rows === 0 || columns === 0) continue;
    if (rows * columns <= maxCells) alignExactly(a, b, part, places);
    else open.push(...(cutAtAnchors(a, b, part, places) ?? cutEvenly(part)));
  }
  return places;
}

/** What is the same at the beginning and at the end is the best that can be had there. */
function trim(a: Elements, b: Elements, part: Part, places: Int32Array): void {
  while (part.a < part.aEnd && part.b < part.bEnd && a.whole[part.a] === b.whole[part.b]) {
    places[part.a++] = part.b++;
  }
  while (
    part.a < part.aEnd &&
    part.b < part.bEnd &&
    a.whole[part.aEnd - 1] === b.whole[part.bEnd - 1]
  ) {
    places[--part.aEnd] = --part.bEnd;
  }
}

/** By the table of all pairs. */
function alignExactly(a: Elements, b: Elements, part: Part, places: Int32Array): void {
  const rows = part.aEnd - part.a;
  const width = part.bEnd - part.b + 1;
  // Sums are at most three times the shorter side.
  const isShort = 3 * Math.min(rows, width) < 2 ** 16;
  const sums = new (isShort ? Uint16Array : Uint32Array)((rows + 1) * width);
  const weightOf = (i: number, j: number) =>
    a.keys[i] !== b.keys[j] ? 0 : a.whole[i] === b.whole[j] ? 3 : 2;
  for (let row = rows - 1; row >= 0; row--) {
    const at = row * width;
    const key = a.keys[part.a + row];
    let beside = 0;
    let belowBeside = 0;
    for (let column = width - 2; column >= 0; column--) {
      const below = sums[at + width + column]!;
      let sum = below > beside ? below : beside;
      // Most pairs are none: what is asked of all of them is written out.
      if (b.keys[part.b + column] === key) {
        const paired = weightOf(part.a + row, part.b + column) + belowBeside;
        if (paired > sum) sum = paired;
      }
      sums[at + column] = sum;
      beside = sum;
      belowBeside = below;
    }
  }
  for (let row = 0, column = 0; row < rows && column < width - 1;) {
    const sum = sums[row * width + column]!;
    const weight = weightOf(part.a + row, part.b + column);
    if (weight > 0 && sum === weight + sums[(row + 1) * width + column + 1]!) {
      places[part.a + row++] = part.b + column++;
    } else if (sum === sums[(row + 1) * width + column]!) {
      row++;
    } else {
      column++;
    }
  }
}

/** Pairs what each side has once, as far as it is in the same order, and gives the parts between. */
function cutAtAnchors(a: Elements, b: Elements, part: Part, places: Int32Array): Part[] | null {
  const inB = placesOfUnique(b.keys, part.b, part.bEnd);
  const candidates = [...placesOfUnique(a.keys, part.a, part.aEnd)]
    .flatMap(([key, i]) => (inB.has(key) ? [[i, inB.get(key)!] as const] : []))
    .sort((x, y) => x[0] - y[0]);
  const kept = longestRun(candidates.map(([, j]) => j)).map((at) => candidates[at]!);
  if (kept.length === 0) return null;
  const parts: Part[] = [];
  let { a: i, b: j } = part;
  for (const [nextI, nextJ] of kept) {
    parts.push({ a: i, aEnd: nextI, b: j, bEnd: nextJ });
    places[nextI] = nextJ;
    [i, j] = [nextI + 1, nextJ + 1];
  }
  return [...parts, { a: i, aEnd: part.aEnd, b: j, bEnd: part.bEnd }];
}

function placesOfUnique(keys: Int32Array, from: number, to: number): Map<number, number> {
  const places = new Map<number, number>();
  for (let i = from; i < to; i++) places.set(keys[i]!, places.has(keys[i]!) ? -1 : i);
  for (const [key, place] of places) if (place < 0) places.delete(key);
  return places;
}

/** Stretches that lie at the same share of both sides. */
function cutEvenly({ a, aEnd, b, bEnd }: Part): Part[] {
  const count = Math.ceil(Math.sqrt(((aEnd - a) * (bEnd - b)) / maxCells)) + 1;
  const at = (from: number, to: number, n: number) => from + Math.floor(((to - from) * n) / count);
  return Array.from({ length: count }, (_, n) => ({
    a: at(a, aEnd, n),
    aEnd: at(a, aEnd, n + 1),
    b: at(b, bEnd, n),
    bEnd: at(b, bEnd, n + 1),
  }));
}

/** The places of a longest strictly growing subsequence. */
export function longestRun(values: readonly number[]): number[] {
  /** By length, the place of the least value that a run of it ends with. */
  const ends: number[] = [];
  const before = new Int32Array(values.length);
  values.forEach((value, at) => {
    let low = 0;
    let high = ends.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (values[ends[middle]!]! < value) low = middle + 1;
      else high = middle;
    }
    before[at] = ends[low - 1] ?? -1;
    ends[low] = at;
  });
  const run: number[] = [];
  for (let at = ends.at(-1) ?? -1; at >= 0; at = before[at]!) run.push(at);
  return run.reverse();
}
