/** What a span's row holds, read before it is written anew. */
import type { Database } from "bun:sqlite";
import {
  payloadFields,
  payloadsOf,
  type PayloadField,
  type Payloads,
} from "../../contract/fields.ts";
import type { PayloadWriter } from "../payload/payloads.ts";
import { contentColumns, type CellValue } from "./rows.ts";

export interface Stored {
  key: number;
  /** The cells of `contentColumns`. */
  content: CellValue[];
  lists: Uint8Array | null;
  texts: Payloads;
  damaged: PayloadField[];
}

/** @returns what reads the row of a key that there is. */
export function createStoredReader(
  db: Database,
  payloads: Pick<PayloadWriter, "get">,
): (key: number) => Stored {
  const select = db.query<null, [number]>(
    `SELECT ${[...contentColumns, "lists"]} FROM spans WHERE key = ?`,
  );
  return (key) => {
    const content = select.values(key)[0] as CellValue[];
    const lists = content.at(-1) as Uint8Array | null;
    return { key, content, lists, ...payloads.get(key, lists) };
  };
}

/** How many log records an earlier version of the span had too many. */
export function droppedLogsOf({ content }: Stored): number {
  const extra = content[contentColumns.indexOf("extra")];
  return typeof extra === "string" ? (JSON.parse(extra).x?.droppedLogsCount ?? 0) : 0;
}

/** Whether the row has these cells and these texts. */
export function isStored(
  content: CellValue[],
  texts: ReturnType<typeof payloadsOf>,
  stored: Stored,
): boolean {
  return (
    content.every((cell, i) => isSame(cell, stored.content[i]!)) &&
    payloadFields.every((field) => texts[field] === stored.texts[field])
  );
}

function isSame(cell: CellValue, other: CellValue): boolean {
  if (!(cell instanceof Uint8Array)) return cell === other;
  return other instanceof Uint8Array && Buffer.compare(cell, other) === 0;
}
