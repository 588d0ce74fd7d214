/** Syntax highlighting, loaded with the first code block. It returns tokens, never HTML. */
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
  /** One of the four classes of the design; "" for plain text. */
  className:
    | ""
    | "text-token-key"
    | "text-token-string"
    | "text-token-comment"
    | "text-token-number";
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

/** Four colours are enough to read code; other tokens stay plain. */
const classes: [pattern: RegExp, className: Token["className"]][] = [
  [/keyword|built_in|literal|tag|section/, "text-token-key"],
  [/string|regexp|addition/, "text-token-string"],
  [/comment|quote|meta/, "text-token-comment"],
  [/number|attr|symbol|deletion/, "text-token-number"],
];

/** Very long words, runs of spaces and lines make highlighting quadratic, except in JSON. */
const hard = /\b\w{200}|(?<!\s)\s{200}|^.{1000}/m;

/**
 * @param language a name as in Markdown fences. @returns null if it is unknown or would take too long.
 */
export function tokensOf(text: string, language: string): Token[] | null {
  if (!low.registered(language) || (language !== "json" && hard.test(text))) return null;
  const tokens: Token[] = [];
  // Iterative, because brackets can be nested deeper than the call stack allows.
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
