/** Which lines a JSON tree shows: what is open, and of each so many children as were asked for. */
import { childrenOf, kindAt, rootOf, stringAt, type Child, type Kind } from "./json-index.ts";

export interface JsonRow {
  /** Of the text that it stands in: another one where a string was parsed. */
  source: Source;
  key: string | null;
  kind: Kind;
  start: number;
  end: number;
  depth: number;
  id: string;
  isOpen: boolean;
  /** A line that asks for more children of the value with this id. */
  moreOf: string | null;
  path: string;
}

export interface Source {
  id: string;
  text: string;
}

export const pageSize = 100;
/** A shorter value needs no click to be seen. */
const openLength = 400;

/** What of the tree is open, by ids; a number of pages for values with many children. */
export interface Opened {
  isOpen: ReadonlyMap<string, boolean>;
  pages: ReadonlyMap<string, number>;
  /** Strings that are shown as the JSON that they hold. */
  parsed: ReadonlySet<string>;
  /** So many levels are open at first. */
  levels?: number;
}

export function rowsOf(text: string, opened: Opened): JsonRow[] {
  const rows: JsonRow[] = [];
  const source: Source = { id: "", text };
  const start = rootOf(text);
  // To look for its end would mean to go through all of the text.
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
