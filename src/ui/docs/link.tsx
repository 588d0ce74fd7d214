/** Links in the manual. In the files a page is its file, `filters.md#keys`; here it is its address. */
import type { ReactNode } from "react";
import { Link } from "wouter";
import { useProject } from "../data/queries.ts";
import { hrefOf } from "../pages.ts";

/** The address of a topic, null for the list of all; it keeps the project that was chosen. */
export function useTopicHref(): (topic: string | null, hash?: string) => string {
  const [project] = useProject();
  const query = { project };
  return (topic, hash = "") =>
    topic === null ? hrefOf("docs", { query }) : hrefOf("doc", { at: { topic }, query, hash });
}

export function DocLink({ href, children }: { href: string; children: ReactNode }) {
  const topicHref = useTopicHref();
  const [, topic, hash] = /^([a-z]+)\.md(?:#(.*))?$/.exec(href) ?? [];
  if (topic !== undefined) {
    return (
      <Link className="link" href={topicHref(topic, hash)}>
        {children}
      </Link>
    );
  }
  const isHere = href.startsWith("#");
  return (
    <a className="link" href={href} {...(!isHere && elsewhere)}>
      {children}
    </a>
  );
}

const elsewhere = { target: "_blank", rel: "noopener noreferrer" };
