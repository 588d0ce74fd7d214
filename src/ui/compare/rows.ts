/**
 * The rows of a comparison with their change marks and step numbers, and the filter by kind of change.
 */
import type { Comparison } from "../../query/comparison.ts";
import type { Change } from "../../query/pairing.ts";

export type ComparedRow = Comparison["rows"][number];
export type ComparedStep = NonNullable<ComparedRow["a"]>;

export interface Line {
  row: ComparedRow;
  /** `~a.~b` with the keys of both spans, as used in the address. */
  id: string;
  marks: { a: string; b: string };
  /** The number of a model call within its trace, from 1. */
  steps: { a: number | null; b: number | null };
  /** The agents of the steps, except the agent with most steps of its trace. */
  agents: { a: string | null; b: string | null };
}

export const changeMarks: Record<Change, string> = {
  same: "=",
  changed: "~",
  onlyA: "−",
  onlyB: "+",
  moved: "↕",
};

export const changeWords: Record<Change, string> = {
  same: "same",
  changed: "changed",
  onlyA: "only in A",
  onlyB: "only in B",
  moved: "moved",
};

/** In the order of the filter buttons: differences first. */
export const shownChanges: readonly Change[] = ["changed", "onlyA", "onlyB", "moved", "same"];

export function idOf({ a, b }: ComparedRow): string {
  return `${a ? `~${a.key}` : ""}.${b ? `~${b.key}` : ""}`;
}

/** The id of the same pair after A and B are swapped. */
export function swappedId(id: string): string {
  return id.split(".").reverse().join(".");
}

export function linesOf({ rows }: Comparison): Line[] {
  const [ranksA, ranksB] = [ranksOf(rows, "a"), ranksOf(rows, "b")];
  // The position after the counterpart of the last row that was not moved.
  let expected = -1;
  return rows.map((row) => {
    const place = row.b ? ranksB.places.get(row.b.key)! : -1;
    const isLater = place > expected;
    if (row.a && row.b && row.change !== "moved") expected = place;
    return {
      row,
      id: idOf(row),
      marks: marksOf(row.change, isLater),
      steps: {
        a: row.a ? (ranksA.steps.get(row.a.key) ?? null) : null,
        b: row.b ? (ranksB.steps.get(row.b.key) ?? null) : null,
      },
      agents: { a: otherThan(ranksA.agent, row.a), b: otherThan(ranksB.agent, row.b) },
    };
  });
}

function marksOf(change: Change, isLater: boolean): Line["marks"] {
  switch (change) {
    case "same":
      return { a: "", b: "" };
    case "changed":
      return { a: "~", b: "~" };
    case "onlyA":
      return { a: "−", b: "" };
    case "onlyB":
      return { a: "", b: "+" };
    case "moved":
      return isLater ? { a: "↓", b: "↑" } : { a: "↑", b: "↓" };
  }
}

/** The position of each step of one side by start time. */
function ranksOf(rows: readonly ComparedRow[], side: "a" | "b") {
  const ordered = rows
    .flatMap((row) => row[side] ?? [])
    .sort((x, y) => x.startOffsetMs - y.startOffsetMs || x.key - y.key);
  const calls = ordered.filter(({ spanType }) => spanType === "llm");
  return {
    places: new Map(ordered.map(({ key }, i) => [key, i])),
    steps: new Map(calls.map(({ key }, i) => [key, i + 1])),
    agent: busiestOf(ordered),
  };
}

/** The agent with the most steps. */
function busiestOf(steps: readonly ComparedStep[]): string | null {
  const groups = [...Map.groupBy(steps, ({ agent }) => agent)];
  return groups.sort(([, x], [, y]) => y.length - x.length)[0]?.[0] ?? null;
}

function otherThan(agent: string | null, step: ComparedStep | null): string | null {
  return step && step.agent !== agent ? step.agent : null;
}

/** @param hidden kinds of change separated by commas, as in the address. */
export function hiddenOf(hidden: string): Set<Change> {
  const names = hidden.split(",");
  return new Set(shownChanges.filter((change) => names.includes(change)));
}

/** The index of the next difference after a row; -1 if there is none. */
export function nextDifference(lines: readonly Line[], from: number, by: 1 | -1): number {
  const isDifference = ({ row }: Line) => row.change !== "same";
  for (let i = from + by; i >= 0 && i < lines.length; i += by)
    if (isDifference(lines[i]!)) return i;
  return -1;
}
