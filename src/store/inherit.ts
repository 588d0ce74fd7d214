/**
 * The model of calls that report usage and name none: that of the nearest span above which names one.
 * Codex says it on its turns and requests alone. Spans come in any order, so this is looked at again
 * whenever a trace with such calls gets another span.
 */
import { reportsUsage } from "./alike.ts";
import { isModelCall } from "./calls.ts";
import type { SpanFacts } from "./spanfacts.ts";
import type { TraceState } from "./traces.ts";

/** How far up is looked. */
const maxLevels = 64;

/** A trace with more of these calls has none that names a model: only what is new is looked at. */
const maxWatched = 5000;

export interface Inheritance {
  /** To be told of each span that is written. */
  note(state: TraceState, facts: SpanFacts): void;
  /** Rewrites the calls whose model is another than before. To be called before the commit. */
  flush(): void;
  /** To be called at the end of each transaction. */
  forget(): void;
}

/** @param rewrite writes a call anew with this model, undefined for none. */
export function createInheritance(
  rewrite: (state: TraceState, spanId: string, modelId: string | undefined) => void,
): Inheritance {
  /** The calls of a trace that name no model themselves. */
  const watched = new WeakMap<TraceState, Set<string>>();
  /** Which of them are to be looked at. */
  const due = new Map<TraceState, Set<string>>();

  function watchedOf(state: TraceState): Set<string> {
    let calls = watched.get(state);
    if (!calls) {
      const lacking = [...state.tally.facts()].filter(lacksModel);
      watched.set(state, (calls = new Set(lacking.map(({ spanId }) => spanId))));
    }
    return calls;
  }

  return {
    note(state, facts) {
      const calls = watchedOf(state);
      if (lacksModel(facts)) calls.add(facts.spanId);
      else calls.delete(facts.spanId);
      if (calls.size === 0) return;
      if (calls.size <= maxWatched) due.set(state, calls);
      else if (lacksModel(facts)) {
        const some = due.get(state) ?? new Set();
        due.set(state, some.add(facts.spanId));
      }
    },
    flush() {
      for (const [state, calls] of due) {
        for (const spanId of [...calls]) {
          const facts = state.tally.get(spanId);
          if (!facts || !lacksModel(facts)) continue;
          const modelId = modelAbove(state, facts);
          if (modelId !== facts.modelId) rewrite(state, spanId, modelId);
        }
      }
      due.clear();
    },
    forget: () => due.clear(),
  };
}

/** Of OTLP: a v1 client says all it means, and is shown as it says. */
function lacksModel(facts: SpanFacts): boolean {
  const isNamed = facts.modelId !== undefined && !facts.isModelInherited;
  const isOtlp = facts.instrumentation !== undefined;
  return isOtlp && !isNamed && isModelCall(facts) && reportsUsage(facts);
}

function modelAbove({ tally }: TraceState, { parentSpanId }: SpanFacts): string | undefined {
  let id = parentSpanId;
  for (let level = 0; id !== undefined && level < maxLevels; level++) {
    const span = tally.get(id);
    if (!span) return undefined;
    if (span.modelId && !span.isModelInherited) return span.modelId;
    id = span.parentSpanId;
  }
  return undefined;
}
