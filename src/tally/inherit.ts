/**
 * The model of calls that report usage and name none: that of the nearest span above which names one.
 * Codex says it on its turns and requests alone. Spans come in any order: a call whose way up ends at a span
 * that did not come is looked at again when that comes, and all are when a span on the way changes.
 */
import { reportsUsage } from "./alike.ts";
import { isModelCall } from "./calls.ts";
import type { SpanFacts } from "./spanfacts.ts";
import { Tally } from "./tally.ts";

/** How far up is looked. */
const maxLevels = 64;

/** So many calls are looked at again for one span: a trace with more of them has none that names a model. */
const maxAgain = 5000;

/** What of a span the calls below it may inherit from, or through. */
export interface Passage {
  /** That it names itself. */
  modelId: string | undefined;
  parentSpanId: string | undefined;
}

export function passageOf({ modelId, isModelInherited, parentSpanId }: SpanFacts): Passage {
  return { modelId: isModelInherited ? undefined : modelId, parentSpanId };
}

/** A trace by the facts of its spans. */
interface Tallied {
  tally: Tally;
}

export interface Inheritance<T extends Tallied> {
  /** To be told of each span that is written. @param before of the version that was there, if any. */
  note(state: T, facts: SpanFacts, before: Passage | undefined): void;
  /** Rewrites the calls whose model is another than before. To be called before the commit. */
  flush(): void;
  /** To be called at the end of each transaction. */
  forget(): void;
}

/** Calls by the id of the span that their way up waits for. */
type Waiting = Map<string, Set<string>>;

/** @param rewrite writes a call anew with this model, undefined for none. */
export function createInheritance<T extends Tallied>(
  rewrite: (state: T, spanId: string, modelId: string | undefined) => void,
): Inheritance<T> {
  const waitingIn = new WeakMap<T, Waiting>();
  /** Which calls are to be looked at. */
  const due = new Map<T, Set<string>>();

  function waitingOf(state: T): Waiting {
    let waiting = waitingIn.get(state);
    if (!waiting) {
      waitingIn.set(state, (waiting = new Map()));
      for (const facts of state.tally.facts()) {
        if (lacksModel(facts)) wait(waiting, facts.spanId, lookAbove(state, facts).missing);
      }
    }
    return waiting;
  }

  function add(state: T, spanIds: Iterable<string>): void {
    let calls = due.get(state);
    if (!calls) due.set(state, (calls = new Set()));
    for (const spanId of spanIds) calls.add(spanId);
  }

  return {
    note(state, facts, before) {
      const waiting = waitingOf(state);
      if (lacksModel(facts)) add(state, [facts.spanId]);
      const now = passageOf(facts);
      if (!before) {
        const calls = waiting.get(facts.spanId);
        if (!calls) return;
        waiting.delete(facts.spanId);
        add(state, calls);
      } else if (before.modelId !== now.modelId || before.parentSpanId !== now.parentSpanId) {
        add(state, lackingIn(state));
      }
    },
    flush() {
      for (const [state, calls] of due) {
        for (const spanId of [...calls]) {
          const facts = state.tally.get(spanId);
          if (!facts || !lacksModel(facts)) continue;
          const { modelId, missing } = lookAbove(state, facts);
          wait(waitingOf(state), spanId, missing);
          if (modelId !== facts.modelId) rewrite(state, spanId, modelId);
        }
      }
      due.clear();
    },
    forget: () => due.clear(),
  };
}

function wait(waiting: Waiting, spanId: string, missing: string | undefined): void {
  if (missing === undefined) return;
  let calls = waiting.get(missing);
  if (!calls) waiting.set(missing, (calls = new Set()));
  if (calls.size < maxAgain) calls.add(spanId);
}

function* lackingIn({ tally }: Tallied): Generator<string> {
  let count = 0;
  for (const facts of tally.facts()) {
    if (!lacksModel(facts)) continue;
    if (count++ === maxAgain) return;
    yield facts.spanId;
  }
}

/** Of OTLP: a v1 client says all it means, and is shown as it says. */
function lacksModel(facts: SpanFacts): boolean {
  const isNamed = facts.modelId !== undefined && !facts.isModelInherited;
  const isOtlp = facts.instrumentation !== undefined;
  return isOtlp && !isNamed && isModelCall(facts) && reportsUsage(facts);
}

/** @returns the model that is named above, or the span at which the way up ends as it did not come. */
function lookAbove(
  { tally }: Tallied,
  { parentSpanId }: SpanFacts,
): { modelId?: string; missing?: string } {
  let id = parentSpanId;
  for (let level = 0; id !== undefined && level < maxLevels; level++) {
    const span = tally.get(id);
    if (!span) return { missing: id };
    if (span.modelId && !span.isModelInherited) return { modelId: span.modelId };
    id = span.parentSpanId;
  }
  return {};
}
