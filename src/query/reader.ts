/**
 * The HTTP thread's side of reading: starts the reading threads at the first question to each. There are
 * two, so that no list waits for an export or for statistics with a filter.
 */
import { openLater, startThread, type LaterThread } from "../threads.ts";
import type { ReaderMethods } from "./thread.ts";

type Lane = LaterThread<ReaderMethods>;

export interface Reader extends Lane {
  /** The same, for what may take long this time. */
  callLong: Lane["call"];
}

/** What may take a second, or goes on as long as someone reads. */
const longMethods: ReadonlySet<keyof ReaderMethods> = new Set([
  "exportPage",
  "stats",
  "groups",
  "latest",
  "removal",
  "comparison",
  "comparedPair",
  "promptVersions",
  "promptDiff",
]);

/**
 * @param path the store's file, which the writer has opened before.
 * @param checkPlace throws where another file may be there by now.
 */
export function createReader(
  path: string,
  checkPlace: () => void,
  onCrash: (cause: Error) => void,
): Reader {
  const quick = createLane(path, checkPlace, onCrash);
  const long = createLane(path, checkPlace, onCrash);
  return {
    call: (method, args) => (longMethods.has(method) ? long : quick).call(method, args),
    callLong: long.call,
    async close() {
      await Promise.all([quick.close(), long.close()]);
    },
  };
}

function createLane(path: string, checkPlace: () => void, onCrash: (cause: Error) => void): Lane {
  return openLater<ReaderMethods>(async () => {
    checkPlace();
    const thread = startThread<ReaderMethods>(new URL("./thread.ts", import.meta.url), onCrash);
    return { thread, isOpen: thread.call("open", [path]) };
  });
}
