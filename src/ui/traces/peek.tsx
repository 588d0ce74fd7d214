/** The peek: a summary of the selected trace beside the list. */
import { useQueryClient } from "@tanstack/react-query";
import { useEffect, useMemo } from "react";
import { Link } from "wouter";
import type { Summary } from "../../backend/views.ts";
import { count, exactTime, time } from "../format.ts";
import { hrefOf } from "../pages.ts";
import { CopyButton, Key, EmptyState, LoadError, StepButtons } from "../parts/controls.tsx";
import { Icon } from "../parts/icon.tsx";
import { StatusBadge, displayStatusOf } from "../parts/status-mark.tsx";
import { traceHref } from "../query/scope.ts";
import { prefetchPeek, spansOf, useSettledKey, usePeek, firstUserMessage } from "./peek-data.ts";
import { PeekError, PeekMessage, PeekSpans, PeekTotals } from "./peek-sections.tsx";
import "./peek.css";

export interface PeekProps {
  traceKey: number;
  /** The listed trace; undefined if it is not loaded. */
  summary: Summary | undefined;
  /** Its position in the list, from 0; null if it is not loaded. */
  number: number | null;
  total: number | undefined;
  neighbours: readonly (Summary | undefined)[];
  project: string;
  onMove: (step: number) => void;
  onPin: (trace: Summary) => void;
  onClose: () => void;
}

export function Peek(props: PeekProps) {
  const { traceKey, number, total, neighbours, project, onMove, onClose } = props;
  const client = useQueryClient();
  const key = useSettledKey(traceKey);
  const { columns, breakdown, opening } = usePeek(key, props.summary);
  const href = traceHref(traceKey, { project });
  const whole = key === null ? undefined : columns.data;
  const spans = useMemo(() => whole && spansOf(whole), [whole]);
  const summary = props.summary ?? whole?.trace;

  const isRead = breakdown.isSuccess && opening.isSuccess;
  useEffect(() => {
    if (!isRead) return;
    // Safari has no requestIdleCallback.
    const wait = window.requestIdleCallback ?? ((run: () => void) => setTimeout(run, 200));
    const cancel = window.cancelIdleCallback ?? clearTimeout;
    const handle = wait(() => {
      for (const each of neighbours) if (each) prefetchPeek(client, each);
    });
    return () => cancel(handle);
    // Depends on the neighbours' keys only, not on their changing content.
  }, [isRead, client, ...neighbours.map((each) => each?.key)]);

  const error = columns.error ?? breakdown.error;
  return (
    <aside className="pane peek" aria-label="Peek">
      <div className="toolbar">
        <span className="label">
          {number !== null && `${count(number + 1)} of ${total === undefined ? "…" : count(total)}`}
        </span>
        <StepButtons of="trace" keys={["k", "j"]} onStep={onMove} />
        <span className="grow" />
        {summary && (
          <button
            type="button"
            className={`button is-quiet is-small is-square peek-pin ${summary.pinned ? "is-on" : ""}`}
            aria-pressed={summary.pinned}
            aria-label="Pin"
            title={summary.pinned ? "Unpin (p)" : "Pin: keep it when old traces are deleted (p)"}
            onClick={() => props.onPin(summary)}
          >
            <Icon name="pin" size="s" />
          </button>
        )}
        <CopyButton
          text={() => new URL(href, location.href).href}
          label="Copy the link to this trace"
          className="button is-quiet is-small"
        >
          Copy link
        </CopyButton>
        <Link className="button is-small" href={href}>
          Open <Key of="Enter" />
        </Link>
        <button
          type="button"
          className="button is-quiet is-small is-square"
          aria-label="Close the peek"
          title="Close (Esc)"
          onClick={onClose}
        >
          <Icon name="close" size="s" />
        </button>
      </div>
      {summary && <PeekHead trace={summary} project={project} />}
      {error && <LoadError error={error} retry={() => void breakdown.refetch()} />}
      {summary && (
        <>
          <PeekTotals trace={summary} breakdown={key === null ? undefined : breakdown.data} />
          <PeekMessage
            title="First message"
            role="user"
            preview={summary.inputPreview}
            whole={key !== null && opening.data ? firstUserMessage(opening.data) : null}
          />
          {summary.errorCount > 0 && (
            <PeekError trace={summary} project={project} spans={spans ?? null} />
          )}
          <PeekMessage
            title="Last message"
            role="assistant"
            preview={summary.outputPreview}
            whole={null}
          />
          <PeekSpans trace={summary} project={project} spans={spans ?? null} />
        </>
      )}
      {!summary && !error && columns.isSuccess && (
        <EmptyState>This trace no longer exists.</EmptyState>
      )}
    </aside>
  );
}

function PeekHead({ trace, project }: { trace: Summary; project: string }) {
  const { name, traceId, agentName, sessionId, customer, startTime, errorCount, source } = trace;
  return (
    <div className="peek-head">
      <h2 className="truncated" title={name ?? traceId}>
        {name ?? traceId}
      </h2>
      <div className="flex">
        <StatusBadge displayStatus={displayStatusOf(trace)} errorCount={errorCount} />
        <span className="dim truncated">
          <span title={`${exactTime(startTime)}, by ${source}`}>{time(startTime, Date.now())}</span>
          {agentName !== null && agentName !== name && ` · ${agentName}`}
          {customer && ` · ${customer.name ?? customer.id}`}
          {sessionId !== null && (
            <>
              {" · "}
              <Link
                className="link"
                href={hrefOf("session", { at: { session: sessionId }, query: { project } })}
              >
                session {sessionId}
              </Link>
            </>
          )}
        </span>
      </div>
    </div>
  );
}
