/** Finds and lists traces: all are looked at, and sorted, at each question. */
import type { StoredValues, ValuesQuery } from "../../../src/backend/completion.ts";
import type { Reader } from "../../../src/backend/reader.ts";
import type { SortField, TraceRecord, TraceScope, TraceSort } from "../../../src/backend/traces.ts";
import { AppError } from "../../../src/errors.ts";
import { matches, promptOf, textsOf } from "./filter.ts";
import { storedId } from "./rules.ts";
import type { View } from "./summary.ts";

/** What is known of a list that someone pages through. */
interface Listing {
  /** The keys that are to come, as they stood at the first page. */
  rest: number[];
  /** All that was there at the first page, and as what. */
  first: Map<number, number>;
  /** What was shown, and as what. */
  shown: Map<number, number>;
}

/** Outlives a reader. */
export type Listings = Listing[];

type Reads = Pick<
  Reader,
  "findTrace" | "traces" | "listTraces" | "listKeys" | "matching" | "complete" | "promptOf"
>;

/** @param views all traces, as they are at a time. */
export function traceReads(views: (nowMs: number) => View[], listings: Listings): Reads {
  const viewsNow = () => views(0);

  function within(scope: TraceScope, nowMs: number): View[] {
    const { filter, projectId, since, until } = scope;
    const all = views(nowMs);
    return all.filter(
      (view) =>
        (projectId === undefined || view.trace.projectId === projectId) &&
        view.record.summary.startTime >= since &&
        view.record.summary.startTime < until &&
        matches(view, filter, all),
    );
  }

  return {
    findTrace(ref, nowMs) {
      const all = views(nowMs);
      if ("key" in ref) {
        const view = all.find(({ trace }) => trace.key === ref.key);
        if (view) return view.record;
        throw new AppError("not_found", "no such trace");
      }
      const withId = (id: string | null) =>
        all.filter(
          ({ trace }) =>
            trace.traceId === id &&
            (ref.projectId === undefined || trace.projectId === ref.projectId),
        );
      const exact = withId(ref.traceId);
      const found = exact.length > 0 ? exact : withId(storedId(ref.traceId));
      if (found.length === 1) return found[0]!.record;
      if (found.length === 0) throw new AppError("not_found", "no such trace");
      throw new AppError("conflict", "several projects have a trace of this id", {
        extra: { projects: found.map(({ record }) => record.summary.project) },
      });
    },
    traces(keys, nowMs) {
      const all = views(nowMs);
      return keys.flatMap((key) => all.find(({ trace }) => trace.key === key)?.record ?? []);
    },
    listTraces(query, nowMs) {
      const found = within(query, nowMs);
      const versions = new Map(views(nowMs).map(({ trace }) => [trace.key, trace.version]));
      const [at] = query.cursor ?? [];
      if (query.cursor && !listings[at!]) throw new AppError("bad_request", "invalid cursor");
      const { rest, first, shown } = query.cursor
        ? listings[at!]!
        : { rest: sorted(found, query.sort), first: versions, shown: new Map<number, number>() };
      // Behind the list come those that are otherwise than they were at the first page.
      const tail = [...first].flatMap(([key, version]) =>
        versions.get(key) === version || rest.includes(key) ? [] : [key],
      );
      const isDue = (key: number) =>
        found.some(({ trace }) => trace.key === key) && shown.get(key) !== versions.get(key);
      const due = [...rest, ...tail].filter(isDue);
      const page = due.slice(0, query.limit);
      const isMore = due.length > page.length;
      if (isMore) {
        const seen = page.map((key) => [key, versions.get(key)!] as const);
        listings.push({
          rest: rest.slice(rest.findLastIndex((key) => page.includes(key)) + 1),
          first,
          shown: new Map([...shown, ...seen]),
        });
      }
      return {
        traces: this.traces(page, nowMs),
        next: isMore ? [listings.length - 1] : null,
        partial: false,
      };
    },
    listKeys(scope, after, limit, nowMs) {
      const keys = sorted(within(scope, nowMs), "startTime");
      const found = views(nowMs);
      const startOf = (key: number) =>
        found.find(({ trace }) => trace.key === key)!.record.summary.startTime;
      const behind = keys.filter(
        (key) =>
          !after ||
          startOf(key) < after.startTime ||
          (startOf(key) === after.startTime && key < after.key),
      );
      const part = behind.slice(0, limit);
      const last = part.at(-1);
      const isMore = behind.length > part.length;
      return {
        keys: part,
        next: isMore && last !== undefined ? { startTime: startOf(last), key: last } : null,
      };
    },
    matching(keys, filter, nowMs) {
      const all = views(nowMs);
      const found = all.filter((view) => matches(view, filter, all));
      return new Set(found.map(({ trace }) => trace.key).filter((key) => keys.includes(key)));
    },
    complete: (query) => valuesUnder(viewsNow(), query),
    promptOf: ({ key }) => {
      const view = viewsNow().find(({ trace }) => trace.key === key);
      return view ? promptOf(view) : null;
    },
  };
}

/** What a trace is sorted by; null where that is unknown. */
export function sortValue(record: TraceRecord, field: SortField): number | null {
  const { startTime, durationMs, inputTokens, outputTokens, errorCount } = record.summary;
  const tokens = [inputTokens, outputTokens].filter((count) => count !== null).map(Number);
  return {
    startTime,
    duration: durationMs,
    cost: record.cost === null ? null : Number(record.cost),
    tokens: tokens.length === 0 ? null : tokens.reduce((sum, count) => sum + count),
    errors: errorCount,
  }[field];
}

/** The keys in order. What is unknown comes last either way; of equals the one that started last first. */
function sorted(views: View[], sort: TraceSort): number[] {
  const isAscending = sort.startsWith("-");
  const field = sort.replace("-", "") as SortField;
  const valueOf = (view: View) => sortValue(view.record, field);
  return views
    .toSorted((a, b) => {
      const [x, y] = [valueOf(a), valueOf(b)];
      if ((x === null) !== (y === null)) return x === null ? 1 : -1;
      const starts = a.record.summary.startTime - b.record.summary.startTime;
      const ascending = Number(x) - Number(y) || starts || a.trace.key - b.trace.key;
      return isAscending ? ascending : -ascending;
    })
    .map(({ trace }) => trace.key);
}

/** Of each text under a key how many traces have it. */
function valuesUnder(views: View[], { key, name, prefix, projectId }: ValuesQuery): StoredValues {
  const begins = (text: string) => text.toLowerCase().startsWith(prefix.toLowerCase());
  const counted = new Map<string, number>();
  for (const view of views) {
    if (projectId !== undefined && view.trace.projectId !== projectId) continue;
    for (const text of new Set(ownTexts(view)))
      if (text !== "" && begins(text)) counted.set(text, (counted.get(text) ?? 0) + 1);
  }
  return {
    values: [...counted].map(([text, count]) => ({ text, count, isCapped: false })),
    partial: false,
  };

  function ownTexts(view: View): string[] {
    if (name !== null || !key.isOpen) return textsOf(view, view.spans, key.name, name);
    if (key.name === "meta") return Object.keys(view.record.metadata ?? {});
    return view.spans.flatMap(({ metadata, x }) =>
      [
        metadata ?? {},
        JSON.parse(x?.attributes ?? "{}"),
        JSON.parse(x?.traceAttributes ?? "{}"),
      ].flatMap((own) => Object.keys(own)),
    );
  }
}
