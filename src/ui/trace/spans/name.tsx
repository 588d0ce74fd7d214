/** The first cell of a row: the span's place in the tree, its kind and its name. */
import type { SpanRow, SpanTable } from "../../data/span-table.ts";
import { count as countText, plural } from "../../format.ts";
import { Icon } from "../../parts/icon.tsx";
import { KindMark, StatusMark } from "../../parts/status-mark.tsx";
import type { LineKind } from "./lines.ts";
import { sortWords, type Sort } from "./sort.ts";

/** Deeper levels are indented like this one and show their depth as a number. */
const maxIndent = 8;

export interface NameProps {
  table: SpanTable;
  /** For a fold the first of its spans. */
  span: SpanRow;
  kind: LineKind;
  level: number;
  /** For a fold its number of spans. */
  count: number;
  isOpen: boolean | null;
  onToggle: () => void;
  /** Whether the span matches the search. */
  isFound: boolean;
  /** Whether a failed span is hidden below it. */
  hidesError: boolean;
  sort: Sort | null;
}

export function NameCell({
  table,
  span,
  kind,
  level,
  count,
  isOpen,
  onToggle,
  isFound,
  hidesError,
  sort,
}: NameProps) {
  return (
    <>
      {Array.from({ length: Math.min(level, maxIndent) }, (_, i) => (
        <i className="spans-guide" key={i} />
      ))}
      {level > maxIndent && <span className="label">{level}</span>}
      <span className="spans-toggle">
        {isOpen !== null && (
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
      {kind === "span" || kind === "repeats" ? (
        <>
          <KindMark kind={span.kind} />
          <span className={`spans-called ${isFound ? "is-found" : ""}`}>{nameOf(span)}</span>
          <span className="spans-detail truncated">
            {kind === "repeats" ? `×${countText(count)}` : stepOf(table, span)}
          </span>
          {sort && kind === "span" && <Path table={table} span={span} />}
        </>
      ) : (
        <>
          {!sort && <KindMark kind="other" />}
          <span className="spans-called truncated">{foldText(kind, count, sort)}</span>
        </>
      )}
      {kind === "span" && span.isRunning ? (
        <StatusMark displayStatus="running" />
      ) : kind === "span" && span.status !== "ok" ? (
        <StatusMark displayStatus={span.status} />
      ) : hidesError ? (
        <StatusMark displayStatus="error" words="failed inside" />
      ) : null}
    </>
  );
}

function foldText(kind: LineKind, count: number, sort: Sort | null): string {
  if (kind !== "rest")
    return sort ? plural(count, "internal span") : `${countText(count)} internal`;
  const without = sort?.by === "errors" ? "an error" : sort ? sortWords[sort.by] : "";
  return `${plural(count, "span")} without ${without}`;
}

/** The name without the model: many senders append it, but it has a place of its own. */
export function nameOf({ name, modelId }: SpanRow): string {
  return modelId === null ? name : name.replace(modelId, "").trim() || name;
}

function stepOf(table: SpanTable, { row, kind, depth, repeats }: SpanRow): string {
  if (kind === "llm" && repeats === null) return `step ${table.steps[row]}`;
  return kind === "agent" && depth > 0 ? "sub-agent" : "";
}

/** The ancestors of a span, without the root. */
function Path({ table, span }: { table: SpanTable; span: SpanRow }) {
  const names: string[] = [];
  for (let row = span.parent; row !== null && names.length < maxIndent;) {
    const above = table.span(row);
    if (above.depth === 0) break;
    names.unshift(above.kind === "llm" ? `step ${table.steps[row]}` : nameOf(above));
    // In a cycle of parents, a parent can follow its child.
    row = above.parent !== null && above.parent < row ? above.parent : null;
  }
  if (names.length === 0) return null;
  const path = names.join(" › ");
  return (
    <span className="spans-path truncated" title={path}>
      {path}
    </span>
  );
}

/** The tooltip of a row, also read by screen readers. */
export function titleOf({ name, errorMessage, isRunning }: SpanRow): string {
  if (isRunning) return `${name} is still running: its span is sent when it ends`;
  return errorMessage === null ? name : `${name}: ${errorMessage}`;
}
