/** The context that the components of one transcript share. */
import { createContext, use, useCallback, useMemo, useState } from "react";
import type { Skeleton, TraceState } from "../../backend/views.ts";
import type { TranscriptEntry } from "../../query/transcript.ts";
import type { Attached } from "./items.ts";

/** Figures of a span that its entry does not contain. */
export type SpanFacts = Pick<
  Skeleton,
  | "key"
  | "startTime"
  | "durationMs"
  | "status"
  | "errorMessage"
  | "ttftMs"
  | "costUsd"
  | "isCostEstimated"
  | "usage"
>;

export interface TranscriptContext {
  traceKey: number | null;
  state: TraceState;
  /** Offsets count from this time. */
  startTime: number;
  factsOf: (spanKey: number) => SpanFacts | null;
  /** The step number used in all views of the trace; null to use the position in the transcript. */
  numberOf: (spanKey: number) => string | null;
  toolOf: (spanKey: number) => TranscriptEntry | null;
  answered: ReadonlySet<string>;
  attached: ReadonlyMap<string, Attached>;
  /** The number and cost of the spans below a span; null if unknown. */
  below: (spanKey: number) => { spans: number; costUsd: number | null } | null;
  selected: number | null;
  onSelect: ((spanKey: number) => void) | null;
  /** Shows each call with all its messages, not only the new ones. */
  isAll: boolean;
  /** Shows steps without headings, as in conversations. */
  isBrief: boolean;
  /** The step whose tool calls are shown elsewhere. */
  stepWithoutCalls: number | null;
  folds: Folds;
}

export interface Folds {
  isOpen: (id: string, byDefault?: boolean) => boolean;
  toggle: (id: string) => void;
}

export const TranscriptReactContext = createContext<TranscriptContext | null>(null);

export function useTranscriptContext(): TranscriptContext {
  return use(TranscriptReactContext)!;
}

/** What the user opened or closed; kept while it is scrolled out of view. */
export function useFolds(): Folds {
  const [toggled, setToggled] = useState<ReadonlySet<string>>(new Set());
  const toggle = useCallback(
    (id: string) =>
      setToggled((before) => {
        const after = new Set(before);
        if (!after.delete(id)) after.add(id);
        return after;
      }),
    [],
  );
  return useMemo(
    () => ({ isOpen: (id, byDefault = false) => toggled.has(id) !== byDefault, toggle }),
    [toggled, toggle],
  );
}
