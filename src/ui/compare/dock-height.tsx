/** The upper edge of the dock, by which it is made higher or lower: with the pointer, or with ↑ and ↓. */
import { useLayoutEffect, useRef } from "react";
import { usePref } from "../state/prefs.ts";

const byDefault = 292;
const least = 120;
const most = 760;
const step = 16;

export function DockHeight() {
  const [text, set] = usePref("compare.dock", String(byDefault));
  const height = clamp(Number(text) || byDefault);
  const edge = useRef<HTMLDivElement>(null);
  useLayoutEffect(() => {
    edge.current!.parentElement!.style.setProperty("--h-dock", `${height}px`);
  }, [height]);
  return (
    <div
      ref={edge}
      className="compare-edge"
      role="separator"
      aria-orientation="horizontal"
      aria-label="Height of the differences"
      aria-valuenow={height}
      aria-valuemin={least}
      aria-valuemax={most}
      tabIndex={0}
      onPointerDown={({ currentTarget, pointerId }) => currentTarget.setPointerCapture(pointerId)}
      onPointerMove={({ currentTarget, pointerId, clientY }) => {
        if (!currentTarget.hasPointerCapture(pointerId)) return;
        const { bottom } = currentTarget.parentElement!.getBoundingClientRect();
        set(String(clamp(bottom - clientY)));
      }}
      onDoubleClick={() => set(String(byDefault))}
      onKeyDown={(event) => {
        if (event.key !== "ArrowUp" && event.key !== "ArrowDown") return;
        event.preventDefault();
        set(String(clamp(height + (event.key === "ArrowUp" ? step : -step))));
      }}
    />
  );
}

function clamp(height: number): number {
  return Math.round(Math.min(most, Math.max(least, height)));
}
