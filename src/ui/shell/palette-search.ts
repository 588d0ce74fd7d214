/** The palette's search results from the server: by name, by id and in messages. */
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import type { Completion } from "../../backend/completion.ts";
import type { Hit } from "../../backend/search.ts";
import type { Summary } from "../../backend/views.ts";
import { quote } from "../../filter/caret.ts";
import { ask } from "../data/client.ts";
import { notInternal } from "../query/scope.ts";

type Session = Completion["items"][number];

export interface PaletteResults {
  /** Objects whose id is the text. */
  exact: { traces: Summary[]; sessions: Session[]; spans: Hit[] };
  traces: Summary[];
  sessions: Session[];
  hits: Hit[];
  isFinding: boolean;
  /** Whether the first result is final while others are loading. */
  isFirstSure: boolean;
  error: Error | null;
}

const shownTraces = 6;
const shownSessions = 3;
const shownHits = 6;
/** The pause after the last keystroke before a search starts. */
const pauseMs = 120;

/** @returns the newest traces for an empty text; the previous results while loading. */
export function usePaletteSearch(text: string, project: string): PaletteResults {
  const sought = text.trim();
  const settled = useSettled(sought);
  const keep = { placeholderData: keepPreviousData, staleTime: 2_000 };
  const named = useQuery({
    queryKey: ["palette", "named", settled, project],
    queryFn: ({ signal }) => findNamed(settled, project || null, signal),
    ...keep,
  });
  const said = useQuery({
    queryKey: ["palette", "said", settled, project],
    queryFn: ({ signal }) => findSaid(settled, project || null, signal),
    ...keep,
  });
  const isOld = (query: typeof named | typeof said) =>
    settled !== sought || query.isPlaceholderData || query.isPending;

  const { exactTraces = [], traces = [], sessions = [] } = named.data ?? {};
  const hits = said.data ?? [];
  const exactSessions = sessions.filter((session) => session.text === settled);
  const isId = looksLikeId(settled);
  const isExactSpan = ({ field, spanId }: Hit) => isId && field === "id" && spanId === settled;
  const exactlyNamed = exactTraces.length + exactSessions.length;
  const inName = exactlyNamed + traces.length + sessions.length;
  return {
    exact: { traces: exactTraces, sessions: exactSessions, spans: hits.filter(isExactSpan) },
    traces: traces.filter(({ key }) => !exactTraces.some((exact) => exact.key === key)),
    sessions: sessions.filter((session) => !exactSessions.includes(session)),
    hits: hits.filter((hit) => !isExactSpan(hit) && !standsAbove(hit, sessions)),
    isFinding: isOld(named) || isOld(said),
    isFirstSure: !isOld(named) && (!isOld(said) || exactlyNamed > 0 || (!isId && inName > 0)),
    error: named.error ?? said.error,
  };
}

/** Whether the hit only repeats the name or id of a trace or session listed above. */
function standsAbove({ snippet, traceName, traceId }: Hit, sessions: Session[]): boolean {
  return (
    snippet === traceName || snippet === traceId || sessions.some(({ text }) => text === snippet)
  );
}

async function findNamed(text: string, project: string | null, signal: AbortSignal) {
  const list = async (filter: string | null, limit: number) => {
    const page = await ask("GET /api/traces", { query: { filter, project, limit } }, signal);
    return page.traces;
  };
  if (text === "") {
    const latest = await list(notInternal, shownTraces);
    const traces = latest.length > 0 ? latest : await list(null, shownTraces);
    return { exactTraces: [], traces, sessions: [] };
  }
  const [exactTraces, traces, { items }] = await Promise.all([
    list(`trace:${quote(text)}`, shownTraces),
    list(quote(text), shownTraces),
    ask("GET /api/complete", { query: { filter: `session:${quote(text)}`, project } }, signal),
  ]);
  return { exactTraces, traces, sessions: items.slice(0, shownSessions) };
}

async function findSaid(text: string, project: string | null, signal: AbortSignal) {
  // Nothing to search for in quotes alone.
  if (/^["\s]*$/.test(text)) return [];
  const query = { q: text, project, limit: shownHits };
  return (await ask("GET /api/search", { query }, signal)).hits;
}

function looksLikeId(text: string): boolean {
  return /^(?=.*\d)\S{8,}$/.test(text);
}

function useSettled(text: string): string {
  const [settled, settle] = useState(text);
  useEffect(() => {
    const timer = setTimeout(() => settle(text), pauseMs);
    return () => clearTimeout(timer);
  }, [text]);
  return settled;
}
