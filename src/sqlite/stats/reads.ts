/** Statistics of a store. */
import type { Reader } from "../../backend/reader.ts";
import type { Source } from "../source.ts";
import { listGroups } from "./groups.ts";
import { listLatest } from "./latest.ts";
import { readStats } from "./stats.ts";

export function createStatsReads(source: Source): Pick<Reader, "stats" | "groups" | "latest"> {
  return {
    stats: (query, nowMs) => readStats(source, query, nowMs),
    groups: (query, nowMs) => listGroups(source, query, nowMs),
    latest: (query, nowMs) => listLatest(source, query, nowMs),
  };
}
