/** The keys of the list, and the steps that the peek's buttons do as well. */
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
  /** Which of them is selected; null where none is. */
  number: number | null;
  select: (key: number) => void;
  open: (key: number) => void;
  pin: (trace: Summary) => void;
  /** Closes the innermost. @returns false where nothing is open. */
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
  /** Wherever the focus is: what follows is meant for the list, so nothing else keeps it. */
  const walk = (by: number) => {
    const { activeElement } = document;
    if (activeElement instanceof HTMLElement && !isOurs(activeElement)) activeElement.blur();
    return step(by);
  };

  /** A key that buttons and other panes use too. */
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
    own("End", "Last trace that is loaded", () => move(traces.length - 1)),
    own("Enter", "Open the trace", () => use(selected, ({ key }) => open(key))),
    { keys: ["p"], label: "Pin or unpin", group: "Traces", run: () => use(selected, pin) },
    { keys: ["Escape"], label: "Close the peek", group: "Traces", run: leave },
    own(" ", "Let new traces in; pause and go on", () => {
      space();
      return true;
    }),
  ]);
  return { step };
}

function isOurs(target: EventTarget | null): boolean {
  return target === document.body || (target instanceof Element && target.matches(".traces-row"));
}
