/** What a span's row holds, read before it is written anew. */
import type { Database } from "bun:sqlite";
import {
  type PayloadField,
  type Payloads,
  payloadFields,
  payloadsOf,
} from "../../contract/fields.ts";
import type { PayloadWriter } from "../payload/payloads.ts";
import { contentColumns, type SpanContent } from "./rows.ts";

export interface Stored {
  key: number;
  content: SpanContent;
  lists: Uint8Array | null;
  texts: Payloads;
  damaged: PayloadField[];
}

/** @returns what reads the row of a key that there is. */
export function createStoredReader(
  db: Database,
  payloads: Pick<PayloadWriter, "get">,
): (key: number) => Stored {
  const select = db.query<SpanContent & { lists: Uint8Array | null }, [number]>(
    `SELECT ${[...contentColumns, "lists"]} FROM spans WHERE key = ?`,
  );
  return (key) => {
    const content = select.get(key)!;
    return { key, content, lists: content.lists, ...payloads.get(key, content.lists) };
  };
}

/** How many log records an earlier version of the span had too many. */
export function droppedLogsOf({ content: { extra } }: Stored): number {
  return extra === null ? 0 : (JSON.parse(extra).x?.droppedLogsCount ?? 0);
}

/** Whether the row has this content and these texts. */
export function isStored(
  content: SpanContent,
  texts: ReturnType<typeof payloadsOf>,
  stored: Stored,
): boolean {
  return (
    contentColumns.every((column) => isSame(content[column], stored.content[column])) &&
    payloadFields.every((field) => texts[field] === stored.texts[field])
  );
}

function isSame(cell: unknown, other: unknown): boolean {
  if (!(cell instanceof Uint8Array)) return cell === other;
  return other instanceof Uint8Array && Buffer.compare(cell, other) === 0;
}
