/** One text of a span by itself. */
import type { PayloadField } from "../../contract/fields.ts";
import { isDamage } from "../db/trouble.ts";
import type { PayloadReader } from "./payloads.ts";

/** One text of a span: the others, such as a history of 1 MB, are left alone. */
export function readText(
  { payloads }: { payloads: PayloadReader },
  { key, lists }: { key: number; lists: Uint8Array | null },
  field: PayloadField,
): string | undefined {
  try {
    const tokens = payloads.tokensOf(key, lists, field);
    if (tokens) return payloads.textOf(tokens);
    if (lists) return undefined;
  } catch (cause) {
    if (!isDamage(cause)) throw cause;
  }
  // Which has texts that are stored as they are, and says what is damaged.
  return payloads.get(key, lists).texts[field];
}
