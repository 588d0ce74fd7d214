/**
 * The HTTP thread's side of reading: starts the reading threads at the first question to each. There are
 * two, so that no list waits for an export or for statistics with a filter.
 */
import { startLater, startThread, type LaterThread } from "../threads.ts";
import type { ReaderMethods } from "./thread.ts";

type Lane = LaterThread<ReaderMethods>;

export interface Reader extends Lane {
  /** The same, for what may take long this time. */
  callLong: Lane["call"];
  /** Looks through the whole store, on a thread of its own. @returns the first problems that SQLite finds. */
  check(): Promise<string[]>;
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

/** What a look through the store finds is not listed any further. */
const mostProblems = 20;

/**
 * @param path the store's file, which the writer has opened before.
 * @param checkPlace throws where another file may be there by now.
 */
export function createReader(
  path: string,
  checkPlace: () => void,
  onCrash: (cause: Error) => void,
  onDamage: (what: string) => void = () => {},
): Reader {
  const lane = () => createLane(path, checkPlace, onCrash, onDamage);
  const [quick, long] = [lane(), lane()];
  let checking: Lane | null = null;
  return {
    call: (method, args) => (longMethods.has(method) ? long : quick).call(method, args),
    callLong: long.call,
    async check() {
      const looking = (checking = lane());
      const problems: string[] = [];
      try {
        // One transaction a table: as long as one goes on the log of the store grows.
        for (const table of await looking.call("tables", [])) {
          problems.push(...(await looking.call("checkTable", [table])));
          if (problems.length >= mostProblems) break;
        }
      } finally {
        await looking.close();
      }
      return problems.slice(0, mostProblems);
    },
    async close() {
      // A look at a large table may take minutes: it ends with the process.
      void checking?.close();
      await Promise.all([quick.close(), long.close()]);
    },
  };
}

function createLane(
  path: string,
  checkPlace: () => void,
  onCrash: (cause: Error) => void,
  onDamage: (what: string) => void,
): Lane {
  return startLater<ReaderMethods>(() => {
    checkPlace();
    const url = new URL("./thread.ts", import.meta.url);
    const thread = startThread<ReaderMethods>(url, onCrash, onDamage);
    // It only fails with the thread, and that is told to `onCrash`.
    thread.call("open", [path]).catch(() => {});
    return thread;
  });
}
