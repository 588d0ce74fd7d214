/** The sections of the peek, from top to bottom. */
import { useMemo } from "react";
import { Link } from "wouter";
import type { Summary } from "../../backend/views.ts";
import type { Breakdown } from "../../query/breakdown.ts";
import { count, duration, plural, textOf } from "../format.ts";
import { ContextShare } from "../parts/context.tsx";
import { Cost, Duration, Tokens } from "../parts/figure.tsx";
import { KindMark, displayStatusOf } from "../parts/status-mark.tsx";
import { traceHref } from "../query/scope.ts";
import { foldSpans, largeSpanCount, type PeekSpan } from "./peek-data.ts";

/** Idle time above this share is drawn shorter, to leave room for the rest. */
const maxIdleShare = 0.4;
/** Smaller shares would be invisible. */
const minShare = 0.005;
const maxSpans = 200;
/** Deeper spans are indented like this level. */
const maxIndent = 8;
const previewLength = 600;

export function PeekTotals({
  trace,
  breakdown,
}: {
  trace: Summary;
  breakdown: Breakdown | undefined;
}) {
  const isLost = displayStatusOf(trace) === "lost";
  return (
    <section className="section">
      <dl className="peek-totals">
        <div>
          <dt>Wall</dt>
          <dd>
            {isLost ? <span className="dim">no end</span> : <Duration ms={trace.durationMs} />}
          </dd>
        </div>
        <div>
          <dt>Model</dt>
          <dd>
            <Busy ms={breakdown?.modelMs} isAny={trace.llmCount > 0} />
          </dd>
        </div>
        <div>
          <dt>Tools</dt>
          <dd>
            <Busy
              ms={breakdown && breakdown.toolMs + breakdown.overlapMs}
              isAny={trace.toolCount > 0}
            />
          </dd>
        </div>
        <div>
          <dt>Tokens</dt>
          <dd>
            <Tokens value={trace.inputTokens} />
            {trace.inputTokens !== null && trace.outputTokens !== null && (
              <>
                <span className="dim"> → </span>
                <Tokens value={trace.outputTokens} />
              </>
            )}
          </dd>
        </div>
        {breakdown?.context && (
          <div>
            <dt>Context</dt>
            <dd>
              <ContextShare of={breakdown.context} as="share" />
            </dd>
          </div>
        )}
        <div>
          <dt>Cost</dt>
          <dd>
            <Cost of={trace} />
          </dd>
        </div>
      </dl>
      <Split breakdown={breakdown} />
    </section>
  );
}

/** @param ms undefined while loading. */
function Busy({ ms, isAny }: { ms: number | undefined; isAny: boolean }) {
  if (ms === undefined) return <span className="dim">…</span>;
  return ms > 0 || isAny ? <Duration ms={ms} /> : <span className="dim">—</span>;
}

/** The time breakdown as a bar. */
function Split({ breakdown }: { breakdown: Breakdown | undefined }) {
  const { modelMs = 0, toolMs = 0, idleMs = 0 } = breakdown ?? {};
  const wholeMs = modelMs + toolMs + idleMs;
  const busyMs = modelMs + toolMs;
  const maxMs = (busyMs * maxIdleShare) / (1 - maxIdleShare);
  const isCut = busyMs > 0 && idleMs > maxMs;
  const parts = [
    { name: "model", ms: modelMs, share: modelMs },
    { name: "tools", ms: toolMs, share: toolMs },
    { name: "idle", ms: idleMs, share: isCut ? maxMs : idleMs },
  ].filter(({ ms }) => ms > wholeMs * minShare);
  return (
    <>
      <div className="peek-split" aria-hidden="true">
        {parts.map(({ name, share }) => (
          <i key={name} className={`peek-share is-${name}`} style={{ flexGrow: share }} />
        ))}
      </div>
      <div className="peek-legend">
        {parts.map(({ name, ms }) => (
          <span key={name}>
            <i className={`peek-share is-${name}`} />
            {name === "idle"
              ? `idle ${textOf(duration(ms))}${isCut ? ", not to scale" : ""}`
              : name}
          </span>
        ))}
      </div>
    </>
  );
}

/** Shows the preview at once and the full text when loaded; always as plain text. */
export function PeekMessage({
  title,
  role,
  preview,
  whole,
}: {
  title: string;
  role: string;
  preview: string | null;
  whole: string | null;
}) {
  const text = whole ?? preview;
  if (text === null || text === "") return null;
  return (
    <section className="section">
      <h3>
        {title} <span className="section-end">{role}</span>
      </h3>
      <p className="peek-said">
        {text.length > previewLength ? `${text.slice(0, previewLength)}…` : text}
      </p>
    </section>
  );
}

/** @param spans null while loading. */
export function PeekError({
  trace,
  project,
  spans,
}: {
  trace: Summary;
  project: string;
  spans: readonly PeekSpan[] | null;
}) {
  const failed = spans?.filter(({ status }) => status === "error") ?? [];
  // The deepest failed span is the most likely cause: a parent mostly fails with its child.
  const first = failed.toSorted((a, b) => b.depth - a.depth)[0];
  if (!first) return null;
  const href = traceHref(trace.key, { project }, first.key);
  return (
    <section className="section">
      <h3>
        Error
        <span className="section-end">
          <Link className="link" href={href}>
            {first.step > 0 ? `step ${count(first.step)}` : "open"}
          </Link>
        </span>
      </h3>
      <div className="peek-error">
        <header>
          <KindMark kind={first.spanType} />
          <span className="truncated">{first.name}</span>
          <span className="number">
            <Duration ms={first.durationMs} />
          </span>
        </header>
        <pre>{first.errorMessage ?? "The sender gave no error message."}</pre>
      </div>
      {failed.length > 1 && (
        <p className="dim peek-more">and {plural(failed.length - 1, "other span")} failed</p>
      )}
    </section>
  );
}

export function PeekSpans({
  trace: { key, spanCount, internalSpanCount },
  project,
  spans,
}: {
  trace: Summary;
  project: string;
  spans: readonly PeekSpan[] | null;
}) {
  const isLarge = spanCount > largeSpanCount;
  const lines = useMemo(() => foldSpans(spans ?? []), [spans]);
  return (
    <section className="section peek-spans">
      <h3>
        Spans{" "}
        <span className="section-end number">
          {count(spanCount - internalSpanCount)}
          {internalSpanCount > 0 && (
            <span className="dim"> + {count(internalSpanCount)} internal</span>
          )}
        </span>
      </h3>
      {isLarge && <p className="dim">Too many to show here: open the trace.</p>}
      <ul>
        {lines.slice(0, maxSpans).map((span) => (
          <li key={span.key}>
            <Link
              className={span.status === "error" ? "peek-span is-failed" : "peek-span"}
              href={traceHref(key, { project }, span.key)}
            >
              {Array.from({ length: Math.min(span.depth, maxIndent) }, (_, i) => (
                <i key={i} />
              ))}
              <KindMark kind={span.spanType} />
              <span className="peek-name truncated">{span.name}</span>
              <span className="peek-detail truncated">
                {span.spanType === "llm" && `step ${count(span.step)}`}
                {span.times > 1 && `×${count(span.times)}`}
                {span.status === "error" && <span className="visually-hidden">failed</span>}
              </span>
              <span className="number">
                <Duration ms={span.durationMs} />
              </span>
            </Link>
          </li>
        ))}
      </ul>
      {lines.length > maxSpans && (
        <Link className="link" href={traceHref(key, { project })}>
          {count(lines.length - maxSpans)} more
        </Link>
      )}
    </section>
  );
}
