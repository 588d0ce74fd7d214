/**
 * `bun --preload` with this file, for the server that is to fail: what it does in the background begins
 * at once instead of after seconds.
 */
import { payload, settle, upkeep } from "../../src/limits.ts";
import { limits as search } from "../../src/sqlite/search/limits.ts";

Object.assign(payload, { quietMs: 10 });
Object.assign(settle, { quietMs: 10 });
Object.assign(upkeep, { busyMs: 1, underLoadMs: 2, longestMs: 5, idleMs: 20 });
Object.assign(search, {
  ...{ startAfterMs: 1, commitMs: 20, retryMs: 50 },
  ...{ busyMs: 1, underLoadMs: 2, longestPauseMs: 5, idleMs: 20 },
});

// Each thread has limits of its own.
const BunWorker = globalThis.Worker;
globalThis.Worker = class extends BunWorker {
  constructor(url: string | URL, options: WorkerOptions = {}) {
    super(url, { ...options, preload: [import.meta.path] });
  }
};
