/** The page that compares two traces. Traces, filters and selection are in the address. */
import { useMemo } from "react";
import { useProject } from "../data/queries.ts";
import { count } from "../format.ts";
import { EmptyState, LoadError, StepButtons } from "../parts/controls.tsx";
import { useDiffView, viewShortcuts } from "../parts/diffviews.tsx";
import type { SideName } from "../parts/side.tsx";
import { useShortcuts } from "../state/keys.ts";
import { useIsPhone } from "../state/media.ts";
import { useTitle } from "../state/title.ts";
import { useParam, useSetParams } from "../state/url.ts";
import { useComparison, useSummary } from "./data.ts";
import { CompareDock } from "./dock.tsx";
import { CompareHead } from "./head.tsx";
import {
  changeMarks,
  changeWords,
  hiddenOf,
  linesOf,
  nextDifference,
  shownChanges,
  swappedId,
} from "./rows.ts";
import { CompareTable } from "./table.tsx";
import "./compare.css";
import "./compare.phone.css";

const group = "Compare";
/** The value of the address parameter when the dock is closed. */
const closed = "none";
const viewKeys = { words: "w", lines: "l", sides: "b" };

export function ComparePage() {
  useTitle("Compare");
  const [a] = useParam<string>("a", "");
  const [b] = useParam<string>("b", "");
  const [hide] = useParam<string>("hide", "");
  const [row] = useParam<string>("row", "");
  const [project] = useProject();
  const set = useSetParams();
  const [view, setView] = useDiffView();
  const isPhone = useIsPhone();
  const isWhole = a !== "" && b !== "";
  const query = useComparison(a, b, project);
  const comparison = isWhole ? query.data : undefined;
  const [aloneA, aloneB] = [useSummary(a, project), useSummary(b, project)];
  const all = useMemo(() => (comparison ? linesOf(comparison) : []), [comparison]);
  const hidden = useMemo(() => hiddenOf(hide), [hide]);
  const lines = useMemo(() => all.filter((line) => !hidden.has(line.row.change)), [all, hidden]);
  const differences = useMemo(() => lines.filter((line) => line.row.change !== "same"), [lines]);
  const selected = placeOf();
  const line = lines[selected];

  /** The selected row; by default the first difference, if the window has room for the dock. */
  function placeOf(): number {
    if (row === closed) return -1;
    if (row !== "") return lines.findIndex(({ id }) => id === row);
    return isPhone ? -1 : nextDifference(lines, -1, 1);
  }
  const select = (id: string) => set({ row: id }, { replace: true });
  const selectAt = (place: number) => {
    const next = lines[Math.max(0, Math.min(lines.length - 1, place))];
    if (next) select(next.id);
  };
  const jump = (by: 1 | -1) => {
    const place = nextDifference(lines, selected < 0 && by < 0 ? lines.length : selected, by);
    if (place >= 0) select(lines[place]!.id);
  };
  const swap = () =>
    set({ a: b, b: a, row: row === closed ? row : line ? swappedId(line.id) : "" });
  const pick = (side: SideName, trace: string) => set({ [side]: trace, row: null });
  const toggle = (change: (typeof shownChanges)[number]) => {
    const next = shownChanges.filter((each) => hidden.has(each) !== (each === change));
    set({ hide: next.join(",") });
  };
  const close = () => select(closed);
  const isInside = ({ target }: KeyboardEvent) =>
    target instanceof Element && target.closest(".popover, .compare-dock") !== null;
  const own = (keys: string[], label: string, run: () => void) => ({
    keys,
    label,
    group,
    run: (event: KeyboardEvent) => (isInside(event) ? false : run()),
  });
  useShortcuts([
    own(["j", "ArrowDown"], "Next row", () => selectAt(selected + 1)),
    own(["k", "ArrowUp"], "Previous row", () => selectAt(selected < 0 ? 0 : selected - 1)),
    own(["Home"], "First row", () => selectAt(0)),
    own(["End"], "Last row", () => selectAt(lines.length - 1)),
    { keys: ["n"], label: "Next difference", group, run: () => jump(1) },
    { keys: ["N"], label: "Previous difference", group, run: () => jump(-1) },
    { keys: ["x"], label: "Swap A and B", group, run: swap },
    ...viewShortcuts(group, viewKeys, setView),
    {
      keys: ["Escape"],
      label: "Close the differences",
      group,
      run: () => {
        if (!line) return false;
        close();
      },
    },
  ]);

  const asked = isWhole ? query : aloneA.error ? aloneA : aloneB;
  const place = line ? differences.indexOf(line) : -1;
  return (
    <div className={`compare-page ${line ? "has-dock" : ""}`}>
      <CompareHead
        a={comparison?.a ?? aloneA.data}
        b={comparison?.b ?? aloneB.data}
        comparison={comparison}
        project={project}
        onPick={pick}
        onSwap={swap}
      />
      {asked.error && <LoadError error={asked.error} retry={() => void asked.refetch()} />}
      {!isWhole && !asked.error && (
        <EmptyState>Choose two traces to compare their steps.</EmptyState>
      )}
      {comparison && (
        <>
          <div className="compare-bar">
            {shownChanges.map((change) => (
              <button
                key={change}
                type="button"
                className="compare-filter"
                aria-pressed={!hidden.has(change)}
                onClick={() => toggle(change)}
              >
                <b className="mono" aria-hidden="true">
                  {changeMarks[change]}
                </b>
                {count(comparison.counts[change])} {changeWords[change]}
              </button>
            ))}
            {comparison.partial && (
              <span className="lost-text" title="There are too many steps, or too much text">
                not all is compared
              </span>
            )}
            <span className="grow" />
            <span className="dim compare-place" role="status">
              {differences.length === 0
                ? "no difference"
                : place < 0
                  ? `${count(differences.length)} differences`
                  : `difference ${count(place + 1)} of ${count(differences.length)}`}
            </span>
            <StepButtons of="difference" keys={["N", "n"]} hasKeycap onStep={jump} />
          </div>
          <CompareTable
            comparison={comparison}
            lines={lines}
            selected={selected}
            onSelect={({ id }) => select(id)}
          />
          {lines.length === 0 && (
            <EmptyState>All rows are hidden: turn a filter on again.</EmptyState>
          )}
          {line && (
            <CompareDock
              comparison={comparison}
              line={line}
              view={view}
              viewKeys={viewKeys}
              onView={setView}
              onClose={close}
              project={project}
            />
          )}
        </>
      )}
    </div>
  );
}
