/**
 * The columns of the list: width, content and sorting, and which are dropped first in a narrow window.
 */
import type { ReactNode } from "react";
import type { SortField } from "../../backend/traces.ts";
import type { Summary } from "../../backend/views.ts";
import { count, duration, exactTime, plural, textOf, time, timeOfDay } from "../format.ts";
import { Cost, Duration, Tokens } from "../parts/figure.tsx";
import { displayStatusOf } from "../parts/status-mark.tsx";
import { plainLine } from "../text/plain.ts";
import { isKeyColumn } from "./column-choice.ts";

export interface Column {
  id: string;
  name: string;
  /** In px; the minimum if the column has a `grow`. */
  width: number;
  /** Its share of the remaining width; without it the width is fixed. */
  grow?: number;
  isNumber?: true;
  sort?: SortField;
  /** The class of its cells, such as a dimmer text colour. */
  className?: string;
  /** The tooltip of the column's heading. */
  about?: string;
  /** The tooltip of a cell, for content that is cut off. */
  title?: (trace: Summary) => string | undefined;
  cell: (trace: Summary, about: RowContext) => ReactNode;
}

export interface RowContext {
  /** The current time for rows of running traces; else the time at which the list was rendered. */
  now: number;
  /** The duration that a bar of full width stands for; null while unknown. */
  scaleMs: number | null;
  /** Grouped by day, so that rows show only the time. */
  isByDay: boolean;
}

/** Without a model call there are no tokens and no time to first token. */
const hasNone = ({ llmCount }: Summary) => llmCount === 0;

function tokens(trace: Summary, value: Summary["inputTokens"]): ReactNode {
  if (value === null && hasNone(trace)) return <span className="dim">—</span>;
  return <Tokens value={value} />;
}

function text(id: string, name: string, read: (trace: Summary) => string | null): Column {
  return {
    ...{ id, name, width: 120, className: "muted" },
    title: (trace) => read(trace) ?? undefined,
    cell: (trace) => read(trace) ?? <span className="dim">—</span>,
  };
}

export const columns: readonly Column[] = [
  {
    id: "started",
    name: "Started",
    width: 58,
    sort: "startTime",
    className: "dim",
    title: ({ startTime }) => exactTime(startTime),
    cell: ({ startTime }, { now, isByDay }) =>
      isByDay ? timeOfDay(startTime) : time(startTime, now),
  },
  { id: "trace", name: "Trace", width: 300, grow: 1.5, cell: () => null },
  {
    id: "last",
    name: "Last message",
    width: 200,
    grow: 1,
    className: "dim",
    title: ({ outputPreview }) => outputPreview ?? undefined,
    cell: ({ outputPreview }) => outputPreview !== null && plainLine(outputPreview),
  },
  {
    id: "duration",
    name: "Duration",
    width: 132,
    isNumber: true,
    sort: "duration",
    cell: (trace, about) => <DurationCell trace={trace} about={about} />,
  },
  {
    id: "ttft",
    name: "TTFT",
    width: 76,
    isNumber: true,
    className: "muted",
    cell: (trace) =>
      trace.ttftMs === null && hasNone(trace) ? (
        <span className="dim">—</span>
      ) : (
        <Duration ms={trace.ttftMs} />
      ),
  },
  {
    id: "steps",
    name: "Steps",
    width: 56,
    isNumber: true,
    className: "muted",
    title: ({ llmCount, toolCount }) =>
      `${plural(llmCount, "model call")}, ${plural(toolCount, "tool call")}`,
    cell: ({ llmCount, toolCount }) => (
      <>
        {count(llmCount)}
        <span className="dim"> / {count(toolCount)}</span>
      </>
    ),
  },
  {
    id: "in",
    name: "Tokens in",
    width: 76,
    isNumber: true,
    sort: "tokens",
    cell: (trace) => tokens(trace, trace.inputTokens),
  },
  {
    id: "cached",
    name: "Cached",
    width: 76,
    isNumber: true,
    cell: (trace) => tokens(trace, trace.cachedInputTokens),
  },
  {
    id: "out",
    name: "Tokens out",
    width: 76,
    isNumber: true,
    cell: (trace) => tokens(trace, trace.outputTokens),
  },
  {
    id: "errors",
    name: "Errors",
    width: 52,
    isNumber: true,
    sort: "errors",
    cell: ({ errorCount }) => (
      <span className={errorCount > 0 ? "error-text" : "dim"}>{count(errorCount)}</span>
    ),
  },
  {
    id: "cost",
    name: "Cost",
    // The widest value is "≥ <$0.000001".
    width: 84,
    isNumber: true,
    sort: "cost",
    cell: (trace) => <Cost of={trace} />,
  },
  {
    id: "model",
    name: "Model",
    width: 118,
    className: "muted traces-models",
    title: ({ models }) => models.join(", "),
    cell: ({ models: [first, ...others] }) => (
      <>
        <span className="truncated">{first ?? "—"}</span>
        {others.length > 0 && <span className="dim">+{others.length}</span>}
      </>
    ),
  },
  text("agent", "Agent", ({ agentName }) => agentName),
  text("session", "Session", ({ sessionId }) => sessionId),
  text("workflow", "Workflow", ({ workflowName }) => workflowName),
  text("user", "User", ({ customer }) => customer && (customer.name ?? customer.id)),
  text("tags", "Tags", ({ columns }) => tagsOf(columns?.["attr.tags"] ?? columns?.["meta.tags"])),
  text("project", "Project", ({ project }) => project),
  text("source", "Source", ({ source }) => source),
];

/** Tags separated by commas, from text or from a JSON array. */
function tagsOf(value: string | undefined): string | null {
  if (value === undefined) return null;
  return value.replace(/^\["(.*)"\]$/s, (_, tags: string) => tags.replaceAll('","', ", "));
}

/** @returns undefined for an unknown column id. */
export function columnOf(id: string): Column | undefined {
  if (!isKeyColumn(id)) return columns.find((column) => column.id === id);
  const name = id.replace(/^(root\.)?(meta|attr)\./, "").replaceAll('"', "");
  return { ...text(id, name, ({ columns }) => columns?.[id] ?? null), about: id };
}

/** On a phone: name above time and preview, with cost and duration beside them. */
export const phoneColumns: readonly Column[] = ["trace", "started", "cost", "duration"].map((id) =>
  columns.find((column) => column.id === id)!,
);

/** The order in which columns are dropped when the window is too narrow. */
const dropOrder = ["model", "last", "ttft", "cached", "out", "errors", "steps"];
const markWidth = 16;
const gap = 12;
const padding = 28;

/** The chosen columns that fit into a list of this width. */
export function columnsFor(width: number, ids: readonly string[], isByDay: boolean): Column[] {
  let shown = ids
    .flatMap((id) => columnOf(id) ?? [])
    .map((column) => (column.id === "started" && !isByDay ? { ...column, width: 88 } : column));
  const needed = (widthOf: (column: Column) => number) =>
    shown.reduce((sum, column) => sum + widthOf(column) + gap, markWidth + padding);
  for (const id of dropOrder) {
    if (needed((column) => column.width) <= width) break;
    shown = shown.filter((column) => column.id !== id);
  }
  // Optional columns are dropped last, after the trace's name has shrunk to make room.
  while (needed(minWidth) > width) {
    const last = shown.findLast(({ id }) => !keptColumns.includes(id));
    if (!last) break;
    shown = shown.filter((column) => column !== last);
  }
  return shown;
}

const minWidth = ({ width, grow }: Column) => (grow ? width / 2 : width);
/** These columns are never dropped. */
const keptColumns = ["started", "trace", "duration", "in", "cost"];

/** The value of `grid-template-columns`: the checkbox, then each column. */
export function templateOf(columns: readonly Column[]): string {
  return [
    `${markWidth}px`,
    ...columns.map((column) =>
      column.grow ? `minmax(${minWidth(column)}px,${column.grow}fr)` : `${column.width}px`,
    ),
  ].join(" ");
}

function DurationCell({ trace, about: { now, scaleMs } }: { trace: Summary; about: RowContext }) {
  const displayStatus = displayStatusOf(trace);
  const ms = displayStatus === "running" ? Math.max(0, now - trace.startTime) : trace.durationMs;
  const share =
    displayStatus === "lost" ? 1 : scaleMs === null ? null : Math.min(1, ms / Math.max(1, scaleMs));
  return (
    <div
      className="traces-duration"
      title={displayStatus === "lost" ? "No end received" : textOf(duration(ms))}
    >
      <div>
        {share !== null && (
          <div
            className={`traces-duration-bar is-${displayStatus}`}
            style={{ width: `${share * 100}%` }}
          />
        )}
      </div>
      <div className="number">
        {displayStatus === "lost" ? <span className="dim">no end</span> : <Duration ms={ms} />}
      </div>
    </div>
  );
}
