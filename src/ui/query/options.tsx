/** What can be written next: filters used before, keys, and values that traces really have. */
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useEffect, useRef } from "react";
import { findCaret } from "../../filter/caret.ts";
import type { Completion } from "../../sqlite/list/complete.ts";
import { ask } from "../data/client.ts";
import { useProject } from "../data/queries.ts";
import { count } from "../format.ts";

export type Item = Completion["items"][number];

export type Option = { kind: "recent"; filter: string } | { kind: "item"; item: Item };

/** What may stand at the caret, and which part of the draft it replaces; nothing while that is not known. */
export function useCompletion(draft: string, caret: number, isWanted: boolean) {
  const [project] = useProject();
  const { data, isPlaceholderData } = useQuery({
    queryKey: ["complete", draft, caret, project],
    queryFn: ({ signal }) =>
      ask(
        "GET /api/complete",
        { query: { filter: draft, position: caret, project: project || null } },
        signal,
      ),
    enabled: isWanted,
    placeholderData: keepPreviousData,
  });
  if (!data || !isPlaceholderData)
    return { position: data?.position ?? 0, items: data?.items ?? [] };
  // Those of a moment ago, as far as they still go on with what is written.
  const written = draft.slice(data.position, caret).toLowerCase();
  const goesOn = ({ text }: Item) => text.toLowerCase().startsWith(written);
  return { position: data.position, items: data.items.filter(goesOn) };
}

/**
 * What Enter takes where nobody chose yet: behind a key the value that is written, else the first. Free
 * text, and what is looked for inside of texts, stays as it is written.
 */
export function suggestedOf(draft: string, caret: number, items: readonly Item[]): number {
  const at = findCaret(draft, caret);
  if (at?.kind !== "value" || at.prefix === "" || at.key.isFree) return -1;
  const place = items.findIndex(({ text }) => text === at.prefix);
  return place < 0 && items.length > 0 ? 0 : place;
}

export function Options({
  id,
  options,
  active,
  onChoose,
}: {
  id: string;
  options: readonly Option[];
  active: number;
  onChoose: (option: Option) => void;
}) {
  const list = useRef<HTMLDivElement>(null);
  useEffect(() => {
    list.current?.children[active]?.scrollIntoView({ block: "nearest" });
  }, [active]);
  return (
    <div
      className="popover query-options"
      role="listbox"
      id={id}
      aria-label="Completions"
      ref={list}
      // The input keeps the focus.
      onMouseDown={(event) => event.preventDefault()}
    >
      {options.map((option, i) => (
        <div
          key={option.kind === "recent" ? `recent ${option.filter}` : option.item.insert}
          id={`${id}-${i}`}
          className="popover-item"
          role="option"
          aria-selected={i === active}
          onClick={() => onChoose(option)}
        >
          {option.kind === "recent" ? (
            <>
              <span className="truncated">{option.filter}</span>
              <span className="number dim">used before</span>
            </>
          ) : (
            <ItemText {...option.item} />
          )}
        </div>
      ))}
    </div>
  );
}

function ItemText({ text, summary, count: traces, isCapped }: Item) {
  return (
    <>
      <span className="truncated">{text}</span>
      {summary !== null && <span className="truncated dim">{summary}</span>}
      {traces !== null && (
        <span className="number dim">
          {count(traces)}
          {isCapped && "+"}
        </span>
      )}
    </>
  );
}
