/** Which view of a trace is open: as its address says, else the one that was used last in this browser. */
import { useCallback, useMemo } from "react";
import { usePref } from "../state/prefs.ts";
import { useParam, useSetParams } from "../state/url.ts";

export const views = [
  { view: "spans", name: "Spans", key: "1" },
  { view: "transcript", name: "Transcript", key: "2" },
  { view: "raw", name: "Raw", key: "3" },
] as const;

export type View = (typeof views)[number]["view"];

/** Names in addresses that were written down, of what is one table. */
const otherNames: Record<string, View> = { waterfall: "spans", tree: "spans" };

function viewNamed(name: string): View | undefined {
  return views.find(({ view }) => view === name)?.view ?? otherNames[name];
}

/** Opens a view. @param more what else the address says then. */
export type SetView = (view: View, more?: Record<string, string>) => void;

/** @param traceKey of the trace that is open. */
export function useView(traceKey: number): [view: View, setView: SetView] {
  const [named] = useParam<string>("view", "");
  const setParams = useSetParams();
  const [last, setLast] = usePref("traceView", "");
  // As it was when the trace was opened: else to go back would not lead to it.
  const first = useMemo(() => viewNamed(last) ?? "spans", [traceKey]);
  const setView: SetView = useCallback(
    (view, more) => {
      setLast(view);
      setParams({ view, ...more });
    },
    [setLast, setParams],
  );
  return [viewNamed(named) ?? first, setView];
}
