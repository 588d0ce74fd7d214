/** The data of the page of an agent's prompts. */
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import type { Summary, TracePage } from "../../backend/views.ts";
import type { PromptVersion } from "../../query/prompts.ts";
import { filterWord } from "../charts/groups.tsx";
import { ask } from "../data/client.ts";
import type { Scope } from "../query/scope.ts";

const runsLimit = 100;

export function usePrompts(agent: string, project: string) {
  return useQuery({
    queryKey: ["prompts", agent, project],
    queryFn: ({ signal }) =>
      ask(
        "GET /api/agents/:agent/prompts",
        { at: { agent }, query: { project: project || null } },
        signal,
      ),
  });
}

/** @param from the id of a version, likewise `to`; "" for none. */
export function usePromptDiff(
  { agent, project, from, to }: { agent: string; project: string; from: string; to: string },
  unit: "lines" | null,
) {
  return useQuery({
    queryKey: ["prompts", "diff", agent, project, from, to, unit],
    queryFn: ({ signal }) => {
      const query = { from, to, unit, project: project || null };
      return ask("GET /api/agents/:agent/prompts/diff", { at: { agent }, query }, signal);
    },
    enabled: from !== "" && to !== "",
    placeholderData: keepPreviousData,
    structuralSharing: false,
  });
}

/** The traces of an agent that used a version of its prompt, from its first use on. */
export function scopeOf(agent: string, project: string, version: PromptVersion): Scope {
  return {
    filter: `${filterWord("agent", agent)} prompt:${version.id}`,
    since: String(version.firstUse.startTime),
    until: "",
    project,
  };
}

export function useRuns(scope: Scope) {
  return useQuery({
    queryKey: ["prompts", "runs", scope],
    async queryFn({ signal }) {
      const { filter, since, project } = scope;
      const question = { filter, since, project: project || null, limit: runsLimit };
      const traces: Summary[] = [];
      let cursor: string | null = null;
      // The server may have to read prompts to find matches: it can end a page early, and the next page
      // goes on.
      do {
        const query = { ...question, cursor };
        const page: TracePage = await ask("GET /api/traces", { query }, signal);
        traces.push(...page.traces);
        cursor = page.nextCursor;
      } while (cursor !== null && traces.length < runsLimit);
      return { traces: traces.slice(0, runsLimit), hasMore: cursor !== null };
    },
    placeholderData: keepPreviousData,
  });
}

const dayMs = 86_400_000;
/** More bars could not be told apart. */
const maxBars = 42;

/** The time axis that all versions share, in bars of equal length. */
export interface Axis {
  startTime: number;
  count: number;
  /** The length of a bar in days. */
  days: number;
}

export function axisOf(versions: readonly PromptVersion[]): Axis {
  const times = versions.flatMap(({ days }) => days.map(({ startTime }) => startTime));
  const [start, end] = [Math.min(...times), Math.max(...times)];
  const all = (end - start) / dayMs + 1;
  const days = Math.ceil(all / maxBars);
  return { startTime: start, count: Math.ceil(all / days), days };
}

/** The number of runs of a version within a bar. */
export interface Bar {
  place: number;
  startTime: number;
  traceCount: number;
  failedCount: number;
}

export function barsOf({ days }: PromptVersion, axis: Axis): Bar[] {
  const bars = new Map<number, Bar>();
  for (const { startTime, traceCount, failedCount } of days) {
    const place = Math.floor((startTime - axis.startTime) / (dayMs * axis.days));
    const bar = bars.get(place) ?? {
      place,
      startTime: axis.startTime + place * axis.days * dayMs,
      traceCount: 0,
      failedCount: 0,
    };
    bars.set(place, {
      ...bar,
      traceCount: bar.traceCount + traceCount,
      failedCount: bar.failedCount + failedCount,
    });
  }
  return [...bars.values()];
}
