/** The columns of the list: their width, content and sorting, and which go first where room is short. */
import type { ReactNode } from "react";
import type { SortField } from "../../sqlite/list/walk.ts";
import type { Summary } from "../../backend/views.ts";
import { count, duration, exactTime, plural, textOf, time, timeOfDay } from "../format.ts";
import { Cost, Duration, Tokens } from "../parts/figure.tsx";
import { standingOf } from "../parts/mark.tsx";
import { plainLine } from "../text/plain.ts";
import { isOwn } from "./chosen.ts";

export interface Column {
  id: string;
  name: string;
  /** In px; the least where it takes what is left. */
  width: number;
  /** Its share of what is left; none where its width is fixed. */
  grow?: number;
  isNumber?: true;
  sort?: SortField;
  /** Of its cells: quieter than what one reads first. */
  className?: string;
  /** What its head says where one points at it. */
  about?: string;
  /** All that the cell has no room for. */
  title?: (trace: Summary) => string | undefined;
  cell: (trace: Summary, about: RowContext) => ReactNode;
}

export interface RowContext {
  /** Now, where the row has something that ticks; else when the list was drawn. */
  now: number;
  /** What the longest bar stands for; null while that is not known. */
  scaleMs: number | null;
  /** Under headings of days the time is enough. */
  isByDay: boolean;
}

/** Where no model was called there are no tokens and no first one of them. */
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
    // "≥ <$0.000001" is the widest.
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

/** As a list, also where a sender wrote JSON. */
function tagsOf(value: string | undefined): string | null {
  if (value === undefined) return null;
  return value.replace(/^\["(.*)"\]$/s, (_, tags: string) => tags.replaceAll('","', ", "));
}

/** @returns undefined for what no version of the viewer has as a column. */
export function columnOf(id: string): Column | undefined {
  if (!isOwn(id)) return columns.find((column) => column.id === id);
  const name = id.replace(/^(root\.)?(meta|attr)\./, "").replaceAll('"', "");
  return { ...text(id, name, ({ columns }) => columns?.[id] ?? null), about: id };
}

/** On a phone: the name over the time and the text, beside them what it cost and how long it took. */
export const phoneColumns: readonly Column[] = ["trace", "started", "cost", "duration"].map((id) =>
  columns.find((column) => column.id === id)!,
);

/** Which leave first where there is no room for all. */
const dropOrder = ["model", "last", "ttft", "cached", "out", "errors", "steps"];
const markWidth = 16;
const gap = 12;
const padding = 28;

/** Those of the chosen ones for which a list of that width has room. */
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
  // What someone chose beside the usual ones leaves last, and the trace's name makes room for it.
  while (needed(leastWidth) > width) {
    const last = shown.findLast(({ id }) => !keptColumns.includes(id));
    if (!last) break;
    shown = shown.filter((column) => column !== last);
  }
  return shown;
}

const leastWidth = ({ width, grow }: Column) => (grow ? width / 2 : width);
/** Those that a window of any width has room for. */
const keptColumns = ["started", "trace", "duration", "in", "cost"];

/** As `grid-template-columns` takes it: the mark, then each. */
export function templateOf(columns: readonly Column[]): string {
  return [
    `${markWidth}px`,
    ...columns.map((column) =>
      column.grow ? `minmax(${leastWidth(column)}px,${column.grow}fr)` : `${column.width}px`,
    ),
  ].join(" ");
}

function DurationCell({ trace, about: { now, scaleMs } }: { trace: Summary; about: RowContext }) {
  const standing = standingOf(trace);
  const ms = standing === "running" ? Math.max(0, now - trace.startTime) : trace.durationMs;
  const share =
    standing === "lost" ? 1 : scaleMs === null ? null : Math.min(1, ms / Math.max(1, scaleMs));
  return (
    <div
      className="traces-duration"
      title={standing === "lost" ? "No end received" : textOf(duration(ms))}
    >
      <div>
        {share !== null && (
          <div
            className={`traces-duration-bar is-${standing}`}
            style={{ width: `${share * 100}%` }}
          />
        )}
      </div>
      <div className="number">
        {standing === "lost" ? <span className="dim">no end</span> : <Duration ms={ms} />}
      </div>
    </div>
  );
}
