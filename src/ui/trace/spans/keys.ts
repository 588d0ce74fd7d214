/**
 * The keyboard shortcuts of the table, following the treegrid pattern of WAI-ARIA, and jumps to steps,
 * errors and matches.
 */
import type { SpanTable } from "../../data/span-table.ts";
import { useShortcuts, type Shortcut } from "../../state/keys.ts";
import type { Lines } from "./lines.ts";
import { nextSort, sortKeys, type SortKey } from "./sort.ts";
import type { SpanLines } from "./use-lines.ts";

const group = "Spans";

const isFold = (lines: Lines, line: number) => lines.membersOf(line).length > 0;
/** A collapsed fold stands for its spans; an open one is only a heading. */
const isHead = (lines: Lines, line: number) => isFold(lines, line) && lines.isOpen(line) === true;

/** @returns the row of a line, or of the next line that can be selected; null if there is none. */
function rowAt(lines: Lines, line: number, by: 1 | -1): number | null {
  let at = Math.min(lines.count - 1, Math.max(0, line));
  while (at >= 0 && at < lines.count && isHead(lines, at)) at += by;
  return lines.rows[at] ?? null;
}

/** @returns the row of the previous or next line. */
export function rowBeside(lines: Lines, selected: number | null, by: 1 | -1): number | null {
  const line = selected === null ? -1 : lines.lineOf(selected);
  return rowAt(lines, line < 0 ? 0 : line + by, by);
}

/** Moves through the visible lines. @param select called with the new row. */
export function useLineKeys(
  { lines, toggle, setAll, sort, setSort }: SpanLines,
  selected: number | null,
  select: (row: number) => void,
): void {
  const line = selected === null ? -1 : lines.lineOf(selected);
  const isOpen = line < 0 ? null : lines.isOpen(line);

  const selectRow = (row: number | null) => {
    if (row !== null) select(row);
  };
  const moveTo = (to: number, by: 1 | -1) => selectRow(rowAt(lines, to, by));
  const moveToSibling = (by: 1 | -1) => {
    const level = lines.levels[line];
    for (let at = line + by; at >= 0 && at < lines.count; at += by) {
      if (lines.levels[at]! < level!) return;
      if (lines.levels[at] === level && !isHead(lines, at)) return select(lines.rows[at]!);
    }
  };
  const close = () => {
    if (line < 0) return;
    if (isOpen && !isFold(lines, line)) return toggle(line);
    for (let at = line - 1; at >= 0; at--) {
      if (lines.levels[at]! >= lines.levels[line]!) continue;
      if (isFold(lines, at)) toggle(at);
      else select(lines.rows[at]!);
      return;
    }
  };
  const open = () => {
    if (isOpen === false) toggle(line);
    else if (isOpen) moveTo(line + 1, 1);
  };
  const own = (keys: string[], label: string, run: () => boolean | void): Shortcut => ({
    keys,
    label,
    group,
    run: ({ target }) => (isElsewhere(target) ? false : run()),
  });
  useShortcuts([
    own(["ArrowDown", "j"], "Next span", () => selectRow(rowBeside(lines, selected, 1))),
    own(["ArrowUp", "k"], "Previous span", () => selectRow(rowBeside(lines, selected, -1))),
    own(["ArrowRight"], "Open, or go to the first child", open),
    own(["ArrowLeft"], "Close, or go to the parent", close),
    own(["]"], "Next sibling", () => moveToSibling(1)),
    own(["["], "Previous sibling", () => moveToSibling(-1)),
    own(["Home"], "First span", () => moveTo(0, 1)),
    own(["End"], "Last span", () => moveTo(lines.count - 1, -1)),
    own(["s"], "Sort by the focused column, or by the next one", () => {
      const focused = focusedSortKey();
      const next = sortKeys[sort ? sortKeys.indexOf(sort.by) + 1 : 0];
      if (focused) setSort(nextSort(sort, focused));
      else setSort(next === undefined ? null : { by: next, isReversed: false });
    }),
    own(["Backspace"], "Back to tree order", () => (sort ? setSort(null) : false)),
    own(["{"], "Close all", () => setAll(true)),
    own(["}"], "Open all", () => setAll(false)),
  ]);
}

function focusedSortKey(): SortKey | undefined {
  const key = document.activeElement?.closest("[data-sort]")?.getAttribute("data-sort");
  return sortKeys.find((each) => each === key);
}

/** Buttons, links and tabs use these keys themselves. */
function isElsewhere(target: EventTarget | null): boolean {
  return (
    target instanceof Element &&
    target.closest("dialog, [role=tablist], .popover, .inspector") !== null
  );
}

/** Jumps across all spans, in every view. */
export function useJumpKeys(
  table: SpanTable,
  selected: number | null,
  select: (row: number) => void,
): { jumpError: (by: 1 | -1) => void; errorNumber: number | null } {
  const { errors, columns, parents, count } = table;
  const ofKind = (kind: "llm" | "tool") => {
    const wanted = columns.spanType.values.indexOf(kind);
    for (let n = 1; n <= count; n++) {
      const row = ((selected ?? -1) + n) % count;
      if (columns.spanType.rows[row] === wanted) return select(row);
    }
  };
  function jumpError(by: 1 | -1): void {
    if (errors.length === 0) return;
    const next =
      by === 1
        ? errors.find((row) => row > (selected ?? -1))
        : errors.findLast((row) => row < (selected ?? count));
    select(next ?? errors.at(by === 1 ? 0 : -1)!);
  }
  useShortcuts([
    { keys: ["e"], label: "Next error", group, run: () => jumpError(1) },
    { keys: ["E"], label: "Previous error", group, run: () => jumpError(-1) },
    { keys: ["t"], label: "Next tool", group, run: () => ofKind("tool") },
    { keys: ["l"], label: "Next model call", group, run: () => ofKind("llm") },
    {
      keys: ["p"],
      label: "Parent",
      group,
      run: () => {
        if (selected !== null && parents[selected]! >= 0) select(parents[selected]!);
      },
    },
  ]);
  const place = selected === null ? -1 : errors.indexOf(selected);
  return { jumpError, errorNumber: place < 0 ? null : place + 1 };
}
