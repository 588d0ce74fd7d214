/**
 * OTLP's ids in other ways of writing: upper case, as a UUID, with 0x. They are stored in lower case, but
 * ingest v1 has ids of any text, in which all this counts: so the id as it is asked for is looked for first.
 */
import type { Database } from "bun:sqlite";
import { isExact, type Pattern } from "../../pattern.ts";
import { toCell, type Cell } from "../db/cells.ts";

/** How OTLP's id of a trace or span is stored; null for what is none, or is written so already. */
export function storedIdOf(text: string): string | null {
  const hex = text
    .trim()
    .toLowerCase()
    .replace(/^0x|[-{}]/g, "");
  return hex !== text && /^(?:[\da-f]{32}|[\da-f]{16})$/.test(hex) ? hex : null;
}

/** The pattern of a filter `trace:`, which names the trace as it is stored where none has the id as it is. */
export function storedTracePattern(db: Database, pattern: Pattern): Pattern {
  const stored = isExact(pattern) ? storedIdOf(pattern[0]) : null;
  if (stored === null) return pattern;
  const isThere = db
    .query<null, [Cell]>("SELECT 1 FROM traces WHERE traceId = ? LIMIT 1")
    .get(toCell(pattern[0]));
  return isThere ? pattern : [stored];
}
