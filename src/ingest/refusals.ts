/**
 * What was refused, noted on the HTTP thread and handed to the writer now and then, so that a flood
 * of bad requests costs a write a second and not one each.
 */
import type { Reject } from "../backend/store.ts";
import type { Notes } from "../backend/writer.ts";

/** Between two writes this many are kept with their reason; the rest are counted. */
const keptBetweenWrites = 200;

export interface Refusals {
  note(reject: Reject): void;
  /** Counts what has no line of its own: more of the same, and what is not kept. */
  count(code: string, status: number, count: number): void;
  take(): Pick<Notes, "rejects" | "dropped">;
}

export function createRefusals(): Refusals {
  let rejects: Reject[] = [];
  let dropped = new Map<string, { code: string; status: number; count: number }>();

  function count(code: string, status: number, count: number): void {
    const more = dropped.get(code) ?? { code, status, count: 0 };
    more.count += count;
    dropped.set(code, more);
  }

  return {
    note(reject) {
      if (rejects.length < keptBetweenWrites) rejects.push(reject);
      else count(reject.code, reject.status, 1);
    },
    count,
    take() {
      const taken = { rejects, dropped: [...dropped.values()] };
      rejects = [];
      dropped = new Map();
      return taken;
    },
  };
}
