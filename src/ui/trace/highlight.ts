/**
 * Highlights the searched words in a pane with the CSS Custom Highlight API, which leaves the DOM
 * unchanged.
 */
import { useEffect, useRef, type RefObject } from "react";
import { afterScrolling } from "../state/scroll.ts";

/** The name used in trace.css. */
const highlightName = "trace-found";
/** The elements whose content is searched as one text. */
const blocks = "p, pre, li, td, th, h1, h2, h3, h4, dt, dd, div, button, header";
/** No more matches than this are highlighted. */
const maxMatches = 2_000;

/**
 * @param words in lower case; null without a search.
 * @param selected the current match: its first highlight is scrolled into view once.
 */
export function useHighlights(
  pane: RefObject<HTMLElement | null>,
  words: readonly string[] | null,
  selected: number | null,
): void {
  const shown = useRef<number | null>(null);
  useEffect(() => {
    shown.current = null;
  }, [words, selected]);
  useEffect(() => {
    // Browsers without the API show no highlights.
    if (words === null || typeof Highlight === "undefined") return;
    const highlight = new Highlight();
    CSS.highlights.set(highlightName, highlight);
    let frame = 0;
    let stopSeeking = () => {};
    const mark = () => {
      frame = 0;
      const ranges = rangesOf(pane.current!, words);
      highlight.clear();
      for (const range of ranges) highlight.add(range);
      if (selected === null || shown.current === selected) return;
      const first = ranges.find(isInSelection);
      if (!first) return;
      shown.current = selected;
      const scroller = first.startContainer.parentElement!.closest(".transcript-scroller")!;
      stopSeeking = afterScrolling(scroller, () => {
        const there = rangesOf(pane.current!, words).find(isInSelection);
        if (there) bringIntoSight(there, scroller);
      });
    };
    const observer = new MutationObserver(() => {
      frame ||= requestAnimationFrame(mark);
    });
    observer.observe(pane.current!, { childList: true, subtree: true, characterData: true });
    mark();
    return () => {
      observer.disconnect();
      stopSeeking();
      cancelAnimationFrame(frame);
      CSS.highlights.delete(highlightName);
    };
  }, [pane, words, selected]);
}

function isInSelection({ startContainer }: Range): boolean {
  return startContainer.parentElement?.closest(".transcript-row.is-selected") != null;
}

function rangesOf(root: HTMLElement, words: readonly string[]): Range[] {
  const ranges: Range[] = [];
  const walker = document.createTreeWalker(root, NodeFilter.SHOW_TEXT);
  let block: Element | null = null;
  let nodes: Text[] = [];
  const flush = () => {
    if (nodes.length > 0) addRanges(nodes, words, ranges);
    nodes = [];
  };
  while (walker.nextNode() && ranges.length < maxMatches) {
    const node = walker.currentNode as Text;
    const around = node.parentElement!.closest(blocks);
    if (around !== block) flush();
    block = around;
    nodes.push(node);
  }
  flush();
  return ranges;
}

function addRanges(nodes: readonly Text[], words: readonly string[], ranges: Range[]): void {
  const text = nodes.map(({ data }) => data).join("");
  const lower = text.toLowerCase();
  // Some letters change length in lower case, which would shift the matches.
  if (lower.length !== text.length) return;
  for (const word of words) {
    for (let at = lower.indexOf(word); at >= 0; at = lower.indexOf(word, at + word.length)) {
      const range = new Range();
      range.setStart(...placeIn(nodes, at));
      range.setEnd(...placeIn(nodes, at + word.length));
      ranges.push(range);
    }
  }
}

function placeIn(nodes: readonly Text[], at: number): [Text, number] {
  let left = at;
  for (const node of nodes) {
    if (left <= node.length) return [node, left];
    left -= node.length;
  }
  const last = nodes.at(-1)!;
  return [last, last.length];
}

/** Scrolls only if the match is out of view. */
function bringIntoSight(range: Range, scroller: Element): void {
  const { top, bottom } = range.getBoundingClientRect();
  const pane = scroller.getBoundingClientRect();
  // The sticky header of a step covers the top of the pane.
  const head = 40;
  if (top >= pane.top + head && bottom <= pane.bottom) return;
  scroller.scrollTop += top - pane.top - pane.height / 3;
}
