/** A virtual list of rows of equal height below sticky column headings. */
import { useVirtualizer } from "@tanstack/react-virtual";
import { useEffect, useRef, type RefObject } from "react";
import type { SpanLines } from "./use-lines.ts";

/** In px, as in spans.css: of a row, and of the column headings. */
const heights = { line: 26, head: 50 };
const phoneHeights = { line: 46, head: 52 };
/** The share of the window's height that the inspector covers on a phone, as in inspector.css. */
const sheetShare = 0.62;

/** @param startRow the row to scroll to first if none is selected. */
export function useLineScroller(
  pane: RefObject<HTMLElement | null>,
  { table, lines, sort }: SpanLines,
  {
    selected,
    startRow,
    isPhone,
  }: { selected: number | null; startRow: number | null; isPhone: boolean },
) {
  const { line: height, head } = isPhone ? phoneHeights : heights;
  const covered = isPhone && selected !== null ? window.innerHeight * sheetShare : 0;
  const virtual = useVirtualizer({
    count: lines.count,
    getScrollElement: () => pane.current,
    estimateSize: () => height,
    overscan: 6,
    // The virtualizer does not know of the headings above the first row.
    scrollPaddingEnd: head + covered,
    paddingEnd: 40 + covered,
    // Renders in a separate task before the layout.
    useFlushSync: false,
  });
  useEffect(() => virtual.measure(), [virtual, height]);

  const line = selected === null ? -1 : lines.lineOf(selected);
  const key = selected === null ? null : table.columns.key[selected]!;
  const before = useRef<{ key: number | null; line: number; causes: unknown[] } | null>(null);
  const causes = [table, sort];
  useEffect(() => {
    const last = before.current;
    before.current = { key, line, causes };
    if (last === null && line < 0 && startRow !== null && lines.lineOf(startRow) >= 0) {
      virtual.scrollToIndex(lines.lineOf(startRow), { align: "start" });
    }
    if (line < 0) return;
    if (last?.key !== key) {
      // The sheet on a phone leaves room for only a row or two, so the selected row goes to the top.
      const align = isPhone ? "start" : last === null ? "center" : "auto";
      virtual.scrollToIndex(line, { align });
    } else if (last.line >= 0 && last.causes.some((cause, i) => cause !== causes[i])) {
      // When rows are sorted or added, the selected row keeps its place on the screen. After opening a
      // row, that row keeps it.
      const { scrollTop, clientHeight } = pane.current!;
      const top = last.line * height - scrollTop;
      if (top > -height && top < clientHeight - head) pane.current!.scrollTop = line * height - top;
    }
  });
  return { virtual, height };
}
