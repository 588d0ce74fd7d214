/**
 * Fields of newer clients, counted on the HTTP thread and handed to the writer now and then: a client
 * that sends some sends them with every batch.
 */
import type { UnknownField } from "../contract/unknown.ts";
import type { Client, UnknownNote } from "../store/unknown.ts";

/** Between two writes so many are counted one by one, the rest together. */
const keptBetweenWrites = 1000;

export interface UnknownCounts {
  note(client: Client, fields: UnknownField[], nowMs: number): void;
  take(): UnknownNote[];
}

export function createUnknownCounts(): UnknownCounts {
  let notes = new Map<string, UnknownNote>();

  function add(note: UnknownNote): void {
    const { keyName, userAgent, object, field, count, lastSeenAt } = note;
    const id = JSON.stringify([keyName, userAgent, object, field]);
    const known = notes.get(id);
    if (!known) notes.set(id, note);
    else Object.assign(known, { count: known.count + count, lastSeenAt });
  }

  return {
    note(client, fields, lastSeenAt) {
      for (const field of fields) {
        if (notes.size < keptBetweenWrites) add({ ...client, ...field, lastSeenAt });
        else add({ ...nobody, count: field.count, lastSeenAt });
      }
    },
    take() {
      const taken = [...notes.values()];
      notes = new Map();
      return taken;
    },
  };
}

const nobody = { keyName: null, userAgent: null, object: null, field: null, meant: null };
