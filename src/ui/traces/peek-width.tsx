/** The edge by which the peek is made wider or narrower: with the pointer, or with ← and →. */
import { useLayoutEffect, useRef } from "react";
import { usePref } from "../state/prefs.ts";
import "./peek.css";

const byDefault = 432;
const least = 340;
const most = 760;
const step = 16;

export function PeekWidth() {
  const [text, set] = usePref("peek.width", String(byDefault));
  const width = clamp(Number(text) || byDefault);
  const edge = useRef<HTMLDivElement>(null);
  // The panes read it; it is theirs, so that the list is laid out with it.
  useLayoutEffect(() => {
    edge.current!.closest<HTMLElement>(".panes")!.style.setProperty("--w-peek", `${width}px`);
  }, [width]);
  return (
    <div
      ref={edge}
      className="peek-edge"
      role="separator"
      aria-orientation="vertical"
      aria-label="Width of the peek"
      aria-valuenow={width}
      aria-valuemin={least}
      aria-valuemax={most}
      tabIndex={0}
      onPointerDown={({ currentTarget, pointerId }) => currentTarget.setPointerCapture(pointerId)}
      onPointerMove={({ currentTarget, pointerId, clientX }) => {
        if (!currentTarget.hasPointerCapture(pointerId)) return;
        const { right } = currentTarget.parentElement!.getBoundingClientRect();
        set(String(clamp(right - clientX)));
      }}
      onDoubleClick={() => set(String(byDefault))}
      onKeyDown={(event) => {
        if (event.key !== "ArrowLeft" && event.key !== "ArrowRight") return;
        event.preventDefault();
        set(String(clamp(width + (event.key === "ArrowLeft" ? step : -step))));
      }}
    />
  );
}

function clamp(width: number): number {
  return Math.round(Math.min(most, Math.max(least, width)));
}
