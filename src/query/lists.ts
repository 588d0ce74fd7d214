/** Lists of traces as people ask for them: filters and times are texts, and a cursor goes on behind a page. */
import { parseBoundCursor, toBoundCursor } from "../backend/cursor.ts";
import type { Reader } from "../backend/reader.ts";
import type { TraceScope, TraceSort } from "../backend/traces.ts";
import type { TracePage } from "../backend/views.ts";
import { parseFilter } from "../filter/parse.ts";
import { parseTime } from "../filter/time.ts";

export interface ListQuery {
  limit: number;
  cursor?: string | undefined;
  /** In the grammar of filter/parse.ts. */
  filter?: string | undefined;
  /** By start where it is absent. */
  sort?: TraceSort | undefined;
  /** Times as filter/time.ts reads them; a trace belongs to the window in which it started. */
  since?: string | undefined;
  until?: string | undefined;
  projectId?: number | undefined;
}

/**
 * A page of the traces that match: see `Reader.listTraces`.
 *
 * @throws AppError `bad_request` for a filter, a time or a cursor that cannot be.
 */
export function readPage(
  reader: Pick<Reader, "listTraces">,
  query: ListQuery,
  nowMs: number,
): TracePage {
  const { limit, sort = "startTime", filter = "", projectId, since, until } = query;
  const bound = [filter, sort, projectId, since, until];
  // Times ago count from the first page on, so that all pages mean the same.
  const [asOfMs = nowMs, ...cursor] =
    query.cursor === undefined ? [] : parseBoundCursor(query.cursor, bound, 1);
  const { traces, next, partial } = reader.listTraces(
    {
      filter: parseFilter(filter, asOfMs),
      projectId,
      since: since === undefined ? 0 : parseTime(since, "since", asOfMs),
      until: until === undefined ? Infinity : parseTime(until, "until", asOfMs),
      sort,
      limit,
      cursor: query.cursor === undefined ? null : cursor,
    },
    nowMs,
  );
  return {
    traces: traces.map(({ summary }) => summary),
    nextCursor: next && toBoundCursor(bound, [asOfMs, ...next]),
    partial,
  };
}

/** Which traces, with the filter as a text. Times in epoch ms. */
export interface ScopeQuery {
  filter?: string | undefined;
  projectId?: number | undefined;
  since?: number | undefined;
  until?: number | undefined;
}

/** @throws AppError `bad_request` for a filter that cannot be. */
export function toScope(
  { filter = "", projectId, since = 0, until = Infinity }: ScopeQuery,
  nowMs: number,
): TraceScope {
  return { filter: parseFilter(filter, nowMs), projectId, since, until };
}
