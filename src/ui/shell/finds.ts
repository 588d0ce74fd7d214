/** What the palette finds on the server: by name, by id and in what was said. */
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { quote } from "../../filter/caret.ts";
import type { Completion } from "../../sqlite/list/complete.ts";
import type { Summary } from "../../backend/views.ts";
import type { Hit } from "../../backend/hits.ts";
import { ask } from "../data/client.ts";
import { notInternal } from "../query/scope.ts";

type Session = Completion["items"][number];

export interface Finds {
  /** What the text is the id of. */
  exact: { traces: Summary[]; sessions: Session[]; spans: Hit[] };
  traces: Summary[];
  sessions: Session[];
  hits: Hit[];
  isFinding: boolean;
  /** Whether what comes first stays so, whatever is still looked for. */
  isFirstSure: boolean;
  error: Error | null;
}

const shownTraces = 6;
const shownSessions = 3;
const shownHits = 6;
/** Between two letters: whoever types fast asks once. */
const pauseMs = 120;

/** @returns the newest traces where the text is empty; what was found before while it is looked for. */
export function useFinds(text: string, project: string): Finds {
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

/** Whether it is no more than a name or an id of what is listed as a trace or a session. */
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
  // Quotes alone are nothing to search for.
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
