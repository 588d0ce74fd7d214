/** How far the index is. */
import type { IndexStatus } from "../../backend/search.ts";
import { facetNumber } from "../rollups/facets.ts";
import type { Source } from "../source.ts";
import type { Indexer } from "./indexer.ts";

export function readStatus({ sqlite }: Source, indexer: Indexer): IndexStatus {
  const countSettled = sqlite.query<{ count: number }, [number, number, number]>(
    "SELECT count(*) AS count FROM facets WHERE field = ? AND value > ? AND value <= ?",
  );
  const countUnsettled = sqlite.query<{ count: number }, []>(
    "SELECT count(*) AS count FROM traces WHERE isSettled = 0",
  );
  const settled = facetNumber("settled");
  const latest = Number.MAX_SAFE_INTEGER;
  const count = (from: number, until: number) => countSettled.get(settled, from, until)!.count;
  const all = count(0, latest);
  const inGaps = indexer
    .gaps()
    .reduce(
      (sum, { fromStep, untilStep }) => sum + count(fromStep, Math.min(untilStep, latest)),
      0,
    );
  const sum = (of: (file: Indexer["files"][number]) => number) =>
    indexer.files.reduce((total, file) => total + of(file), 0);
  return {
    state: !indexer.isSupported ? "unavailable" : inGaps > 0 ? "building" : "ready",
    files: indexer.files.length,
    bytes: sum((file) => file.bytes()),
    uniqueTextBytes: sum(({ state }) => state.textBytes),
    indexedTraces: all - inGaps,
    pendingTraces: inGaps + countUnsettled.get()!.count,
    progress: all === 0 ? 1 : (all - inGaps) / all,
  };
}
