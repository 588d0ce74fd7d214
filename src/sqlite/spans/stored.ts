/** What a span's row holds, read before it is written anew. */
import type { Database } from "bun:sqlite";
import type { PayloadWriter } from "../payload/payloads.ts";
import { contentColumns, type SpanContent } from "./rows.ts";
import { type PayloadField, type Payloads } from "../../contract/fields.ts";

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

export function isSame(content: SpanContent, stored: SpanContent): boolean {
  return contentColumns.every((column) => {
    const [cell, other] = [content[column], stored[column]];
    if (cell instanceof Uint8Array)
      return other instanceof Uint8Array && Buffer.compare(cell, other) === 0;
    return cell === other;
  });
}
