/** The completion of the query bar: recent filters, keys, and values that traces have. */
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useEffect, useRef } from "react";
import type { Completion } from "../../backend/completion.ts";
import { findCaret } from "../../filter/caret.ts";
import { ask } from "../data/client.ts";
import { useProject } from "../data/queries.ts";
import { count } from "../format.ts";

export type Item = Completion["items"][number];

export type Option = { kind: "recent"; filter: string } | { kind: "item"; item: Item };

/** The completion at the caret and the part of the text it replaces; undefined while loading. */
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
  // The previous answer, filtered by what was typed since.
  const written = draft.slice(data.position, caret).toLowerCase();
  const goesOn = ({ text }: Item) => text.toLowerCase().startsWith(written);
  return { position: data.position, items: data.items.filter(goesOn) };
}

/**
 * The index that Enter takes without a highlighted option: behind a key the typed value, else the first.
 * Free text and text searches are committed as typed: -1.
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
