/** Lines of one height below heads that stay: only those in sight are in the page. */
import { useVirtualizer } from "@tanstack/react-virtual";
import { useEffect, useRef, type RefObject } from "react";
import type { SpanLines } from "./use-lines.ts";

/** As spans.css has them: of a line, and of the heads above all lines. */
const heights = { line: 26, head: 50 };
const phoneHeights = { line: 46, head: 52 };
/** As inspector.css has it: so much of the window its sheet covers. */
const sheetShare = 0.62;

/** @param sight the row that is gone to first where none is selected. */
export function useLineScroller(
  pane: RefObject<HTMLElement | null>,
  { table, lines, sort }: SpanLines,
  { selected, sight, isPhone }: { selected: number | null; sight: number | null; isPhone: boolean },
) {
  const { line: height, head } = isPhone ? phoneHeights : heights;
  const covered = isPhone && selected !== null ? window.innerHeight * sheetShare : 0;
  const virtual = useVirtualizer({
    count: lines.count,
    getScrollElement: () => pane.current,
    estimateSize: () => height,
    overscan: 6,
    // The heads stand above the first line, which the virtualizer does not know of.
    scrollPaddingEnd: head + covered,
    paddingEnd: 40 + covered,
    // Rendered in a task of its own, before the frame that lays it out.
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
    if (last === null && line < 0 && sight !== null && lines.lineOf(sight) >= 0) {
      virtual.scrollToIndex(lines.lineOf(sight), { align: "start" });
    }
    if (line < 0) return;
    if (last?.key !== key) {
      // A sheet leaves room for a line or two below the heads.
      const align = isPhone ? "start" : last === null ? "center" : "auto";
      virtual.scrollToIndex(line, { align });
    } else if (last.line >= 0 && last.causes.some((cause, i) => cause !== causes[i])) {
      // Sorted, or grown: what is selected stays where it is seen. Who opens a line looks at that line.
      const { scrollTop, clientHeight } = pane.current!;
      const top = last.line * height - scrollTop;
      if (top > -height && top < clientHeight - head) pane.current!.scrollTop = line * height - top;
    }
  });
  return { virtual, height };
}
