/**
 * Traces that only tell of a sender's runtime: an agent makes dozens of them around each run. The list
 * leaves them out behind a line that says so, unless there is nothing else to show.
 */
import { useMemo } from "react";
import type { Figures, Stats } from "../../backend/figures.ts";
import { plural } from "../format.ts";
import { notInternal, type Scope } from "../query/scope.ts";
import { wordsOf } from "../query/words.ts";
import { useShortcuts } from "../state/keys.ts";
import { useParam } from "../state/url.ts";

export interface InternalTraces {
  /** What the list is asked for. */
  listed: Scope;
  /** How many there are; 0 where the filter itself says what becomes of them. */
  count: number;
  areShown: boolean;
  /** Null where there is nothing to choose. */
  toggle: (() => void) | null;
}

/** @param totals of the scope; undefined while they are not known. */
export function useInternalTraces(scope: Scope, totals: Figures | undefined): InternalTraces {
  const [shown, setShown] = useParam<"" | "shown">("internal", "");
  const isNamed = useMemo(() => namesInternal(scope.filter), [scope.filter]);
  const isAll = totals !== undefined && totals.traces === 0 && totals.internalTraces > 0;
  const areShown = isNamed || isAll || shown === "shown";
  const listed = useMemo(
    () => (areShown ? scope : { ...scope, filter: `${scope.filter} ${notInternal}`.trimStart() }),
    [scope, areShown],
  );
  const found = isNamed ? 0 : (totals?.internalTraces ?? 0);
  const toggle = found > 0 && !isAll ? () => setShown(shown === "shown" ? "" : "shown") : null;
  useShortcuts([
    {
      keys: ["i"],
      label: "Show or hide traces of runtime spans",
      group: "Traces",
      run: () => (toggle ? toggle() : false),
    },
  ]);
  return { listed, count: found, areShown, toggle };
}

/** Figures of what is listed: these traces are in none but their own. */
export function withInternalTraces(stats: Stats): Stats {
  const added = <F extends Figures>(figures: F): F => ({
    ...figures,
    traces: figures.traces + figures.internalTraces,
  });
  return { ...stats, totals: added(stats.totals), series: stats.series.map(added) };
}

/** Whether a filter asks for these traces, or for others than these. */
function namesInternal(filter: string): boolean {
  return wordsOf(filter).some(({ key, values }) => key === "is" && values.includes("internal"));
}

export function InternalLine({ traces }: { traces: InternalTraces }) {
  const { count: found, areShown, toggle } = traces;
  if (found === 0) return null;
  return (
    <p className="traces-internal dim">
      {plural(found, "trace")} of runtime spans
      {areShown ? " shown" : " hidden"}
      {toggle && (
        <>
          {" · "}
          <button type="button" className="link" aria-keyshortcuts="i" onClick={toggle}>
            {areShown ? "hide" : "show"}
          </button>
        </>
      )}
    </p>
  );
}
