/** Agents, workflows, models, providers and tools: whatever there are few of, by what they did. */
import { parseCursor, toCursor } from "../../backend/cursor.ts";
import { toFigures } from "../../backend/figures.ts";
import { GroupPage, type GroupQuery } from "../../backend/stats.ts";
import { spreadError } from "../../tally/cell.ts";
import { facetNumber } from "../rollups/facets.ts";
import type { Source } from "../source.ts";
import {
  addMatching,
  addRollups,
  addUnsettled,
  endlessMs,
  GroupIds,
  sumOf,
  Window,
} from "./gather.ts";
import { rangeOf, rank } from "./stats.ts";

/**
 * What happened in a range by each value of a field, the one with most first. Spans and traces without
 * a value are in no group.
 *
 * @throws AppError `bad_request` for a cursor or a range that cannot be.
 */
export function listGroups(source: Source, query: GroupQuery, nowMs: number): GroupPage {
  const { by, limit } = query;
  const range = rangeOf(source, query, nowMs);
  const position = query.cursor === undefined ? null : parseCursor(query.cursor, 2);
  const window = new Window(range, endlessMs);
  const ids = new GroupIds(source.names);
  const coverage = query.filter
    ? addMatching(source, query, query.filter, ids, [window], nowMs)
    : addUnsettled(source, query, ids, [window]);
  const { ranked: all, isWhole } = rank(source, query, by, window);
  const ranked = all
    .map(([id, sum]): [number, number] => [sum, id])
    .filter((at) => at[1] !== 0 && (!position || isBehind(at, position)));
  const shown = ranked.slice(0, limit);
  const values = shown.map(([, id]) => id);
  if (!query.filter) addRollups(source, query, window, values);
  return {
    ...range,
    errorBound: spreadError,
    groups: values.map((id) => ({
      value: ids.textOf(id)!,
      lastTime: lastTimeOf(source, query, id, window.groupStarts.get(id) ?? null),
      ...toFigures(sumOf(window.groups.get(id))),
    })),
    nextCursor: ranked.length > limit ? toCursor(shown.at(-1)!) : null,
    ...coverage,
    partial: coverage.partial || !isWhole,
  };
}

function isBehind([sum, id]: [number, number], position: number[]): boolean {
  return sum < position[0]! || (sum === position[0] && id > position[1]!);
}

/** Looks for a trace of the project among so many of the group's. */
const scannedTraces = 1000;

function lastTimeOf(
  { sqlite }: Source,
  { by, filter, projectId }: GroupQuery,
  id: number,
  gathered: number | null,
): number | null {
  if (filter) return gathered;
  const settled = sqlite
    .query<{ startTime: number }, [number, number, number, number | null]>(
      `SELECT newest.startTime FROM (
         SELECT startTime, traceKey FROM facets WHERE field = ? AND value = ?
         ORDER BY startTime DESC, traceKey DESC LIMIT ?
       ) AS newest JOIN traces ON traces.key = newest.traceKey
       WHERE ?4 IS NULL OR projectId = ?4 LIMIT 1`,
    )
    .get(facetNumber(by), id, scannedTraces, projectId ?? null);
  return settled || gathered !== null ? Math.max(settled?.startTime ?? 0, gathered ?? 0) : null;
}
