/**
 * Internal traces describe only a sender's runtime: an agent produces dozens of them around each run. The
 * list hides them and says so in a line, unless there is nothing else to show.
 */
import { useMemo } from "react";
import type { Figures, Stats } from "../../backend/figures.ts";
import { plural } from "../format.ts";
import { notInternal, type Scope } from "../query/scope.ts";
import { wordsOf } from "../query/words.ts";
import { useShortcuts } from "../state/keys.ts";
import { useParam } from "../state/url.ts";

export interface InternalTraces {
  /** The scope to request the list with. */
  listed: Scope;
  /** How many there are; 0 if the filter itself includes or excludes them. */
  count: number;
  areShown: boolean;
  /** Shows or hides them; null if there are none. */
  toggle: (() => void) | null;
}

/** @param totals of the scope; undefined while loading. */
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

/** The stats with internal traces included: other totals never count them. */
export function withInternalTraces(stats: Stats): Stats {
  const added = <F extends Figures>(figures: F): F => ({
    ...figures,
    traces: figures.traces + figures.internalTraces,
  });
  return { ...stats, totals: added(stats.totals), series: stats.series.map(added) };
}

/** Whether the filter already says something about internal traces. */
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
