/** What of the tree is open, folded and found, shared by all views of it. */
import { useCallback, useMemo, useState } from "react";
import { useParam } from "../state/url.ts";
import { linesOf, withParents, type Lines } from "./lines.ts";
import type { SpanTable } from "./model.ts";

export interface Tree {
  table: SpanTable;
  lines: Lines;
  isClosed(key: number): boolean;
  /** Opens or closes a span, or opens the fold that begins with it. */
  toggle(key: number): void;
  setAll(isClosed: boolean): void;
  isFolding: boolean;
  setFolding(isFolding: boolean): void;
}

const none: ReadonlySet<number> = new Set();

/** @param selected the row that must be in sight, whatever is closed. */
export function useTree(table: SpanTable, selected: number | null, isErrorsOnly: boolean): Tree {
  const [closed, setClosed] = useState(none);
  const [unfolded, setUnfolded] = useState(none);
  const [fold, setFold] = useParam<"on" | "off">("fold", "on");
  const isFolding = fold === "on";
  const only = useMemo(
    () => (isErrorsOnly ? withParents(table, table.errors) : null),
    [table, isErrorsOnly],
  );
  const lines = useMemo(
    () => linesOf(table, { closed, unfolded, isFolding, only }),
    [table, closed, unfolded, isFolding, only],
  );
  // A selection from elsewhere opens what hides it.
  const line = selected === null ? -1 : lines.lineOf(selected);
  const shownRow = line < 0 ? null : lines.rows[line]!;
  if (selected !== null && shownRow !== null && shownRow !== selected) {
    const key = table.columns.key[shownRow]!;
    if (lines.counts[line]! > 1) setUnfolded(new Set([...unfolded, key]));
    else if (closed.has(key)) setClosed(without(closed, key));
  }

  const toggle = useCallback(
    (key: number) => {
      const row = table.rowOf(key)!;
      if (table.ends[row] === row + 1) setUnfolded((before) => flipped(before, key));
      else setClosed((before) => flipped(before, key));
    },
    [table],
  );
  const setAll = useCallback(
    (isClosed: boolean) => {
      const { key, childCount } = table.columns;
      // What stands at the top stays open: else nothing of the trace would be seen.
      setClosed(
        isClosed
          ? new Set(key.filter((_, row) => childCount[row]! > 0 && table.parents[row]! >= 0))
          : none,
      );
      setUnfolded(none);
    },
    [table],
  );
  return {
    table,
    lines,
    isClosed: (key) => closed.has(key),
    toggle,
    setAll,
    isFolding,
    setFolding: (isFolding) => setFold(isFolding ? "on" : "off", { replace: true }),
  };
}

function flipped(set: ReadonlySet<number>, key: number): ReadonlySet<number> {
  return set.has(key) ? without(set, key) : new Set([...set, key]);
}

function without(set: ReadonlySet<number>, key: number): ReadonlySet<number> {
  return new Set([...set].filter((each) => each !== key));
}
