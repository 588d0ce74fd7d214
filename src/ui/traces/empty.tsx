/** The end of the list, and the message for an empty list. */
import { plural } from "../format.ts";
import { EmptyState } from "../parts/controls.tsx";
import { rangeWords } from "../query/range.tsx";
import type { Scope } from "../query/scope.ts";
import { splitFreeText } from "../query/words.ts";
import { useSetParams } from "../state/url.ts";
import { useEmptyCauses } from "./empty-causes.ts";

/** An empty list: the reason in one sentence, and links that widen the filter. */
export function EmptyList({ scope }: { scope: Scope }) {
  const set = useSetParams();
  const { filter, since, until, project } = scope;
  const range = rangeWords(scope);
  const { text } = splitFreeText(filter);
  const blamed = useEmptyCauses(scope);
  return (
    <EmptyState>
      <p>
        {filter === "" ? "There are no traces" : "No trace matches "}
        {filter !== "" && <code className="mono">{filter}</code>}
        {range && ` ${range}`}
        {project && ` in ${project}`}.
      </p>
      {blamed.map(({ text, isAlone, without, fix }) => (
        <p key={text} className="traces-blame">
          <span>
            <code className="mono">{text}</code>{" "}
            {isAlone ? "matches no trace." : "excludes every trace that the other words match."}
          </span>
          {fix && (
            <button
              type="button"
              className="button is-small"
              onClick={() => set({ filter: fix.filter })}
            >
              Use {fix.text}
            </button>
          )}
          {without !== "" && (
            <button
              type="button"
              className="button is-small"
              onClick={() => set({ filter: without })}
            >
              Drop {text}
            </button>
          )}
        </p>
      ))}
      <p className="traces-ways">
        {text !== "" && (
          <button type="button" className="button" onClick={() => set({ in: "messages" })}>
            Search messages for {text}
          </button>
        )}
        {(since || until) && (
          <button
            type="button"
            className="button"
            onClick={() => set({ since: null, until: null })}
          >
            Search all time
          </button>
        )}
        {filter !== "" && (
          <button type="button" className="button" onClick={() => set({ filter: null })}>
            Clear the filter
          </button>
        )}
        {project && (
          <button type="button" className="button" onClick={() => set({ project: null })}>
            Search all projects
          </button>
        )}
      </p>
    </EmptyState>
  );
}

export function ListEnd({
  isLoading,
  isWaiting,
  found,
  onMore,
}: {
  isLoading: boolean;
  /** True if the server stopped an unindexed filter early and waits for a request to go on. */
  isWaiting: boolean;
  found: number;
  onMore: () => void;
}) {
  if (isLoading) {
    return (
      <p className="list-end" role="status">
        {found === 0 ? "Looking…" : "Reading more…"}
      </p>
    );
  }
  if (!isWaiting) return null;
  return (
    <p className="list-end" role="status">
      {found === 0
        ? "No match among the newest traces. Older traces have not been searched yet."
        : `${plural(found, "trace")} so far. Older traces have not been searched yet.`}{" "}
      <button type="button" className="button is-small" onClick={onMore}>
        Go on
      </button>
    </p>
  );
}
