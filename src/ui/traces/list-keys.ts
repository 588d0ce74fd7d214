/** The keyboard shortcuts of the list, and the actions they share with the buttons of the peek. */
import type { Summary } from "../../backend/views.ts";
import { useShortcuts } from "../state/keys.ts";

export function useListKeys({
  traces,
  number,
  select,
  open,
  pin,
  leave,
  space,
}: {
  traces: readonly Summary[];
  /** The position of the selected trace; null if none is selected. */
  number: number | null;
  select: (key: number) => void;
  open: (key: number) => void;
  pin: (trace: Summary) => void;
  /** Closes the innermost open panel. @returns false if nothing is open. */
  leave: () => boolean;
  space: () => void;
}): { step: (by: number) => boolean } {
  const selected = number === null ? undefined : traces[number];

  function move(to: number): boolean {
    const trace = traces[Math.min(traces.length - 1, Math.max(0, to))];
    if (trace) select(trace.key);
    return trace !== undefined;
  }
  const step = (by: number) => move(number === null ? 0 : number + by);
  /** Takes the focus from other controls, since the next keys are meant for the list. */
  const walk = (by: number) => {
    const { activeElement } = document;
    if (activeElement instanceof HTMLElement && !isOurs(activeElement)) activeElement.blur();
    return step(by);
  };

  /** A shortcut for a key that buttons and other panels use as well. */
  const own = (key: string, label: string, run: () => boolean) => ({
    keys: [key],
    label,
    group: "Traces",
    run: ({ target }: KeyboardEvent) => isOurs(target) && run(),
  });
  const use = (trace: Summary | undefined, how: (trace: Summary) => void) => {
    if (trace) how(trace);
    return trace !== undefined;
  };
  useShortcuts([
    { keys: ["j"], label: "Next trace", group: "Traces", run: () => walk(1) },
    { keys: ["k"], label: "Previous trace", group: "Traces", run: () => walk(-1) },
    own("ArrowDown", "Next trace, in the list", () => step(1)),
    own("ArrowUp", "Previous trace, in the list", () => step(-1)),
    own("Home", "First trace", () => move(0)),
    own("End", "Last loaded trace", () => move(traces.length - 1)),
    own("Enter", "Open the trace", () => use(selected, ({ key }) => open(key))),
    { keys: ["p"], label: "Pin or unpin", group: "Traces", run: () => use(selected, pin) },
    { keys: ["Escape"], label: "Close the peek", group: "Traces", run: leave },
    own(" ", "Show new traces; pause or resume", () => {
      space();
      return true;
    }),
  ]);
  return { step };
}

function isOurs(target: EventTarget | null): boolean {
  return target === document.body || (target instanceof Element && target.matches(".traces-row"));
}
