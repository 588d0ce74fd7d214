/** The page of sessions: a list, and the selected session as a conversation. */
import { useRef } from "react";
import { Link, useLocation } from "wouter";
import { hrefOf } from "../pages.ts";
import { CopyButton, EmptyState, LoadError } from "../parts/controls.tsx";
import { Icon } from "../parts/icon.tsx";
import { QueryBar } from "../query/bar.tsx";
import { RangePicker } from "../query/range.tsx";
import { isNarrow, traceHref, useScope } from "../query/scope.ts";
import { useShortcuts } from "../state/keys.ts";
import { useTitle } from "../state/title.ts";
import { useParam, useSetParams } from "../state/url.ts";
import { Conversation } from "./conversation.tsx";
import { useFreshSessions, useSessions, useTurns, type Session } from "./data.ts";
import { SessionFacts } from "./facts.tsx";
import "./sessions.css";
import { SessionList } from "./list.tsx";

const group = "Sessions";

export function SessionsPage({ session }: { session: string | null }) {
  useTitle(session === null ? "Sessions" : `Session ${session}`);
  const scope = useScope();
  const setParams = useSetParams();
  const [, navigate] = useLocation();
  const [turnParam, setTurn] = useParam<string>("turn", "");
  const pane = useRef<HTMLElement>(null);
  useFreshSessions();
  const list = useSessions(scope);
  const sessions = list.data?.pages.flatMap((page) => page.groups) ?? [];
  const turnsQuery = useTurns(session, scope.project);
  const turns = turnsQuery.data?.pages.flatMap((page) => page.traces) ?? [];
  const turn = /^\d+$/.test(turnParam) ? Number(turnParam) : null;

  const { turn: _, ...query } = Object.fromEntries(new URLSearchParams(location.search));
  const sessionHref = ({ value }: Session) => hrefOf("session", { at: { session: value }, query });
  const listHref = hrefOf("sessions", { query });
  const place = sessions.findIndex(({ value }) => value === session);
  const go = (by: number) => {
    const next = sessions[Math.min(sessions.length - 1, Math.max(0, place + by))];
    if (next) navigate(sessionHref(next), { replace: session !== null });
  };
  const goTurn = (by: number) => {
    const next = Math.min(turns.length, Math.max(1, (turn ?? 0) + by));
    if (turns.length > 0) setTurn(String(next), { replace: true });
  };
  useShortcuts([
    { keys: ["j", "ArrowDown"], label: "Next session", group, run: () => go(1) },
    { keys: ["k", "ArrowUp"], label: "Previous session", group, run: () => go(-1) },
    { keys: ["n"], label: "Next turn", group, run: () => goTurn(1) },
    { keys: ["N"], label: "Previous turn", group, run: () => goTurn(-1) },
    {
      keys: ["o"],
      label: "Open the turn’s trace",
      group,
      run: () => {
        const trace = turns[(turn ?? turns.length) - 1];
        if (trace) navigate(traceHref(trace.key, scope));
      },
    },
    {
      keys: ["Escape"],
      label: "Back to the list",
      group,
      run: () => {
        if (session === null) return false;
        navigate(listHref);
      },
    },
  ]);

  const isEmpty = list.isSuccess && sessions.length === 0;
  return (
    <div className="sessions-page">
      <h1 className="visually-hidden">Sessions</h1>
      <div className="toolbar">
        <QueryBar
          value={scope.filter}
          onChange={(filter) => setParams({ filter })}
          placeholder={'Filter sessions: agent:swe-agent cost:>0.10 "free text"'}
        />
        <RangePicker />
        {session !== null && (
          <CopyButton text={() => location.href} label="Copy the link" className="button wide-only">
            Copy link
          </CopyButton>
        )}
      </div>
      <div className={`panes sessions-panes ${session === null ? "" : "is-open"}`}>
        {isEmpty ? (
          <div className="pane sessions-list">
            <EmptyState>
              {isNarrow(scope)
                ? "No session has a matching trace."
                : "No sessions yet. Traces with a sessionId (OTLP: session.id or gen_ai.conversation.id) are shown here as conversations."}
            </EmptyState>
          </div>
        ) : (
          <SessionList
            sessions={sessions}
            hasMore={list.hasNextPage}
            readMore={() => void list.fetchNextPage()}
            selected={session}
            hrefOf={sessionHref}
          />
        )}
        <section className="pane sessions-conversation-pane" aria-label="Conversation" ref={pane}>
          {list.error && <LoadError error={list.error} retry={() => void list.refetch()} />}
          {session === null ? (
            !isEmpty && <EmptyState>Select a session to read it.</EmptyState>
          ) : (
            <>
              <Link className="link narrow-only" href={listHref}>
                <Icon name="left" size="xs" /> All sessions
              </Link>
              {turnsQuery.error && (
                <LoadError error={turnsQuery.error} retry={() => void turnsQuery.refetch()} />
              )}
              {turnsQuery.isSuccess && turns.length === 0 && (
                <EmptyState>There is no session {session}. It may have been deleted.</EmptyState>
              )}
              <Conversation
                key={session}
                turns={turns}
                hasMore={turnsQuery.hasNextPage}
                readMore={() => void turnsQuery.fetchNextPage()}
                selected={turn}
                pane={pane}
              />
            </>
          )}
        </section>
        {session !== null && (
          <SessionFacts
            session={session}
            turns={turns}
            hasMore={turnsQuery.hasNextPage}
            selected={turn}
            onJump={(number) => setTurn(String(number), { replace: true })}
          />
        )}
      </div>
    </div>
  );
}
