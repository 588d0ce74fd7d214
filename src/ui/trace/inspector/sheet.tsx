/** Where the pane stands: beside the table, below it, and on a phone as a sheet that can be drawn down. */
import { useRef, type PointerEvent, type ReactNode } from "react";

/** Who draws it so far down lets go of it. */
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
