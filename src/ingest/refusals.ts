/**
 * What was refused, noted on the HTTP thread and handed to the writer now and then, so that a flood
 * of bad requests costs a write a second and not one each.
 */
import type { Reject } from "../store/rejects.ts";
import type { Notes } from "./thread.ts";

/** Between two writes this many are kept with their reason; the rest are counted. */
const keptBetweenWrites = 200;

export interface Refusals {
  note(reject: Reject): void;
  take(): Pick<Notes, "rejects" | "dropped">;
}

export function createRefusals(): Refusals {
  let rejects: Reject[] = [];
  let dropped = new Map<string, { code: string; status: number; count: number }>();
  return {
    note(reject) {
      if (rejects.length < keptBetweenWrites) {
        rejects.push(reject);
        return;
      }
      const more = dropped.get(reject.code) ?? {
        code: reject.code,
        status: reject.status,
        count: 0,
      };
      more.count++;
      dropped.set(reject.code, more);
    },
    take() {
      const taken = { rejects, dropped: [...dropped.values()] };
      rejects = [];
      dropped = new Map();
      return taken;
    },
  };
}
