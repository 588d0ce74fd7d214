/** Colours of code: a chunk of its own, read when the first code is seen. Gives tokens, never HTML. */
import bash from "highlight.js/lib/languages/bash";
import diff from "highlight.js/lib/languages/diff";
import javascript from "highlight.js/lib/languages/javascript";
import json from "highlight.js/lib/languages/json";
import markdown from "highlight.js/lib/languages/markdown";
import python from "highlight.js/lib/languages/python";
import sql from "highlight.js/lib/languages/sql";
import typescript from "highlight.js/lib/languages/typescript";
import xml from "highlight.js/lib/languages/xml";
import yaml from "highlight.js/lib/languages/yaml";
import { createLowlight } from "lowlight";

export interface Token {
  text: string;
  /** One of the classes of the design; "" for plain text. */
  className:
    "" | "text-token-key" | "text-token-string" | "text-token-comment" | "text-token-number";
}

const low = createLowlight({
  bash,
  diff,
  javascript,
  json,
  markdown,
  python,
  sql,
  typescript,
  xml,
  yaml,
});

/** Four colours are enough to read by; what is in none of them stays plain. */
const classes: [pattern: RegExp, className: Token["className"]][] = [
  [/keyword|built_in|literal|tag|section/, "text-token-key"],
  [/string|regexp|addition/, "text-token-string"],
  [/comment|quote|meta/, "text-token-comment"],
  [/number|attr|symbol|deletion/, "text-token-number"],
];

/** Very long words, blanks and lines take the square of their length, but not in JSON. */
const hard = /\b\w{200}|(?<!\s)\s{200}|^.{1000}/m;

/** @param language as a fence names it; null where it is not known or would take long, and left plain. */
export function tokensOf(text: string, language: string): Token[] | null {
  if (!low.registered(language) || (language !== "json" && hard.test(text))) return null;
  const tokens: Token[] = [];
  // Not by recursion: brackets can be nested deeper than calls.
  const rest: [node: Node, className: Token["className"]][] = [
    [low.highlight(language, text) as Node, ""],
  ];
  for (let next = rest.pop(); next; next = rest.pop()) {
    const [{ value = "", children = [] }, className] = next;
    const last = tokens.at(-1);
    if (last?.className === className) last.text += value;
    else if (value !== "") tokens.push({ text: value, className });
    for (const child of children.toReversed()) rest.push([child, classOf(child) || className]);
  }
  return tokens;
}

interface Node {
  value?: string;
  properties?: { className?: string[] };
  children?: Node[];
}

function classOf({ properties }: Node): Token["className"] {
  const names = properties?.className?.join(" ") ?? "";
  return classes.find(([pattern]) => pattern.test(names))?.[1] ?? "";
}
