/** Search as it is asked for: a filter and times as texts, page after page by cursors. */
import { parseBoundCursor, toBoundCursor } from "../backend/cursor.ts";
import type { Hits, Search, SearchPage } from "../backend/search.ts";
import type { TraceRef } from "../backend/traces.ts";
import { parseFilter } from "../filter/parse.ts";
import { parseTime } from "../filter/time.ts";

export interface SearchRequest {
  /** Words and "phrases", all of which one message must have. */
  q: string;
  filter?: string | undefined;
  projectId?: number | undefined;
  /** Times as filter/time.ts reads them; a trace belongs to the window in which it started. */
  since?: string | undefined;
  until?: string | undefined;
  limit: number;
  cursor?: string | undefined;
}

/**
 * The newest trace first. All pages go by the clock of the first.
 *
 * @throws AppError `bad_request`.
 */
export function searchTraces(
  search: Pick<Search, "search">,
  { q, filter = "", projectId, since, until, limit, cursor }: SearchRequest,
  nowMs: number,
): SearchPage {
  const bound = [q, filter, projectId, since, until];
  const [asOfMs, ...place] =
    cursor === undefined ? [nowMs] : (parseBoundCursor(cursor, bound, 2) as [number, ...number[]]);
  const query = {
    text: q,
    filter: parseFilter(filter, asOfMs),
    projectId,
    since: since === undefined ? 0 : parseTime(since, "since", asOfMs),
    until: until === undefined ? Infinity : parseTime(until, "until", asOfMs),
    limit,
    cursor: place.length === 0 ? null : place,
  };
  return toPage(search.search(query, nowMs), (next) => toBoundCursor(bound, [asOfMs, ...next]));
}

/** Within one trace, in the order of its spans. @throws AppError `not_found`, `conflict`, `bad_request`. */
export function searchTrace(
  search: Pick<Search, "searchTrace">,
  ref: TraceRef,
  q: string,
  limit: number,
  cursor: string | undefined,
): SearchPage {
  const place = cursor === undefined ? null : parseBoundCursor(cursor, [q], 1);
  return toPage(search.searchTrace(ref, q, limit, place), (next) => toBoundCursor([q], next));
}

function toPage({ next, ...page }: Hits, toCursor: (next: number[]) => string): SearchPage {
  return { ...page, nextCursor: next && toCursor(next) };
}
