/**
 * The page shown before the first trace arrives: how to send traces. It opens the first trace when it
 * arrives.
 */
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { Link, useLocation } from "wouter";
import type { Setup } from "../../http/setup.ts";
import { ask } from "../data/client.ts";
import { useLiveEvents, useLiveStatus } from "../data/live-context.tsx";
import { useProject, useRejects } from "../data/queries.ts";
import { timeOfDay } from "../format.ts";
import { ImportButton } from "../import/button.tsx";
import { hasImports } from "../import/run.ts";
import { hrefOf } from "../pages.ts";
import { CopyButton, LoadError } from "../parts/controls.tsx";
import { traceHref } from "../query/scope.ts";
import { useParam } from "../state/url.ts";
import { Code } from "../text/code.tsx";
import { hintFor } from "./hints.ts";
import { sampleTrace } from "./sample.ts";
import { guidesOf, type Guide } from "./snippets.ts";
import "./first.css";

export function FirstRun() {
  const [, navigate] = useLocation();
  const { state } = useLiveStatus();
  const { data: setup, error } = useQuery({
    queryKey: ["setup"],
    queryFn: ({ signal }) => ask("GET /api/setup", {}, signal),
  });
  useLiveEvents((event) => {
    const [trace] = event.kind === "traces" ? event.traces : [];
    // Imported traces are shown as a list instead.
    if (trace && !hasImports()) navigate(traceHref(trace.key, { project: "" }));
  });
  return (
    <div className="pane first-page">
      <div className="first">
        <div className="first-head">
          <UnlitCandle />
          <div>
            <h1>Send the first span</h1>
            <p className="muted">
              Everything stays on this machine. The trace opens here automatically as soon as a span
              arrives.
            </p>
          </div>
          <span className="grow" />
          <ImportButton />
          <SampleButton />
        </div>
        {error && <LoadError error={error} />}
        {setup && <Guides setup={setup} />}
        <p className="flex first-waiting" role="status">
          <i className={state === "connected" ? "live-dot" : "first-lost-dot"} />
          {state === "connected" ? "Waiting for the first span" : "The server does not answer"}
        </p>
        <Refusals />
        <p className="note">
          Addresses and key are also printed by <code>tealight env</code>. What to set for each
          agent and framework is in the{" "}
          <Link className="link" href={hrefOf("doc", { at: { topic: "sending" } })}>
            manual
          </Link>
          .
        </p>
      </div>
    </div>
  );
}

function UnlitCandle() {
  return (
    <svg className="first-logo" viewBox="0 0 20 20" aria-hidden="true">
      <path
        d="M10 1.2c2.5 2.9 3.6 4.7 3.6 6.3a3.6 3.6 0 0 1-7.2 0c0-1.6 1.1-3.4 3.6-6.3z"
        fill="none"
        stroke="var(--line-3)"
        strokeWidth=".9"
        strokeDasharray="1.6 1.4"
      />
      <path d="M2.2 12.4h15.6l-.7 4.1a2 2 0 0 1-2 1.7H4.9a2 2 0 0 1-2-1.7z" fill="var(--cup-1)" />
    </svg>
  );
}

function SampleButton() {
  const [problem, setProblem] = useState<unknown>(null);
  async function load(): Promise<void> {
    setProblem(null);
    try {
      await ask("POST /api/import", { body: sampleTrace(Date.now()) });
    } catch (cause) {
      setProblem(cause);
    }
  }
  return (
    <div>
      <button type="button" className="button" onClick={() => void load()}>
        Load a sample trace
      </button>
      {problem !== null && <LoadError error={problem} />}
    </div>
  );
}

function Guides({ setup }: { setup: Setup }) {
  const guides = guidesOf(setup);
  const [chosen, choose] = useParam<string>("for", guides[0]!.id);
  const guide = guides.find(({ id }) => id === chosen) ?? guides[0]!;
  return (
    <>
      <div className="segments" role="tablist" aria-label="What you use">
        {guides.map(({ id, name }, i) => (
          <button
            key={id}
            type="button"
            role="tab"
            aria-selected={id === guide.id}
            tabIndex={id === guide.id ? 0 : -1}
            onClick={() => choose(id, { replace: true })}
            onKeyDown={({ key, currentTarget }) => {
              const by = { ArrowRight: 1, ArrowLeft: -1 }[key];
              if (by === undefined) return;
              const next = (i + by + guides.length) % guides.length;
              choose(guides[next]!.id, { replace: true });
              (currentTarget.parentElement!.children[next] as HTMLElement).focus();
            }}
          >
            {name}
          </button>
        ))}
      </div>
      <GuideCard guide={guide} />
    </>
  );
}

function GuideCard({ guide: { lines, snippet, language, note } }: { guide: Guide }) {
  return (
    <div className="card" role="tabpanel">
      {lines.map(([label, line]) => (
        <div className="first-command" key={label}>
          <span className="label">{label}</span>
          <span className="mono truncated grow">{line}</span>
          <CopyButton
            text={line}
            label={`Copy ${label.toLowerCase()}`}
            className="button is-quiet is-small"
          >
            Copy
          </CopyButton>
        </div>
      ))}
      <div className="first-snippet">
        <Code text={snippet} language={language === "text" ? undefined : language} />
        <CopyButton text={snippet} label="Copy the snippet" className="button is-small">
          Copy
        </CopyButton>
      </div>
      {note && <p className="note">{note}</p>}
    </div>
  );
}

/** Refused requests, as the likely reason why nothing arrives. */
function Refusals() {
  const [project] = useProject();
  const { data: rejects = [] } = useRejects(5);
  if (rejects.length === 0) return null;
  return (
    <section>
      <div className="flex first-refusals-head">
        <h2 className="strong">Nothing arriving?</h2>
        <span className="dim">The most recent refused requests. Their content was not stored.</span>
        <span className="grow" />
        <Link
          className="button is-quiet is-small"
          href={hrefOf("settings", { query: { project }, hash: "refused" })}
        >
          All refused requests
        </Link>
      </div>
      <div className="card">
        <table className="grid first-refusals">
          <tbody>
            {rejects.slice(0, 5).map(({ receivedAt, status, route, message, code }, i) => (
              <tr key={`${receivedAt}.${i}`}>
                <td className="grid-left dim">{timeOfDay(receivedAt)}</td>
                <td className="grid-left">
                  <span className="badge is-error">{status}</span>
                </td>
                <td className="grid-left mono muted">{route}</td>
                <td className="grid-left" title={message}>
                  {message}
                </td>
                <td className="grid-left dim">{hintFor(code)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </section>
  );
}
