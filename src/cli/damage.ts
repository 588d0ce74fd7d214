/**
 * What the threads say of damage in the store and in the index. Each thing is logged once and counted
 * once, however often work or an answer comes by it.
 */
import type { Status } from "../http/server.ts";
import type { Log } from "../log.ts";

/** Beyond so many they are all the same. */
const mostKnown = 10_000;
/** Damaged texts are often many: after so many lines the count alone goes on. */
const mostLines = 20;
/** The first requests are not to wait for the disk. */
const checkAfterMs = 1000;

export interface DamageLog {
  note(what: string): void;
  /** Has the whole store looked through, after an end that was not in order. */
  watch(check: () => Promise<string[]>): void;
  status(): Status["damage"];
  /** No look begins any more. */
  stop(): void;
}

export function createDamageLog(log: Log): DamageLog {
  const known = new Set<string>();
  let check: Status["damage"]["check"] = null;
  let timer: ReturnType<typeof setTimeout> | null = null;
  let isStopped = false;

  async function look(find: () => Promise<string[]>): Promise<void> {
    log.info("the store was not closed in order the last time, and is being checked");
    const startedAt = Date.now();
    check = { startedAt, finishedAt: null, problems: [] };
    try {
      const problems = await find();
      check = { startedAt, finishedAt: Date.now(), problems };
      if (problems.length === 0) return log.info("the store was checked: nothing is damaged");
      log.error(
        `the store is damaged: ${problems[0]}; what can be read is served, and \`tealight export\` saves it`,
        { problems: problems.length },
      );
    } catch (cause) {
      if (!isStopped)
        log.warn("the check of the store did not end", { why: (cause as Error).message });
    }
  }

  return {
    note(what) {
      if (known.has(what) || known.size >= mostKnown) return;
      known.add(what);
      if (known.size > mostLines) return;
      const more = known.size === mostLines ? "; what follows is only counted" : "";
      log.warn(`the store is damaged: ${what}${more}`);
    },
    watch(find) {
      timer = setTimeout(() => void look(find), checkAfterMs);
    },
    status: () => ({ count: known.size, check }),
    stop() {
      isStopped = true;
      if (timer) clearTimeout(timer);
    },
  };
}
