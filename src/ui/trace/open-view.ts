/** Which view of a trace is open: the one in the address, else the one last used in this browser. */
import { useCallback, useMemo } from "react";
import { usePref } from "../state/prefs.ts";
import { useParam, useSetParams } from "../state/url.ts";

export const views = [
  { view: "spans", name: "Spans", key: "1" },
  { view: "transcript", name: "Transcript", key: "2" },
  { view: "raw", name: "Raw", key: "3" },
] as const;

export type View = (typeof views)[number]["view"];

/** Other names that saved links may have. */
const viewAliases: Record<string, View> = { waterfall: "spans", tree: "spans" };

function viewNamed(name: string): View | undefined {
  return views.find(({ view }) => view === name)?.view ?? viewAliases[name];
}

/** Opens a view. @param more further parameters for the address. */
export type SetView = (view: View, more?: Record<string, string>) => void;

/** @param traceKey of the open trace. */
export function useView(traceKey: number): [view: View, setView: SetView] {
  const [named] = useParam<string>("view", "");
  const setParams = useSetParams();
  const [last, setLast] = usePref("traceView", "");
  // Fixed while the trace is open; otherwise the back button would change the view.
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
