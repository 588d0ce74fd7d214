/** The runs that used a version of a prompt. */
import { Link } from "wouter";
import type { PromptVersion } from "../../query/prompts.ts";
import { count, exactTime, time } from "../format.ts";
import { LoadError } from "../parts/controls.tsx";
import { Cost, Duration } from "../parts/figure.tsx";
import { StatusMark, displayStatusOf } from "../parts/status-mark.tsx";
import { traceHref, tracesHref } from "../query/scope.ts";
import { scopeOf, useRuns } from "./data.ts";

export function Runs({
  agent,
  project,
  version,
}: {
  agent: string;
  project: string;
  version: PromptVersion;
}) {
  const scope = scopeOf(agent, project, version);
  const { data, error, refetch, isPlaceholderData } = useRuns(scope);
  const now = Date.now();
  return (
    <section className="prompts-runs" aria-label={`Runs of v${version.number}`}>
      <header className="flex prompts-bar">
        <span className="strong">Runs of v{version.number}</span>
        <span className="dim">{count(version.traceCount)}</span>
        <span className="grow" />
        <Link className="button is-small" href={tracesHref(scope)}>
          Open in Traces
        </Link>
      </header>
      {error && <LoadError error={error} retry={() => void refetch()} />}
      <ul aria-busy={isPlaceholderData}>
        {data?.traces.map((trace) => (
          <li key={trace.key}>
            <Link className="prompts-run" href={traceHref(trace.key, { project })}>
              <StatusMark displayStatus={displayStatusOf(trace)} errorCount={trace.errorCount} />
              <span className="muted" title={exactTime(trace.startTime)}>
                {time(trace.startTime, now)}
              </span>
              <span className="truncated">{trace.name ?? trace.traceId}</span>
              <span className="number">
                <Duration ms={trace.durationMs} />
              </span>
              <span className="number prompts-cost">
                <Cost of={trace} />
              </span>
            </Link>
          </li>
        ))}
      </ul>
      {data?.hasMore && (
        <p className="note prompts-more">The newest {count(data.traces.length)} are listed.</p>
      )}
    </section>
  );
}
