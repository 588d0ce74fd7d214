/**
 * What changed lately, for live views: keys of traces, in the order of their last change. A view remembers
 * how far it has seen and asks for what came after; so a slow one costs a number, not a queue. Who is
 * further behind than this remembers reads its list anew.
 */
import type { Change } from "../backend/writer.ts";
import { live as limits } from "../limits.ts";
import type { Gauge } from "./gauge.ts";

export interface ChangeLog {
  /** To be called after the commit. */
  note(change: Change): void;
  /** What came after a change, each trace once; null where that is not known any more. */
  after(id: number): Change | null;
  /** The id of the last change. Ids grow by one. */
  readonly latest: number;
}

/** @param published says the latest id. */
export function createChangeLog(published: Gauge): ChangeLog {
  // No id of another run is one of this, whatever the clocks of both said.
  let latest = Math.floor(Math.random() * 2 ** 52);
  let forgotten = latest;
  /** The one that changed longest ago first. */
  const entries = new Map<number, { id: number; isGone: boolean }>();
  published.value = latest;

  function put(key: number, isGone: boolean): void {
    entries.delete(key);
    entries.set(key, { id: latest, isGone });
  }

  return {
    note({ changed, gone }) {
      const count = changed.length + gone.length;
      if (count === 0) return;
      latest++;
      if (count > limits.rememberedTraces) {
        entries.clear();
        forgotten = latest;
      } else {
        for (const key of changed) put(key, false);
        for (const key of gone) put(key, true);
      }
      for (const [key, { id }] of entries) {
        if (entries.size <= limits.rememberedTraces) break;
        entries.delete(key);
        forgotten = id;
      }
      published.value = latest;
    },
    after(id) {
      if (!(id >= forgotten && id <= latest)) return null;
      const change: Change = { changed: [], gone: [] };
      for (const [key, entry] of entries) {
        if (entry.id > id) (entry.isGone ? change.gone : change.changed).push(key);
      }
      return change;
    },
    get latest() {
      return latest;
    },
  };
}
