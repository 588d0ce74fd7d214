/** A list of entries to be read, without the trace around it: for conversations. */
import { useMemo } from "react";
import type { TranscriptEntry } from "../../query/transcript.ts";
import type { TraceState } from "../../backend/views.ts";
import { plural } from "../format.ts";
import { Duration } from "../parts/figure.tsx";
import { Fold } from "./fold.tsx";
import { ItemView } from "./item.tsx";
import { toTranscript, type Item } from "./items.ts";
import { SceneContext, useFolds, useScene, type Scene, type SpanFacts } from "./scene.ts";
import "./transcript.css";

export interface EntriesProps {
  entries: readonly TranscriptEntry[];
  /** Where earlier messages and changed histories can be read from. */
  traceKey?: number;
  state?: TraceState;
  /** What offsets count from; the first entry where absent. */
  startTime?: number;
  /** What is known of spans beyond their entries: tokens, cost, first token. */
  factsOf?: (spanKey: number) => SpanFacts | null;
  /** What came between the first and the last words as one line. */
  isBrief?: boolean;
}

export function TranscriptEntries({
  entries,
  traceKey,
  state = "ended",
  startTime,
  factsOf,
  isBrief = false,
}: EntriesProps) {
  const folds = useFolds();
  const transcript = useMemo(() => {
    const agents = agentsAmong(entries);
    return toTranscript(
      entries,
      ({ spanId }) => agents(spanId),
      (agent) => !folds.isOpen(`group.${agent}`, true),
    );
  }, [entries, folds]);
  const { items, tools, answered, attached } = transcript;
  const { first, worked, last } = useMemo(() => splitWork(items, isBrief), [items, isBrief]);
  const isOpen = folds.isOpen(workedId);
  const quietStep = worked.length > 0 && !isOpen ? (first.at(-1)?.key ?? null) : null;
  const begin = startTime ?? entries[0]?.startTime ?? 0;
  const scene = useMemo(
    (): Scene => ({
      traceKey: traceKey ?? null,
      state,
      startTime: begin,
      factsOf: factsOf ?? (() => null),
      numberOf: () => null,
      toolOf: (spanKey) => tools.get(spanKey) ?? null,
      answered,
      attached,
      below: () => null,
      selected: null,
      onSelect: null,
      isAll: false,
      isBrief,
      quietStep,
      folds,
    }),
    [traceKey, state, begin, factsOf, tools, answered, attached, isBrief, quietStep, folds],
  );
  return (
    <SceneContext value={scene}>
      <div className={isBrief ? "transcript-flow is-brief" : "transcript-flow"}>
        <Items items={first} />
        {worked.length > 0 && <Worked items={[...first, ...worked]} />}
        {isOpen && <Items items={worked} />}
        <Items items={last} />
      </div>
    </SceneContext>
  );
}

function Items({ items }: { items: readonly Item[] }) {
  return items.map((item) => <ItemView key={`${item.type}${item.key}`} item={item} />);
}

const workedId = "worked";

/** "4 tools: find_file, open, edit, bash · 5 steps · 26.3 s". */
function Worked({ items }: { items: readonly Item[] }) {
  const { folds, toolOf } = useScene();
  const entries = items.flatMap((item) => (item.type === "tools" ? item.entries : [item.entry]));
  const steps = items.filter(({ type }) => type === "step").length;
  const names = new Set(
    entries.flatMap(({ spanType, name, calls }) =>
      spanType === "tool"
        ? [name]
        : calls.map((call) => call.name ?? (call.span && toolOf(call.span.key)?.name) ?? "tool"),
    ),
  );
  const from = Math.min(...entries.map(({ startTime }) => startTime));
  const to = Math.max(...entries.map(({ endTime }) => endTime));
  const list = [...names].join(", ");
  return (
    <div className="worked">
      <Fold isOpen={folds.isOpen(workedId)} onToggle={() => folds.toggle(workedId)}>
        {names.size === 0 ? "No tools" : `${plural(names.size, "tool")}:`}
      </Fold>
      <span className="mono truncated" title={list}>
        {list}
      </span>
      <span className="tail number dim">
        <span>{plural(steps, "step")}</span>
        <span>
          <Duration ms={to - from} />
        </span>
      </span>
    </div>
  );
}

/** The first step and the last have the words that matter; a failure is never folded away. */
function splitWork(items: readonly Item[], isBrief: boolean) {
  const begin = items.findIndex(({ type }) => type !== "rules") + 1;
  const worked = items.slice(begin, -1);
  const hasFailed = worked.some((item) => item.type !== "tools" && item.entry.status === "error");
  return isBrief && worked.length > 0 && !hasFailed
    ? { first: items.slice(0, begin), worked, last: items.slice(-1) }
    : { first: items, worked: [], last: [] };
}

/** The agents above a span, by what the entries themselves say. */
function agentsAmong(entries: readonly TranscriptEntry[]): (spanId: string) => number[] {
  const byId = new Map(entries.map((entry) => [entry.spanId, entry]));
  return (spanId) => {
    const agents: number[] = [];
    const seen = new Set([spanId]);
    let parent = byId.get(spanId)?.parentSpanId;
    while (parent && !seen.has(parent)) {
      seen.add(parent);
      const entry = byId.get(parent);
      if (entry?.spanType === "agent") agents.push(entry.key);
      parent = entry?.parentSpanId;
    }
    return agents.reverse();
  };
}
