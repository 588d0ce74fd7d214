/** The HTTP thread's side of search: starts the searching thread, which goes on by itself. */
import { search as limits } from "../limits.ts";
import { openLater, startThread, type LaterThread } from "../threads.ts";
import type { SearchMethods } from "./thread.ts";

export interface Searcher extends LaterThread<SearchMethods> {
  /** Builds no index meanwhile; what is there answers. */
  pause(isPaused: boolean): void;
}

/**
 * @param path the store's file, which the writer has opened before.
 * @param dir where the index is.
 * @param checkPlace throws where other files may be there by now.
 */
export function createSearcher(
  path: string,
  dir: string,
  checkPlace: () => void,
  onCrash: (cause: Error) => void,
): Searcher {
  let isPaused = false;
  const later = openLater<SearchMethods>(async () => {
    checkPlace();
    const thread = startThread<SearchMethods>(new URL("./thread.ts", import.meta.url), onCrash);
    return { thread, isOpen: thread.call("open", [path, dir]) };
  });
  // A failure to open shows in the next search.
  const tellPaused = () => void later.call("pause", [isPaused]).catch(() => {});
  // The first request is not to wait for it.
  const timer = setTimeout(tellPaused, limits.startAfterMs);

  return {
    call: later.call,
    pause(paused) {
      isPaused = paused;
      tellPaused();
    },
    async close() {
      clearTimeout(timer);
      await later.close();
    },
  };
}
