/** A list of transcript entries without the trace around it, as used by sessions. */
import { useMemo } from "react";
import type { TraceState } from "../../backend/views.ts";
import type { TranscriptEntry } from "../../query/transcript.ts";
import { plural } from "../format.ts";
import { Duration } from "../parts/figure.tsx";
import { Fold } from "./fold.tsx";
import { ItemView } from "./item.tsx";
import { toTranscript, type Item } from "./items.ts";
import {
  TranscriptReactContext,
  useFolds,
  useTranscriptContext,
  type TranscriptContext,
  type SpanFacts,
} from "./transcript-context.ts";
import "./transcript.css";

export interface EntriesProps {
  entries: readonly TranscriptEntry[];
  /** The trace from which earlier messages and changed histories can be loaded. */
  traceKey?: number;
  state?: TraceState;
  /** The time that offsets count from; the start of the first entry if absent. */
  startTime?: number;
  /** Figures of a span that its entry does not contain: tokens, cost, time to first token. */
  factsOf?: (spanKey: number) => SpanFacts | null;
  /** Collapses the steps between the first and the last into one line. */
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
  const stepWithoutCalls = worked.length > 0 && !isOpen ? (first.at(-1)?.key ?? null) : null;
  const begin = startTime ?? entries[0]?.startTime ?? 0;
  const context = useMemo(
    (): TranscriptContext => ({
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
      stepWithoutCalls,
      folds,
    }),
    [traceKey, state, begin, factsOf, tools, answered, attached, isBrief, stepWithoutCalls, folds],
  );
  return (
    <TranscriptReactContext value={context}>
      <div className={isBrief ? "transcript-flow is-brief" : "transcript-flow"}>
        <Items items={first} />
        {worked.length > 0 && <Worked items={[...first, ...worked]} />}
        {isOpen && <Items items={worked} />}
        <Items items={last} />
      </div>
    </TranscriptReactContext>
  );
}

function Items({ items }: { items: readonly Item[] }) {
  return items.map((item) => <ItemView key={`${item.type}${item.key}`} item={item} />);
}

const workedId = "worked";

/** The collapsed steps as one line: "4 tools: find_file, open, edit, bash · 5 steps · 26.3 s". */
function Worked({ items }: { items: readonly Item[] }) {
  const { folds, toolOf } = useTranscriptContext();
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

/** Keeps the first and the last step and all failures visible. */
function splitWork(items: readonly Item[], isBrief: boolean) {
  const begin = items.findIndex(({ type }) => type !== "rules") + 1;
  const worked = items.slice(begin, -1);
  const hasFailed = worked.some((item) => item.type !== "tools" && item.entry.status === "error");
  return isBrief && worked.length > 0 && !hasFailed
    ? { first: items.slice(0, begin), worked, last: items.slice(-1) }
    : { first: items, worked: [], last: [] };
}

/** The agents above a span, as far as the entries contain them. */
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
