/** An invalid filter: the position underlined, and a hint. */
import type { FilterProblem } from "./words.ts";

export function ProblemNote({
  filter,
  problem: { message, hint, at, length },
}: {
  filter: string;
  problem: FilterProblem;
}) {
  return (
    <div className="popover query-problem" role="alert">
      <p className="mono truncated">
        {filter.slice(0, at)}
        {/* Where something is missing, the place of it is shown. */}
        <u>{filter.slice(at, at + length) || " "}</u>
        {filter.slice(at + length)}
      </p>
      <p className="error-text">
        {message} <span className="dim">at position {at}</span>
      </p>
      {hint !== null && <p className="dim">{hint}</p>}
    </div>
  );
}
