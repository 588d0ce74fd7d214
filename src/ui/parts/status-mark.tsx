/** The marks of span kinds and states: always a shape, a colour and a word together. */
import type { ReactNode } from "react";
import type { Skeleton, Summary } from "../../backend/views.ts";
import { plural } from "../format.ts";

export type Kind = Skeleton["spanType"];

/** The status of a trace or span; `running` and `lost` come from a trace's state. */
export type DisplayStatus = "ok" | "error" | "aborted" | "running" | "lost";

export const statusWords: Record<DisplayStatus, string> = {
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

/** A trace without a root span is running; after ten minutes without new spans it is lost. */
export function displayStatusOf({
  state,
  status,
}: Pick<Summary, "state" | "status">): DisplayStatus {
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

const statusShapes: Record<DisplayStatus, ReactNode> = {
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

/** Succeeded overall, with errors inside. */
const okWithErrorsShape = (
  <>
    <path d="m2 7 2.4 2.4 4.4-5.4" />
    <circle cx="10.6" cy="10.3" r="2.5" fill="var(--error)" stroke="none" />
  </>
);

/** The status with the errors inside: "ok, 2 failed calls", "2 errors", "running, 2 errors". */
export function wordsOf(displayStatus: DisplayStatus, errorCount = 0): string {
  const word = statusWords[displayStatus];
  if (errorCount === 0) return word;
  if (displayStatus === "ok") return `${word}, ${plural(errorCount, "failed call")}`;
  const errors = plural(errorCount, "error");
  return displayStatus === "error" ? errors : `${word}, ${errors}`;
}

function shapeOf(displayStatus: DisplayStatus, errorCount = 0): ReactNode {
  return displayStatus === "ok" && errorCount > 0 ? okWithErrorsShape : statusShapes[displayStatus];
}

/** @param errorCount the number of failed spans inside. */
export function StatusMark({
  displayStatus,
  errorCount,
  words = wordsOf(displayStatus, errorCount),
}: {
  displayStatus: DisplayStatus;
  errorCount?: number;
  words?: string;
}) {
  return (
    <span className={`status-mark is-${displayStatus}`} title={words}>
      <svg viewBox="0 0 14 14" aria-hidden="true">
        {shapeOf(displayStatus, errorCount)}
      </svg>
      <span className="visually-hidden">{words}</span>
    </span>
  );
}

/** @param children the text; by default the status. */
export function StatusBadge({
  displayStatus,
  errorCount,
  children,
}: {
  displayStatus: DisplayStatus;
  errorCount?: number;
  children?: ReactNode;
}) {
  return (
    <span className={`badge is-${displayStatus}`}>
      <span className={`status-mark is-${displayStatus}`}>
        <svg viewBox="0 0 14 14" aria-hidden="true">
          {shapeOf(displayStatus, errorCount)}
        </svg>
      </span>
      {children ?? wordsOf(displayStatus, errorCount)}
    </span>
  );
}
