/**
 * What keeps the writing thread from its next request for too long. Each piece of work is timed less what
 * it had others do, so that a stall has the name of what caused it.
 */
import { stallMs } from "../limits.ts";

export interface Stall {
  what: string;
  tookMs: number;
}

const most = 100;

/** What was spent in the work within the one under way. */
let innerMs = 0;
const untold: Stall[] = [];
let asked: ((stall: Stall) => void) | null = null;

/** The next stall of this thread, once there is one. */
export function nextStall(): Promise<Stall> {
  const stall = untold.shift();
  return stall ? Promise.resolve(stall) : new Promise((resolve) => (asked = resolve));
}

function tell(stall: Stall): void {
  if (asked) asked(stall);
  else if (untold.length < most) untold.push(stall);
  asked = null;
}

/** Does a piece of work. @param what it is, where it took too long. */
export function timed<T>(what: string | (() => string), work: () => T): T {
  const startedAt = performance.now();
  const before = innerMs;
  innerMs = 0;
  try {
    return work();
  } finally {
    const tookMs = performance.now() - startedAt;
    const ownMs = tookMs - innerMs;
    innerMs = before + tookMs;
    if (ownMs > stallMs) {
      tell({ what: typeof what === "string" ? what : what(), tookMs: Math.round(ownMs) });
    }
  }
}
