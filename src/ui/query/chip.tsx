/** A word of the filter: dim key, bright value, outlined if negated. */
import { Icon } from "../parts/icon.tsx";
import type { Word } from "./words.ts";

export function Chip({
  word: { text, isNegated, key, value, problem },
  onOpen,
  onRemove,
}: {
  word: Word;
  onOpen: () => void;
  onRemove: () => void;
}) {
  const minus = isNegated ? "-" : "";
  return (
    <span
      className={`query-chip ${isNegated ? "is-negated" : ""} ${problem ? "is-wrong" : ""}`}
      title={problem ? `${problem.message}. ${problem.hint ?? ""}` : `${text}: click to change it`}
    >
      {/* With the keyboard it is opened from the line: backspace. */}
      <button type="button" className="query-chip-text" tabIndex={-1} onClick={onOpen}>
        {key === null ? minus && <b>{minus}</b> : <b>{minus + key}</b>}
        <span className="truncated">{key === null ? value : `:${value}`}</span>
      </button>
      <button
        type="button"
        className="query-chip-remove"
        tabIndex={-1}
        aria-label={`Remove ${text}`}
        onClick={onRemove}
      >
        <Icon name="close" size="xs" />
      </button>
    </span>
  );
}
