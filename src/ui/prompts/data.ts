/** What the page of an agent's prompts reads. */
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import type { PromptVersion } from "../../query/prompts.ts";
import { ask } from "../data/client.ts";
import { filterWord } from "../charts/groups.tsx";
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

/** @param from a version's id, likewise `to`; "" where there is none. */
export function usePromptDiff(agent: string, project: string, from: string, to: string) {
  return useQuery({
    queryKey: ["prompts", "diff", agent, project, from, to],
    queryFn: ({ signal }) => {
      const query = { from, to, project: project || null };
      return ask("GET /api/agents/:agent/prompts/diff", { at: { agent }, query }, signal);
    },
    enabled: from !== "" && to !== "",
    placeholderData: keepPreviousData,
    structuralSharing: false,
  });
}

/** The traces of an agent from the first to the last use of a version of its prompt. */
export function scopeOf(agent: string, project: string, version: PromptVersion): Scope {
  return {
    filter: filterWord("agent", agent),
    since: String(version.firstUse.startTime),
    until: String(version.lastUse.startTime + 1),
    project,
  };
}

export function useRuns(scope: Scope) {
  return useQuery({
    queryKey: ["prompts", "runs", scope],
    queryFn: ({ signal }) => {
      const { filter, since, until, project } = scope;
      const query = { filter, since, until, project: project || null, limit: runsLimit };
      return ask("GET /api/traces", { query }, signal);
    },
    placeholderData: keepPreviousData,
  });
}

/** Whether traces of another version began in the time in which this one was used. */
export function isMixed(version: PromptVersion, all: readonly PromptVersion[]): boolean {
  return all.some(
    ({ id, firstUse, lastUse }) =>
      id !== version.id &&
      firstUse.startTime <= version.lastUse.startTime &&
      lastUse.startTime >= version.firstUse.startTime,
  );
}
