/** What all parts of one transcript know of the trace around them. */
import { createContext, use, useCallback, useMemo, useState } from "react";
import type { TranscriptEntry } from "../../query/transcript.ts";
import type { Attached } from "./items.ts";
import type { Skeleton, TraceState } from "../../backend/views.ts";

/** What is known of a span beyond its entry. */
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

export interface Scene {
  traceKey: number | null;
  state: TraceState;
  /** What offsets count from. */
  startTime: number;
  factsOf: (spanKey: number) => SpanFacts | null;
  /** The number that a step has on all views of the trace; null where only its own place tells. */
  numberOf: (spanKey: number) => string | null;
  toolOf: (spanKey: number) => TranscriptEntry | null;
  answered: ReadonlySet<string>;
  attached: ReadonlyMap<string, Attached>;
  /** How many spans are below it, and what they cost; null where nothing is known of them. */
  below: (spanKey: number) => { spans: number; costUsd: number | null } | null;
  selected: number | null;
  onSelect: ((spanKey: number) => void) | null;
  /** Each call with all of its messages. */
  isAll: boolean;
  /** Steps without their heads: who reads a conversation asks for no figures. */
  isBrief: boolean;
  /** The step whose calls are told of elsewhere. */
  quietStep: number | null;
  folds: Folds;
}

export interface Folds {
  isOpen: (id: string, byDefault?: boolean) => boolean;
  toggle: (id: string) => void;
}

export const SceneContext = createContext<Scene | null>(null);

export function useScene(): Scene {
  return use(SceneContext)!;
}

/** What the reader opened or folded, kept while it is out of sight. */
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
