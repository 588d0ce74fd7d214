/** The state of the table: what is open, folded, sorted and matched. */
import { useCallback, useMemo, useState } from "react";
import type { SpanTable } from "../../data/span-table.ts";
import { useParam } from "../../state/url.ts";
import { linesOf, type Lines } from "./lines.ts";
import { parseSort, sortText, type Sort } from "./sort.ts";

export interface SpanLines {
  table: SpanTable;
  lines: Lines;
  /** Opens or closes a line. */
  toggle(line: number): void;
  setAll(isClosed: boolean): void;
  sort: Sort | null;
  setSort(sort: Sort | null): void;
}

export interface Asked {
  /** The selected row; collapsed ancestors open to show it. */
  selected: number | null;
  isInternal: boolean;
  setInternal(isShown: boolean): void;
  isErrorsOnly: boolean;
  found: ReadonlySet<number>;
}

const none: ReadonlySet<string> = new Set();

export function useLines(
  table: SpanTable,
  { selected, isInternal, setInternal, isErrorsOnly, found }: Asked,
): SpanLines {
  const [closed, setClosed] = useState(none);
  const [opened, setOpened] = useState(none);
  const [sorted, setSorted] = useParam<string>("sort", "");
  const sort = useMemo(() => parseSort(sorted), [sorted]);
  const lines = useMemo(
    () => linesOf(table, { closed, opened, isInternal, isErrorsOnly, found, sort }),
    [table, closed, opened, isInternal, isErrorsOnly, found, sort],
  );
  // A new selection opens what hides it, once: the user can then close it again.
  const key = selected === null ? null : table.columns.key[selected]!;
  const [revealed, setRevealed] = useState<number | null>(null);
  if (key !== revealed) {
    const line = selected === null ? -1 : lines.lineOf(selected);
    const isHidden = line >= 0 && lines.rows[line] !== selected;
    // In a sort order, a selected span without a value stays in its fold, and the fold's line says
    // so.
    if (!isHidden || (sort && lines.kindOf(line) === "rest")) setRevealed(key);
    else if (lines.membersOf(line).length > 0) setOpened(new Set([...opened, lines.idOf(line)]));
    else setClosed(without(closed, lines.idOf(line)));
  }

  const toggle = useCallback(
    (line: number) => {
      if (isInternal && lines.kindOf(line) === "internal") return setInternal(false);
      const isFold = lines.membersOf(line).length > 0;
      (isFold ? setOpened : setClosed)((before) => flipped(before, lines.idOf(line)));
    },
    [lines, isInternal, setInternal],
  );
  const setAll = useCallback(
    (isClosed: boolean) => {
      const { key, childCount } = table.columns;
      // Roots stay open; otherwise the table would be empty.
      const isInner = (row: number) => childCount[row]! > 0 && table.parents[row]! >= 0;
      setClosed(
        isClosed ? new Set(key.flatMap((each, row) => (isInner(row) ? `${each}` : []))) : none,
      );
      setOpened(none);
    },
    [table],
  );
  return {
    table,
    lines,
    toggle,
    setAll,
    sort,
    setSort: useCallback((next: Sort | null) => setSorted(sortText(next)), [setSorted]),
  };
}

function flipped(set: ReadonlySet<string>, id: string): ReadonlySet<string> {
  return set.has(id) ? without(set, id) : new Set([...set, id]);
}

function without(set: ReadonlySet<string>, id: string): ReadonlySet<string> {
  return new Set([...set].filter((each) => each !== id));
}
