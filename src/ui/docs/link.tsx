/** A link in the manual. In the files a page is its file, `filters.md#keys`; here it is its address. */
import type { ReactNode } from "react";
import { Link } from "wouter";
import { hrefOf } from "../pages.ts";

export function DocLink({ href, children }: { href: string; children: ReactNode }) {
  const [, topic, hash = ""] = /^([a-z]+)\.md(?:#(.*))?$/.exec(href) ?? [];
  if (topic !== undefined) {
    return (
      <Link className="link" href={hrefOf("doc", { at: { topic }, hash })}>
        {children}
      </Link>
    );
  }
  if (href.startsWith("#")) {
    return (
      <a className="link" href={href}>
        {children}
      </a>
    );
  }
  return (
    <a className="link" href={href} target="_blank" rel="noopener noreferrer">
      {children}
    </a>
  );
}
