/** The toolbar above the list: filter, time range, pause and columns. */
import { useLiveStatus } from "../data/live-context.tsx";
import { Key } from "../parts/controls.tsx";
import { Icon } from "../parts/icon.tsx";
import { QueryBar } from "../query/bar.tsx";
import { RangePicker } from "../query/range.tsx";
import { ColumnsMenu } from "./columns-menu.tsx";
import { ViewsMenu } from "./views.tsx";

/** Whether free text searches names and previews of traces, or all messages. */
export type View = "traces" | "messages";

export function TracesToolbar({
  filter,
  onFilter,
  view,
  onView,
  areFacetsOpen,
  onFacets,
}: {
  filter: string;
  onFilter: (filter: string) => void;
  view: View;
  onView: (view: View) => void;
  areFacetsOpen: boolean;
  onFacets: () => void;
}) {
  return (
    <div className="toolbar">
      <QueryBar value={filter} onChange={onFilter} label="Filter traces">
        <div
          className="segments traces-scope"
          role="group"
          aria-label="Where free text is searched"
        >
          <button
            type="button"
            aria-pressed={view === "traces"}
            title="Matching traces"
            onClick={() => onView("traces")}
          >
            Traces
          </button>
          <button
            type="button"
            aria-pressed={view === "messages"}
            title="Search all messages"
            onClick={() => onView("messages")}
          >
            Messages
          </button>
        </div>
      </QueryBar>
      <RangePicker />
      <PauseButton />
      <button
        type="button"
        className="button is-quiet is-square narrow-only"
        aria-label="Facets"
        title="Facets"
        aria-expanded={areFacetsOpen}
        onClick={onFacets}
      >
        <Icon name="filter" />
      </button>
      {view === "traces" && <ViewsMenu />}
      {view === "traces" && <ColumnsMenu />}
    </div>
  );
}

function PauseButton() {
  const { isPaused, setPaused } = useLiveStatus();
  return (
    <button
      type="button"
      className="button"
      aria-keyshortcuts="Space"
      aria-pressed={isPaused}
      title={isPaused ? "Show updates again" : "Pause updates"}
      onClick={() => setPaused(!isPaused)}
    >
      <Icon name={isPaused ? "play" : "pause"} size="s" />
      {isPaused ? "Go on" : "Pause"}
      <Key of=" " />
    </button>
  );
}
