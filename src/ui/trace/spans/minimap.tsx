/** A canvas with the whole trace and the visible time window. Dragging selects another window. */
import { useEffect, useRef } from "react";
import type { SpanTable } from "../../data/span-table.ts";
import { usePref } from "../../state/prefs.ts";
import type { Timeline, Window } from "./timeline.ts";

/** In px, as in spans.css. */
const height = 22;
/** Deeper levels share the last lane. */
const laneCount = 4;
const laneHeight = 5;
const tokens = {
  agent: "--kind-agent",
  llm: "--kind-llm",
  tool: "--kind-tool",
  embedding: "--kind-embedding",
  other: "--kind-other",
} as const;

export interface MinimapProps {
  table: SpanTable;
  timeline: Timeline;
  window: Window;
  onWindow: (window: Window) => void;
}

export function Minimap({ table, timeline, window: shown, onWindow }: MinimapProps) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const box = useRef<HTMLDivElement>(null);
  // Canvas colours do not follow CSS, so a theme change repaints.
  const [theme] = usePref("theme", "system");
  useEffect(() => {
    const draw = () => paint(canvas.current!, table, timeline);
    const observer = new ResizeObserver(draw);
    // Also calls back once immediately.
    observer.observe(canvas.current!);
    return () => observer.disconnect();
  }, [table, timeline, theme]);

  const placeOf = (clientX: number) => {
    const { left, width } = box.current!.getBoundingClientRect();
    return (Math.min(1, Math.max(0, (clientX - left) / width)) || 0) * timeline.length;
  };
  const from = (shown.from / timeline.length) * 100;
  const to = (shown.to / timeline.length) * 100;
  return (
    <div
      className="spans-minimap"
      ref={box}
      title="Drag to zoom into a range; click to show all"
      onPointerDown={(event) => {
        if (event.button !== 0) return;
        const start = placeOf(event.clientX);
        const element = event.currentTarget;
        element.setPointerCapture(event.pointerId);
        const move = ({ clientX }: PointerEvent) => {
          const end = placeOf(clientX);
          if (Math.abs(end - start) > timeline.length / 500)
            onWindow({ from: Math.min(start, end), to: Math.max(start, end) });
        };
        let isMoved = false;
        const moved = (event: PointerEvent) => {
          isMoved = true;
          move(event);
        };
        element.addEventListener("pointermove", moved);
        element.addEventListener(
          "pointerup",
          () => {
            element.removeEventListener("pointermove", moved);
            if (!isMoved) onWindow({ from: 0, to: timeline.length });
          },
          { once: true },
        );
      }}
    >
      <canvas ref={canvas} aria-hidden="true" />
      <i className="spans-shade" style={{ left: 0, width: `${from}%` }} />
      <i className="spans-shade" style={{ left: `${to}%`, right: 0 }} />
      <i className="spans-brush" style={{ left: `${from}%`, width: `${to - from}%` }} />
    </div>
  );
}

/** Paints each pixel of a lane once, however many spans cover it: 50,000 rectangles took 90 ms. */
function paint(canvas: HTMLCanvasElement, table: SpanTable, timeline: Timeline): void {
  const ratio = devicePixelRatio;
  const width = Math.round(canvas.clientWidth * ratio);
  canvas.width = width;
  canvas.height = height * ratio;
  const context = canvas.getContext("2d")!;
  const style = getComputedStyle(canvas);
  const { columns, count } = table;
  const kinds = columns.spanType.values as (keyof typeof tokens)[];
  const scale = width / timeline.length;
  // The kind of each pixel, from 1; 0 is empty.
  const pixels = new Uint8Array(laneCount * width);
  for (let row = 0; row < count; row++) {
    const start = columns.startTime[row]!;
    const from = Math.min(width - 1, Math.floor(timeline.drawn(start) * scale));
    const to = Math.ceil(timeline.drawn(start + columns.durationMs[row]!) * scale);
    const lane = Math.min(columns.depth[row]!, laneCount - 1) * width;
    const end = Math.min(width, Math.max(from + 1, to));
    pixels.fill(columns.spanType.rows[row]! + 1, lane + from, lane + end);
  }
  const paths = kinds.map(() => new Path2D());
  for (let lane = 0; lane < laneCount; lane++) {
    const y = (2 + lane * laneHeight) * ratio;
    for (let x = 0, end: number; x < width; x = end) {
      const kind = pixels[lane * width + x]!;
      for (end = x + 1; end < width && pixels[lane * width + end] === kind;) end++;
      if (kind === 0) continue;
      const thickness = kinds[kind - 1] === "agent" ? 1.5 : 3;
      paths[kind - 1]!.rect(x, y, end - x, thickness * ratio);
    }
  }
  paths.forEach((path, kind) => {
    context.fillStyle = style.getPropertyValue(tokens[kinds[kind]!]);
    context.fill(path);
  });
  context.fillStyle = style.getPropertyValue("--error");
  for (const row of table.errors) {
    const start = columns.startTime[row]!;
    const x = timeline.drawn(start) * scale;
    const end = timeline.drawn(start + columns.durationMs[row]!) * scale;
    const lane = Math.min(columns.depth[row]!, laneCount - 1);
    const y = (2 + lane * laneHeight) * ratio;
    context.fillRect(x, y, Math.max(2 * ratio, end - x), 3 * ratio);
  }
}
