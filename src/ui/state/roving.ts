/**
 * Makes all buttons of an element one tab stop: the one that had the focus last, else the first. ↑ ↓ Home
 * and End go through them. What a click focused is let go, so that keys act on the page's list again.
 */
import { useEffect, type RefObject } from "react";

/** The buttons themselves are written with `tabIndex={-1}`. */
export function useRoving(element: RefObject<HTMLElement | null>): void {
  useEffect(() => {
    const pane = element.current!;
    let stop: HTMLButtonElement | undefined;
    const buttons = () => [...pane.querySelectorAll("button")];

    function stopAt(button: HTMLButtonElement | undefined): void {
      if (stop) stop.tabIndex = -1;
      stop = button;
      if (stop) stop.tabIndex = 0;
    }
    function keep(): void {
      if (!stop?.isConnected) stopAt(buttons()[0]);
    }
    function press(event: KeyboardEvent): void {
      const all = buttons();
      const place = all.indexOf(document.activeElement as HTMLButtonElement);
      const wanted = { ArrowDown: place + 1, ArrowUp: place - 1, Home: 0, End: all.length - 1 };
      const next = all[wanted[event.key as keyof typeof wanted] ?? -1];
      if (!next || place < 0) return;
      event.preventDefault();
      next.focus();
    }
    const focus = ({ target }: FocusEvent) => {
      if (target instanceof HTMLButtonElement) stopAt(target);
    };
    const click = ({ detail }: MouseEvent) => {
      // A key that presses a button clicks no times.
      if (detail > 0) (document.activeElement as HTMLElement | null)?.blur();
    };
    keep();
    // What stands in it comes and goes by itself.
    const observer = new MutationObserver(keep);
    observer.observe(pane, { childList: true, subtree: true });
    pane.addEventListener("keydown", press);
    pane.addEventListener("focusin", focus);
    pane.addEventListener("click", click);
    return () => {
      observer.disconnect();
      pane.removeEventListener("keydown", press);
      pane.removeEventListener("focusin", focus);
      pane.removeEventListener("click", click);
    };
  }, [element]);
}
