/** Fields that newer clients send: how often each came from whom, and when it did last. */
import type { Database } from "bun:sqlite";
import { desc } from "drizzle-orm";
import { drizzle } from "drizzle-orm/bun-sqlite";
import type { UnknownNote } from "../../backend/store.ts";
import { unknownObjects } from "../../contract/unknown.ts";
import { unknownFields as limits } from "../../limits.ts";
import { columnsBut, prepareInsert } from "../db/columns.ts";
import { unknownFields } from "../db/schema.ts";

/**
 * Adds to the counts. What goes beyond the bounds of fields and senders is counted together.
 *
 * @returns those that were never seen before.
 */
export function recordUnknown(db: Database, notes: UnknownNote[]): UnknownNote[] {
  const add = db.query<null, [number, number, string, string, string, string]>(
    `UPDATE unknownFields SET count = count + ?, lastSeenAt = max(lastSeenAt, ?)
     WHERE keyName = ? AND userAgent = ? AND object = ? AND field = ?`,
  );
  const insert = prepareInsert(db, unknownFields, columnsBut(unknownFields, []));
  const countFields = db.query<{ rows: number; fields: number }, [string, string]>(
    `SELECT count(*) AS rows, coalesce(sum(object <> ''), 0) AS fields FROM unknownFields
     WHERE keyName = ? AND userAgent = ?`,
  );
  const countSenders = db.query<{ count: number }, []>(
    `SELECT count(*) AS count FROM (SELECT DISTINCT keyName, userAgent FROM unknownFields)`,
  );

  const fresh: UnknownNote[] = [];
  for (const note of notes) {
    const { count, lastSeenAt } = note;
    const sender = [note.keyName ?? "", note.userAgent ?? ""] as const;
    const field = [note.object ?? "", note.field ?? ""] as const;
    const put = (
      by: readonly [string, string],
      of: readonly [string, string],
      meant: string | null = null,
    ): boolean => {
      if (add.run(count, lastSeenAt, ...by, ...of).changes > 0) return false;
      const [[keyName, userAgent], [object, field]] = [by, of];
      insert({ keyName, userAgent, object, field, meant, count, lastSeenAt });
      return true;
    };
    if (add.run(count, lastSeenAt, ...sender, ...field).changes > 0) continue;
    const { rows, fields } = countFields.get(...sender)!;
    if (rows === 0 && countSenders.get()!.count >= limits.senders) put(["", ""], ["", ""]);
    else if (note.object === null || fields >= limits.perSender) put(sender, ["", ""]);
    else if (put(sender, field, note.meant)) fresh.push(note);
  }
  return fresh;
}

/** The counts, of what was seen last first. */
export function listUnknown(db: Database): UnknownNote[] {
  const { lastSeenAt, keyName, userAgent, object, field } = unknownFields;
  const rows = drizzle(db)
    .select()
    .from(unknownFields)
    .orderBy(desc(lastSeenAt), keyName, userAgent, object, field)
    .limit(limits.shown)
    .all();
  return rows.map(({ keyName, userAgent, object, field, ...row }) => ({
    keyName: keyName || null,
    userAgent: userAgent || null,
    object: unknownObjects.find((name) => name === object) ?? null,
    field: object === "" ? null : field,
    ...row,
  }));
}
