/**
 * Whatever happened to the spans and however much of it is settled: statistics and lists say what a
 * plain model counts.
 */
import { expect, test } from "bun:test";
import { drizzle } from "drizzle-orm/bun-sqlite";
import fc from "fast-check";
import type { Figures } from "../../../src/backend/figures.ts";
import { rankings, type Ranking } from "../../../src/backend/stats.ts";
import { stats as limits } from "../../../src/limits.ts";
import { readGroups, readLatest, readStats } from "../../../src/query/statistics.ts";
import { createNameLookup } from "../../../src/sqlite/db/names.ts";
import { createPayloadReader } from "../../../src/sqlite/payload/payloads.ts";
import type { Source } from "../../../src/sqlite/source.ts";
import { createStatsReads } from "../../../src/sqlite/stats/reads.ts";
import { spreadError } from "../../../src/tally/cell.ts";
import { Bench, countPlainly, run, shown, step, type Model, type Plain } from "../stats.model.ts";

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
const dayMs = 24 * hourMs;

const steps = fc.array(step, { minLength: 1, maxLength: 14 });
const project = fc.constantFrom(undefined, undefined, 1, 2);
/** What matches all traces, so that both ways of counting are held against the model. */
const filter = fc.constantFrom(undefined, undefined, "agent:x,y", "-agent:z");
const time = fc.constantFrom(0, 1, minuteMs, hourMs, hourMs + 1, dayMs, 2 * dayMs, 2 ** 52 + 1);
const range = fc
  .record({ since: time, until: time }, { requiredKeys: [] })
  .filter(({ since = 0, until = Infinity }) => since < until);
const sort = fc.constantFrom(...(Object.keys(rankings) as Ranking[]));

function open(bench: Bench): Source {
  return {
    db: drizzle(bench.db),
    sqlite: bench.db,
    names: createNameLookup(bench.db),
    payloads: createPayloadReader(bench.db),
  };
}

interface PlainCell extends Plain {
  time: number;
  value: string | null;
  project: number;
}

/** The model's cells of a field, as fine as they are kept. */
function cellsOf(model: Model, field: string, unit: number): PlainCell[] {
  const level = unit === minuteMs ? 0 : 1;
  return [...countPlainly(model)].flatMap(([key, plain]) => {
    const [ofLevel, ofField, bucket, value, project] = key.split(" ");
    if (Number(ofLevel) !== level || ofField !== field) return [];
    const text = value === "" ? null : value!;
    return { ...plain, time: Number(bucket) * unit, value: text, project: Number(project) };
  });
}

function checkFigures(figures: Figures, cells: Plain[]): void {
  const sum = (name: string) => cells.reduce((total, { sums }) => total + (sums[name] ?? 0n), 0n);
  const known = (name: string) => (sum(`${name}Reporters`) === 0n ? null : Number(sum(name)));
  const share = (part: bigint, whole: bigint) =>
    whole === 0n ? null : Number(part) / Number(whole);
  const counts = [
    "traces",
    "failedTraces",
    "abortedTraces",
    "tracesWithErrors",
    "requests",
    "errors",
    "aborted",
  ];
  for (const name of [...counts, "pricedSpanCount", "priceableSpanCount"]) {
    expect([name, figures[name as "traces"]]).toEqual([name, Number(sum(name))]);
  }
  const tokens = (name: "inputTokens" | "outputTokens" | "cachedInputTokens") =>
    figures[name] === null ? null : Number(figures[name]);
  expect(tokens("inputTokens")).toBe(known("inputTokens"));
  expect(tokens("outputTokens")).toBe(known("outputTokens"));
  expect(tokens("cachedInputTokens")).toBeNull();
  expect(figures.cacheHitShare).toBeNull();
  expect(figures.errorRate).toBe(share(sum("errors"), sum("requests")));
  expect(figures.tokensPerSecond).toBe(
    share(1000n * sum("generatedTokens"), sum("generationMs")) &&
      (1000 * Number(sum("generatedTokens"))) / Number(sum("generationMs")),
  );
  const pico = sum("pricedSpanCount") === 0n ? null : sum("cost");
  const cost = figures.costUsd;
  expect(cost === null ? null : BigInt(cost.replace(".", "").padEnd(1))).toBe(
    pico === null ? null : BigInt(toDigits(pico, cost!)),
  );
  for (const [name, spread] of [
    ["latencyMs", "latency"],
    ["ttftMs", "ttft"],
    ["traceDurationMs", "traceDuration"],
  ] as const) {
    const sorted = cells.flatMap(({ durations }) => durations[spread] ?? []).sort((a, b) => a - b);
    if (sorted.length === 0) expect(figures[name]).toBeNull();
    else {
      for (const [key, at] of [
        ["p50", 0.5],
        ["p95", 0.95],
        ["p99", 0.99],
      ] as const) {
        const right = sorted[Math.max(1, Math.ceil(at * sorted.length)) - 1]!;
        const off = Math.abs(figures[name]![key] - right);
        // Shown to a tenth of a millisecond.
        expect(off).toBeLessThanOrEqual(Math.max(0.1, right * spreadError * 1.0001) + 0.051);
      }
    }
  }
}

/** Pico-dollars as the digits of the decimal that stands for them. */
function toDigits(pico: bigint, shown: string): string {
  const decimals = shown.split(".")[1]?.length ?? 0;
  return String(pico / 10n ** BigInt(12 - decimals));
}

test("totals, series and groups are those of the model", () => {
  fc.assert(
    fc.property(
      steps,
      project,
      filter,
      range,
      sort,
      fc.constantFrom(undefined, "agent", "session", "model", "tool", "type"),
      fc.integer({ min: 1, max: 4 }),
      (steps, projectId, filter, range, sort, by, limit) => {
        using bench = new Bench();
        const model: Model = new Map();
        for (const step of steps) run(bench, model, step);
        const query = { ...range, projectId, filter, sort, by: by as never, limit };
        const nowMs = 3 * dayMs;
        const stats = readStats(createStatsReads(open(bench)), query, nowMs);
        const unit = by === "session" ? hourMs : minuteMs;
        const inRange =
          (since: number, until: number) =>
          ({ time, project }: PlainCell) =>
            time >= since && time < until && (projectId === undefined || project === projectId);
        const { since = stats.since, until = stats.until } = range;
        expect(stats.since).toBe(Math.floor(since / unit) * unit);
        expect(stats.until).toBe(Math.ceil(until / unit) * unit);
        expect(stats.partial).toBe(false);

        const all = cellsOf(model, "all", unit);
        // What lies further ahead than a day is in the totals of an open range, not in its series.
        if (range.until === undefined && stats.since < nowMs) {
          expect(stats.until).toBeLessThanOrEqual(nowMs + dayMs);
        }
        const end = range.until === undefined ? Infinity : stats.until;
        const counted = inRange(stats.since, end);
        const isShown = ({ time }: PlainCell) => time < stats.until;
        const here = all.filter(counted);
        if (range.since === undefined && range.until === undefined)
          expect(here).toHaveLength(all.filter(inRange(0, Infinity)).length);
        checkFigures(stats.totals, here);
        checkSeries(stats.series, here.filter(isShown), stats.bucketMs);
        const before = inRange(2 * stats.since - stats.until, stats.since);
        if (range.since === undefined || stats.since === 0) expect(stats.before).toBeNull();
        else checkFigures(stats.before!, all.filter(before));
        if (!by) return expect(stats.groups).toBeUndefined();

        const cells = cellsOf(model, by, unit);
        const ofRange = cells.filter(counted);
        const groups = Map.groupBy(ofRange, ({ value }) => value);
        const before_ = Map.groupBy(cells.filter(before), ({ value }) => value);
        const sumOf = (cells: PlainCell[]) =>
          cells
            .flatMap(({ sums }) => rankings[sort].map((name) => sums[name] ?? 0n))
            .reduce((sum, value) => sum + value, 0n);
        const ranked = [...groups.values()].map(sumOf).sort((a, b) => (a < b ? 1 : -1));
        expect(stats.groupCount).toBe(groups.size);
        const shown = stats.groups!.map(({ value }) => groups.get(value)!);
        // Compared as ranked: beyond 2^53 the order of near sums is open.
        const asRanked = (sum: bigint) => Math.min(Number(sum), Number.MAX_SAFE_INTEGER);
        expect(shown.map((cells) => asRanked(sumOf(cells)))).toEqual(
          ranked.slice(0, limit).map(asRanked),
        );
        for (const { value, totals, before, series } of stats.groups!) {
          checkFigures(totals, groups.get(value)!);
          checkSeries(series, groups.get(value)!.filter(isShown), stats.bucketMs);
          if (stats.before) checkFigures(before!, before_.get(value) ?? []);
          else expect(before).toBeNull();
        }
      },
    ),
    { numRuns: 40 },
  );
});

function checkSeries(
  series: (Figures & { time: number })[],
  cells: PlainCell[],
  bucketMs: number,
): void {
  const buckets = Map.groupBy(cells, ({ time }) => Math.floor(time / bucketMs) * bucketMs);
  expect(series.map(({ time }) => time)).toEqual([...buckets.keys()].sort((a, b) => a - b));
  for (const entry of series) checkFigures(entry, buckets.get(entry.time)!);
}

test("the pages of a list of names are those of the model", () => {
  fc.assert(
    fc.property(
      steps,
      project,
      filter,
      sort,
      fc.constantFrom("agent", "model", "tool"),
      fc.integer({ min: 1, max: 3 }),
      (steps, projectId, filter, sort, by, limit) => {
        using bench = new Bench();
        const model: Model = new Map();
        for (const step of steps) run(bench, model, step);
        const source = open(bench);
        const groups = [];
        let cursor: string | undefined;
        do {
          const query = { by: by as "agent", projectId, filter, sort, limit, cursor };
          const page = readGroups(createStatsReads(source), query, 3 * dayMs);
          expect(page.groups.length).toBeLessThanOrEqual(limit);
          groups.push(...page.groups);
          cursor = page.nextCursor ?? undefined;
        } while (cursor);
        const cells = cellsOf(model, by, minuteMs).filter(
          ({ value, project }) =>
            value !== null && (projectId === undefined || project === projectId),
        );
        const plain = Map.groupBy(cells, ({ value }) => value!);
        expect(groups.map(({ value }) => value).sort()).toEqual([...plain.keys()].sort());
        for (const group of groups) {
          checkFigures(group, plain.get(group.value)!);
          // Of a model that only an agent names no trace says that it was called.
          if (group.requests > 0) expect(group.lastTime).not.toBeNull();
        }
      },
    ),
    { numRuns: 30 },
  );
});

test("what only a tool did long after its trace began belongs to all time", () => {
  using bench = new Bench();
  const model: Model = new Map();
  const laterMs = 10 * dayMs;
  const span = (spanId: string, spanType: string, startTime: number) => ({
    traceId: "a",
    agentName: "x",
    span: { spanId, spanType, name: "bash", startTime, endTime: startTime },
  });
  const sent = [span("1", "llm", 0), span("2", "tool", laterMs)];
  run(bench, model, { do: "send", project: 1, sent } as Parameters<typeof run>[2]);
  run(bench, model, { do: "settle" });
  const query = { by: "tool", sort: "requests", limit: 1 } as const;
  const { groups } = readGroups(createStatsReads(open(bench)), query, 3 * dayMs);
  expect(groups).toMatchObject([{ value: "bash", requests: 1 }]);
});

test("groups whose sums no number holds are all on some page", () => {
  using bench = new Bench();
  const model: Model = new Map();
  const most = Number.MAX_SAFE_INTEGER;
  const sent = [
    { modelId: "m1", usage: { inputTokens: most } },
    { modelId: "m2", usage: { inputTokens: most, outputTokens: most } },
  ].map((more, i) => ({
    traceId: `${i}`,
    agentName: "x",
    span: { spanId: "1", spanType: "llm", name: "chat", startTime: 0, endTime: 0, ...more },
  }));
  run(bench, model, { do: "send", project: 1, sent } as Parameters<typeof run>[2]);
  run(bench, model, { do: "settle" });
  const query = { by: "model", sort: "tokens", limit: 1 } as const;
  const first = readGroups(createStatsReads(open(bench)), query, 3 * dayMs);
  const second = readGroups(
    createStatsReads(open(bench)),
    { ...query, cursor: first.nextCursor! },
    3 * dayMs,
  );
  const values = [first, second].flatMap(({ groups }) => groups.map(({ value }) => value));
  expect(values.sort()).toEqual(["m1", "m2"]);
});

test("the pages of sessions are those of the model, the newest first", () => {
  fc.assert(
    fc.property(steps, project, filter, fc.integer({ min: 1, max: 2 }), (...args) => {
      const [steps, projectId, filter, limit] = args;
      using bench = new Bench();
      const model: Model = new Map();
      for (const step of steps) run(bench, model, step);
      const source = open(bench);
      const rows = [];
      let cursor: string | undefined;
      do {
        const query = { field: "session" as const, projectId, filter, limit, cursor };
        const page = readLatest(createStatsReads(source), query, 3 * dayMs);
        expect(page.groups.length).toBeLessThanOrEqual(limit);
        expect(page.partial).toBe(false);
        rows.push(...page.groups);
        cursor = page.nextCursor ?? undefined;
      } while (cursor);

      const traces = [...model].flatMap(([id, byId]) => {
        const [project, traceId] = id.split(" ");
        const all = [...byId.values()];
        const session = shown(all, "sessionId");
        if (session === null || (projectId && Number(project) !== projectId)) return [];
        const startTime = Math.min(...all.map(({ span }) => span.startTime));
        const key = bench.traceKey(traceId!, Number(project));
        return { id: `${project} ${session}`, startTime, key };
      });
      const byNewest = (a: (typeof traces)[number], b: (typeof traces)[number]) =>
        b.startTime - a.startTime || b.key - a.key;
      const sessions = Map.groupBy(traces.sort(byNewest), ({ id }) => id);
      const names: Record<string, string> = { a: "1", b: "2" };
      expect(rows.map(({ value, project }) => `${names[project]} ${value}`)).toEqual([
        ...sessions.keys(),
      ]);
      const cells = cellsOf(model, "session", hourMs);
      for (const row of rows) {
        const ofSession = sessions.get(`${names[row.project]} ${row.value}`)!;
        expect(row.latest.key).toBe(ofSession[0]!.key);
        expect(row.lastTime).toBe(ofSession[0]!.startTime);
        expect(row.firstTime).toBe(ofSession.at(-1)!.startTime);
        const own = cells.filter(
          ({ value, project }) => value === row.value && String(project) === names[row.project],
        );
        checkFigures(row, own);
      }
    }),
    { numRuns: 50 },
  );
});

test("of more groups than can be ranked the newest are, and the answer says so", () => {
  using bench = new Bench();
  run(bench, new Map(), {
    do: "send",
    project: 1,
    sent: [
      {
        traceId: "a",
        agentName: "x",
        sessionId: "s",
        span: { spanId: "1", spanType: "llm", name: "", startTime: 2 * dayMs, endTime: 2 * dayMs },
      },
    ],
  });
  bench.settleTraces();
  const query = { since: dayMs, by: "session" as const, sort: "requests" as const, limit: 5 };
  expect(readStats(createStatsReads(open(bench)), query, 3 * dayMs)).toMatchObject({
    groupCount: 1,
    partial: false,
  });
  const copy = bench.db.query(
    `INSERT INTO rollups SELECT level, field, bucket - 1, ?, projectId, cell FROM rollups
     WHERE level = 2 AND field = 4 AND bucket = 2`,
  );
  const name = bench.db.query("INSERT INTO names (id, text) VALUES (?, ?)");
  bench.transact(() => {
    for (let i = 0; i < limits.rankedCells; i++) {
      name.run(1_000_000 + i, `session ${i}`);
      copy.run(1_000_000 + i);
    }
  });
  const stats = readStats(createStatsReads(open(bench)), query, 3 * dayMs);
  expect(stats).toMatchObject({ groupCount: limits.rankedCells, partial: true });
});
