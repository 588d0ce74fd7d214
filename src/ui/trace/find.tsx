/**
 * Find in trace. The browser's own search sees only rendered rows. Names, models and errors are searched
 * here at once, texts by the server.
 */
import { useMemo, useRef, useState } from "react";
import type { SpanTable } from "../data/span-table.ts";
import { count } from "../format.ts";
import { Key } from "../parts/controls.tsx";
import { Icon } from "../parts/icon.tsx";
import { useShortcuts } from "../state/keys.ts";
import { useParam } from "../state/url.ts";
import { useTextHits } from "./data.ts";

export interface Find {
  words: string;
  setWords: (words: string) => void;
  /** Matching rows, ascending. */
  rows: readonly number[];
  /** True while the server searches the texts. */
  isLooking: boolean;
}

export function useFind(table: SpanTable): Find {
  const [words, setParam] = useParam<string>("find", "");
  const { data, isFetching } = useTextHits(table.trace.key, words);
  const rows = useMemo(() => {
    if (words.trim() === "") return [];
    const found = new Set(namedRows(table, words.trim().toLowerCase()));
    for (const { spanKey } of data?.hits ?? []) {
      const row = table.rowOf(spanKey);
      if (row !== null) found.add(row);
    }
    return [...found].sort((a, b) => a - b);
  }, [table, words, data]);
  return {
    words,
    setWords: (next) => setParam(next, { replace: true }),
    rows,
    isLooking: isFetching,
  };
}

/** Equal texts are compared once, however many spans share them. */
function namedRows({ columns, count }: SpanTable, lower: string): number[] {
  const texts = [columns.name, columns.modelId, columns.errorMessage];
  const fits = texts.map(({ values }) =>
    values.map((value) => value !== null && value.toLowerCase().includes(lower)),
  );
  const rows: number[] = [];
  for (let row = 0; row < count; row++) {
    if (texts.some(({ rows }, i) => fits[i]![rows[row]!])) rows.push(row);
  }
  return rows;
}

export function FindBar({
  find: { words, setWords, rows, isLooking },
  selected,
  onSelect,
}: {
  find: Find;
  selected: number | null;
  onSelect: (row: number) => void;
}) {
  const input = useRef<HTMLInputElement>(null);
  const [typed, setTyped] = useState(words);
  const timer = useRef(0);
  useShortcuts([
    {
      keys: ["mod+f", "/"],
      label: "Find in trace",
      group: "Trace",
      run: () => {
        input.current!.focus();
        input.current!.select();
      },
    },
    { keys: ["n"], label: "Next match", group: "Trace", run: () => jump(1) },
    { keys: ["N"], label: "Previous match", group: "Trace", run: () => jump(-1) },
  ]);

  function type(text: string): void {
    setTyped(text);
    clearTimeout(timer.current);
    timer.current = window.setTimeout(() => setWords(text), 150);
  }
  function jump(by: 1 | -1): boolean {
    if (rows.length === 0) return false;
    const next =
      by === 1
        ? rows.find((row) => row > (selected ?? -1))
        : rows.findLast((row) => row < (selected ?? Infinity));
    onSelect(next ?? rows.at(by === 1 ? 0 : -1)!);
    return true;
  }
  const place = selected === null ? -1 : rows.indexOf(selected);
  return (
    <div className={`input-frame trace-find ${words === "" ? "" : "is-used"}`} role="search">
      <Icon name="search" size="s" />
      <input
        ref={input}
        type="search"
        aria-label="Find in trace"
        placeholder="Find in trace"
        value={typed}
        onChange={({ target }) => type(target.value)}
        onKeyDown={(event) => {
          if (event.key === "Enter") jump(event.shiftKey ? -1 : 1);
          else if (event.key === "Escape") {
            type("");
            input.current!.blur();
          } else return;
          event.preventDefault();
        }}
      />
      {words === "" ? (
        <Key of="mod+f" />
      ) : (
        <span className="label" role="status">
          {place < 0 ? count(rows.length) : `${count(place + 1)} / ${count(rows.length)}`}
          {isLooking && " …"}
        </span>
      )}
    </div>
  );
}
