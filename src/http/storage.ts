/** What takes the space of the data directory. */
import { Type } from "@sinclair/typebox";
import type { IndexStatus } from "../backend/search.ts";
import { Shares } from "../backend/store.ts";
import { nullable } from "../schemas.ts";
import type { Reader, StoreSizes } from "../threads/reader.ts";
import type { Searcher } from "../threads/searcher.ts";
import { route } from "./route.ts";

/**
 * A look reads most pages of the store but those of the texts: at most so often, and after a look of t ms
 * not before `restFactor` · t. Who asks waits a moment for one.
 */
const limits = { everyMs: 5_000, restFactor: 50, waitMs: 300 };

export interface StorageDeps {
  reader: Reader;
  searcher: Searcher;
  /** What its files take. */
  fileSizes: () => Record<"log" | "ballast", number>;
}

const part = (description: string) =>
  nullable(Type.Integer(), `${description}; null until measured`);

const StorageView = Type.Object({
  parts: Type.Object(
    {
      texts: part("Inputs, outputs, tools and attributes"),
      spans: part("Spans without their texts, names and log records"),
      summaries: part("Traces, what they are found by, and statistics"),
      refusals: part("Refused requests, and fields that were not known"),
      other: part("Keys, projects, prices, views and the like"),
      free: part("What deleted traces left: it is filled again, and given back bit by bit"),
      log: Type.Integer({ description: "The write-ahead log" }),
      search: Type.Integer({ description: "The index of the search" }),
      ballast: Type.Integer({
        description: "Given up where the disk is full, so that deleting goes on",
      }),
    },
    { description: "Bytes of each" },
  ),
  largest: nullable(Shares, "Null until measured"),
  measuredAt: nullable(Type.Integer(), "Epoch ms; null until the first look is over"),
});

interface Look {
  sizes: StoreSizes;
  at: number;
  tookMs: number;
}

export function storageRoutes({ reader, searcher, fileSizes }: StorageDeps) {
  let last: Look | null = null;
  let looking: Promise<void> | null = null;

  async function look(): Promise<void> {
    const startedAt = performance.now();
    try {
      const sizes = await reader.sizes();
      last = { sizes, at: Date.now(), tookMs: performance.now() - startedAt };
    } finally {
      looking = null;
    }
  }

  /** However often it is asked, looking takes a small part of the time. */
  function isDue(): boolean {
    if (last === null) return true;
    return Date.now() - last.at >= Math.max(limits.everyMs, last.tookMs * limits.restFactor);
  }

  return [
    route({
      method: "GET",
      path: "/api/storage",
      summary:
        "What takes the space: by part, project, agent and trace, as it was measured last; asking has it measured anew where that is long ago",
      answer: StorageView,
      async handle() {
        if (looking === null && isDue()) looking = look();
        // A small store is measured at once; of a large one the answer is what is known by then.
        if (looking !== null) await Promise.race([looking, Bun.sleep(limits.waitMs)]);
        const index = JSON.parse(await searcher.call("status", [])) as IndexStatus;
        const { parts = null, freeBytes = null, ...largest } = last?.sizes ?? {};
        const { log, ballast } = fileSizes();
        const none = { texts: null, spans: null, summaries: null, refusals: null, other: null };
        return {
          parts: {
            ...(parts ?? none),
            free: freeBytes,
            log,
            search: index.bytes,
            ballast,
          },
          largest: last && (largest as Shares),
          measuredAt: last?.at ?? null,
        };
      },
    }),
  ];
}
