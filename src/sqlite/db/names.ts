/**
 * Interning: texts that repeat from span to span are stored once and stand in rows as small ids.
 * What is remembered here must not outlive a rollback: the writer calls `forget` then.
 */
import type { Database } from "bun:sqlite";
import type { TraceHeader } from "../../contract/v1.ts";
import { cachedNames } from "../../limits.ts";
import type { NameLookup } from "../spans/rows.ts";
import { fromCell, toCell, type Cell } from "./cells.ts";
import { prepareInsert } from "./columns.ts";
import { headers as headersTable, names as namesTable } from "./schema.ts";

export interface Names extends NameLookup {
  /** The id of a text, made at need. */
  idOf(text: string): number;
  /** The id of a batch's trace-level fields, made at need. */
  headerIdOf(header: TraceHeader): number;
  forget(): void;
}

export function createNames(db: Database): Names {
  const addName = prepareInsert(db, namesTable, ["text"]);
  const findHeader = db.query<{ id: number }, [Uint8Array]>(
    "SELECT id FROM headers WHERE hash = ?",
  );
  const addHeader = prepareInsert(db, headersTable, ["hash", "json"]);
  const names = new Map<string, number>();
  const headers = new Map<string, number>();
  let lookup = createNameLookup(db);

  return {
    nameOf: (id) => lookup.nameOf(id),
    findId: (text) => lookup.findId(text),
    headerOf: (id) => lookup.headerOf(id),
    idOf(text) {
      return remember(names, text, () => {
        return lookup.findId(text) ?? Number(addName({ text: toCell(text) }).lastInsertRowid);
      });
    },
    headerIdOf(header) {
      // JSON.stringify escapes lone surrogates, so this text and its hash are always exact.
      const json = JSON.stringify(header);
      return remember(headers, json, () => {
        const hash = new Bun.CryptoHasher("sha256").update(json).digest().subarray(0, 16);
        return findHeader.get(hash)?.id ?? Number(addHeader({ hash, json }).lastInsertRowid);
      });
    },
    forget() {
      names.clear();
      headers.clear();
      lookup = createNameLookup(db);
    },
  };
}

/** The way back. Ids are never reused for another text, so what is remembered stays right. */
export function createNameLookup(db: Database): NameLookup {
  const findText = db.query<{ text: Cell }, [number]>("SELECT text FROM names WHERE id = ?");
  const findName = db.query<{ id: number }, [Cell]>("SELECT id FROM names WHERE text = ?");
  const findJson = db.query<{ json: string }, [number]>("SELECT json FROM headers WHERE id = ?");
  const texts = new Map<number, string>();
  const headers = new Map<number, TraceHeader>();
  return {
    nameOf: (id) => remember(texts, id, () => fromCell(findText.get(id)!.text)),
    findId: (text) => findName.get(toCell(text))?.id ?? null,
    headerOf: (id) => remember(headers, id, () => JSON.parse(findJson.get(id)!.json)),
  };
}

function remember<K, V>(known: Map<K, V>, key: K, make: () => V): V {
  let value = known.get(key);
  if (value === undefined) {
    value = make();
    if (known.size >= cachedNames) known.clear();
    known.set(key, value);
  }
  return value;
}
