/** The toolbar above a trace: the open view and its filters. */
import type { SpanTable } from "../data/span-table.ts";
import { count as countText } from "../format.ts";
import { Key } from "../parts/controls.tsx";
import { Dropdown } from "../parts/dropdown.tsx";
import { Icon } from "../parts/icon.tsx";
import { ShowSwitch } from "../transcript/show.tsx";
import { FindBar, type Find } from "./find.tsx";
import { views, type View } from "./open-view.ts";
import { sortKeys, sortText, sortWords } from "./spans/sort.ts";
import type { SpanLines } from "./spans/use-lines.ts";

export interface Switch {
  isOn: boolean;
  set: (isOn: boolean) => void;
}

export interface ViewBarProps {
  view: View;
  setView: (view: View) => void;
  spans: SpanLines;
  internal: Switch;
  errorsOnly: Switch;
  find: Find;
  selected: number | null;
  onFound: (row: number) => void;
}

export function ViewBar(props: ViewBarProps) {
  const { view, setView, spans, internal, errorsOnly, find, selected, onFound } = props;
  return (
    <div className="tabs">
      <Tabs view={view} setView={setView} />
      <span className="grow" />
      {view === "transcript" && (
        <span className="trace-show">
          <ShowSwitch />
        </span>
      )}
      {view === "spans" && (
        <>
          {spans.sort && <SortChip spans={spans} />}
          <span className="wide-only trace-switches">
            <InternalSpans table={spans.table} of={internal} />
            <ErrorsOnly table={spans.table} of={errorsOnly} />
          </span>
        </>
      )}
      <FindBar find={find} selected={selected} onSelect={onFound} />
      {view !== "raw" && (
        <Dropdown
          className="button is-quiet is-square trace-phone-menu"
          label={view === "spans" ? "Sort and filter" : "Display options"}
          button={<Icon name="filter" />}
        >
          {(close) =>
            view === "spans" ? <PhoneChoices {...props} close={close} /> : <ShowSwitch />
          }
        </Dropdown>
      )}
    </div>
  );
}

function SortChip({ spans: { sort, setSort } }: { spans: SpanLines }) {
  return (
    <span className="trace-sort">
      <b>sort:</b>
      {sortText(sort)}
      <button
        type="button"
        aria-label="Back to tree order"
        title="Back to tree order (backspace)"
        onClick={() => setSort(null)}
      >
        <Icon name="close" size="xs" />
      </button>
    </span>
  );
}

function InternalSpans({ table, of: { isOn, set } }: { table: SpanTable; of: Switch }) {
  if (table.internalCount === 0) return null;
  return (
    <button
      type="button"
      className="button is-quiet is-small"
      aria-pressed={isOn}
      aria-keyshortcuts="i"
      title="Spans of the sender’s runtime, without errors, texts or model calls (i)"
      onClick={() => set(!isOn)}
    >
      {countText(table.internalCount)} internal
    </button>
  );
}

function ErrorsOnly({ table, of: { isOn, set } }: { table: SpanTable; of: Switch }) {
  if (table.errors.length === 0 && !isOn) return null;
  return (
    <button
      type="button"
      className="button is-quiet is-small"
      aria-pressed={isOn}
      onClick={() => set(!isOn)}
    >
      Errors only
    </button>
  );
}

/** On a phone, where the table has no column headings to sort by. */
function PhoneChoices({
  spans: { table, sort, setSort },
  internal,
  errorsOnly,
  close,
}: ViewBarProps & { close: () => void }) {
  const choices = [null, ...sortKeys.map((by) => ({ by, isReversed: false }))];
  return (
    <>
      {choices.map((choice) => (
        <button
          key={sortText(choice)}
          type="button"
          className="popover-item"
          aria-pressed={choice?.by === sort?.by}
          onClick={() => {
            setSort(choice);
            close();
          }}
        >
          {choice ? `Sort by ${sortWords[choice.by]}` : "Tree order"}
        </button>
      ))}
      <InternalSpans table={table} of={internal} />
      <ErrorsOnly table={table} of={errorsOnly} />
    </>
  );
}

function Tabs({ view, setView }: { view: View; setView: (view: View) => void }) {
  return (
    <div role="tablist" aria-label="Views" className="flex">
      {views.map(({ view: each, name, key }) => (
        <button
          key={each}
          type="button"
          role="tab"
          aria-selected={each === view}
          aria-keyshortcuts={key}
          tabIndex={each === view ? 0 : -1}
          onClick={() => setView(each)}
          onKeyDown={({ key, currentTarget }) => {
            const by = { ArrowRight: 1, ArrowLeft: -1 }[key];
            if (by === undefined) return;
            const place = views.findIndex((one) => one.view === view);
            const next = (place + by + views.length) % views.length;
            setView(views[next]!.view);
            (currentTarget.parentElement!.children[next] as HTMLElement).focus();
          }}
        >
          {name} <Key of={key} />
        </button>
      ))}
    </div>
  );
}
