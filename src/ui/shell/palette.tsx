/** Jumps to a page, a trace, a session or a span by a few letters, an id or what was said. */
import { useId, useState, type ReactNode } from "react";
import { useLocation } from "wouter";
import type { Hit } from "../../search/hits.ts";
import { useLiveStatus } from "../data/live-context.tsx";
import { useProject } from "../data/queries.ts";
import { exactTime, time } from "../format.ts";
import { Dialog } from "../parts/controls.tsx";
import { Icon } from "../parts/icon.tsx";
import { KindMark, StandingMark, standingOf } from "../parts/mark.tsx";
import { traceHref } from "../query/scope.ts";
import { keyText } from "../state/keys.ts";
import { useFinds } from "./finds.ts";
import { toggleTheme } from "../state/prefs.ts";
import { pages } from "./pages.ts";

interface Option {
  group: "Go to" | "Do" | "Traces" | "Sessions" | "Messages and spans";
  name: string;
  content?: ReactNode;
  /** The key that does the same. */
  keyName?: string;
  to: string | (() => void);
}

export function Palette({ onClose, onKeys }: { onClose: () => void; onKeys: () => void }) {
  const id = useId();
  const [, navigate] = useLocation();
  const [project] = useProject();
  const [text, setText] = useState("");
  const [active, setActive] = useState(0);
  const { finds, isFinding } = useFinds(text, project);
  const options = [...useCommands(text, project, onKeys), ...optionsOf(finds, project)];
  const place = Math.min(active, options.length - 1);
  const groups = Map.groupBy(options.entries(), ([, { group }]) => group);

  function choose({ to }: Option, isElsewhere: boolean) {
    onClose();
    if (typeof to === "function") to();
    else if (isElsewhere) open(to);
    else navigate(to);
  }

  /** @returns whether the key did something here. */
  function press(key: string, isElsewhere: boolean): boolean {
    const count = options.length;
    if (count === 0) return false;
    if (key === "ArrowDown") setActive((place + 1) % count);
    else if (key === "ArrowUp") setActive((place + count - 1) % count);
    else if (key === "Enter") choose(options[place]!, isElsewhere);
    else return false;
    return true;
  }

  return (
    <Dialog label="Jump to" className="palette" onClose={onClose}>
      <div className="palette-head">
        <Icon name="search" />
        <input
          type="text"
          role="combobox"
          aria-label="Page, trace, session, span or what was said"
          aria-expanded={options.length > 0}
          aria-controls={`${id}-list`}
          aria-activedescendant={options.length > 0 ? `${id}-${place}` : undefined}
          autoFocus
          autoComplete="off"
          spellCheck={false}
          placeholder="Page, trace, session, span or what was said"
          value={text}
          onChange={({ target }) => {
            setText(target.value);
            setActive(0);
          }}
          onKeyDown={(event) => {
            if (event.nativeEvent.isComposing) return;
            if (press(event.key, event.ctrlKey || event.metaKey)) event.preventDefault();
          }}
        />
        <kbd className="kbd">Esc</kbd>
      </div>
      <div className="palette-list" role="listbox" aria-label="What was found" id={`${id}-list`}>
        {[...groups].map(([group, members]) => (
          <div role="group" aria-label={group} key={group}>
            <div className="label" aria-hidden="true">
              {group}
            </div>
            {members.map(([i, option]) => (
              <div
                key={i}
                id={`${id}-${i}`}
                role="option"
                aria-selected={i === place}
                className="palette-it"
                ref={
                  i === place ? (element) => element?.scrollIntoView({ block: "nearest" }) : null
                }
                onPointerMove={() => setActive(i)}
                onClick={({ ctrlKey, metaKey }) => choose(option, ctrlKey || metaKey)}
              >
                {option.content ?? <span className="trunc">{option.name}</span>}
                {option.keyName && <kbd className="kbd">{keyText(option.keyName)}</kbd>}
              </div>
            ))}
          </div>
        ))}
      </div>
      <p className="palette-foot dim" role="status">
        {isFinding && text !== "" && "Looking …"}
        {!isFinding && options.length === 0 && `Nothing has “${text}”.`}
      </p>
    </Dialog>
  );
}

/** Pages and actions that have all letters of the text, in their order. */
function useCommands(text: string, project: string, onKeys: () => void): Option[] {
  const { isPaused, setPaused } = useLiveStatus();
  const search = project && `?${new URLSearchParams({ project })}`;
  const commands: Option[] = [
    ...pages.map(({ path, name, key }): Option => ({
      group: "Go to",
      name,
      keyName: key,
      to: path + search,
    })),
    {
      group: "Do",
      name: isPaused ? "Go on: show what comes" : "Pause: nothing changes until you go on",
      to: () => setPaused(!isPaused),
    },
    { group: "Do", name: "Switch between light and dark", keyName: "T", to: toggleTheme },
    { group: "Do", name: "Keyboard shortcuts", keyName: "?", to: onKeys },
    {
      group: "Do",
      name: "Copy the link to this view",
      to: () => void navigator.clipboard.writeText(location.href),
    },
  ];
  const letters = [...text.toLowerCase().replaceAll(" ", "")];
  return commands.filter(({ name }) => {
    let at = -1;
    return letters.every((letter) => (at = name.toLowerCase().indexOf(letter, at + 1)) >= 0);
  });
}

function optionsOf(
  { traces, sessions, hits }: ReturnType<typeof useFinds>["finds"],
  project: string,
): Option[] {
  const now = Date.now();
  const search = project && `?${new URLSearchParams({ project })}`;
  return [
    ...traces.map((trace): Option => ({
      group: "Traces",
      name: trace.name ?? trace.traceId,
      content: (
        <>
          <StandingMark standing={standingOf(trace)} />
          <span className="trunc">{trace.name ?? trace.traceId}</span>
          {trace.name && <span className="trunc dim mono">{trace.traceId}</span>}
          <span className="dim end" title={exactTime(trace.startTime)}>
            {time(trace.startTime, now)}
          </span>
        </>
      ),
      to: traceHref(trace.key, { project }),
    })),
    ...sessions.map((session): Option => ({
      group: "Sessions",
      name: session,
      to: `/sessions/${encodeURIComponent(session)}${search}`,
    })),
    ...hits.map((hit): Option => ({
      group: "Messages and spans",
      name: hit.snippet,
      content: <HitLine hit={hit} />,
      to: traceHref(hit.traceKey, { project }, hit.spanKey),
    })),
  ];
}

function HitLine({ hit: { spanType, snippet, spanName, traceName, traceId } }: { hit: Hit }) {
  return (
    <>
      <KindMark kind={spanType} />
      <span className="trunc">{snippet}</span>
      <span className="trunc dim end">
        {spanName} · {traceName ?? traceId}
      </span>
    </>
  );
}
