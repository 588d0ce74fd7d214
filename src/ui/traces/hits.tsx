/** Hits of the search: messages, names and errors with the free text of the filter in them. */
import { useInfiniteQuery } from "@tanstack/react-query";
import { Link } from "wouter";
import type { Hit } from "../../search/hits.ts";
import { ask } from "../data/client.ts";
import { exactTime, plural, time } from "../format.ts";
import { Nothing, Problem } from "../parts/controls.tsx";
import { KindMark } from "../parts/mark.tsx";
import { rangeWords } from "../query/range.tsx";
import { splitFreeText } from "../query/words.ts";
import { scopeQuery, traceHref, type Scope } from "../query/scope.ts";
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
  if (text === "") {
    return (
      <Nothing>
        Write what was said, as <code className="mono">overloaded "exact phrase"</code>: one message
        has all of the words.
      </Nothing>
    );
  }
  if (error) return <Problem error={error} retry={() => void refetch()} />;
  const hits = data?.pages.flatMap((page) => page.hits) ?? [];
  if (data && hits.length === 0 && !hasNextPage) {
    return (
      <Nothing>
        No message has <code className="mono">{text}</code>
        {rangeWords(scope) && ` ${rangeWords(scope)}`}.
      </Nothing>
    );
  }
  return (
    <div className="traces-scroller">
      <ul className="hits" aria-label="Messages that match">
        {hits.map((hit, i) => (
          <li key={i}>
            <HitRow hit={hit} project={scope.project} text={text} />
          </li>
        ))}
      </ul>
      <p className="list-end" role="status">
        {isFetching
          ? "Searching…"
          : hasNextPage
            ? `${plural(hits.length, "message")} so far. `
            : plural(hits.length, "message")}
        {!isFetching && hasNextPage && (
          <button type="button" className="button is-small" onClick={() => void fetchNextPage()}>
            Go on
          </button>
        )}
      </p>
    </div>
  );
}

function HitRow({ hit, project, text }: { hit: Hit; project: string; text: string }) {
  const { traceKey, traceId, traceName, spanKey, spanName, spanType, field, startTime } = hit;
  return (
    <Link className="hits-hit" href={traceHref(traceKey, { project }, spanKey, text)}>
      <KindMark kind={spanType} />
      <span className="dim" title={exactTime(startTime)}>
        {time(startTime, Date.now())}
      </span>
      <span className="truncated" title={traceName ?? traceId}>
        {traceName ?? traceId}
      </span>
      <span className="truncated muted">
        <Marked hit={hit} />
      </span>
      <span className="dim truncated">
        {spanName} · {fieldWords[field]}
      </span>
    </Link>
  );
}

/** The snippet, what matched in it marked. */
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
