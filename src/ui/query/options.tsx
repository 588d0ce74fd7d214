/** What can be written next: filters used before, keys, and values that traces really have. */
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useEffect, useRef } from "react";
import type { Completion } from "../../query/complete.ts";
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
  return { completion: data, isCurrent: data !== undefined && !isPlaceholderData };
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
