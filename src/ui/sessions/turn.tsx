/** One turn of a conversation: a trace in brief. Loaded when it comes near the visible part. */
import { useEffect, useRef, useState } from "react";
import { Link } from "wouter";
import type { Summary } from "../../backend/views.ts";
import { useNow, useProject } from "../data/queries.ts";
import { exactTime, plural } from "../format.ts";
import { LoadError } from "../parts/controls.tsx";
import { Cost, Duration, Tokens } from "../parts/figure.tsx";
import { displayStatusOf, StatusMark } from "../parts/status-mark.tsx";
import { traceHref } from "../query/scope.ts";
import { TranscriptEntries } from "../transcript/entries.tsx";
import { newInTurn, useTurnEntries } from "./data.ts";

export interface TurnProps {
  trace: Summary;
  /** From 1. */
  number: number;
  isSelected: boolean;
}

export function Turn({ trace, number, isSelected }: TurnProps) {
  const [project] = useProject();
  const box = useRef<HTMLElement>(null);
  const [isNear, setNear] = useState(false);
  useEffect(() => {
    const observer = new IntersectionObserver(
      ([entry]) => {
        if (entry!.isIntersecting) setNear(true);
      },
      { rootMargin: "600px" },
    );
    observer.observe(box.current!);
    return () => observer.disconnect();
  }, []);
  const version = trace.lastReceivedAt;
  const { data, error, refetch, hasNextPage, fetchNextPage } = useTurnEntries(
    trace.key,
    version,
    isNear,
  );
  const entries = data?.pages.flatMap((page) => page.entries) ?? [];
  const displayStatus = displayStatusOf(trace);
  const isRunning = displayStatus === "running";
  const now = useNow(isRunning ? 1_000 : 60_000);
  return (
    <section
      className={`sessions-turn ${isSelected ? "is-selected" : ""}`}
      aria-label={`Turn ${number}`}
      id={`turn-${number}`}
      ref={box}
    >
      <header className="sessions-turn-head">
        <span title={exactTime(trace.startTime)}>Turn {number}</span>
        <Link className="badge" href={traceHref(trace.key, { project })}>
          <StatusMark displayStatus={displayStatus} errorCount={trace.errorCount} />
          {trace.name ?? trace.traceId}
        </Link>
        <span className="tail number">
          <span>
            <Tokens value={trace.inputTokens} /> → <Tokens value={trace.outputTokens} />
          </span>
          <span>
            <Duration ms={isRunning ? Math.max(0, now - trace.startTime) : trace.durationMs} />
          </span>
          <span className="muted">
            <Cost of={trace} />
          </span>
        </span>
      </header>
      {error && <LoadError error={error} retry={() => void refetch()} />}
      {data && entries.length === 0 && <p className="dim">No messages were recorded.</p>}
      <TranscriptEntries
        entries={newInTurn(entries, number === 1)}
        traceKey={trace.key}
        state={trace.state}
        startTime={trace.startTime}
        isBrief
      />
      {hasNextPage && (
        <button type="button" className="button is-small" onClick={() => void fetchNextPage()}>
          More of this turn
        </button>
      )}
      {isRunning && (
        <p className="worked is-running">
          <i className="live-dot" />
          <span className="accent-text">running</span>
          <span className="dim">
            {plural(trace.spanCount - trace.internalSpanCount, "span")} so far
          </span>
        </p>
      )}
      {displayStatus === "lost" && <p className="lost-text">No end was received.</p>}
    </section>
  );
}
