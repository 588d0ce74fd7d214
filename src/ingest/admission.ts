/**
 * How many bytes may be received, parsed and queued at one time. A request is counted before its
 * body is read, and until it is answered.
 */
import { admission, largeBodyBytes } from "../limits.ts";

export interface Ticket {
  /** Counts more bytes than were declared. False where there is no room for them. */
  grow(bytes: number): boolean;
  /** To be called once, whatever became of the request. */
  leave(): void;
}

export interface Admission {
  /** Null where there is no room. @param bytes the declared size of the body, 0 where unknown. */
  enter(bytes: number): Ticket | null;
}

export function createAdmission(maxBytes: number = admission.maxBytes): Admission {
  let held = 0;
  const fits = (bytes: number, total: number) =>
    held + bytes <= maxBytes * (total > largeBodyBytes ? admission.largeBodyShare : 1);

  return {
    enter(declared) {
      let mine = Math.max(declared, admission.minRequestBytes);
      if (!fits(mine, mine)) return null;
      held += mine;
      return {
        grow(bytes) {
          if (!fits(bytes, mine + bytes)) return false;
          held += bytes;
          mine += bytes;
          return true;
        },
        leave() {
          held -= mine;
          mine = 0;
        },
      };
    },
  };
}
