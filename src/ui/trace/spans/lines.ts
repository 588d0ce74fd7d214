/**
 * The lines of the table: spans in tree order, or sorted by a column. Repeated spans, internal spans, and
 * spans without a value in the sorted column are folded: one line stands for the fold, its members below
 * it.
 */
import { rollupOf } from "../../data/span-sums.ts";
import type { SpanTable } from "../../data/span-table.ts";
import { sortRows, type Sort } from "./sort.ts";

/**
 * What a line is: a span, a fold of identical spans, a fold of internal spans, or the fold of spans
 * without a sort value.
 */
export type LineKind = "span" | "repeats" | "internal" | "rest";

const kinds: readonly LineKind[] = ["span", "repeats", "internal", "rest"];

export interface Lines {
  readonly count: number;
  /** The row of the span; for a fold that of its first span. */
  readonly rows: Int32Array;
  /** The level of indentation. */
  readonly levels: Int32Array;
  kindOf(line: number): LineKind;
  /** The rows of a fold, without their subtrees; empty for a line of a span. */
  membersOf(line: number): Int32Array;
  /** An id that stays the same while the trace grows. */
  idOf(line: number): string;
  /** Whether the content below a line is visible; null if there is none. */
  isOpen(line: number): boolean | null;
  /**
   * The line that shows a row: its own, or that of the collapsed fold or span that contains it; -1 if
   * none.
   */
  lineOf(row: number): number;
}

export interface LineOptions {
  /** Ids of spans whose children are hidden. */
  closed: ReadonlySet<string>;
  /** Ids of open folds. */
  opened: ReadonlySet<string>;
  /** Whether internal spans are shown in place, outside folds. */
  isInternal: boolean;
  /** Whether only failed spans are shown; in tree order with their ancestors. */
  isErrorsOnly: boolean;
  /** Rows that must not be hidden in a fold, because they match the search. */
  found: ReadonlySet<number>;
  /** Null for tree order. */
  sort: Sort | null;
}

/** The fewest identical neighbours that form a fold. */
const minFoldedSpans = 3;
const nobody = new Int32Array();

export function linesOf(table: SpanTable, shown: LineOptions): Lines {
  const lines = new LineList(table, shown);
  if (shown.sort) addSorted(lines, shown.sort);
  else addTree(lines);
  return lines.done();
}

class LineList {
  readonly table: SpanTable;
  readonly shown: LineOptions;
  readonly #rows: number[] = [];
  readonly #levels: number[] = [];
  readonly #kinds: number[] = [];
  readonly #places: Int32Array;
  readonly #folds = new Map<number, { id: string; members: Int32Array; isOpen: boolean }>();

  constructor(table: SpanTable, shown: LineOptions) {
    this.table = table;
    this.shown = shown;
    this.#places = new Int32Array(table.count).fill(-1);
  }

  isClosed(row: number): boolean {
    const { closed } = this.shown;
    return closed.size > 0 && closed.has(spanId(this.table, row));
  }

  addSpan(row: number, level: number, end = row + 1): void {
    this.#places.fill(this.#rows.length, row, end);
    this.#add("span", row, level);
  }

  /** Adds a line for a fold. @param addBelow adds the lines of its members if the fold is open. */
  addFold(
    kind: LineKind,
    id: string,
    members: Int32Array,
    level: number,
    addBelow: (row: number, level: number) => void,
  ): void {
    const { table, shown } = this;
    const isOpen =
      shown.opened.has(id) ||
      (kind === "internal" && shown.isInternal) ||
      (shown.found.size > 0 && kind !== "rest" && this.#hasFound(members));
    const line = this.#rows.length;
    this.#folds.set(line, { id, members, isOpen });
    this.#add(kind, members[0]!, level);
    for (const row of members) {
      if (isOpen) addBelow(row, level + 1);
      else this.#places.fill(line, row, shown.sort ? row + 1 : table.ends[row]!);
    }
  }

  #add(kind: LineKind, row: number, level: number): void {
    this.#rows.push(row);
    this.#levels.push(level);
    this.#kinds.push(kinds.indexOf(kind));
  }

  #hasFound(members: Int32Array): boolean {
    const { ends } = this.table;
    const at = new Set(members);
    for (const row of this.shown.found) {
      if (at.has(row)) return true;
      // Linear, because few members are nested within others.
      for (const member of members) if (member < row && row < ends[member]!) return true;
    }
    return false;
  }

  done(): Lines {
    const { table } = this;
    const rows = Int32Array.from(this.#rows);
    const lineKinds = Uint8Array.from(this.#kinds);
    const folds = this.#folds;
    const isTree = this.shown.sort === null;
    return {
      count: rows.length,
      rows,
      levels: Int32Array.from(this.#levels),
      kindOf: (line) => kinds[lineKinds[line]!]!,
      membersOf: (line) => folds.get(line)?.members ?? nobody,
      idOf: (line) => folds.get(line)?.id ?? spanId(table, rows[line]!),
      isOpen: (line) => {
        const fold = folds.get(line);
        if (fold) return fold.isOpen;
        const row = rows[line]!;
        return isTree && hasLinesBelow(table, row) ? !this.isClosed(row) : null;
      },
      lineOf: (row) => this.#places[row] ?? -1,
    };
  }
}

/** Internal children do not count: they are folded under the agent. */
function hasLinesBelow(table: SpanTable, row: number): boolean {
  if (table.isInternal[row] === 1) return table.ends[row]! > row + 1;
  return rollupOf(table, row).spanCount > 0;
}

const spanId = ({ columns }: SpanTable, row: number) => `${columns.key[row]}`;

/** The internal spans of one agent, folded after everything else it did. */
interface Internals {
  agent: number;
  rows: number[];
}

function addTree(lines: LineList): void {
  const { table, shown } = lines;
  const { count, ends, isInternal, columns } = table;
  const agentOf = table.internalCount > 0 ? agentsOf(table) : nobody;
  const only = shown.isErrorsOnly ? withParents(table, table.errors) : null;
  const open: Internals[] = [];
  /** Adds a member of a fold with its subtree. */
  const addWhole = (from: number, level: number) => {
    const by = level - columns.depth[from]!;
    for (let row = from; row < ends[from]!;) {
      const end = lines.isClosed(row) ? ends[row]! : row + 1;
      lines.addSpan(row, columns.depth[row]! + by, end);
      row = end;
    }
  };
  const addInternals = (before: number) => {
    while (open.length > 0 && ends[open.at(-1)!.agent]! <= before) {
      const { agent, rows } = open.pop()!;
      const id = `internal.${columns.key[agent]}`;
      lines.addFold("internal", id, Int32Array.from(rows), columns.depth[agent]! + 1, addWhole);
    }
  };
  for (let row = 0; row < count;) {
    addInternals(row);
    if (isInternal[row] === 1) {
      const agent = agentOf[row]!;
      if (!only) {
        const last = open.at(-1);
        if (last?.agent === agent) last.rows.push(row);
        else open.push({ agent, rows: [row] });
      }
      row = ends[row]!;
      continue;
    }
    if (only && only[row] === 0) {
      row++;
      continue;
    }
    const level = columns.depth[row]!;
    const alike = only ? 1 : countAlike(table, row);
    if (alike >= minFoldedSpans) {
      const members = Int32Array.from({ length: alike }, (_, i) => row + i);
      lines.addFold("repeats", `repeats.${columns.key[row]}`, members, level, addWhole);
      row += alike;
      continue;
    }
    const end = lines.isClosed(row) ? ends[row]! : row + 1;
    lines.addSpan(row, level, end);
    row = end;
  }
  addInternals(count);
}

/** For each row the row of the agent it ran in, itself for an agent; the root if there is none. */
function agentsOf({ count, parents, columns }: SpanTable): Int32Array {
  const agent = columns.spanType.values.indexOf("agent");
  const rows = new Int32Array(count);
  for (let row = 0; row < count; row++) {
    const parent = parents[row]!;
    // In a cycle of parents, a parent can follow its child.
    const isOutermost = parent < 0 || parent >= row || columns.spanType.rows[row] === agent;
    rows[row] = isOutermost ? row : rows[parent]!;
  }
  return rows;
}

/**
 * How many spans from this row on are siblings of the same kind and name without children. Failed spans
 * and model calls are never folded.
 */
function countAlike({ count, ends, parents, columns }: SpanTable, row: number): number {
  if (columns.spanType.values[columns.spanType.rows[row]!] === "llm") return 1;
  const ok = columns.status.values.indexOf("ok");
  let at = row;
  while (
    at < count &&
    ends[at] === at + 1 &&
    parents[at] === parents[row] &&
    columns.name.rows[at] === columns.name.rows[row] &&
    columns.spanType.rows[at] === columns.spanType.rows[row] &&
    columns.status.rows[at] === ok
  )
    at++;
  return at - row;
}

function addSorted(lines: LineList, sort: Sort): void {
  const { table, shown } = lines;
  const errors = shown.isErrorsOnly ? new Set(table.errors) : null;
  const { sorted, running, rest, internal } = sortRows(table, sort, (row) =>
    errors ? errors.has(row) : true,
  );
  const add = (row: number, level: number) => lines.addSpan(row, level);
  for (const row of sorted) add(row, 0);
  // A running span has no end, so it cannot be sorted yet and comes first.
  if (running !== null) add(running, 0);
  if (rest.length > 0) lines.addFold("rest", "rest", rest, 0, add);
  if (internal.length > 0) lines.addFold("internal", "internal", internal, 0, add);
}

/** Marks rows and all their ancestors. */
function withParents({ count, parents }: SpanTable, rows: Iterable<number>): Uint8Array {
  const marked = new Uint8Array(count);
  for (let row of rows) {
    while (row >= 0 && marked[row] === 0) {
      marked[row] = 1;
      row = parents[row]!;
    }
  }
  return marked;
}
