/** The command palette: jumps to a page, trace, session or span by name, id or message text. */
import { useEffect, useId, useRef, useState, type KeyboardEvent } from "react";
import { useLocation } from "wouter";
import { useProject } from "../data/queries.ts";
import { plural } from "../format.ts";
import { Dialog, LoadError } from "../parts/controls.tsx";
import { Icon } from "../parts/icon.tsx";
import { keyText } from "../state/keys.ts";
import { useCommands } from "./commands.ts";
import { optionsOf, type Option } from "./palette-options.tsx";
import { usePaletteSearch } from "./palette-search.ts";

const hint = "Page, trace, session, id or message text";

export function Palette({ onClose, onKeys }: { onClose: () => void; onKeys: () => void }) {
  const id = useId();
  const list = useRef<HTMLDivElement>(null);
  const input = useRef<HTMLInputElement>(null);
  const chosen = useRef(() => {});
  const [, navigate] = useLocation();
  const [project] = useProject();
  const [text, setText] = useState("");
  /** The key of the highlighted option; null for the first. */
  const [active, setActive] = useState<string | null>(null);
  /** Enter was pressed before its option was loaded. */
  const [awaits, setAwaits] = useState<"here" | "tab" | null>(null);
  const [done, setDone] = useState("");
  const commands = useCommands(text, project, onKeys);
  const finds = usePaletteSearch(text, project);
  const options = optionsOf(commands, finds, text.trim(), project);
  const groups = Map.groupBy(options.entries(), ([, { group }]) => group);
  const movedTo = options.findIndex(({ key }) => key === active);
  const place = Math.max(0, movedTo);
  const isSure = movedTo >= 0 || commands.length > 0 || finds.isFirstSure;

  function choose(option: Option, isElsewhere: boolean) {
    const { to, done } = option;
    setAwaits(null);
    if (done !== undefined && typeof to === "function") {
      void Promise.resolve(to()).then(() => setDone(done));
      return;
    }
    chosen.current = () => {
      if (typeof to === "function") to();
      else if (isElsewhere) open(to);
      else navigate(to);
    };
    close();
  }

  function close() {
    input.current!.closest("dialog")!.close();
  }

  useEffect(() => {
    if (awaits === null || !isSure) return;
    const option = options[place];
    if (option) choose(option, awaits === "tab");
    else setAwaits(null);
  });

  function moveTo(next: number) {
    setActive(options[next]!.key);
    list.current!.querySelectorAll('[role="option"]')[next]!.scrollIntoView({ block: "nearest" });
  }

  /** @returns whether the key was handled. */
  function press({ key, ctrlKey, metaKey, shiftKey }: KeyboardEvent): boolean {
    const isMod = ctrlKey || metaKey;
    if (isMod && key.toLowerCase() === "k") close();
    else if (key === "Enter") {
      if (!isSure) setAwaits(isMod ? "tab" : "here");
      else if (options[place]) choose(options[place], isMod);
    } else if (options.length === 0 || shiftKey) return false;
    else if (key === "ArrowDown") moveTo((place + 1) % options.length);
    else if (key === "ArrowUp") moveTo((place + options.length - 1) % options.length);
    else if (key === "Home") moveTo(0);
    else if (key === "End") moveTo(options.length - 1);
    else return false;
    return true;
  }

  return (
    <Dialog
      label="Jump to"
      className="shell-palette"
      onClose={() => {
        onClose();
        chosen.current();
      }}
    >
      <div className="shell-palette-head">
        <Icon name="search" />
        <input
          ref={input}
          type="text"
          role="combobox"
          aria-label={hint}
          aria-autocomplete="list"
          aria-expanded={options.length > 0}
          aria-controls={options.length > 0 ? `${id}-list` : undefined}
          aria-activedescendant={options.length > 0 ? `${id}-${place}` : undefined}
          autoFocus
          autoComplete="off"
          spellCheck={false}
          placeholder={hint}
          value={text}
          onChange={({ target }) => {
            setText(target.value);
            setActive(null);
            setAwaits(null);
            setDone("");
            list.current?.scrollTo({ top: 0 });
          }}
          onKeyDown={(event) => {
            if (!event.nativeEvent.isComposing && press(event)) event.preventDefault();
          }}
        />
        <kbd className="keycap">{keyText("Escape")}</kbd>
      </div>
      {finds.error && <LoadError error={finds.error} />}
      {options.length > 0 && (
        <div
          ref={list}
          className="shell-palette-list"
          role="listbox"
          aria-label="Results"
          id={`${id}-list`}
        >
          {[...groups].map(([group, members]) => (
            <div role="group" aria-label={group} key={group}>
              <div className="label" aria-hidden="true">
                {group}
              </div>
              {members.map(([i, option]) => (
                <div
                  key={option.key}
                  id={`${id}-${i}`}
                  role="option"
                  aria-selected={i === place}
                  className="shell-option"
                  onPointerMove={({ movementX, movementY }) => {
                    // Ignores scrolling under a resting pointer.
                    if (movementX !== 0 || movementY !== 0) setActive(option.key);
                  }}
                  onClick={({ ctrlKey, metaKey }) => choose(option, ctrlKey || metaKey)}
                >
                  {option.content}
                </div>
              ))}
            </div>
          ))}
        </div>
      )}
      <div className="shell-palette-foot label">
        <span className="wide-only" aria-hidden="true">
          <kbd className="keycap">{keyText("ArrowUp")}</kbd>
          <kbd className="keycap">{keyText("ArrowDown")}</kbd> choose
        </span>
        <span className="wide-only" aria-hidden="true">
          <kbd className="keycap">{keyText("Enter")}</kbd> open
        </span>
        <span className="wide-only" aria-hidden="true">
          <kbd className="keycap">{keyText("mod+↵")}</kbd> in a new tab
        </span>
        <span className="grow" />
        <span role="status">{done || words(text, options.length, finds.isFinding)}</span>
      </div>
    </Dialog>
  );
}

function words(text: string, found: number, isFinding: boolean): string {
  if (text.trim() === "") return "";
  if (isFinding) return "Looking…";
  return found === 0 ? "Nothing found" : plural(found, "result");
}
