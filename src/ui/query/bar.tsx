/**
 * The query bar: a filter as chips, followed by an input for the next word. Committed words are the
 * filter. An opened chip becomes text again, and its word still applies until the text is committed.
 */
import { useEffect, useId, useLayoutEffect, useRef, useState, type ReactNode } from "react";
import { findCaret } from "../../filter/caret.ts";
import { Icon } from "../parts/icon.tsx";
import { useShortcuts } from "../state/keys.ts";
import { Chip } from "./chip.tsx";
import { Options, suggestedOf, useCompletion, type Option } from "./options.tsx";
import { ProblemNote } from "./problem.tsx";
import { useRecentFilters } from "./recent-filters.ts";
import { filterOf, problemOf, wordsOf, type FilterProblem } from "./words.ts";
import "./query.css";

const noneActive = -1;
const example = 'status:error  model:claude*  tool:bash  duration:>5s  "free text"';

export function QueryBar({
  value,
  onChange,
  placeholder = example,
  label = "Filter",
  children,
}: {
  /** The filter in the address. */
  value: string;
  onChange: (filter: string) => void;
  placeholder?: string;
  /** What is filtered, for screen readers. */
  label?: string;
  /** Controls at the end of the bar. */
  children?: ReactNode;
}) {
  const id = useId();
  const input = useRef<HTMLInputElement>(null);
  const [draft, setDraft] = useState("");
  const [caret, setCaret] = useState(0);
  /** The index of the chip that is being edited. */
  const [opened, setOpened] = useState<number | null>(null);
  const [isFocused, setFocused] = useState(false);
  const [isOpen, setOpen] = useState(false);
  /** The highlighted option; null for the suggested one. */
  const [chosen, setChosen] = useState<number | null>(null);
  const [problem, setProblem] = useState<FilterProblem | null>(null);
  const [recents, remember] = useRecentFilters();
  const wantedCaret = useRef<number | null>(null);

  const words = wordsOf(value);
  const { position, items } = useCompletion(draft, caret, isOpen);
  const options: Option[] = [
    ...(value === "" && draft === ""
      ? recents.map((filter): Option => ({ kind: "recent", filter }))
      : []),
    ...items.map((item): Option => ({ kind: "item", item })),
  ];
  const active = chosen ?? suggestedOf(draft, caret, items);
  const isListed = isOpen && options.length > 0 && problem === null;

  useShortcuts([{ keys: ["/"], label, group: "Filter", run: () => input.current!.focus() }]);
  // After a change from elsewhere, as by a facet, no chip is open.
  useEffect(() => setOpened(null), [value]);
  useLayoutEffect(() => {
    if (wantedCaret.current === null) return;
    input.current!.focus();
    input.current!.setSelectionRange(wantedCaret.current, wantedCaret.current);
    wantedCaret.current = null;
  });

  function write(text: string, at = text.length) {
    setDraft(text);
    setCaret(at);
    setProblem(null);
    setChosen(null);
    wantedCaret.current = at;
  }

  function change(filter: string) {
    setOpened(null);
    if (filter !== value) {
      onChange(filter);
      remember(filter);
    }
  }

  function commit(text: string) {
    const found = problemOf(text);
    setProblem(found);
    setOpen(false);
    if (found) return;
    const texts = words.map((word) => word.text);
    if (opened === null) texts.push(text.trim());
    else texts[opened] = text.trim();
    write("");
    change(texts.filter((each) => each !== "").join(" "));
  }

  function remove(place: number) {
    change(filterOf(words.toSpliced(place, 1)));
    input.current!.focus();
  }

  function open(place: number) {
    const word = words[place]!;
    setOpened(place);
    setOpen(true);
    write(word.text);
  }

  function choose(option: Option) {
    if (option.kind === "recent") return change(option.filter);
    const { insert } = option.item;
    const next = draft.slice(0, position) + insert + draft.slice(caret);
    const isValue = findCaret(draft, caret)?.kind === "value";
    if (isValue && caret === draft.length && !problemOf(next)) return commit(next);
    setOpen(true);
    write(next, position + insert.length);
  }

  /** @returns whether the key was handled. */
  function press(key: string): boolean {
    switch (key) {
      case "ArrowDown":
      case "ArrowUp": {
        setOpen(true);
        const step = key === "ArrowDown" ? 1 : -1;
        // Between the last and the first option none is highlighted, so that the text can be committed
        // as typed.
        const places = options.length + 1;
        setChosen(((active + 1 + step + places) % places) - 1);
        return true;
      }
      case "Enter":
        if (isListed && active !== noneActive) choose(options[active]!);
        else commit(draft);
        return true;
      case "Tab": {
        const option = isListed && draft !== "" ? options[Math.max(active, 0)] : undefined;
        if (option) choose(option);
        return option !== undefined;
      }
      case "Escape":
        if (isListed || problem) {
          setOpen(false);
          setProblem(null);
        } else if (draft !== "") {
          setOpened(null);
          write("");
        } else {
          input.current!.blur();
        }
        return true;
      case "Backspace":
        if (draft !== "" || opened !== null || words.length === 0) return false;
        open(words.length - 1);
        return true;
      case " ": {
        // A complete word becomes a chip; in free text spaces may follow.
        const [word, ...others] = wordsOf(draft);
        const isWhole = word?.key != null && others.length === 0 && word.problem === null;
        if (!isWhole || caret !== draft.length) return false;
        commit(draft);
        return true;
      }
      default:
        return false;
    }
  }

  return (
    <div className="query-box grow">
      <div
        className={`input-frame ${isFocused ? "is-focused" : ""}`}
        onMouseDown={(event) => {
          if (event.target === input.current || (event.target as Element).closest("button")) return;
          event.preventDefault();
          input.current!.focus();
        }}
      >
        <Icon name="search" size="s" />
        <div className="query-line">
          {words.map((word, i) =>
            i === opened ? null : (
              <Chip
                key={`${i} ${word.text}`}
                word={word}
                onOpen={() => open(i)}
                onRemove={() => remove(i)}
              />
            ),
          )}
          <input
            ref={input}
            type="text"
            role="combobox"
            aria-label={label}
            aria-autocomplete="list"
            aria-expanded={isListed}
            aria-controls={isListed ? `${id}-list` : undefined}
            aria-activedescendant={
              isListed && active !== noneActive ? `${id}-list-${active}` : undefined
            }
            aria-invalid={problem !== null}
            aria-keyshortcuts="/"
            autoComplete="off"
            autoCapitalize="off"
            spellCheck={false}
            placeholder={words.length === 0 ? placeholder : ""}
            value={draft}
            onChange={({ target }) => {
              setDraft(target.value);
              setCaret(target.selectionStart ?? target.value.length);
              setProblem(null);
              setChosen(null);
              setOpen(true);
            }}
            onSelect={({ currentTarget }) => setCaret(currentTarget.selectionStart ?? 0)}
            onKeyDown={(event) => {
              if (event.nativeEvent.isComposing || event.ctrlKey || event.metaKey) return;
              if (press(event.key)) event.preventDefault();
            }}
            onFocus={() => {
              setFocused(true);
              setOpen(true);
            }}
            onBlur={() => {
              setFocused(false);
              setOpen(false);
              // An opened chip that was not changed closes again.
              if (opened !== null && draft === words[opened]?.text) {
                setOpened(null);
                setDraft("");
              }
            }}
          />
        </div>
        {children}
      </div>
      {problem && <ProblemNote filter={draft} problem={problem} />}
      {isListed && (
        <Options id={`${id}-list`} options={options} active={active} onChoose={choose} />
      )}
    </div>
  );
}
