/**
 * What the threads say of damage in the store and in the index. Each thing is logged once and counted
 * once, however often work or an answer comes by it.
 */
import type { StoreCheck } from "../http/server.ts";
import type { Log } from "../log.ts";

/** Beyond so many they are all the same. */
const mostKnown = 10_000;
/** Damaged texts are often many: after so many lines the count alone goes on. */
const mostLines = 20;

export interface DamageLog {
  note(what: string): void;
  status(): { count: number; check: StoreCheck | null };
  /** Of the whole file, after an end that was not in order. */
  check: StoreCheck | null;
}

export function createDamageLog(log: Log): DamageLog {
  const known = new Set<string>();
  return {
    note(what) {
      if (known.has(what) || known.size >= mostKnown) return;
      known.add(what);
      if (known.size > mostLines) return;
      const more = known.size === mostLines ? "; what follows is only counted" : "";
      log.warn(`the store is damaged: ${what}${more}`);
    },
    status() {
      return { count: known.size, check: this.check };
    },
    check: null,
  };
}
