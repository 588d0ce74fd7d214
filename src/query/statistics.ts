/** Statistics as people ask for them: with the filter as a text. */
import type { Stats } from "../backend/figures.ts";
import type { Reader } from "../backend/reader.ts";
import type {
  GroupPage,
  GroupQuery,
  LatestPage,
  LatestQuery,
  StatsQuery,
} from "../backend/stats.ts";
import { parseFilter, type Filter } from "../filter/parse.ts";

/** A query of a backend whose filter is still a text. */
export type WithText<Q extends { filter: Filter | null }> = Omit<Q, "filter"> & {
  filter?: string | undefined;
};

/** @throws AppError `bad_request` for a filter or a range that cannot be. */
export function readStats(
  reader: Pick<Reader, "stats">,
  query: WithText<StatsQuery>,
  nowMs: number,
): Stats {
  return reader.stats(withFilter(query, nowMs), nowMs);
}

/** @throws AppError `bad_request` for a filter, a cursor or a range that cannot be. */
export function readGroups(
  reader: Pick<Reader, "groups">,
  query: WithText<GroupQuery>,
  nowMs: number,
): GroupPage {
  return reader.groups(withFilter(query, nowMs), nowMs);
}

/** @throws AppError `bad_request` for a filter or a cursor that cannot be. */
export function readLatest(
  reader: Pick<Reader, "latest">,
  query: WithText<LatestQuery>,
  nowMs: number,
): LatestPage {
  return reader.latest(withFilter(query, nowMs), nowMs);
}

/** Without a filter statistics come from what is counted already; an empty one is none. */
function withFilter<Q extends { filter?: string | undefined }>(query: Q, nowMs: number) {
  return { ...query, filter: query.filter ? parseFilter(query.filter, nowMs) : null };
}
