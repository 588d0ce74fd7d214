/** The visible time window: by keys, wheel and drag, and in the address. */
import { useCallback, useEffect, useMemo, useState, type RefObject } from "react";
import type { SpanTable } from "../../data/span-table.ts";
import { useShortcuts } from "../../state/keys.ts";
import { useParam } from "../../state/url.ts";
import type { Timeline, Window } from "./timeline.ts";

const smallestMs = 1;
const addressAfterMs = 300;

export function useZoom(
  table: SpanTable,
  timeline: Timeline,
  /** The element that receives wheel events, and the element within it that the time axis spans. */
  pane: RefObject<HTMLElement | null>,
  lanes: RefObject<HTMLElement | null>,
  selected: number | null,
) {
  const [zoom, setZoom] = useParam<string>("zoom", "");
  // An unzoomed trace stays unzoomed as it grows.
  const [part, setPart] = useState<Window | null>(() => parse(zoom));
  const window = useMemo(() => part ?? { from: 0, to: timeline.length }, [part, timeline]);

  const show = useCallback(
    ({ from, to }: Window) => {
      const length = Math.min(timeline.length, Math.max(smallestMs, to - from));
      const start = Math.min(timeline.length - length, Math.max(0, from));
      setPart(length >= timeline.length ? null : { from: start, to: start + length });
    },
    [timeline],
  );
  useEffect(() => {
    const text = part ? `${Math.round(part.from)}-${Math.round(part.to)}` : "";
    if (text === zoom) return;
    const timer = setTimeout(() => setZoom(text, { replace: true }), addressAfterMs);
    return () => clearTimeout(timer);
  }, [part, zoom, setZoom]);

  useEffect(() => {
    const element = pane.current!;
    const onWheel = (event: WheelEvent) => {
      const isZoom = event.ctrlKey || event.metaKey;
      if (!isZoom && !event.shiftKey) return;
      event.preventDefault();
      const { left, width } = lanes.current!.getBoundingClientRect();
      const length = window.to - window.from;
      if (!isZoom) {
        const by = ((event.deltaX || event.deltaY) / width) * length;
        return show({ from: window.from + by, to: window.to + by });
      }
      const share = (event.clientX - left) / width;
      const next = length * Math.exp(event.deltaY / 300);
      const from = window.from + share * (length - next);
      show({ from, to: from + next });
    };
    // React's wheel listeners are passive and could not prevent the browser's own zoom.
    element.addEventListener("wheel", onWheel, { passive: false });
    return () => element.removeEventListener("wheel", onWheel);
  });

  const zoomBy = (factor: number) => {
    const middle = (window.from + window.to) / 2;
    const half = ((window.to - window.from) / 2) * factor;
    show({ from: middle - half, to: middle + half });
  };
  const panBy = (share: number) => {
    const by = (window.to - window.from) * share;
    show({ from: window.from + by, to: window.to + by });
  };
  const fit = () => show({ from: 0, to: timeline.length });
  const group = "Time";
  useShortcuts([
    { keys: ["w"], label: "Zoom in", group, run: () => zoomBy(0.6) },
    { keys: ["W"], label: "Zoom out", group, run: () => zoomBy(1 / 0.6) },
    { keys: ["a"], label: "Earlier", group, run: () => panBy(-0.25) },
    { keys: ["d"], label: "Later", group, run: () => panBy(0.25) },
    { keys: ["0"], label: "Fit all", group, run: fit },
    {
      keys: ["f"],
      label: "Fit the selection",
      group,
      run: () => {
        if (selected === null) return;
        const { startTime, endTime } = table.span(selected);
        const [from, to] = [timeline.drawn(startTime), timeline.drawn(endTime)];
        const margin = Math.max(1, (to - from) * 0.1);
        show({ from: from - margin, to: to + margin });
      },
    },
  ]);
  return { window, show, fit };
}

function parse(text: string): Window | null {
  const match = /^(\d+)-(\d+)$/.exec(text);
  if (!match) return null;
  const [from, to] = [Number(match[1]), Number(match[2])];
  return to > from ? { from, to } : null;
}
