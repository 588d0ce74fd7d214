/**
 * Lists that begin alike, as a tree: a node is what one or more lists begin with. A conversation of 25,000
 * calls has a list of so many tokens for each call, yet one node for each token that is new. Pointers that
 * jump ever farther up find what a node has above it in a logarithm of steps.
 */

/** The empty list. */
export const emptyPrefix = 0;

/** What stands in a list, by a number of its own. */
type TokenId = number;

/** Tokens and nodes below this: the product is exact in a double. */
const maxTokens = 2 ** 26;

export class Prefixes<T> {
  readonly #tokenIds = new Map<T, TokenId>();
  readonly #children = new Map<number, number>();
  readonly #tokens: (T | null)[] = [null];
  readonly #parents: number[] = [emptyPrefix];
  readonly #jumps: number[] = [emptyPrefix];
  readonly #depths: number[] = [0];

  get size(): number {
    return this.#parents.length;
  }

  /** So many tokens. */
  depthOf(node: number): number {
    return this.#depths[node]!;
  }

  parentOf(node: number): number {
    return this.#parents[node]!;
  }

  /** The last token; null of the empty list. */
  tokenOf(node: number): T | null {
    return this.#tokens[node]!;
  }

  /** The list and one token more. */
  append(node: number, token: T): number {
    let tokenId = this.#tokenIds.get(token);
    if (tokenId === undefined) this.#tokenIds.set(token, (tokenId = this.#tokenIds.size));
    const id = node * maxTokens + tokenId;
    let child = this.#children.get(id);
    if (child === undefined) {
      child = this.#parents.push(node) - 1;
      this.#children.set(id, child);
      this.#tokens.push(token);
      this.#depths.push(this.depthOf(node) + 1);
      const jump = this.#jumps[node]!;
      const next = this.#jumps[jump]!;
      const isEven =
        this.depthOf(node) - this.depthOf(jump) === this.depthOf(jump) - this.depthOf(next);
      this.#jumps.push(isEven ? next : node);
    }
    return child;
  }

  /** The longest beginning of a list for which something holds that holds for all shorter ones, too. */
  longest(node: number, holds: (prefix: number) => boolean): number {
    while (node !== emptyPrefix && !holds(node)) {
      const jump = this.#jumps[node]!;
      node = holds(jump) ? this.#parents[node]! : jump;
    }
    return node;
  }

  /** The first so many tokens of a list. */
  first(node: number, depth: number): number {
    return this.longest(node, (prefix) => this.depthOf(prefix) <= depth);
  }
}

/** Which list came last among those that begin with some prefix. */
export class LastVisits<T> {
  readonly #prefixes: Prefixes<T>;
  /** In the order of a walk all that begins with a node stands behind it: so many nodes. */
  readonly #places: Int32Array;
  readonly #sizes: Int32Array;
  /** The greatest number of a visit in each stretch of places, as a binary tree. */
  readonly #last: Int32Array;
  readonly #isVisited: Uint8Array;

  /** @param prefixes complete: none is appended any more. */
  constructor(prefixes: Prefixes<T>) {
    const { size } = prefixes;
    this.#prefixes = prefixes;
    this.#places = new Int32Array(size);
    this.#sizes = new Int32Array(size).fill(1);
    this.#last = new Int32Array(2 * size).fill(-1);
    this.#isVisited = new Uint8Array(size);
    this.#isVisited[emptyPrefix] = 1;
    // A node's number is greater than its parent's.
    for (let node = size - 1; node > 0; node--) {
      this.#sizes[prefixes.parentOf(node)]! += this.#sizes[node]!;
    }
    const next = new Int32Array(size).fill(1);
    for (let node = 1; node < size; node++) {
      const parent = prefixes.parentOf(node);
      this.#places[node] = next[parent]!;
      next[parent]! += this.#sizes[node]!;
      next[node] = this.#places[node]! + 1;
    }
  }

  /** @param visit greater than all before. */
  visit(node: number, visit: number): void {
    for (let at = node; this.#isVisited[at] === 0; at = this.#prefixes.parentOf(at)) {
      this.#isVisited[at] = 1;
    }
    for (let i = this.#places.length + this.#places[node]!; i > 0; i >>= 1) this.#last[i] = visit;
  }

  /** The longest beginning of a list that a visited list has, too. */
  longestVisited(node: number): number {
    return this.#prefixes.longest(node, (prefix) => this.#isVisited[prefix] === 1);
  }

  /** The last visit of a list that begins so; -1 where there is none. */
  lastOf(node: number): number {
    let last = -1;
    let from = this.#places.length + this.#places[node]!;
    let until = from + this.#sizes[node]!;
    for (; from < until; from >>= 1, until >>= 1) {
      if (from & 1) last = Math.max(last, this.#last[from++]!);
      if (until & 1) last = Math.max(last, this.#last[--until]!);
    }
    return last;
  }
}
