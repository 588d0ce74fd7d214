/**
 * The HTTP thread's side of reading: starts the reading threads at the first question to each. There are
 * two, so that no list waits for an export or for statistics with a filter.
 */
import type { Shares, SizePart } from "../backend/store.ts";
import { hostThread, type Thread } from "./host.ts";
import type { ReaderMethods } from "./reading.ts";

type Lane = Thread<ReaderMethods>;

export interface Reader extends Pick<Lane, "call" | "close"> {
  /** The same, for what may take long this time. */
  callLong: Lane["call"];
  /** Looks through the whole store, on a thread of its own. @returns the first problems that SQLite finds. */
  check(): Promise<string[]>;
  /** What takes the space in the store's file, on a thread of its own: it looks at most of the pages. */
  sizes(): Promise<StoreSizes>;
}

export interface StoreSizes extends Shares {
  /** In bytes; null where this SQLite cannot tell them apart. */
  parts: Record<SizePart, number> | null;
  freeBytes: number;
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
 * @param dataDir with a store that the writer has opened before.
 * @param checkPlace throws where another file may be there by now.
 */
export function createReader(
  dataDir: string,
  checkPlace: () => void,
  onCrash: (cause: Error) => void,
  onDamage: (what: string) => void = () => {},
): Reader {
  const lane = (): Lane =>
    hostThread(
      new URL("./reading.ts", import.meta.url),
      () => {
        checkPlace();
        return [dataDir];
      },
      { onCrash, onNotice: onDamage },
    );
  const [quick, long] = [lane(), lane()];
  let [checking, measuring]: (Lane | null)[] = [null, null];
  return {
    call: (method, args) => (longMethods.has(method) ? long : quick).call(method, args),
    callLong: long.call,
    async check() {
      const looking = (checking = lane());
      const problems: string[] = [];
      try {
        // One transaction a part: as long as one goes on the log of the store grows.
        for (const part of await looking.call("parts", [])) {
          problems.push(...(await looking.call("check", [part])));
          if (problems.length >= mostProblems) break;
        }
      } finally {
        await looking.close();
      }
      return problems.slice(0, mostProblems);
    },
    async sizes() {
      const looking = (measuring = lane());
      try {
        return await measure(looking);
      } finally {
        await looking.close();
      }
    },
    async close() {
      // A look at a large table may take minutes: it ends with the process.
      void checking?.close();
      void measuring?.close();
      await Promise.all([quick.close(), long.close()]);
    },
  };
}

/** Part by part, for the same reason as a check. */
async function measure(looking: Lane): Promise<StoreSizes> {
  const areas = await looking.call("areas", []);
  const parts: Record<SizePart, number> = {
    texts: 0,
    spans: 0,
    summaries: 0,
    refusals: 0,
    other: 0,
  };
  let measured = 0;
  let isKnown = true;
  for (const { name, part } of areas) {
    const bytes = await looking.call("bytesOf", [name]);
    if (bytes === null) isKnown = false;
    parts[part] += bytes ?? 0;
    measured += bytes ?? 0;
  }
  // Last, since the others may have grown meanwhile.
  const { bytes: allBytes, freeBytes } = await looking.call("totals", []);
  parts.texts += Math.max(0, allBytes - freeBytes - measured);
  const shares = await looking.call("shares", [parts.spans]);
  return { parts: isKnown ? parts : null, freeBytes, ...shares };
}
