/** The list of sessions, most recently used first. */
import { useVirtualizer } from "@tanstack/react-virtual";
import { useEffect, useRef } from "react";
import { Link } from "wouter";
import { useNow } from "../data/queries.ts";
import { exactTime, money, plural, time } from "../format.ts";
import { Tokens } from "../parts/figure.tsx";
import { StatusMark, displayStatusOf } from "../parts/status-mark.tsx";
import type { Session } from "./data.ts";

const itemHeight = 70;
const ahead = 20;

export interface SessionListProps {
  sessions: readonly Session[];
  hasMore: boolean;
  readMore: () => void;
  selected: string | null;
  hrefOf: (session: Session) => string;
}

export function SessionList({ sessions, hasMore, readMore, selected, hrefOf }: SessionListProps) {
  const pane = useRef<HTMLElement>(null);
  const now = useNow(30_000);
  const virtual = useVirtualizer({
    count: sessions.length,
    getScrollElement: () => pane.current,
    estimateSize: () => itemHeight,
    overscan: 6,
    paddingStart: 28,
    scrollPaddingStart: 28,
  });
  const place = sessions.findIndex(({ value }) => value === selected);
  const seen = useRef<string | null>(null);
  useEffect(() => {
    if (place < 0 || seen.current === selected) return;
    seen.current = selected;
    virtual.scrollToIndex(place, { align: "auto" });
  }, [virtual, place, selected]);
  const items = virtual.getVirtualItems();
  const last = items.at(-1)?.index ?? 0;
  useEffect(() => {
    if (hasMore && last > sessions.length - ahead) readMore();
  }, [hasMore, last, sessions.length, readMore]);

  return (
    <nav className="pane sessions-list" aria-label="Sessions" ref={pane}>
      <div className="heads">
        <span>
          {plural(sessions.length, "session")}
          {hasMore && " or more"}
        </span>
        <span className="grow" />
        <span>newest first</span>
      </div>
      <ul style={{ height: virtual.getTotalSize() - 28 }}>
        {items.map(({ index, start }) => {
          const session = sessions[index]!;
          const { value, title, latest, traces, costUsd, lastTime } = session;
          return (
            <li
              key={`${session.project}/${value}`}
              style={{ transform: `translateY(${start - 28}px)` }}
            >
              <Link
                className={`sessions-item ${index === place ? "is-selected" : ""}`}
                href={hrefOf(session)}
                aria-current={index === place ? "true" : undefined}
                tabIndex={index === Math.max(0, place) ? 0 : -1}
              >
                <span className="flex">
                  <span className="truncated grow">{value}</span>
                  <span className="label" title={exactTime(lastTime)}>
                    {time(lastTime, now)}
                  </span>
                </span>
                <span className="truncated dim">
                  {latest.outputPreview ?? title ?? "no messages"}
                </span>
                <span className="flex sessions-figures">
                  <StatusMark
                    displayStatus={displayStatusOf(latest)}
                    errorCount={latest.errorCount}
                  />
                  <span>{plural(traces, "turn")}</span>
                  <span title="Tokens in → out">
                    <Tokens value={session.inputTokens} /> → <Tokens value={session.outputTokens} />
                  </span>
                  <span>{costUsd === null ? "unpriced" : money(costUsd)}</span>
                </span>
              </Link>
            </li>
          );
        })}
      </ul>
    </nav>
  );
}
