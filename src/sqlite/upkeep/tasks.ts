/**
 * Work in the background, one short step at a time. A disk that is full or failing makes all of it wait;
 * a task that meets damage rests alone, and ever longer, so that the others go on.
 */
import { AppError } from "../../errors.ts";
import { damage as limits, upkeep as pauses } from "../../limits.ts";
import { isDamage, toTrouble } from "../db/trouble.ts";

/** @returns how long to wait after this step, null where there is nothing to do. */
export type Task = () => number | null | Promise<number | null>;

export interface Tasks {
  /** Takes one step of the first task that has something to do. @returns how long to wait. */
  step(): Promise<number>;
}

/**
 * @param tasks in the order of their rank, each under the words for what does not happen where it meets
 *   damage.
 */
export function createTasks(tasks: Record<string, Task>, onDamage: (what: string) => void): Tasks {
  const rests = new Map<string, { untilMs: number; times: number }>();

  async function attempt(what: string, task: Task): Promise<number | null> {
    const rest = rests.get(what);
    if (rest && performance.now() < rest.untilMs) return null;
    try {
      const pauseMs = await task();
      if (pauseMs !== null) rests.delete(what);
      return pauseMs;
    } catch (cause) {
      if (!isDamage(cause)) throw cause;
      // Most tasks have set aside what is damaged, and find something else next time.
      const times = 1 + (rest?.times ?? 0);
      const forMs = Math.min(times ** 2 * limits.restMs, limits.longestRestMs);
      rests.set(what, { untilMs: performance.now() + forMs, times });
      onDamage(what);
      return pauses.busyMs;
    }
  }

  return {
    async step() {
      try {
        for (const [what, task] of Object.entries(tasks)) {
          const pauseMs = await attempt(what, task);
          if (pauseMs !== null) return pauseMs;
        }
      } catch (cause) {
        // The disk has no room, or another program holds the file: later.
        if (!(toTrouble(cause) instanceof AppError)) throw cause;
      }
      return pauses.idleMs;
    },
  };
}
