/** The draggable edge that resizes a panel: with the pointer or the arrow keys. */
import { useLayoutEffect, useRef } from "react";
import { usePref } from "../state/prefs.ts";

export interface ResizeHandleProps {
  /** The name of the preference that stores the size. */
  name: string;
  /** The CSS variable with the size, set on the element around the edge. */
  variable: `--${string}`;
  /** The side of the panel that the edge is on. */
  side: "left" | "top";
  initial: number;
  min: number;
  max: number;
  label: string;
  className: string;
}

const step = 16;

export function ResizeHandle({
  name,
  variable,
  side,
  initial,
  min,
  max,
  label,
  className,
}: ResizeHandleProps) {
  const clamp = (size: number) => Math.round(Math.min(max, Math.max(min, size)));
  const [text, set] = usePref(name, String(initial));
  const size = clamp(Number(text) || initial);
  const edge = useRef<HTMLDivElement>(null);
  useLayoutEffect(() => {
    edge.current!.parentElement!.style.setProperty(variable, `${size}px`);
  }, [variable, size]);
  const [larger, smaller] =
    side === "left" ? ["ArrowLeft", "ArrowRight"] : ["ArrowUp", "ArrowDown"];
  return (
    <div
      ref={edge}
      className={className}
      role="separator"
      aria-orientation={side === "left" ? "vertical" : "horizontal"}
      aria-label={label}
      aria-valuenow={size}
      aria-valuemin={min}
      aria-valuemax={max}
      tabIndex={0}
      onPointerDown={({ currentTarget, pointerId }) => currentTarget.setPointerCapture(pointerId)}
      onPointerMove={({ currentTarget, pointerId, clientX, clientY }) => {
        if (!currentTarget.hasPointerCapture(pointerId)) return;
        const { right, bottom } = currentTarget.parentElement!.getBoundingClientRect();
        set(String(clamp(side === "left" ? right - clientX : bottom - clientY)));
      }}
      onDoubleClick={() => set(String(initial))}
      onKeyDown={(event) => {
        if (event.key !== larger && event.key !== smaller) return;
        event.preventDefault();
        set(String(clamp(size + (event.key === larger ? step : -step))));
      }}
    />
  );
}
