/** Completion of a filter as it is written: keys, and the values that stored traces have, those of most first. */
import type { Completion } from "../backend/completion.ts";
import type { Reader } from "../backend/reader.ts";
import { exactly, findCaret, quote, type Caret } from "../filter/caret.ts";
import { keys, type Key } from "../filter/keys.ts";
import { complete as limits } from "../limits.ts";

export interface CompletionQuery {
  filter: string;
  /** Where the caret stands, in UTF-16 code units; at the end where it is absent. */
  position?: number | undefined;
  projectId?: number | undefined;
}

type Item = Completion["items"][number];

export function complete(
  reader: Pick<Reader, "complete">,
  { filter, position: wanted = filter.length, projectId }: CompletionQuery,
): Completion {
  const position = Math.min(wanted, filter.length);
  const caret = findCaret(filter, position);
  if (!caret) return { position, length: 0, items: [], partial: false };
  const known = knownItems(caret);
  const { items, partial } = known
    ? { items: known, partial: false }
    : storedItems(reader, caret as Stored, projectId);
  const shown = items.sort((a, b) => (b.count ?? -1) - (a.count ?? -1)).slice(0, limits.values);
  return { position: caret.at, length: caret.length, items: shown, partial };
}

/** What can stand there whatever is stored; null where that decides. */
function knownItems(caret: Caret): Item[] | null {
  const wanted = caret.prefix.toLowerCase();
  const begins = (text: string) => text.toLowerCase().startsWith(wanted);
  if (caret.kind === "key") return keys.filter(({ name }) => begins(name)).map(keyItem);
  if (caret.kind === "name") return null;
  const { values, kind, hasMany } = caret.key;
  if (values) {
    return values
      .filter(begins)
      .map((text) => ({ text, insert: quote(text), summary: null, count: null, isCapped: false }));
  }
  if (kind === "presence") {
    return keys
      .filter(({ kind }) => kind === "text" || kind === "count" || kind === "money")
      .filter(({ name }) => begins(name))
      .map((key) => ({ ...keyItem(key), insert: key.isOpen ? `${key.name}.` : key.name }));
  }
  return kind === "text" && !hasMany ? null : [];
}

type Stored = Exclude<Caret, { kind: "key" }>;

function storedItems(
  reader: Pick<Reader, "complete">,
  caret: Stored,
  projectId: number | undefined,
): { items: Item[]; partial: boolean } {
  const { key, prefix } = caret;
  const name = caret.kind === "name" ? null : caret.name;
  const write = (text: string) => (caret.kind === "name" ? `${quote(text)}:` : exactly(key, text));
  const { values, partial } = reader.complete({ key, name, prefix, projectId });
  const items = values.map((value) => ({ ...value, insert: write(value.text), summary: null }));
  return { items, partial };
}

function keyItem({ name, isOpen, summary }: Key): Item {
  const insert = isOpen ? `${name}.` : `${name}:`;
  return { text: insert, insert, summary, count: null, isCapped: false };
}
