/** The visible lines of a JSON tree: which values are open, and how many children of each are shown. */
import { childrenOf, kindAt, rootOf, stringAt, type Child, type Kind } from "./json-index.ts";

export interface JsonRow {
  /** The text that the row is part of: a new one for a string parsed as JSON. */
  source: Source;
  key: string | null;
  kind: Kind;
  start: number;
  end: number;
  depth: number;
  id: string;
  isOpen: boolean;
  /** For a "more" line, the id of the value whose next children it loads. */
  moreOf: string | null;
  path: string;
}

export interface Source {
  id: string;
  text: string;
}

export const pageSize = 100;
/** Shorter values are open at first. */
const openLength = 400;

/** What is open in the tree, by id; the number of pages for values with many children. */
export interface Opened {
  isOpen: ReadonlyMap<string, boolean>;
  pages: ReadonlyMap<string, number>;
  /** Strings that are shown as the JSON they contain. */
  parsed: ReadonlySet<string>;
  /** How many levels are open at first. */
  levels?: number;
}

export function rowsOf(text: string, opened: Opened): JsonRow[] {
  const rows: JsonRow[] = [];
  const source: Source = { id: "", text };
  const start = rootOf(text);
  // Finding the end of the root would mean scanning the whole text.
  const root: Child = { key: null, start, end: text.length };
  walk(source, root, 0, "$", opened, rows);
  return rows;
}

function walk(
  source: Source,
  child: Child,
  depth: number,
  path: string,
  opened: Opened,
  rows: JsonRow[],
): void {
  const { text } = source;
  const { key, start, end } = child;
  const id = `${source.id}${start}`;
  const kind = kindAt(text, start);
  const isNested = kind === "object" || kind === "array";
  const byDefault = depth < (opened.levels ?? 1) || (depth < 3 && end - start < openLength);
  const isOpen = (isNested || opened.parsed.has(id)) && (opened.isOpen.get(id) ?? byDefault);
  const row = { source, key, kind, start, end, depth, id, isOpen, path };
  rows.push({ ...row, moreOf: null });
  if (!isOpen) return;
  if (kind === "string") {
    const inner = { id: `${id}/`, text: stringAt(text, start, end) };
    const from = rootOf(inner.text);
    return walk(
      inner,
      { key: null, start: from, end: inner.text.length },
      depth + 1,
      path,
      opened,
      rows,
    );
  }
  let from: number | null = null;
  let number = 0;
  const pages = opened.pages.get(id) ?? 1;
  for (let page = 0; page < pages; page++) {
    const { items, next } = childrenOf(text, start, from, pageSize);
    for (const item of items) {
      const step: string = item.key === null ? `[${number++}]` : stepOf(item.key);
      walk(source, item, depth + 1, path + step, opened, rows);
    }
    from = next;
    if (next === null) return;
  }
  rows.push({ ...row, depth: depth + 1, id: `${id}+`, moreOf: id, isOpen: false });
}

function stepOf(key: string): string {
  return /^[A-Za-z_$][\w$]*$/.test(key) ? `.${key}` : `["${key}"]`;
}
