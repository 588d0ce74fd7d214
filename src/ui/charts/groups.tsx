/**
 * The table of groups, one row per model, agent, tool and so on, with the same columns on all pages.
 */
import type { ReactNode } from "react";
import { Link } from "wouter";
import type { Figures } from "../../backend/figures.ts";
import type { Ranking } from "../../backend/stats.ts";
import { quote } from "../../filter/caret.ts";
import { ago, count, exactTime, money, percent, plural } from "../format.ts";
import { hrefOf } from "../pages.ts";
import { Cost, Duration, FigureText, Tokens } from "../parts/figure.tsx";
import { Icon } from "../parts/icon.tsx";
import "./charts.css";

export type GroupField = "agent" | "workflow" | "model" | "provider" | "tool" | "customer";

export interface GroupRow {
  /** Null for the group without a value. */
  value: string | null;
  totals: Figures;
  lastTime?: number | null;
}

interface Column {
  name: string;
  title?: string;
  width: number;
  /** The ranking that a click on the heading selects. */
  sort?: Ranking;
  cell: (row: GroupRow, field: GroupField) => ReactNode;
}

const unknown = <span className="dim">—</span>;
/** An error rate above this is shown in red. */
const highErrorRate = 0.02;

const columns = {
  cost: {
    name: "Cost",
    width: 84,
    sort: "cost",
    cell: ({ totals, value }, field) =>
      field === "model" && totals.costUsd === null && totals.priceableSpanCount > 0 ? (
        <Link
          className="link dim"
          href={hrefOf("settings", { query: { model: value ?? "" }, hash: "prices" })}
        >
          add price
        </Link>
      ) : (
        <Cost of={totals} />
      ),
  },
  calls: {
    name: "Calls",
    width: 68,
    sort: "requests",
    cell: ({ totals }) => count(totals.requests),
  },
  traces: {
    name: "Traces",
    width: 68,
    sort: "traces",
    cell: ({ totals }) => count(totals.traces),
  },
  costPerTrace: {
    name: "$ / trace",
    width: 76,
    cell: ({ totals: { costUsd, traces } }) =>
      costUsd === null || traces === 0 ? unknown : money(Number(costUsd) / traces),
  },
  steps: {
    name: "Steps",
    title: "Average model calls per trace",
    width: 68,
    cell: ({ totals: { requests, traces } }) =>
      traces === 0 ? unknown : (requests / traces).toFixed(1),
  },
  tokensIn: {
    name: "Tokens in",
    width: 80,
    sort: "tokens",
    cell: ({ totals }) => <Tokens value={totals.inputTokens} />,
  },
  tokensOut: {
    name: "Out",
    width: 88,
    cell: ({ totals }) => <Tokens value={totals.outputTokens} />,
  },
  cached: {
    name: "Cached",
    title: "Share of the input read from the provider’s cache",
    width: 92,
    cell: ({ totals: { cacheHitShare } }) =>
      cacheHitShare === null ? (
        <span className="dim">not reported</span>
      ) : (
        <FigureText figure={percent(cacheHitShare)} />
      ),
  },
  speed: {
    name: "Tokens / s",
    title: "Output tokens per second after the first token",
    width: 84,
    cell: ({ totals: { tokensPerSecond } }) =>
      tokensPerSecond === null ? unknown : tokensPerSecond.toFixed(1),
  },
  ttft: {
    name: "TTFT p50",
    title: "Median time to first token",
    width: 80,
    cell: ({ totals }) => (totals.ttftMs ? <Duration ms={totals.ttftMs.p50} /> : unknown),
  },
  callP50: {
    name: "p50",
    title: "Median call duration",
    width: 76,
    cell: ({ totals }) => (totals.latencyMs ? <Duration ms={totals.latencyMs.p50} /> : unknown),
  },
  callP95: {
    name: "p95",
    title: "95th percentile of call duration",
    width: 76,
    cell: ({ totals }) => (totals.latencyMs ? <Duration ms={totals.latencyMs.p95} /> : unknown),
  },
  traceP95: {
    name: "p95",
    title: "95th percentile of trace duration",
    width: 84,
    cell: ({ totals }) =>
      totals.traceDurationMs ? <Duration ms={totals.traceDurationMs.p95} /> : unknown,
  },
  callErrors: {
    name: "Failed",
    title: "Share of calls that failed",
    width: 66,
    sort: "errors",
    cell: ({ totals: { errors, requests } }) => <Share of={errors} among={requests} what="call" />,
  },
  failed: {
    name: "Failed",
    title: "Share of traces with status error",
    width: 66,
    cell: ({ totals: { failedTraces, traces } }) => (
      <Share of={failedTraces} among={traces} what="trace" />
    ),
  },
  withErrors: {
    name: "Failed calls",
    title: "Share of traces with any failed call, whatever their status",
    width: 84,
    cell: ({ totals: { tracesWithErrors, traces } }) => (
      <Share of={tracesWithErrors} among={traces} what="trace" />
    ),
  },
  lastTime: {
    name: "Last used",
    width: 104,
    cell: ({ lastTime }) =>
      lastTime == null ? (
        unknown
      ) : (
        <span className="dim" title={exactTime(lastTime)}>
          {ago(lastTime, Date.now())}
        </span>
      ),
  },
} as const satisfies Record<string, Column>;

export type ColumnId = keyof typeof columns;

function Share({ of, among, what }: { of: number; among: number; what: string }) {
  if (among === 0) return unknown;
  return (
    <span
      className={of / among > highErrorRate ? "error-text" : ""}
      title={`${count(of)} of ${plural(among, what)}`}
    >
      <FigureText figure={percent(of / among)} />
    </span>
  );
}

interface FieldWords {
  one: string;
  many: string;
  /** The label of the group without a value. */
  none: string;
  /** The figure that the bars show. */
  ranking: Ranking;
  brief: ColumnId[];
  full: ColumnId[];
}

const ofTraces: Pick<FieldWords, "ranking" | "brief" | "full"> = {
  ranking: "cost",
  brief: ["cost", "traces", "costPerTrace", "traceP95", "failed", "withErrors"],
  full: [
    "cost",
    "traces",
    "costPerTrace",
    "calls",
    "steps",
    "tokensIn",
    "tokensOut",
    "traceP95",
    "failed",
    "withErrors",
    "lastTime",
  ],
};

export const fieldWords: Record<GroupField, FieldWords> = {
  model: {
    one: "Model",
    many: "Models",
    none: "no model",
    ranking: "cost",
    brief: ["cost", "calls", "tokensIn", "cached", "callP95", "callErrors"],
    full: [
      "cost",
      "calls",
      "tokensIn",
      "tokensOut",
      "cached",
      "speed",
      "ttft",
      "callP50",
      "callP95",
      "callErrors",
      "lastTime",
    ],
  },
  provider: {
    one: "Provider",
    many: "Providers",
    none: "no provider",
    ranking: "cost",
    brief: ["cost", "calls", "tokensIn", "cached", "callP95", "callErrors"],
    full: ["cost", "calls", "tokensIn", "tokensOut", "cached", "callP95", "callErrors", "lastTime"],
  },
  agent: {
    one: "Agent",
    many: "Agents",
    none: "no agent",
    ...ofTraces,
  },
  workflow: {
    one: "Workflow",
    many: "Workflows",
    none: "no workflow",
    ...ofTraces,
  },
  tool: {
    one: "Tool",
    many: "Tools",
    none: "no tool",
    ranking: "requests",
    brief: ["calls", "callP50", "callP95", "callErrors"],
    full: ["calls", "traces", "callP50", "callP95", "callErrors", "lastTime"],
  },
  customer: {
    one: "Customer",
    many: "Customers",
    none: "no customer",
    ranking: "cost",
    brief: ["cost", "traces", "tokensIn", "failed", "withErrors"],
    full: ["cost", "traces", "costPerTrace", "tokensIn", "tokensOut", "failed", "withErrors"],
  },
};

/** The filter word for one value of a field. */
export function filterWord(field: GroupField, value: string): string {
  return `${field}:${quote(value)}`;
}

export function GroupTable({
  field,
  columnIds,
  rows,
  sort,
  onSort,
  selected,
  onChoose,
}: {
  field: GroupField;
  columnIds: readonly ColumnId[];
  rows: readonly GroupRow[];
  sort?: Ranking;
  onSort?: (sort: Ranking) => void;
  selected?: string;
  onChoose: (value: string) => void;
}) {
  const words = fieldWords[field];
  const [first, ...rest] = columnIds.map((id): Column => columns[id]);
  const amount = ({ totals }: GroupRow) =>
    words.ranking === "cost" ? Number(totals.costUsd ?? 0) : totals.requests;
  const most = Math.max(...rows.map(amount), 0);
  return (
    <table className="grid charts-groups">
      <thead>
        <tr>
          <th className="grid-left" scope="col">
            {words.one}
          </th>
          <ColumnHead column={first!} sort={sort} onSort={onSort} />
          <td className="charts-share-head" />
          {rest.map((column) => (
            <ColumnHead key={column.name} column={column} sort={sort} onSort={onSort} />
          ))}
        </tr>
      </thead>
      <tbody>
        {rows.map((row) => (
          <tr key={row.value} aria-selected={selected !== undefined && row.value === selected}>
            <th className="grid-left truncated" scope="row" title={row.value ?? undefined}>
              {row.value === null ? (
                <span className="dim">{words.none}</span>
              ) : (
                <button type="button" className="truncated" onClick={() => onChoose(row.value!)}>
                  {row.value}
                </button>
              )}
            </th>
            <td>{first!.cell(row, field)}</td>
            <td className="charts-share-cell">
              {amount(row) > 0 && (
                <i
                  className="charts-share-bar"
                  style={{ width: `${(amount(row) / most) * 100}%` }}
                />
              )}
            </td>
            {rest.map((column) => (
              <td key={column.name}>{column.cell(row, field)}</td>
            ))}
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function ColumnHead({
  column: { name, title, width, sort: own },
  sort,
  onSort,
}: {
  column: Column;
  sort: Ranking | undefined;
  onSort: ((sort: Ranking) => void) | undefined;
}) {
  const isSorted = own !== undefined && own === sort;
  return (
    <th scope="col" style={{ width }} title={title} aria-sort={isSorted ? "descending" : undefined}>
      {own && onSort ? (
        <button type="button" className={isSorted ? "strong" : ""} onClick={() => onSort(own)}>
          {name} {isSorted && <Icon name="down" size="xs" />}
        </button>
      ) : (
        name
      )}
    </th>
  );
}
