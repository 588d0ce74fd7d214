/** The HTTP thread's side of search: starts the searching thread, which goes on by itself. */
import { AppError } from "../errors.ts";
import { search as limits } from "../limits.ts";
import { startThread, type Thread } from "../threads.ts";
import type { SearchMethods } from "./thread.ts";

export type Searcher = Pick<Thread<SearchMethods>, "call"> & { close(): Promise<void> };

/**
 * @param path the store's file, which the writer has opened before.
 * @param dir where the index is.
 */
export function createSearcher(
  path: string,
  dir: string,
  onCrash: (cause: Error) => void,
  onDamage: (what: string) => void = () => {},
): Searcher {
  let thread: Thread<SearchMethods> | null = null;
  let isClosed = false;
  // The first request is not to wait for it.
  const timer = setTimeout(started, limits.startAfterMs);

  function started(): Thread<SearchMethods> {
    if (isClosed) throw new AppError("shutting_down", "shutting down", { retryAfterSeconds: 1 });
    if (!thread) {
      thread = startThread<SearchMethods>(
        new URL("./thread.ts", import.meta.url),
        onCrash,
        onDamage,
      );
      // Answered in order; a failure to open shows in the next call.
      thread.call("open", [path, dir]).catch(() => {});
    }
    return thread;
  }

  return {
    call: (method, args) => started().call(method, args),
    async close() {
      isClosed = true;
      clearTimeout(timer);
      if (!thread) return;
      // A thread that crashed has let go of it.
      await thread.call("close", []).catch(() => {});
      await thread.terminate();
      thread = null;
    },
  };
}
