/** The manual, a page for each topic. It asks for nothing that needs the token. */
import { useQuery } from "@tanstack/react-query";
import { Lexer } from "marked";
import { useEffect, useMemo } from "react";
import { Link } from "wouter";
import { topics } from "../../docs/topics.ts";
import { paths } from "../pages.ts";
import { EmptyState, LoadError } from "../parts/controls.tsx";
import { useTitle } from "../state/title.ts";
import { Blocks, OwnText } from "../text/prose.tsx";
import { Heading } from "./heading.tsx";
import { DocLink, useTopicHref } from "./link.tsx";
import "./docs.css";

/** @param topic null for the list of all. */
export function DocsPage({ topic }: { topic: string | null }) {
  const hrefOf = useTopicHref();
  const place = topics.findIndex(({ name }) => name === topic);
  useTitle(place >= 0 ? topics[place]!.title : "Manual");
  return (
    <div className="panes docs-panes">
      <nav className="pane docs-nav" aria-label="Topics">
        {topics.map(({ name, title }) => (
          <Link key={name} href={hrefOf(name)} aria-current={name === topic ? "page" : undefined}>
            {title}
          </Link>
        ))}
      </nav>
      <div className="pane docs-pane" key={topic}>
        <article className="docs">
          {topic === null ? <Contents /> : place >= 0 ? <Topic place={place} /> : <NoTopic />}
        </article>
      </div>
    </div>
  );
}

function Contents() {
  const hrefOf = useTopicHref();
  return (
    <>
      <h1>Manual</h1>
      <p className="docs-about">
        <code>tealight help</code> shows the same pages in a terminal;{" "}
        <a className="link" href="/llms.txt">
          llms.txt
        </a>{" "}
        lists them for agents. The API has a{" "}
        <a className="link" href="/api/docs">
          page of its own
        </a>
        .
      </p>
      <ul className="docs-topics">
        {topics.map(({ name, title, summary }) => (
          <li key={name}>
            <Link href={hrefOf(name)}>
              <b>{title}</b>
              <span>{summary}</span>
            </Link>
          </li>
        ))}
      </ul>
    </>
  );
}

function NoTopic() {
  const hrefOf = useTopicHref();
  return (
    <EmptyState>
      <h1 className="strong">The manual has no such page</h1>
      <Link className="button" href={hrefOf(null)}>
        All topics
      </Link>
    </EmptyState>
  );
}

function Topic({ place }: { place: number }) {
  const hrefOf = useTopicHref();
  const { name, title } = topics[place]!;
  const { data, error, refetch } = useQuery({
    queryKey: ["manual", name],
    queryFn: ({ signal }) => readPage(name, signal),
    staleTime: Infinity,
  });
  const tokens = useMemo(() => data && new Lexer({ gfm: true }).lex(data), [data]);
  useAnchor(tokens !== undefined);
  return (
    <>
      <Link className="docs-up" href={hrefOf(null)}>
        All topics
      </Link>
      {tokens ? (
        <OwnText value={{ Heading, Link: DocLink }}>
          <div className="text-prose docs-text">
            <Blocks tokens={tokens} depth={0} />
          </div>
        </OwnText>
      ) : (
        <h1>{title}</h1>
      )}
      {error && <LoadError error={error} retry={() => void refetch()} />}
      {tokens && <Neighbours place={place} />}
    </>
  );
}

function Neighbours({ place }: { place: number }) {
  const hrefOf = useTopicHref();
  const [before, after] = [topics[place - 1], topics[place + 1]];
  return (
    <nav className="docs-neighbours" aria-label="Neighbouring topics">
      {before && (
        <Link href={hrefOf(before.name)}>
          <span>Before</span>
          {before.title}
        </Link>
      )}
      {after && (
        <Link className="docs-after" href={hrefOf(after.name)}>
          <span>Next</span>
          {after.title}
        </Link>
      )}
    </nav>
  );
}

async function readPage(name: string, signal: AbortSignal): Promise<string> {
  const response = await fetch(`${paths.docs}/${name}.md`, { signal });
  if (!response.ok) throw new Error(`the server answered ${response.status}`);
  return response.text();
}

/** Goes to the heading that the address names, as soon as it is there. */
function useAnchor(isThere: boolean): void {
  useEffect(() => {
    if (!isThere || location.hash === "") return;
    document.getElementById(location.hash.slice(1))?.scrollIntoView();
  }, [isThere]);
}
