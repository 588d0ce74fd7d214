/**
 * The order in which a trace's spans are shown: depth first, children by their start. It follows from the
 * rows at each read, so that a parent that comes late heals all below it. Nobody is lost: a span whose
 * parent is not stored stands at the top, and so does the earliest span of a circle of parents. Without
 * recursion, since a chain may be as long as the trace, and in typed arrays, since a trace may have a
 * million spans.
 */

/** No span. */
export const none = -1;

/** What the order follows from, by the number of a span in its trace. */
export interface TreeSpans {
  /** Numbers of all spans by their start, of two that start at once the smaller number first. */
  byStart: Int32Array;
  /** Numbers of the parents; `none` where there is none, or where it is not stored. */
  parents: Int32Array;
}

/** Spans by the rows in which they are shown. */
export interface Tree {
  /** The number of each row's span. */
  numbers: Int32Array;
  /** 0 at the top. */
  depths: Int32Array;
  /** Spans directly below. */
  childCounts: Int32Array;
  /** 1 of a span that is among its own ancestors. */
  cycles: Uint8Array;
}

export function arrange({ byStart, parents: named }: TreeSpans): Tree {
  const count = byStart.length;
  const parents = named.slice();
  const isInCycle = cutCycles(byStart, parents);

  const childCountOf = new Int32Array(parents.length);
  const firstChild = new Int32Array(parents.length).fill(none);
  const nextSibling = new Int32Array(parents.length).fill(none);
  let firstRoot = none;
  for (let i = count - 1; i >= 0; i--) {
    const span = byStart[i]!;
    const parent = parents[span]!;
    if (parent === none) {
      nextSibling[span] = firstRoot;
      firstRoot = span;
    } else {
      nextSibling[span] = firstChild[parent]!;
      firstChild[parent] = span;
      childCountOf[parent]!++;
    }
  }

  const numbers = new Int32Array(count);
  const depths = new Int32Array(count);
  const childCounts = new Int32Array(count);
  const cycles = new Uint8Array(count);
  let depth = 0;
  let row = 0;
  for (let span = firstRoot; span !== none;) {
    numbers[row] = span;
    depths[row] = depth;
    childCounts[row] = childCountOf[span]!;
    cycles[row++] = isInCycle[span]!;
    if (firstChild[span] !== none) {
      span = firstChild[span]!;
      depth++;
      continue;
    }
    while (nextSibling[span] === none && parents[span] !== none) {
      span = parents[span]!;
      depth--;
    }
    span = nextSibling[span]!;
  }
  return { numbers, depths, childCounts, cycles };
}

/**
 * Takes the parent from the earliest span of each circle.
 *
 * @returns 1 for who is part of one, by number.
 */
function cutCycles(byStart: Int32Array, parents: Int32Array): Uint8Array {
  const cycles = new Uint8Array(parents.length);
  /** Who was met first on the way up from which span, as its place by start + 1. */
  const metFrom = new Int32Array(parents.length);
  let hasCycles = false;
  byStart.forEach((start, place) => {
    let span = start;
    while (span !== none && metFrom[span] === 0) {
      metFrom[span] = place + 1;
      span = parents[span]!;
    }
    if (span === none || metFrom[span] !== place + 1) return;
    hasCycles = true;
    for (let at = span; cycles[at] === 0; at = parents[at]!) cycles[at] = 1;
  });
  if (!hasCycles) return cycles;
  const isCut = new Uint8Array(parents.length);
  for (const first of byStart) {
    if (cycles[first] === 0 || isCut[first] === 1) continue;
    for (let at = first; isCut[at] === 0; at = parents[at]!) isCut[at] = 1;
    parents[first] = none;
  }
  return cycles;
}

/** Sorts numbers of spans by their start, then by themselves. They mostly come so. */
export function sortByStart(starts: Float64Array, numbers: Int32Array): void {
  for (let i = 1; i < numbers.length; i++) {
    if (starts[numbers[i - 1]!]! > starts[numbers[i]!]!) {
      numbers.sort((a, b) => starts[a]! - starts[b]! || a - b);
      return;
    }
  }
}
