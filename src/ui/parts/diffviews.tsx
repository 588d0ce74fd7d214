/** The views of a text diff: by words, by lines, or side by side. */
import { usePref } from "../state/prefs.ts";

export const diffViews = ["words", "lines", "sides"] as const;
export type DiffView = (typeof diffViews)[number];

const names: Record<DiffView, string> = { words: "Words", lines: "Lines", sides: "Side by side" };

/** The selected view, remembered for all pages. */
export function useDiffView(): [DiffView, (view: DiffView) => void] {
  const [wanted, set] = usePref("diff.view", "words");
  return [diffViews.find((view) => view === wanted) ?? "words", set];
}

/** The unit the server has to compare. */
export function unitOf(view: DiffView): "lines" | null {
  return view === "lines" ? "lines" : null;
}

/** @param keys the keyboard shortcuts of the views. */
export function DiffViews({
  view,
  keys,
  onView,
}: {
  view: DiffView;
  keys: Record<DiffView, string>;
  onView: (view: DiffView) => void;
}) {
  return (
    <div className="segments" role="group" aria-label="How differences are shown">
      {diffViews.map((each) => (
        <button
          key={each}
          type="button"
          aria-pressed={each === view}
          title={`${names[each]} (${keys[each]})`}
          onClick={() => onView(each)}
        >
          {names[each]}
        </button>
      ))}
    </div>
  );
}

/** The keyboard shortcuts that switch the view. */
export function viewShortcuts(
  group: string,
  keys: Record<DiffView, string>,
  onView: (view: DiffView) => void,
) {
  const labels: Record<DiffView, string> = {
    words: "Differences by words",
    lines: "Differences by lines",
    sides: "Differences side by side",
  };
  return diffViews.map((view) => ({
    keys: [keys[view]],
    label: labels[view],
    group,
    run: () => onView(view),
  }));
}
