/** The searching thread, on a store that it cannot read for a while. */
import { expect, test } from "bun:test";
import { existsSync, readdirSync, renameSync } from "node:fs";
import { join } from "node:path";
import { hostThread } from "../../src/threads/host.ts";
import type { SearchMethods } from "../../src/threads/searching.ts";
import { Workbench } from "../sqlite/workbench.ts";

function settledStore(): Workbench {
  const store = new Workbench();
  store.store("t", { s: { input: "needle" } });
  const later = Date.now() + 100_000;
  while (store.spans.settling.hasWork(later)) {
    store.transact(() => store.spans.settling.step(later));
  }
  return store;
}

/** @param preload a module that the thread loads first. */
function startSearching(dataDir: string, preload: string[] = []) {
  const BunWorker = globalThis.Worker;
  globalThis.Worker = class extends BunWorker {
    constructor(url: string | URL) {
      super(url, { preload });
    }
  } as typeof Worker;
  try {
    const url = new URL("../../src/threads/searching.ts", import.meta.url);
    const onCrash = (cause: Error) => {
      throw cause;
    };
    const thread = hostThread<SearchMethods>(url, () => [dataDir], { onCrash });
    void thread.open();
    return thread;
  } finally {
    globalThis.Worker = BunWorker;
  }
}

const files = (dir: string) => (existsSync(dir) ? readdirSync(dir) : []);

test.each([
  ["soon by itself", [], false],
  ["at once when it is asked", [join(import.meta.dir, "patient.ts")], true],
])(
  "the index is gone on with once the store can be read again, %s",
  async (_, preload, isAsked) => {
    using store = settledStore();
    const dir = join(store.dir, "search");
    renameSync(store.path, `${store.path}.away`);
    const thread = startSearching(store.dir, preload);
    await thread.open();
    // By then the first step has failed, too.
    await Bun.sleep(100);
    expect(await thread.call("status", []).catch(({ code }) => code)).toBe("storage_unavailable");
    renameSync(`${store.path}.away`, store.path);
    if (isAsked) await thread.call("status", []);
    while (files(dir).length === 0) await Bun.sleep(20);
    await thread.close();
  },
);
