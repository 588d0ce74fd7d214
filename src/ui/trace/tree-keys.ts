/** The keys of a tree of spans, as WAI-ARIA's treegrid has them, and jumps to what one looks for. */
import { useShortcuts, type Shortcut } from "../state/keys.ts";
import type { SpanTable } from "./model.ts";
import type { Tree } from "./use-lines.ts";

const group = "Spans";

/** Moves along the lines that are shown. @param select takes a row. */
export function useTreeKeys(
  tree: Tree,
  selected: number | null,
  select: (row: number) => void,
): void {
  const { table, lines } = tree;
  const line = selected === null ? -1 : lines.lineOf(selected);
  const row = line < 0 ? -1 : lines.rows[line]!;
  const isFold = line >= 0 && lines.counts[line]! > 1;
  const key = row < 0 ? -1 : table.columns.key[row]!;
  const isParent = row >= 0 && (isFold || table.ends[row] !== row + 1);
  const isOpen = isParent && !isFold && !tree.isClosed(key);

  const moveTo = (to: number) => {
    if (lines.count > 0) select(lines.rows[Math.min(lines.count - 1, Math.max(0, to))]!);
  };
  const own = (keys: string[], label: string, run: () => void): Shortcut => ({
    keys,
    label,
    group,
    run: ({ target }) => (isElsewhere(target) ? false : run()),
  });
  useShortcuts([
    own(["ArrowDown", "j"], "Next span", () => moveTo(line + 1)),
    own(["ArrowUp", "k"], "Previous span", () => moveTo(line - 1)),
    own(["ArrowRight"], "Open, then its first child", () =>
      isParent && !isOpen ? tree.toggle(key) : isOpen ? moveTo(line + 1) : undefined,
    ),
    own(["ArrowLeft"], "Close, then its parent", () => {
      if (isOpen) tree.toggle(key);
      else if (row >= 0 && table.parents[row]! >= 0) select(table.parents[row]!);
    }),
    own(["Home"], "First span", () => moveTo(0)),
    own(["End"], "Last span", () => moveTo(lines.count - 1)),
    own(["["], "Close all", () => tree.setAll(true)),
    own(["]"], "Open all", () => tree.setAll(false)),
  ]);
}

/** Buttons, links and tabs have their own use for these keys. */
function isElsewhere(target: EventTarget | null): boolean {
  return (
    target instanceof Element &&
    target.closest("dialog, [role=tablist], .popover, .inspector") !== null
  );
}

/** Jumps through all spans, in every view. */
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
