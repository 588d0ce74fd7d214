/** What the palette finds on the server: traces and sessions by name or id, and what was said. */
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { quote } from "../../filter/caret.ts";
import type { Completion } from "../../query/complete.ts";
import type { Summary, TracePage } from "../../query/views.ts";
import type { Hit, SearchPage } from "../../search/hits.ts";
import { get } from "../data/client.ts";

export interface Finds {
  traces: Summary[];
  sessions: string[];
  hits: Hit[];
}

const shownTraces = 6;
const shownSessions = 3;
const shownHits = 6;
/** Between two letters: whoever types fast asks once. */
const pauseMs = 120;

/** @returns the newest traces where the text is empty; what was found before while it is looked for. */
export function useFinds(text: string, project: string): { finds: Finds; isFinding: boolean } {
  const settled = useSettled(text.trim());
  const { data, isFetching } = useQuery({
    queryKey: ["palette", settled, project],
    queryFn: ({ signal }) => find(settled, project || null, signal),
    placeholderData: keepPreviousData,
    staleTime: 2_000,
  });
  return {
    finds: data ?? { traces: [], sessions: [], hits: [] },
    isFinding: isFetching || settled !== text.trim(),
  };
}

async function find(text: string, project: string | null, signal: AbortSignal): Promise<Finds> {
  const traces = get<TracePage>(
    "/api/traces",
    { filter: text === "" ? null : quote(text), project, limit: shownTraces },
    signal,
  );
  if (text === "") return { traces: (await traces).traces, sessions: [], hits: [] };
  const [found, { items }, { hits }] = await Promise.all([
    traces,
    get<Completion>("/api/complete", { filter: `session:${quote(text)}`, project }, signal),
    get<SearchPage>("/api/search", { q: text, project, limit: shownHits }, signal),
  ]);
  return {
    traces: found.traces,
    sessions: items.slice(0, shownSessions).map((item) => item.text),
    hits: hits.filter((hit) => hit.spanKey !== null),
  };
}

function useSettled(text: string): string {
  const [settled, settle] = useState(text);
  useEffect(() => {
    const timer = setTimeout(() => settle(text), pauseMs);
    return () => clearTimeout(timer);
  }, [text]);
  return settled;
}
