/** The HTTP thread's side of search: starts the searching thread, which goes on by itself. */
import { hostThread, type Thread } from "./host.ts";
import type { SearchMethods } from "./searching.ts";

/** The first request is not to wait for it. */
export const startAfterMs = 1000;

export interface Searcher extends Pick<Thread<SearchMethods>, "call" | "close"> {
  /** Builds no index meanwhile; what is there answers. */
  pause(isPaused: boolean): void;
}

/**
 * @param dataDir with a store that the writer has opened before.
 * @param checkPlace throws where other files may be there by now.
 */
export function createSearcher(
  dataDir: string,
  checkPlace: () => void,
  onCrash: (cause: Error) => void,
  onDamage: (what: string) => void = () => {},
): Searcher {
  let isPaused = false;
  let isClosed = false;
  const thread = hostThread<SearchMethods>(
    new URL("./searching.ts", import.meta.url),
    () => {
      checkPlace();
      return [dataDir];
    },
    { onCrash, onNotice: onDamage },
  );
  // Where it cannot start now, it may thread.
  let timer = setTimeout(tellPaused, startAfterMs);

  function tellPaused(): void {
    thread.call("pause", [isPaused]).catch(() => {
      clearTimeout(timer);
      if (!isClosed) timer = setTimeout(tellPaused, startAfterMs);
    });
  }

  return {
    call: thread.call,
    pause(paused) {
      isPaused = paused;
      tellPaused();
    },
    async close() {
      isClosed = true;
      clearTimeout(timer);
      await thread.close();
    },
  };
}
