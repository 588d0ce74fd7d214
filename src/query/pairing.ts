/**
 * Pairs the steps of two runs: first along a longest common subsequence, then what is left by how alike its
 * text is. The same pairs come of it whichever run is named first.
 */
import { align, createNumbers, longestRun, type Elements } from "./align.ts";

/** With how many each step is compared whose key has no counterpart. */
const neighbours = 32;
/** How alike two steps are at least that are paired, in one place and elsewhere. */
const leastLikeness = 0.4;
const movedLikeness = 0.8;

/** A step as far as it is compared. */
export interface Alike {
  /** Equal for steps that do the same: of what kind they are, their name and argument. */
  key: string;
  /** False where others do something else although their keys are equal: model calls have no argument. */
  isTelling: boolean;
  /** Equal for steps that may be paired although their keys differ. */
  group: string;
  /** What is alike in steps that are; each word is looked at. */
  text: string;
  /** Equal, with the key, where nothing that counts differs. */
  digest: string;
}

export const changes = ["same", "changed", "onlyA", "onlyB", "moved"] as const;

export type Change = (typeof changes)[number];

export interface Row<S> {
  change: Change;
  a: S | null;
  b: S | null;
}

interface Pair {
  a: number;
  b: number;
  /** Others that are paired stand the other way round. */
  isMoved: boolean;
}

/** @returns all steps of both, each once, in the order of `a` with what only `b` has between. */
export function compareSteps<S extends Alike>(a: readonly S[], b: readonly S[]): Row<S>[] {
  const pairs = new Map(pairSteps(a, b).map((pair) => [pair.a, pair]));
  const paired = new Set([...pairs.values()].map((pair) => pair.b));
  const rows: Row<S>[] = [];
  let next = 0;
  const addOthersUntil = (end: number) => {
    for (; next < end; next++)
      if (!paired.has(next)) rows.push({ change: "onlyB", a: null, b: b[next]! });
  };
  a.forEach((step, i) => {
    const pair = pairs.get(i);
    if (!pair) {
      rows.push({ change: "onlyA", a: step, b: null });
      return;
    }
    const other = b[pair.b]!;
    if (!pair.isMoved) addOthersUntil(pair.b);
    const isSame = step.key === other.key && step.digest === other.digest;
    const change = pair.isMoved ? "moved" : isSame ? "same" : "changed";
    rows.push({ change, a: step, b: other });
  });
  addOthersUntil(b.length);
  return rows;
}

function pairSteps(a: readonly Alike[], b: readonly Alike[]): Pair[] {
  // Of equally good alignments one is taken: the same for both orders.
  if (compare(a, b) <= 0) return pairInOrder(a, b);
  return pairInOrder(b, a).map(({ a, b, isMoved }) => ({ a: b, b: a, isMoved }));
}

function compare(a: readonly Alike[], b: readonly Alike[]): number {
  if (a.length !== b.length) return a.length - b.length;
  for (let i = 0; i < a.length; i++) {
    for (const field of ["key", "digest", "text", "group"] as const) {
      if (a[i]![field] !== b[i]![field]) return a[i]![field] < b[i]![field] ? -1 : 1;
    }
  }
  return 0;
}

function pairInOrder(a: readonly Alike[], b: readonly Alike[]): Pair[] {
  const places = align(...numbered(a, b));
  const inOrder = places.slice();
  pairEqual(a, b, places);
  pairSimilar(a, b, places, inOrder);
  const pairs: Pair[] = [];
  places.forEach((j, i) => {
    if (j >= 0) pairs.push({ a: i, b: j, isMoved: true });
  });
  for (const at of longestRun(pairs.map(({ b }) => b))) pairs[at]!.isMoved = false;
  return pairs;
}

function numbered(a: readonly Alike[], b: readonly Alike[]): [Elements, Elements] {
  const keyNumber = createNumbers();
  const wholeNumber = createNumbers();
  const elementsOf = (steps: readonly Alike[]) => {
    const keys = Int32Array.from(steps, ({ key }) => keyNumber(key));
    return {
      keys,
      whole: Int32Array.from(steps, ({ digest }, i) => wholeNumber(`${keys[i]} ${digest}`)),
    };
  };
  return [elementsOf(a), elementsOf(b)];
}

/** What is left of each side, by place. */
function leftOf(a: readonly Alike[], b: readonly Alike[], places: Int32Array) {
  const taken = new Set(places);
  return {
    inA: [...a.keys()].filter((i) => places[i]! < 0),
    inB: [...b.keys()].filter((j) => !taken.has(j)),
  };
}

const identityOf = ({ key, isTelling, digest }: Alike) => (isTelling ? key : `${key} ${digest}`);

/** Steps that do the same elsewhere, the first with the first. */
function pairEqual(a: readonly Alike[], b: readonly Alike[], places: Int32Array): void {
  const { inA, inB } = leftOf(a, b, places);
  const byKey = Map.groupBy(inB, (j) => identityOf(b[j]!));
  for (const list of byKey.values()) list.reverse();
  for (const i of inA) places[i] = byKey.get(identityOf(a[i]!))?.pop() ?? -1;
}

/**
 * The most alike first; each is compared with those of its group that stand nearest to where it would. What
 * stands elsewhere has to be more alike.
 *
 * @param inOrder the alignment: steps that stand between the same two pairs of it are in one place.
 */
function pairSimilar(
  a: readonly Alike[],
  b: readonly Alike[],
  places: Int32Array,
  inOrder: Int32Array,
): void {
  const { inA, inB } = leftOf(a, b, places);
  const until = endsOf(inOrder, b.length);
  const groups = Map.groupBy(inB, (j) => b[j]!.group);
  const wordNumber = createNumbers();
  const wordsOfB = new Map<number, Int32Array>();
  const found: { i: number; j: number; likeness: number; distance: number }[] = [];
  // Behind the counterpart of the last step that has one.
  let expected = 0;
  let next = 0;
  for (const i of inA) {
    for (; next < i; next++) if (inOrder[next]! >= 0) expected = inOrder[next]! + 1;
    const group = groups.get(a[i]!.group);
    if (!group) continue;
    const words = wordsOf(a[i]!.text, wordNumber);
    const middle = lowerBound(group, expected);
    const from = Math.max(0, middle - neighbours / 2);
    for (const j of group.slice(from, from + neighbours)) {
      let others = wordsOfB.get(j);
      if (!others) wordsOfB.set(j, (others = wordsOf(b[j]!.text, wordNumber)));
      const likeness = likenessOf(words, others);
      const isHere = j >= expected && j < until[i]!;
      if (likeness >= (isHere ? leastLikeness : movedLikeness))
        found.push({ i, j, likeness, distance: Math.abs(j - expected) });
    }
  }
  found.sort(
    (x, y) => y.likeness - x.likeness || x.distance - y.distance || x.i - y.i || x.j - y.j,
  );
  const taken = new Set<number>();
  for (const { i, j } of found) {
    if (places[i]! >= 0 || taken.has(j)) continue;
    places[i] = j;
    taken.add(j);
  }
}

/** Of each step the counterpart of the next one that has one. */
function endsOf(inOrder: Int32Array, length: number): Int32Array {
  const ends = new Int32Array(inOrder.length);
  let end = length;
  for (let i = inOrder.length - 1; i >= 0; i--) {
    ends[i] = end;
    if (inOrder[i]! >= 0) end = inOrder[i]!;
  }
  return ends;
}

function lowerBound(sorted: readonly number[], value: number): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (sorted[middle]! < value) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** The numbers of the words of a text, sorted, each once. */
function wordsOf(text: string, numberOf: (word: string) => number): Int32Array {
  const words = text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? [];
  return Int32Array.from(new Set(words.map(numberOf))).sort();
}

/** Of 0 to 1: the share of the words that both have. */
function likenessOf(a: Int32Array, b: Int32Array): number {
  if (a.length === 0 || b.length === 0) return 0;
  let common = 0;
  for (let i = 0, j = 0; i < a.length && j < b.length;) {
    if (a[i] === b[j]) common++;
    if (a[i]! <= b[j]!) {
      if (a[i] === b[j]) j++;
      i++;
    } else {
      j++;
    }
  }
  return (2 * common) / (a.length + b.length);
}
