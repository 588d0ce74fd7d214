/**
 * Fields of newer clients, counted on the HTTP thread and handed to the writer now and then: a client
 * that sends some sends them with every batch.
 */
import type { Client, UnknownNote } from "../backend/store.ts";
import type { UnknownField } from "../contract/unknown.ts";

/** Between two writes so many are counted one by one, the rest together. */
const keptBetweenWrites = 1000;

export interface UnknownCounts {
  note(client: Client, fields: UnknownField[], nowMs: number): void;
  take(): UnknownNote[];
}

export function createUnknownCounts(): UnknownCounts {
  let notes = new Map<string, UnknownNote>();

  function add(note: UnknownNote): void {
    const id = idOf(note);
    const known = notes.get(id);
    if (known) {
      Object.assign(known, { count: known.count + note.count, lastSeenAt: note.lastSeenAt });
    } else if (notes.size < keptBetweenWrites || note.field === null) notes.set(id, note);
    else add({ ...nobody, count: note.count, lastSeenAt: note.lastSeenAt });
  }

  return {
    note(client, fields, lastSeenAt) {
      for (const field of fields) add({ ...client, ...field, lastSeenAt });
    },
    take() {
      const taken = [...notes.values()];
      notes = new Map();
      return taken;
    },
  };
}

function idOf({ keyName, userAgent, object, field }: UnknownNote): string {
  return JSON.stringify([keyName, userAgent, object, field]);
}

const nobody = { keyName: null, userAgent: null, object: null, field: null, meant: null };
