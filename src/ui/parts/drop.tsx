/** A button and the panel that it opens under itself: Escape, a click elsewhere or leaving it closes it. */
import { useId, useRef, useState, type KeyboardEvent, type ReactNode } from "react";

export function Drop({
  button,
  label,
  className = "button",
  panelClassName = "",
  align = "end",
  children,
}: {
  /** What the button shows. */
  button: ReactNode;
  /** What it is called where it shows no words. */
  label?: string;
  className?: string;
  panelClassName?: string;
  /** Which edge of the button the panel keeps to. */
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
      // So that a click on words inside of it does not count as leaving.
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

/** ↑ and ↓ go through the buttons of the panel, from the one that opened it on. */
function moveFocus({ key, target }: KeyboardEvent, box: HTMLElement): boolean {
  if ((key !== "ArrowDown" && key !== "ArrowUp") || target instanceof HTMLInputElement)
    return false;
  const buttons = [...box.querySelectorAll("button")];
  const place = buttons.indexOf(document.activeElement as HTMLButtonElement);
  buttons.at((place + (key === "ArrowDown" ? 1 : -1)) % buttons.length)?.focus();
  return true;
}
