/**
 * The container of the inspector: beside the table, below it, and on a phone a sheet that can be dragged
 * down.
 */
import { useRef, type PointerEvent, type ReactNode } from "react";

/** Dragging the sheet down this far closes it. */
const closePx = 80;

export function Sheet({
  isSheet,
  onClose,
  children,
}: {
  isSheet: boolean;
  onClose: () => void;
  children: ReactNode;
}) {
  const sheet = useRef<HTMLElement>(null);
  const from = useRef(0);
  const move = ({ clientY, currentTarget, pointerId }: PointerEvent) => {
    if (!currentTarget.hasPointerCapture(pointerId)) return;
    sheet.current!.style.transform = `translateY(${Math.max(0, clientY - from.current)}px)`;
  };
  return (
    <>
      {isSheet && <div className="inspector-scrim" onClick={onClose} />}
      <aside className="pane inspector" aria-label="The span" ref={sheet}>
        {isSheet && (
          <div
            className="inspector-grab"
            onPointerDown={({ clientY, currentTarget, pointerId }) => {
              from.current = clientY;
              currentTarget.setPointerCapture(pointerId);
            }}
            onPointerMove={move}
            onPointerUp={({ clientY }) => {
              sheet.current!.style.transform = "";
              if (clientY - from.current > closePx) onClose();
            }}
          />
        )}
        {children}
      </aside>
    </>
  );
}
