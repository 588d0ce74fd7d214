/** The marks of kinds and states: a shape, a colour and a word, never one of them alone. */
import type { ReactNode } from "react";
import type { Skeleton, Summary } from "../../backend/views.ts";
import { plural } from "../format.ts";

export type Kind = Skeleton["spanType"];

/** How a trace or a span stands; `running` and `lost` are read from a trace's state. */
export type Standing = "ok" | "error" | "aborted" | "running" | "lost";

export const standingWords: Record<Standing, string> = {
  ok: "ok",
  error: "error",
  aborted: "aborted",
  running: "running",
  lost: "never ended",
};

export const kindWords: Record<Kind, string> = {
  agent: "agent",
  llm: "model",
  tool: "tool",
  embedding: "embedding",
  other: "other",
};

/** A trace that has no root yet runs; after ten silent minutes it never ended. */
export function standingOf({ state, status }: Pick<Summary, "state" | "status">): Standing {
  if (state === "open") return "running";
  return state === "stale" ? "lost" : status;
}

const kindShapes: Record<Kind, ReactNode> = {
  agent: (
    <path
      d="M6 1.3 10.1 3.6v4.8L6 10.7 1.9 8.4V3.6z"
      fill="none"
      stroke="currentColor"
      strokeWidth="1.4"
      strokeLinejoin="round"
    />
  ),
  llm: <path d="M6 .9 11.1 6 6 11.1.9 6z" fill="currentColor" />,
  tool: <rect x="1.6" y="1.6" width="8.8" height="8.8" rx="1.6" fill="currentColor" />,
  embedding: <path d="M6 1.4 11 10.4H1z" fill="currentColor" />,
  other: <circle cx="6" cy="6" r="3.9" fill="none" stroke="currentColor" strokeWidth="1.5" />,
};

export function KindMark({ kind }: { kind: Kind }) {
  return (
    <svg className={`kind is-${kind}`} viewBox="0 0 12 12" role="img" aria-label={kindWords[kind]}>
      {kindShapes[kind]}
    </svg>
  );
}

const standingShapes: Record<Standing, ReactNode> = {
  ok: <path d="m3.2 7.4 2.6 2.6 5-6" />,
  error: (
    <>
      <circle cx="7" cy="7" r="5.2" fill="currentColor" fillOpacity=".16" />
      <path d="M7 4.2v3.3M7 9.7v.01" />
    </>
  ),
  aborted: (
    <>
      <circle cx="7" cy="7" r="5" />
      <path d="M5.4 5.4h3.2v3.2H5.4z" fill="currentColor" strokeWidth="1" />
    </>
  ),
  running: (
    <>
      <path
        d="M7 1.6c2 2.3 3 3.9 3 5.6a3 3 0 0 1-6 0c0-1.7 1-3.3 3-5.6z"
        fill="currentColor"
        stroke="none"
      />
      <path d="M3.4 12.4h7.2" strokeWidth="1.6" />
    </>
  ),
  lost: <circle cx="7" cy="7" r="5" strokeDasharray="2.4 2.1" />,
};

/** What went well all in all, although something inside failed. */
const okWithErrorsShape = (
  <>
    <path d="m2 7 2.4 2.4 4.4-5.4" />
    <circle cx="10.6" cy="10.3" r="2.5" fill="var(--error)" stroke="none" />
  </>
);

/** With how much inside failed: "ok, 2 failed calls", "2 errors", "running, 2 errors". */
export function wordsOf(standing: Standing, errorCount = 0): string {
  const word = standingWords[standing];
  if (errorCount === 0) return word;
  if (standing === "ok") return `${word}, ${plural(errorCount, "failed call")}`;
  const errors = plural(errorCount, "error");
  return standing === "error" ? errors : `${word}, ${errors}`;
}

function shapeOf(standing: Standing, errorCount = 0): ReactNode {
  return standing === "ok" && errorCount > 0 ? okWithErrorsShape : standingShapes[standing];
}

/** @param errorCount spans inside that failed. */
export function StandingMark({
  standing,
  errorCount,
  words = wordsOf(standing, errorCount),
}: {
  standing: Standing;
  errorCount?: number;
  words?: string;
}) {
  return (
    <span className={`standing is-${standing}`} title={words}>
      <svg viewBox="0 0 14 14" aria-hidden="true">
        {shapeOf(standing, errorCount)}
      </svg>
      <span className="visually-hidden">{words}</span>
    </span>
  );
}

/** @param children the words; the state's own where absent. */
export function StandingBadge({
  standing,
  errorCount,
  children,
}: {
  standing: Standing;
  errorCount?: number;
  children?: ReactNode;
}) {
  return (
    <span className={`badge is-${standing}`}>
      <span className={`standing is-${standing}`}>
        <svg viewBox="0 0 14 14" aria-hidden="true">
          {shapeOf(standing, errorCount)}
        </svg>
      </span>
      {children ?? wordsOf(standing, errorCount)}
    </span>
  );
}
