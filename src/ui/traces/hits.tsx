/** Search results: messages, names and errors that contain the filter's free text. */
import { useInfiniteQuery } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { Link } from "wouter";
import type { Hit } from "../../backend/search.ts";
import { ask } from "../data/client.ts";
import { exactTime, plural, time } from "../format.ts";
import { EmptyState, LoadError } from "../parts/controls.tsx";
import { KindMark } from "../parts/status-mark.tsx";
import { rangeWords } from "../query/range.tsx";
import { scopeQuery, traceHref, type Scope } from "../query/scope.ts";
import { splitFreeText } from "../query/words.ts";
import "./hits.css";

const fieldWords: Record<Hit["field"], string> = {
  input: "input",
  output: "output",
  toolCatalog: "tools",
  sources: "sources",
  attributes: "attributes",
  events: "events",
  systemPrompt: "system prompt",
  traceAttributes: "attributes",
  name: "name",
  error: "error",
  id: "id",
};

/** How many results of a trace are shown before "more". */
const collapsedHits = 3;

/**
 * The server ends each answer after about 150 ms, whatever it has found. The page requests further answers
 * by itself until it has this many results, for about 3 s.
 */
const enoughHits = 50;
const maxAnswers = 20;

export function Hits({ scope }: { scope: Scope }) {
  const { text, rest } = splitFreeText(scope.filter);
  const { data, error, isFetching, hasNextPage, fetchNextPage, refetch } = useInfiniteQuery({
    queryKey: ["traces", "hits", scope],
    queryFn: ({ pageParam, signal }) =>
      ask(
        "GET /api/search",
        { query: { ...scopeQuery({ ...scope, filter: rest }), q: text, cursor: pageParam } },
        signal,
      ),
    initialPageParam: null as string | null,
    getNextPageParam: ({ nextCursor }) => nextCursor,
    enabled: text !== "",
  });
  const hits = data?.pages.flatMap((page) => page.hits) ?? [];
  const answers = data?.pages.length ?? 0;
  const goesOn = hasNextPage && hits.length < enoughHits && answers < maxAnswers;
  useEffect(() => {
    if (goesOn && !isFetching && !error) void fetchNextPage();
  }, [goesOn, isFetching, error, fetchNextPage]);
  if (text === "") {
    return (
      <EmptyState>
        Write what was said, as <code className="mono">overloaded "exact phrase"</code>: one message
        has all of the words.
      </EmptyState>
    );
  }
  if (error) return <LoadError error={error} retry={() => void refetch()} />;
  if (data && hits.length === 0 && !hasNextPage) {
    return (
      <EmptyState>
        No message has <code className="mono">{text}</code>
        {rangeWords(scope) && ` ${rangeWords(scope)}`}.
      </EmptyState>
    );
  }
  const traces = tracesOf(hits);
  const found = `${plural(hits.length, "message")} in ${plural(traces.length, "trace")}`;
  return (
    <div className="traces-scroller">
      <div className="hits">
        {traces.map((ofTrace) => (
          <TraceHits key={ofTrace[0].traceKey} hits={ofTrace} project={scope.project} text={text} />
        ))}
      </div>
      <p className="list-end" role="status">
        {isFetching || goesOn ? "Searching…" : hasNextPage ? `${found} so far. ` : found}
        {!isFetching && !goesOn && hasNextPage && (
          <button type="button" className="button is-small" onClick={() => void fetchNextPage()}>
            Go on
          </button>
        )}
      </p>
    </div>
  );
}

type HitsOfTrace = [Hit, ...Hit[]];

/** Groups results by trace, at the place of the first result of each. */
export function tracesOf(hits: readonly Hit[]): HitsOfTrace[] {
  const byTrace = new Map<number, HitsOfTrace>();
  for (const hit of hits) {
    const ofTrace = byTrace.get(hit.traceKey);
    if (ofTrace) ofTrace.push(hit);
    else byTrace.set(hit.traceKey, [hit]);
  }
  return [...byTrace.values()];
}

function TraceHits({ hits, project, text }: { hits: HitsOfTrace; project: string; text: string }) {
  const [isWhole, setWhole] = useState(false);
  const { traceKey, traceId, traceName, startTime } = hits[0];
  const name = traceName ?? traceId;
  const shown = isWhole ? hits : hits.slice(0, collapsedHits);
  const words = plural(hits.length, "message");
  return (
    <section aria-label={`${name}: ${words}`}>
      <h2 className="hits-trace">
        <Link className="truncated" href={traceHref(traceKey, { project })} title={name}>
          {name}
        </Link>
        <span className="dim number" title={exactTime(startTime)}>
          {time(startTime, Date.now())}
        </span>
        <span className="dim number hits-count">{words}</span>
      </h2>
      <ul>
        {shown.map((hit, i) => (
          <li key={i}>
            <HitRow hit={hit} project={project} text={text} />
          </li>
        ))}
      </ul>
      {shown.length < hits.length && (
        <button type="button" className="hits-more dim" onClick={() => setWhole(true)}>
          {hits.length - shown.length} more in this trace
        </button>
      )}
    </section>
  );
}

function HitRow({ hit, project, text }: { hit: Hit; project: string; text: string }) {
  const { traceKey, spanKey, spanName, spanType, field } = hit;
  return (
    <Link className="hits-hit" href={traceHref(traceKey, { project }, spanKey, text)}>
      <KindMark kind={spanType} />
      <span className="truncated muted">
        <Marked hit={hit} />
      </span>
      <span className="dim truncated">
        {spanName} · {fieldWords[field]}
      </span>
    </Link>
  );
}

/** The snippet with its matches highlighted. */
export function Marked({ hit: { snippet, highlights } }: { hit: Hit }) {
  const ends = highlights.map(([at, length]) => at + length);
  return (
    <>
      {highlights.map(([at, length], i) => (
        <span key={at}>
          {snippet.slice(ends[i - 1] ?? 0, at)}
          <mark>{snippet.slice(at, at + length)}</mark>
        </span>
      ))}
      {snippet.slice(ends.at(-1) ?? 0)}
    </>
  );
}
