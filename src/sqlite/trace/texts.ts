/** The texts of spans as a reader gives them: by the bytes of their lists, which stand in the span's row. */
import type { Reader } from "../../backend/reader.ts";
import type { Texts } from "../../backend/spans.ts";
import { DamagedText, type ListFold } from "../../backend/texts.ts";
import { payloadFields, type PayloadField } from "../../contract/fields.ts";
import { spanKeyRange } from "../../tally/numbers.ts";
import { isDamage } from "../db/trouble.ts";
import { linksOf, type Link } from "../payload/links.ts";
import { readEntries, readSlots, type Entry } from "../payload/lists.ts";
import { readText } from "../payload/payloads.ts";
import type { Source } from "../source.ts";

/** What stands behind `Texts`. */
interface StoredTexts {
  key: number;
  /** Null of a span that has no texts, or has them where the first version of the store kept them. */
  lists: Uint8Array | null;
}

export function toTexts(key: number, lists: Uint8Array | null): Texts {
  return { key, lists } satisfies StoredTexts as unknown as Texts;
}

function stored(texts: Texts): StoredTexts {
  return texts as unknown as StoredTexts;
}

export type TextReads = Pick<
  Reader,
  "fieldsOf" | "textOf" | "isDamaged" | "tokensOf" | "textOfTokens" | "foldLists"
>;

export function createTextReads(source: Source): TextReads {
  const { payloads } = source;
  return {
    fieldsOf(texts) {
      const { key, lists } = stored(texts);
      return lists
        ? readSlots(lists).flatMap((slot) => payloadFields[slot - 1] ?? [])
        : (Object.keys(payloads.get(key, null).texts) as PayloadField[]);
    },
    textOf: (texts, field) => readText(source, stored(texts), field),
    isDamaged(texts, field) {
      const { key, lists } = stored(texts);
      return payloads.get(key, lists).damaged.includes(field);
    },
    tokensOf(texts, field) {
      const { key, lists } = stored(texts);
      return guarded(() => payloads.tokensOf(key, lists, field));
    },
    textOfTokens: (tokens) => guarded(() => payloads.textOf(tokens)),
    foldLists: (traceKey, field, fold) => foldLists(source, traceKey, field, fold),
  };
}

/** Damage of whatever kind is damage of the text that was asked for. */
function guarded<T>(read: () => T): T {
  try {
    return read();
  } catch (cause) {
    if (!isDamage(cause) || cause instanceof DamagedText) throw cause;
    throw new DamagedText("a page of the store cannot be read", { cause });
  }
}

function foldLists<T>(
  { sqlite }: Source,
  traceKey: number,
  field: PayloadField,
  fold: ListFold<T>,
): (texts: Texts) => T | null {
  const [first] = spanKeyRange(traceKey);
  const slot = payloadFields.indexOf(field) + 1;
  const selectLists = sqlite.query<{ lists: Uint8Array | null }, [number]>(
    "SELECT lists FROM spans WHERE key = ?",
  );
  const entries = new Map<number, Entry[]>();
  const folded = new Map<string, T>();

  function entriesOf(span: number, lists?: Uint8Array | null): Entry[] {
    let found = entries.get(span);
    if (!found) {
      // Other spans' lists stand below those of calls, too.
      lists ??= selectLists.get(first + span)?.lists;
      entries.set(span, (found = lists ? readEntries(lists) : []));
    }
    return found;
  }

  function foldEntry(span: number, entry: number): T {
    const open: Link[] = [];
    let base: T | null = null;
    try {
      for (const link of linksOf(traceKey, span, entry, entriesOf)) {
        base = folded.get(link.id) ?? null;
        if (base !== null) break;
        open.push(link);
      }
    } catch (cause) {
      if (!isDamage(cause)) throw cause;
      return fold(null, 0, []);
    }
    for (const { id, taken, tokens } of open.reverse()) {
      base = fold(base, taken, tokens);
      folded.set(id, base);
    }
    return base!;
  }

  return (texts) => {
    const { key, lists } = stored(texts);
    const entry = entriesOf(key - first, lists).findIndex((each) => each.slot === slot);
    return entry < 0 ? null : foldEntry(key - first, entry);
  };
}
