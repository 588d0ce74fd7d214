/** Chooses one of the two traces: from recent ones of the same agent, or by id or link. */
import { useState } from "react";
import { byKey } from "../../api.ts";
import type { Summary } from "../../backend/views.ts";
import { textOf, duration, time } from "../format.ts";
import { decoded, namesIn, paths } from "../pages.ts";
import { LoadError } from "../parts/controls.tsx";
import { Dropdown } from "../parts/dropdown.tsx";
import { Icon } from "../parts/icon.tsx";
import type { SideName } from "../parts/side.tsx";
import { StatusMark, displayStatusOf } from "../parts/status-mark.tsx";
import { useRecent } from "./data.ts";

export interface PickerProps {
  side: SideName;
  /** The current choice, if any. */
  trace: Summary | undefined;
  /** The other trace: recent traces of its agent are offered. */
  other: Summary | undefined;
  project: string;
  onPick: (trace: string) => void;
}

export function TracePicker({ side, trace, other, project, onPick }: PickerProps) {
  const name = trace ? (trace.name ?? trace.traceId) : "Choose a trace";
  return (
    <Dropdown
      align="start"
      className="button is-quiet compare-pick"
      panelClassName="compare-panel"
      label={`${side.toUpperCase()}: ${name}, choose another`}
      button={
        <>
          <span className={`truncated ${trace ? "" : "dim"}`}>{name}</span>
          <Icon name="down" size="xs" />
        </>
      }
    >
      {(close) => (
        <Choices
          trace={trace}
          other={other}
          project={project}
          onPick={(picked) => {
            close();
            onPick(picked);
          }}
        />
      )}
    </Dropdown>
  );
}

function Choices({ trace, other, project, onPick }: Omit<PickerProps, "side">) {
  const [text, setText] = useState("");
  const like = other ?? trace;
  const { data: recent, error } = useRecent(like, project);
  const now = Date.now();
  const wanted = text.trim().toLowerCase();
  const found = (recent ?? []).filter(
    ({ key, name, traceId, inputPreview }) =>
      key !== trace?.key &&
      key !== other?.key &&
      [name, traceId, inputPreview].some((each) => each?.toLowerCase().includes(wanted)),
  );
  const named = refIn(text.trim());
  const first = found[0] ? byKey(found[0].key) : named;
  return (
    <>
      <input
        className="compare-find"
        autoFocus
        aria-label="Find a trace"
        placeholder="Name, first words, id or link"
        value={text}
        onChange={({ target }) => setText(target.value)}
        onKeyDown={(event) => {
          if (event.key === "Enter" && first) onPick(first);
          if (event.key !== "ArrowDown") return;
          event.preventDefault();
          event.currentTarget.parentElement!.querySelector("button")?.focus();
        }}
      />
      <p className="label compare-panel-head">
        {like?.agentName ? `Recent traces of ${like.agentName}` : "Recent traces"}
      </p>
      {error && <LoadError error={error} />}
      <div className="compare-choices">
        {found.map((each) => (
          <button
            key={each.key}
            type="button"
            className="popover-item"
            onClick={() => onPick(byKey(each.key))}
          >
            <StatusMark displayStatus={displayStatusOf(each)} errorCount={each.errorCount} />
            <span className="truncated grow" title={each.inputPreview ?? undefined}>
              {each.name ?? each.traceId}
            </span>
            <span className="dim">{time(each.startTime, now)}</span>
            <span className="dim number compare-took">{textOf(duration(each.durationMs))}</span>
          </button>
        ))}
        {recent && found.length === 0 && named && (
          <button type="button" className="popover-item" onClick={() => onPick(named)}>
            <span className="truncated">Trace {named}</span>
          </button>
        )}
      </div>
    </>
  );
}

/**
 * The trace in a typed or pasted text: an id, or the link of a trace's page. Null for an empty text.
 */
export function refIn(text: string): string | null {
  if (text === "") return null;
  const pathname = URL.canParse(text) ? new URL(text).pathname : text;
  const names = namesIn(paths.trace, pathname);
  return names ? decoded(names.trace) : text;
}
