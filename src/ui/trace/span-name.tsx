/** The first cell of a line: where a span stands in the tree, what it is and what it is called. */
import { count as countText } from "../format.ts";
import { Icon } from "../parts/icon.tsx";
import { KindMark, StandingMark } from "../parts/mark.tsx";
import type { SpanRow, SpanTable } from "./model.ts";

/** Deeper levels stand at the same place and say their number. */
const deepest = 12;
const deepestNarrow = 6;

export interface SpanNameProps {
  table: SpanTable;
  span: SpanRow;
  /** Of a fold how many it stands for. */
  count: number;
  isClosed: boolean;
  onToggle: () => void;
  /** Whether it is among what is looked for. */
  isFound: boolean;
  /** Whether a name has room only where little stands before it. */
  isNarrow?: boolean;
}

export function SpanName({
  table,
  span,
  count,
  isClosed,
  onToggle,
  isFound,
  isNarrow = false,
}: SpanNameProps) {
  const levels = isNarrow ? deepestNarrow : deepest;
  const { depth, kind, name, status, isRunning } = span;
  const isFold = count > 1;
  const isOpen = !isFold && !isClosed;
  const hasMore = isFold || table.ends[span.row] !== span.row + 1;
  return (
    <>
      {Array.from({ length: Math.min(depth, levels) }, (_, i) => (
        <i className="tree-guide" key={i} />
      ))}
      {depth > levels && <span className="label">{depth}</span>}
      <span className="tree-toggle">
        {hasMore && (
          <button
            type="button"
            tabIndex={-1}
            aria-label={isOpen ? "Close" : "Open"}
            onClick={(event) => {
              event.stopPropagation();
              onToggle();
            }}
          >
            <Icon name={isOpen ? "down" : "right"} size="xs" />
          </button>
        )}
      </span>
      <KindMark kind={kind} />
      <span className={`tree-name ${isFound ? "is-found" : ""}`}>{name}</span>
      {isFold && <span className="tree-detail">×{countText(count)}</span>}
      <span className="tree-rest">
        <span className="tree-detail truncated">{detailOf(table, span, count)}</span>
      </span>
      {isRunning ? (
        <StandingMark standing="running" />
      ) : (
        status !== "ok" && <StandingMark standing={status} />
      )}
    </>
  );
}

/** @param count of a fold how many it stands for. */
function detailOf(table: SpanTable, span: SpanRow, count: number): string {
  let hidden = 0;
  for (let row = span.row; row < span.row + count; row++) hidden += table.hidden[row]!;
  const internal = hidden > 0 ? `${countText(hidden)} internal` : "";
  return [count === 1 && ownDetailOf(table, span), internal].filter(Boolean).join(" · ");
}

function ownDetailOf(
  table: SpanTable,
  { row, kind, depth, modelId, isCycle, missingParent, repeats }: SpanRow,
): string {
  if (isCycle) return "its own ancestor";
  if (missingParent !== null) return `its parent ${missingParent} was not received`;
  if (repeats !== null && kind === "tool") return `same run as ${table.span(repeats).name}`;
  if (repeats !== null) return `same call as ${table.span(repeats).name}`;
  if (kind === "llm") return `step ${table.steps[row]}`;
  if (kind === "embedding") return modelId ?? "";
  return kind === "agent" && depth === 0 ? (table.trace.traceName ?? "") : "";
}

/** What a screen reader says of a line, and a pointer's title. */
export function titleOf({ name, errorMessage, isRunning }: SpanRow): string {
  if (isRunning) return `${name} is still running: its span comes when it ends`;
  return errorMessage === null ? name : `${name}: ${errorMessage}`;
}
