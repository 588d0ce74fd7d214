/** A heading of the manual, with the name by which links lead to it. */
import type { ReactNode } from "react";
import { anchorOf } from "../../docs/anchor.ts";

export function Heading({ depth, text, children }: HeadingProps) {
  if (depth === 1) return <h1>{children}</h1>;
  return depth === 2 ? (
    <h2 id={anchorOf(text)}>{children}</h2>
  ) : (
    <h3 id={anchorOf(text)}>{children}</h3>
  );
}

export interface HeadingProps {
  depth: number;
  text: string;
  children: ReactNode;
}
