/** Whatever happened to the spans and however much of it is counted already: the sums of the model. */
import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import type { Figures } from "../../../src/backend/figures.ts";
import {
  latestFields,
  rankings,
  type Ranking,
  type StatsQuery,
} from "../../../src/backend/stats.ts";
import { parseFilter } from "../../../src/filter/parse.ts";
import { steps, times } from "./arbitrary.ts";
import type { Bench } from "./bench.ts";
import type { Pair } from "./pair.ts";

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
const dayMs = 24 * hourMs;
const nowMs = 3 * dayMs;

const project = fc.constantFrom(undefined, undefined, 1, 2);
const filter = fc.constantFrom(null, null, null, "agent:coder", "-status:error", "model:m1,big");
const time = fc.constantFrom(0, 1, minuteMs, hourMs, hourMs + 1, dayMs, 2 * dayMs, 2 ** 52 + 1);
const range = fc
  .record({ since: time, until: time }, { requiredKeys: [] })
  .filter(({ since = 0, until = Infinity }) => since < until);
const sort = fc.constantFrom(...(Object.keys(rankings) as Ranking[]));
const by = fc.constantFrom(
  ...([undefined, "agent", "workflow", "run", "session", "customer"] as const),
  ...(["model", "provider", "tool", "type"] as const),
);

/** Sums are exact; a percentile may be off by so much of itself, and is shown to a tenth of a millisecond. */
function checkFigures(found: Figures, wanted: Figures, errorBound: number): void {
  const spreads = ["latencyMs", "ttftMs", "traceDurationMs"] as const;
  for (const name of spreads) {
    const [shown, right] = [found[name], wanted[name]];
    expect([name, shown === null]).toEqual([name, right === null]);
    for (const at of ["p50", "p95", "p99"] as const) {
      const off = right && Math.abs(shown![at] - right[at]);
      if (off !== null)
        expect(off).toBeLessThanOrEqual(Math.max(0.1, right![at] * errorBound * 1.0001) + 0.051);
    }
  }
  const none = { latencyMs: null, ttftMs: null, traceDurationMs: null };
  expect({ ...found, ...none }).toEqual({ ...wanted, ...none });
}

export function describeStatsProperties(start: () => Pair): void {
  describe("whatever is counted", () => {
    test("totals, series and groups are those of the model", async () => {
      await fc.assert(
        fc.asyncProperty(
          steps,
          fc.array(fc.tuple(project, filter, range, sort, by, fc.integer({ min: 1, max: 4 })), {
            minLength: 3,
            maxLength: 5,
          }),
          async (steps, queries) => {
            const pair = start();
            for (const step of steps) await pair.run(step);
            for (const [projectId, filter, range, sort, by, limit] of queries) {
              const query = { ...range, by, sort, limit, projectId };
              checkStats(pair, query, filter);
            }
          },
        ),
        times(40),
      );
    });

    test("the pages of a list of names are those of the model", async () => {
      const fields = fc.constantFrom("agent", "workflow", "model", "provider", "tool");
      await fc.assert(
        fc.asyncProperty(
          steps,
          project,
          filter,
          sort,
          fields,
          fc.integer({ min: 1, max: 3 }),
          async (...args) => {
            const [steps, projectId, filter, sort, by, limit] = args;
            const pair = start();
            for (const step of steps) await pair.run(step);
            const pages = (bench: Bench) => {
              const found = [];
              let cursor: string | undefined;
              do {
                const query = {
                  by: by as "agent",
                  filter: parsed(filter),
                  sort,
                  limit,
                  projectId,
                  cursor,
                };
                const page = bench.read((reader) =>
                  reader.groups(pair.scoped(bench, query), nowMs),
                );
                expect(page.groups.length).toBeLessThanOrEqual(limit);
                found.push(...page.groups);
                cursor = page.nextCursor ?? undefined;
                expect(page.partial).toBe(false);
              } while (cursor);
              return found;
            };
            const [found, wanted] = pair.both.map(pages) as [
              ReturnType<typeof pages>,
              ReturnType<typeof pages>,
            ];
            expect(found.map(({ value }) => value).sort()).toEqual(
              wanted.map(({ value }) => value).sort(),
            );
            expect(found.map((group) => rankOf(group, sort))).toEqual(
              wanted.map((group) => rankOf(group, sort)),
            );
            for (const { value, lastTime, ...figures } of found) {
              const {
                value: _,
                lastTime: time,
                ...right
              } = wanted.find((group) => group.value === value)!;
              checkFigures(figures, right, 0.02);
              // Of a model that only an agent names no trace says that it was called.
              if (by === "agent" || by === "workflow") expect(lastTime).toBe(time);
              else if (figures.requests > 0) expect(lastTime).not.toBeNull();
            }
          },
        ),
        times(40),
      );
    });

    test("the pages of sessions, runs and customers are those of the model, the newest first", async () => {
      const field = fc.constantFrom(...latestFields);
      await fc.assert(
        fc.asyncProperty(
          steps,
          project,
          filter,
          field,
          fc.integer({ min: 1, max: 2 }),
          async (...args) => {
            const [steps, projectId, filter, field, limit] = args;
            const pair = start();
            for (const step of steps) await pair.run(step);
            const pages = (bench: Bench) => {
              const found = [];
              let cursor: string | undefined;
              do {
                const query = { field, filter: parsed(filter), limit, projectId, cursor };
                const page = bench.read((reader) =>
                  reader.latest(pair.scoped(bench, query), bench.nowMs),
                );
                expect(page.groups.length).toBeLessThanOrEqual(limit);
                expect(page.partial).toBe(false);
                found.push(...page.groups);
                cursor = page.nextCursor ?? undefined;
              } while (cursor);
              return found;
            };
            const [found, wanted] = pair.both.map(pages) as [
              ReturnType<typeof pages>,
              ReturnType<typeof pages>,
            ];
            expect(found.map(({ lastTime }) => lastTime)).toEqual(
              wanted.map(({ lastTime }) => lastTime),
            );
            for (const group of wanted) {
              const same = found.filter(
                ({ value, project }) => value === group.value && project === group.project,
              );
              expect(same).toHaveLength(1);
              const [{ latest, firstTime, title: _, ...figures }] = same as [
                (typeof found)[number],
              ];
              const { latest: newest, firstTime: first, title: __, ...right } = group;
              expect(firstTime).toBe(first);
              // Of traces that started at once either may be the newest.
              expect(latest.startTime).toBe(newest.startTime);
              checkFigures(figures, right, 0.02);
            }
          },
        ),
        times(40),
      );
    });
  });
}

const parsed = (filter: string | null) => (filter === null ? null : parseFilter(filter, nowMs));

/** What a group is ranked by. Beyond 2^53 the order of near sums is open. */
function rankOf(figures: Figures, sort: Ranking): number {
  const { requests, errors, traces, inputTokens, outputTokens, costUsd } = figures;
  const tokens = Number(inputTokens ?? 0) + Number(outputTokens ?? 0);
  const cost = Number(costUsd ?? 0) * 1e12;
  const rank = { requests, errors, traces, tokens, cost }[sort];
  return Math.min(rank, Number.MAX_SAFE_INTEGER);
}

function checkStats(pair: Pair, query: Omit<StatsQuery, "filter">, filter: string | null): void {
  const unit = latestFields.some((field) => field === query.by) ? hourMs : minuteMs;
  const ask = (bench: Bench, more: Partial<StatsQuery> = {}) => {
    const whole = { ...query, filter: parsed(filter), ...more };
    return bench.read((reader) => reader.stats(pair.scoped(bench, whole), nowMs));
  };
  const stats = ask(pair.bench);
  const { errorBound } = stats;
  const { since, until } = query;
  if (since !== undefined) expect(stats.since).toBe(Math.floor(since / unit) * unit);
  if (until !== undefined) expect(stats.until).toBe(Math.ceil(until / unit) * unit);
  // What lies further ahead than a day is in the totals of an open range, not in its series.
  else if (stats.since < nowMs) expect(stats.until).toBeLessThanOrEqual(nowMs + dayMs);
  expect(errorBound).toBeLessThanOrEqual(0.02);
  expect([stats.pendingTraces, stats.partial]).toEqual([0, false]);

  // The model is asked for the same range: where it is open each store has another beginning.
  const wanted = ask(pair.model, { limit: 1000 });
  checkFigures(stats.totals, wanted.totals, errorBound);
  if (since === undefined || stats.since === 0) expect(stats.before).toBeNull();
  else if (until !== undefined) checkFigures(stats.before!, wanted.before!, errorBound);
  checkSeries(stats.series, null);
  if (!query.by) return expect(stats.groups).toBeUndefined();

  expect(stats.groupCount).toBe(wanted.groupCount!);
  expect(stats.groups!.map(({ totals }) => rankOf(totals, query.sort))).toEqual(
    wanted.groups!.slice(0, query.limit).map(({ totals }) => rankOf(totals, query.sort)),
  );
  for (const { value, totals, before, series } of stats.groups!) {
    const right = wanted.groups!.find((group) => group.value === value)!;
    checkFigures(totals, right.totals, errorBound);
    expect(before === null).toBe(stats.before === null);
    if (before && right.before && until !== undefined)
      checkFigures(before, right.before, errorBound);
    checkSeries(series, value);
  }

  /** Each entry is what the model counts in its time, and there is one wherever it counts anything. */
  function checkSeries(series: (Figures & { time: number })[], value: string | null): void {
    const { bucketMs } = stats;
    const range = { since: stats.since, until: stats.until };
    const all = ask(pair.model, { ...range, bucketMs, limit: 1000 });
    const ofGroup = () => all.groups!.find((group) => group.value === value);
    const right = series === stats.series ? all.series : (ofGroup()?.series ?? []);
    expect(series.map(({ time }) => time)).toEqual(right.map(({ time }) => time));
    for (const [i, { time: _, ...figures }] of series.entries()) {
      const { time: __, ...wanted } = right[i]!;
      checkFigures(figures, wanted, errorBound);
    }
  }
}
