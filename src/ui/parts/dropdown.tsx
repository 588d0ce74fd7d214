/** A button with a dropdown panel; Escape, a click outside or moving the focus out closes it. */
import { useId, useRef, useState, type KeyboardEvent, type ReactNode } from "react";

export function Dropdown({
  button,
  label,
  className = "button",
  panelClassName = "",
  align = "end",
  children,
}: {
  /** The content of the button. */
  button: ReactNode;
  /** The accessible name if the button has no text. */
  label?: string;
  className?: string;
  panelClassName?: string;
  /** The edge of the button that the panel is aligned to. */
  align?: "start" | "end";
  children: (close: () => void) => ReactNode;
}) {
  const id = useId();
  const box = useRef<HTMLDivElement>(null);
  const opener = useRef<HTMLButtonElement>(null);
  const [isOpen, setOpen] = useState(false);
  const close = () => {
    setOpen(false);
    opener.current!.focus();
  };
  return (
    <div
      className="drop"
      ref={box}
      // Makes the panel focusable, so that a click on its text does not move the focus out.
      tabIndex={-1}
      onBlur={({ relatedTarget }) => {
        if (!box.current!.contains(relatedTarget)) setOpen(false);
      }}
      onKeyDown={(event) => {
        if (!isOpen) return;
        if (event.key === "Escape") close();
        else if (!moveFocus(event, box.current!)) return;
        event.preventDefault();
      }}
    >
      <button
        ref={opener}
        type="button"
        className={className}
        aria-label={label}
        title={label}
        aria-expanded={isOpen}
        aria-controls={isOpen ? id : undefined}
        onClick={() => setOpen(!isOpen)}
      >
        {button}
      </button>
      {isOpen && (
        <div id={id} className={`popover drop-${align} ${panelClassName}`}>
          {children(close)}
        </div>
      )}
    </div>
  );
}

/** The arrow keys move through the buttons of the panel, starting at the one that opened it. */
function moveFocus({ key, target }: KeyboardEvent, box: HTMLElement): boolean {
  if ((key !== "ArrowDown" && key !== "ArrowUp") || target instanceof HTMLInputElement)
    return false;
  const buttons = [...box.querySelectorAll("button")];
  const place = buttons.indexOf(document.activeElement as HTMLButtonElement);
  buttons.at((place + (key === "ArrowDown" ? 1 : -1)) % buttons.length)?.focus();
  return true;
}
