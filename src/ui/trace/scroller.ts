/** Lines of one height in a scrolling pane: only those in sight are in the page. */
import { useVirtualizer } from "@tanstack/react-virtual";
import { useEffect, useRef, type RefObject } from "react";
import type { Lines } from "./lines.ts";

/** As --h-span says. */
export const lineHeight = 26;

export function useLineScroller(
  pane: RefObject<HTMLElement | null>,
  lines: Lines,
  selected: number | null,
  inSight: number | null = null,
) {
  const virtual = useVirtualizer({
    count: lines.count,
    getScrollElement: () => pane.current,
    estimateSize: () => lineHeight,
    overscan: 6,
    // Rendered in a task of its own, before the frame that lays it out.
    useFlushSync: false,
  });
  const line = selected === null ? -1 : lines.lineOf(selected);
  const seen = useRef<number | null>(null);
  useEffect(() => {
    // Only a new selection is scrolled to: what grows around it moves nothing.
    if (line < 0 || seen.current === selected) return;
    seen.current = selected;
    virtual.scrollToIndex(line, { align: "auto" });
  }, [virtual, line, selected]);
  const sightLine = inSight === null ? -1 : lines.lineOf(inSight);
  useEffect(() => {
    if (sightLine >= 0) virtual.scrollToIndex(sightLine, { align: "auto" });
  }, [virtual, sightLine]);
  return virtual;
}
