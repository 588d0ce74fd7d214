/** The header of a comparison: both traces, and the differences of B to A. */
import { Link } from "wouter";
import type { Summary } from "../../backend/views.ts";
import type { Comparison } from "../../query/comparison.ts";
import { count, duration, exactTime, money, textOf, time } from "../format.ts";
import { hrefOf } from "../pages.ts";
import { CopyButton, Key } from "../parts/controls.tsx";
import { Cost, Duration } from "../parts/figure.tsx";
import { Icon } from "../parts/icon.tsx";
import { Side, type SideName } from "../parts/side.tsx";
import { StatusMark, displayStatusOf, wordsOf } from "../parts/status-mark.tsx";
import { traceHref } from "../query/scope.ts";
import { DurationDelta, ShareDelta } from "./deltas.tsx";
import { TracePicker } from "./picker.tsx";

export interface HeadProps {
  /** Undefined while loading, or if not chosen. */
  a: Summary | undefined;
  b: Summary | undefined;
  comparison: Comparison | undefined;
  project: string;
  onPick: (side: SideName, trace: string) => void;
  onSwap: () => void;
}

export function CompareHead({ a, b, comparison, project, onPick, onSwap }: HeadProps) {
  const agent = a?.agentName ?? b?.agentName;
  return (
    <header className="compare-head">
      <div className="flex compare-title">
        <Link className="dim" href={hrefOf("traces", { query: { project } })}>
          Traces
        </Link>
        <span className="dim compare-slash">/</span>
        <h1>Compare</h1>
        {agent && <span className="dim truncated compare-agent">runs of {agent}</span>}
        <span className="grow" />
        <button type="button" className="button" title="Swap A and B (x)" onClick={onSwap}>
          <Icon name="swap" size="s" />
          Swap <Key of="x" />
        </button>
        <CopyButton
          text={() => location.href}
          label="Copy the link to this comparison"
          className="button compare-copy"
        >
          Copy link
        </CopyButton>
      </div>
      <div role="table" aria-label="Both traces">
        <div className="compare-facts is-head" role="row">
          <span role="columnheader">
            <span className="visually-hidden">Side</span>
          </span>
          <span role="columnheader">Trace</span>
          <span role="columnheader">Status</span>
          <span role="columnheader">Started</span>
          <span role="columnheader" className="number">
            Tokens in
          </span>
          <span role="columnheader" className="number">
            Out
          </span>
          <span role="columnheader" className="number">
            Duration
          </span>
          <span role="columnheader" className="number" title="Model calls / tool calls">
            Calls / tools
          </span>
          <span role="columnheader" className="number">
            Cost
          </span>
        </div>
        <Row side="a" trace={a} other={b} project={project} onPick={onPick} />
        <Row side="b" trace={b} other={a} project={project} onPick={onPick} />
        {comparison && <Deltas comparison={comparison} />}
      </div>
    </header>
  );
}

function Row({
  side,
  trace,
  other,
  project,
  onPick,
}: Pick<HeadProps, "project" | "onPick"> & {
  side: SideName;
  trace: Summary | undefined;
  other: Summary | undefined;
}) {
  const displayStatus = trace && displayStatusOf(trace);
  return (
    <div className="compare-facts" role="row">
      <span role="rowheader">
        <Side of={side} />
      </span>
      <span role="cell" className="flex compare-name">
        <TracePicker
          side={side}
          trace={trace}
          other={other}
          project={project}
          onPick={(picked) => onPick(side, picked)}
        />
        {trace && (
          <Link
            className="button is-quiet is-small is-square"
            href={traceHref(trace.key, { project })}
            aria-label={`Open ${side.toUpperCase()}`}
            title={`Open ${side.toUpperCase()}`}
          >
            <Icon name="open" size="s" />
          </Link>
        )}
        {trace && <span className="dim truncated">{trace.models.join(", ")}</span>}
      </span>
      {trace && displayStatus ? (
        <>
          <span role="cell" className="flex">
            <StatusMark displayStatus={displayStatus} errorCount={trace.errorCount} />
            <span className="truncated compare-standing">
              {wordsOf(displayStatus, trace.errorCount)}
            </span>
          </span>
          <span role="cell" className="muted truncated" title={exactTime(trace.startTime)}>
            {time(trace.startTime, Date.now())}
          </span>
          <span role="cell" className="number">
            {figure(trace.inputTokens)}
          </span>
          <span role="cell" className="number">
            {figure(trace.outputTokens)}
          </span>
          <span role="cell" className="number">
            <Duration ms={trace.durationMs} />
          </span>
          <span role="cell" className="number">
            {count(trace.llmCount)} / {count(trace.toolCount)}
          </span>
          <span role="cell" className="number strong">
            <Cost of={trace} />
          </span>
        </>
      ) : (
        <span role="cell" className="dim" />
      )}
    </div>
  );
}

function figure(value: number | string | null) {
  return value === null ? <span className="dim">not reported</span> : count(value);
}

function Deltas({ comparison: { a, b, deltas } }: { comparison: Comparison }) {
  const laterMs = b.startTime - a.startTime;
  const more = (value: number) => (value > 0 ? `+${count(value)}` : count(value).replace("-", "−"));
  return (
    <div className="compare-facts is-delta" role="row">
      <span role="cell" />
      <span role="rowheader" className="dim">
        B against A
      </span>
      <span role="cell" />
      <span role="cell" className="dim truncated">
        {textOf(duration(Math.abs(laterMs)))} {laterMs < 0 ? "earlier" : "later"}
      </span>
      <span role="cell" className="number">
        <ShareDelta of={a.inputTokens} delta={deltas.inputTokens} />
      </span>
      <span role="cell" className="number">
        <ShareDelta of={a.outputTokens} delta={deltas.outputTokens} />
      </span>
      <span role="cell" className="number">
        <DurationDelta ms={deltas.durationMs} />
      </span>
      <span role="cell" className="number">
        {more(b.llmCount - a.llmCount)} / {more(b.toolCount - a.toolCount)}
      </span>
      <span role="cell" className="number strong">
        <ShareDelta of={a.costUsd} delta={deltas.costUsd} say={money} />
      </span>
    </div>
  );
}
