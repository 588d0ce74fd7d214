/**
 * The HTTP thread's side of reading: starts the reading threads at the first question to each. There are
 * two, so that no list waits for an export or for statistics with a filter.
 */
import { AppError } from "../errors.ts";
import { startThread, type Thread } from "../threads.ts";
import type { ReaderMethods } from "./thread.ts";

type Lane = Pick<Thread<ReaderMethods>, "call"> & { close(): Promise<void> };

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
]);

/** What a look through the store finds is not listed any further. */
const mostProblems = 20;

/** @param path the store's file, which the writer has opened before. */
export function createReader(
  path: string,
  onCrash: (cause: Error) => void,
  onDamage: (what: string) => void = () => {},
): Reader {
  const quick = createLane(path, onCrash, onDamage);
  const long = createLane(path, onCrash, onDamage);
  let checking: Lane | null = null;
  return {
    call: (method, args) => (longMethods.has(method) ? long : quick).call(method, args),
    callLong: long.call,
    async check() {
      const lane = (checking = createLane(path, onCrash, onDamage));
      const problems: string[] = [];
      // One transaction a table: as long as one goes on the log of the store grows.
      for (const table of await lane.call("tables", [])) {
        problems.push(...(await lane.call("checkTable", [table])));
        if (problems.length >= mostProblems) break;
      }
      await lane.close();
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
  onCrash: (cause: Error) => void,
  onDamage: (what: string) => void,
): Lane {
  let thread: Thread<ReaderMethods> | null = null;
  let isClosed = false;

  function started(): Thread<ReaderMethods> {
    // A client that goes on asking must not open the store behind the one that closes it.
    if (isClosed) throw new AppError("shutting_down", "shutting down", { retryAfterSeconds: 1 });
    if (!thread) {
      thread = startThread<ReaderMethods>(
        new URL("./thread.ts", import.meta.url),
        onCrash,
        onDamage,
      );
      // Answered in order: whatever is called next finds the store open. A failure to open shows
      // in that call.
      thread.call("open", [path]).catch(() => {});
    }
    return thread;
  }

  return {
    call: (method, args) => started().call(method, args),
    async close() {
      isClosed = true;
      if (!thread) return;
      // A thread that crashed has let go of it.
      await thread.call("close", []).catch(() => {});
      // SQLite keeps a closed connection with statements half alive; the end of the thread does not.
      await thread.terminate();
      thread = null;
    },
  };
}
