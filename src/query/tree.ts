/**
 * The order in which a trace's spans are shown: depth first, children by their start. It follows from the
 * rows at each read, so that a parent that comes late heals all below it. Nobody is lost: a span whose
 * parent is not stored stands at the top, and so does the earliest span of a circle of parents. Without
 * recursion, since a chain may be as long as the trace.
 */

/** What the order follows from. */
export interface TreeSpan {
  key: number;
  spanId: string;
  parentSpanId: string | null;
  startTime: number;
}

export interface TreePlace<S> {
  span: S;
  /** 0 at the top. */
  depth: number;
  /** Spans directly below. */
  childCount: number;
  /** It names a parent that is not stored. */
  isOrphan: boolean;
  /** It is among its own ancestors. */
  isCycle: boolean;
}

const none = -1;

/** All spans in the order in which they are shown; no id may come twice. */
export function arrange<S extends TreeSpan>(spans: readonly S[]): TreePlace<S>[] {
  const sorted = isSorted(spans) ? spans : [...spans].sort(byStart);
  const count = sorted.length;
  const { parents, orphans } = findParents(sorted);
  const cycles = cutCycles(parents);

  const childCounts = new Int32Array(count);
  const firstChild = new Int32Array(count).fill(none);
  const nextSibling = new Int32Array(count).fill(none);
  let firstRoot = none;
  for (let i = count - 1; i >= 0; i--) {
    const parent = parents[i]!;
    if (parent === none) {
      nextSibling[i] = firstRoot;
      firstRoot = i;
    } else {
      nextSibling[i] = firstChild[parent]!;
      firstChild[parent] = i;
      childCounts[parent]!++;
    }
  }

  const places: TreePlace<S>[] = [];
  let depth = 0;
  for (let i = firstRoot; i !== none;) {
    places.push({
      span: sorted[i]!,
      depth,
      childCount: childCounts[i]!,
      isOrphan: orphans[i] === 1,
      isCycle: cycles[i] === 1,
    });
    if (firstChild[i] !== none) {
      i = firstChild[i]!;
      depth++;
      continue;
    }
    while (nextSibling[i] === none && parents[i] !== none) {
      i = parents[i]!;
      depth--;
    }
    i = nextSibling[i]!;
  }
  return places;
}

function byStart(a: TreeSpan, b: TreeSpan): number {
  return a.startTime - b.startTime || a.key - b.key;
}

function isSorted(spans: readonly TreeSpan[]): boolean {
  for (let i = 1; i < spans.length; i++) if (byStart(spans[i - 1]!, spans[i]!) > 0) return false;
  return true;
}

/** The places of the parents, `none` for spans at the top. */
function findParents(spans: readonly TreeSpan[]): { parents: Int32Array; orphans: Uint8Array } {
  const places = new Map<string, number>();
  spans.forEach(({ spanId }, i) => places.set(spanId, i));
  const parents = new Int32Array(spans.length).fill(none);
  const orphans = new Uint8Array(spans.length);
  spans.forEach(({ parentSpanId }, i) => {
    if (parentSpanId === null) return;
    const parent = places.get(parentSpanId);
    if (parent === undefined) orphans[i] = 1;
    else parents[i] = parent;
  });
  return { parents, orphans };
}

/**
 * Takes the parent from the earliest span of each cycle: the first, since they are sorted.
 *
 * @returns who is part of a cycle.
 */
function cutCycles(parents: Int32Array): Uint8Array {
  const cycles = new Uint8Array(parents.length);
  /** Who was met first on the way up from which span, as its place + 1. */
  const metFrom = new Int32Array(parents.length);
  for (let start = 0; start < parents.length; start++) {
    let i = start;
    while (i !== none && metFrom[i] === 0) {
      metFrom[i] = start + 1;
      i = parents[i]!;
    }
    if (i === none || metFrom[i] !== start + 1) continue;
    let first = i;
    for (let member = i; cycles[member] === 0; member = parents[member]!) {
      cycles[member] = 1;
      first = Math.min(first, member);
    }
    parents[first] = none;
  }
  return cycles;
}
