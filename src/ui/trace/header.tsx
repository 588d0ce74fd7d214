/** The header of a trace: name, outcome, figures and actions. */
import type { ReactNode } from "react";
import { Link } from "wouter";
import { CompareMenu } from "../compare/menu.tsx";
import { useNow, useProject } from "../data/queries.ts";
import type { SpanTable } from "../data/span-table.ts";
import { count, exactTime, money, percent, time } from "../format.ts";
import { hrefOf } from "../pages.ts";
import { StepButtons } from "../parts/controls.tsx";
import { Cost, Duration, FigureText, Tokens } from "../parts/figure.tsx";
import { Icon } from "../parts/icon.tsx";
import { StatusBadge, displayStatusOf } from "../parts/status-mark.tsx";
import { traceHref } from "../query/scope.ts";
import { TraceActions } from "./actions.tsx";
import { BreakdownBar } from "./breakdown.tsx";
import { useNeighbours } from "./neighbours.ts";

export interface TraceHeaderProps {
  table: SpanTable;
  /** Which error is selected, from 1. */
  errorNumber: number | null;
  jumpError: (by: 1 | -1) => void;
}

export function TraceHeader({ table, errorNumber, jumpError }: TraceHeaderProps) {
  const { trace } = table;
  const displayStatus = displayStatusOf(trace);
  const now = useNow(displayStatus === "running" ? 1_000 : 60_000);
  const [project] = useProject();
  const { newer, older } = useNeighbours(trace);
  const workflow = [trace.workflowName, trace.workflowRunId].filter(Boolean).join(" / ");
  return (
    <header className="trace-header">
      <div className="flex trace-header-top">
        <Link className="dim" href={hrefOf("traces", { query: { project } })}>
          Traces
        </Link>
        <span className="trace-slash">/</span>
        <h1 className="truncated" title={trace.traceId}>
          {trace.name ?? trace.traceId}
        </h1>
        {(displayStatus !== "ok" || trace.errorCount > 0) && (
          <StatusBadge displayStatus={displayStatus} errorCount={trace.errorCount} />
        )}
        {trace.pinned && (
          <span className="badge">
            <Icon name="pin" size="xs" /> pinned
          </span>
        )}
        <span className="dim truncated wide-only trace-header-facts">
          {trace.agentName && trace.agentName !== trace.name && <span>{trace.agentName}</span>}
          {workflow && <span>{workflow}</span>}
          {trace.sessionId && (
            <Link
              className="link"
              href={hrefOf("session", { at: { session: trace.sessionId }, query: { project } })}
            >
              session {trace.sessionId}
            </Link>
          )}
          {trace.customer && <span>{trace.customer.name ?? trace.customer.id}</span>}
          <span title={exactTime(trace.startTime)}>{time(trace.startTime, now)}</span>
        </span>
        <span className="grow" />
        <Neighbour trace={newer} label="Newer trace" icon="up" project={project} />
        <Neighbour trace={older} label="Older trace" icon="down" project={project} />
        <i className="separator" />
        <CompareMenu trace={trace} project={project} />
        <TraceActions trace={trace} />
      </div>
      <Totals table={table} now={now} errorNumber={errorNumber} jumpError={jumpError} />
    </header>
  );
}

function Neighbour({
  trace,
  label,
  icon,
  project,
}: {
  trace: number | null;
  label: string;
  icon: "up" | "down";
  project: string;
}) {
  const className = "button is-quiet is-small is-square";
  const inside = <Icon name={icon} size="s" />;
  if (trace === null) {
    return (
      <button type="button" className={className} aria-label={label} title={label} disabled>
        {inside}
      </button>
    );
  }
  return (
    <Link
      className={className}
      href={traceHref(trace, { project })}
      aria-label={label}
      title={label}
    >
      {inside}
    </Link>
  );
}

function Totals({ table, now, errorNumber, jumpError }: TraceHeaderProps & { now: number }) {
  const { trace } = table;
  const isRunning = trace.state === "open";
  const cached =
    trace.inputTokens && trace.cachedInputTokens !== null
      ? Number(trace.cachedInputTokens) / Number(trace.inputTokens)
      : null;
  return (
    <div className="stats">
      <Stat label="Wall">
        <Duration ms={isRunning ? Math.max(0, now - trace.startTime) : trace.durationMs} />
        {trace.state === "stale" && <span className="lost-text"> no end</span>}
      </Stat>
      <BreakdownBar table={table} />
      <Stat label="Spans" className="trace-minor">
        {count(trace.spanCount - trace.internalSpanCount)}
        {trace.internalSpanCount > 0 && (
          <span className="dim"> + {count(trace.internalSpanCount)} internal</span>
        )}
      </Stat>
      <Stat label="Steps / tools">
        {count(trace.llmCount)}
        <span className="dim"> / </span>
        {count(trace.toolCount)}
      </Stat>
      <Stat label="First token" className="wide-only">
        <Duration ms={trace.ttftMs} />
      </Stat>
      <Stat label={<>Tokens in{cached !== null && <span className="wide-only"> · cached</span>}</>}>
        <Tokens value={trace.inputTokens} />
        {cached !== null && (
          <span className="dim wide-only">
            {" "}
            <FigureText figure={percent(cached)} />
          </span>
        )}
      </Stat>
      <Stat label="Out" className="trace-minor trace-out">
        <Tokens value={trace.outputTokens} />
      </Stat>
      <Stat label="Cost">
        <b className="strong">
          <Cost of={trace} />
        </b>
        {trace.reportedCostUsd !== null && Number(trace.reportedCostUsd) > 0 && (
          <span className="dim" title="What the sender says of calls without a price">
            {" "}
            {money(trace.reportedCostUsd)} reported
          </span>
        )}
      </Stat>
      {table.errors.length > 0 && (
        <div className="stats-item trace-errors">
          <span className="label">Errors</span>
          <span className="flex trace-jumps">
            <span className="error-text">
              {errorNumber ?? "–"} / {count(table.errors.length)}
            </span>
            <StepButtons of="error" keys={["E", "e"]} onStep={jumpError} />
          </span>
        </div>
      )}
    </div>
  );
}

function Stat({
  label,
  className = "",
  children,
}: {
  label: ReactNode;
  className?: string;
  children: ReactNode;
}) {
  return (
    <div className={`stats-item ${className}`}>
      <span className="label">{label}</span>
      <span className="stats-value">{children}</span>
    </div>
  );
}
