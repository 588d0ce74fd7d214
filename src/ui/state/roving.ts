/**
 * A roving tab stop for all buttons of an element: the last focused one, else the first. Arrow keys, Home
 * and End move through them. A clicked button loses the focus again, so that keys reach the page.
 */
import { useEffect, type RefObject } from "react";

/** The buttons themselves need `tabIndex={-1}`. */
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
      // The click event of a key press has a `detail` of 0.
      if (detail > 0) (document.activeElement as HTMLElement | null)?.blur();
    };
    keep();
    // The buttons can change at any time.
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
