/** Moves payloads from the place where the first version of the schema kept them. */
import type { Database } from "bun:sqlite";
import { payload as limits } from "../../limits.ts";
import { traceKeyOf } from "../../tally/numbers.ts";
import type { PayloadWriter } from "./payloads.ts";
import { openPlainPayloads } from "./plain.ts";

/**
 * @returns a function that does one step inside the caller's transaction and tells whether anything
 *   may be left. A killed move goes on with the rows that are still there.
 */
export function createMover(db: Database, payloads: PayloadWriter): () => boolean {
  const plain = openPlainPayloads(db);
  if (!plain) return () => false;
  const findProject = db.query<{ projectId: number }, [number]>(
    "SELECT projectId FROM traces WHERE key = ?",
  );
  const update = db.query<null, [Uint8Array | null, number]>(
    "UPDATE spans SET lists = ? WHERE key = ?",
  );
  return () => {
    const rows = plain.first(limits.packedBlockBytes);
    for (const { spanKey, texts } of rows) {
      const trace = findProject.get(traceKeyOf(spanKey));
      // Without a trace it is one that was deleted.
      if (trace) {
        const span = {
          key: spanKey,
          projectId: trace.projectId,
          isTraceNew: false,
          isDamaged: false,
          isPassing: false,
        };
        update.run(payloads.put(span, texts, null), spanKey);
      } else {
        plain.drop(spanKey);
      }
    }
    return rows.length > 0;
  };
}
