/** Whatever is stored and asked, an engine says what the naive model says. */
import { afterEach, describe, expect, test } from "bun:test";
import fc from "fast-check";
import type { SpanQuery } from "../../../src/backend/spans.ts";
import type { KeysPart, KeysPosition, SortField } from "../../../src/backend/traces.ts";
import { spanTypes } from "../../../src/contract/v1.ts";
import { findKey } from "../../../src/filter/keys.ts";
import { parseFilter } from "../../../src/filter/parse.ts";
import { modelEngine } from "../model.ts";
import { sortValue } from "../model/traces.ts";
import { listQuery, send, step, steps, toBatches, type ListQuery, times } from "./arbitrary.ts";
import { Bench, type Engine } from "./bench.ts";
import { all, idOf, Pair } from "./pair.ts";
import { describeSearchProperties } from "./searchproperties.ts";
import { describeStatsProperties } from "./statsproperties.ts";

export function describeProperties(empty: () => Bench, { limits }: Engine): void {
  let model: Bench | null = null;
  const start = (): Pair => {
    model ??= new Bench(modelEngine, "the model");
    model.clear();
    return new Pair(empty(), model);
  };

  describe("whatever is stored and asked", () => {
    /** Small numbers by chance, so that a few traces take every way that an engine has. */
    const bounds = fc.nat();
    afterEach(() => limits?.reset());

    test("traces and spans are those of the model", async () => {
      await fc.assert(
        fc.asyncProperty(steps, async (steps) => {
          const pair = start();
          for (const step of steps) {
            await pair.run(step);
            pair.check();
          }
        }),
        times(60),
      );
    });

    test("the order in which spans come decides nothing", async () => {
      await fc.assert(
        fc.asyncProperty(
          fc.array(send, { minLength: 1, maxLength: 5 }),
          fc.array(fc.nat(100), { maxLength: 30 }),
          async (sends, order) => {
            const bench = empty();
            new Pair(bench, bench);
            const { id } = bench.writer.accounts().projects.find(({ name }) => name === "other")!;
            const batches = sends
              .flatMap((send) => toBatches(send, 1))
              .map((batch) => (batch.projectId === 1 ? batch : { ...batch, projectId: id }));
            await bench.send(...batches);
            const inOrder = all(bench);
            bench.clear();
            const again = order.map((at) => batches[at % batches.length]!);
            await bench.send(...again, ...batches.toReversed());
            expect(byIds(all(bench))).toEqual(byIds(inOrder));
          },
        ),
        times(60),
      );
    });

    test("spans that are asked for are those of the model", async () => {
      await fc.assert(
        fc.asyncProperty(
          steps,
          fc.array(spanQuery, { minLength: 10, maxLength: 30 }),
          async (steps, queries) => {
            const pair = start();
            for (const step of steps) await pair.run(step);
            for (const query of queries) {
              for (const { summary } of pair.model.list()) {
                const [found, wanted] = pair.both.map((bench) => spansBy(bench, summary, query));
                expect([query, found]).toEqual([query, wanted]);
              }
            }
          },
        ),
        times(20),
      );
    });

    test("lists and keys are those of the model, whatever the filter, the order and the way", async () => {
      await fc.assert(
        fc.asyncProperty(
          steps,
          fc.array(fc.tuple(listQuery, bounds), { minLength: 4, maxLength: 12 }),
          async (steps, queries) => {
            const pair = start();
            for (const step of steps) await pair.run(step);
            for (const [query, bounds] of queries) {
              limits?.choose(bounds);
              const [found, wanted] = pair.both.map((bench) => listed(pair, bench, query));
              expect([query, found]).toEqual([query, wanted]);
            }
          },
        ),
        times(60),
      );
    });

    test("no trace is missed that changes while someone pages, and none comes twice that does not", async () => {
      await fc.assert(
        fc.asyncProperty(
          steps,
          fc.array(step, { minLength: 1, maxLength: 6 }),
          listQuery,
          bounds,
          async (steps, meanwhile, query, bounds) => {
            const pair = start();
            for (const step of steps) await pair.run(step);
            limits?.choose(bounds);
            const matching = () => new Set(listed(pair, pair.model, query).ids);
            let always = matching();
            const changed = new Set<string>();
            const seen: string[] = [];
            let cursor: readonly number[] | null = null;
            do {
              const page = pageOf(pair, pair.bench, query, cursor);
              const now = matching();
              for (const id of page.traces.map(idOf)) {
                expect(now.has(id)).toBe(true);
                seen.push(id);
              }
              cursor = page.next;
              const step = meanwhile.shift();
              if (!step || cursor === null) continue;
              for (const id of await pair.run(step)) changed.add(id);
              always = always.intersection(matching());
            } while (cursor !== null);
            expect([...always].filter((id) => !seen.includes(id))).toEqual([]);
            const twice = seen.filter((id, i) => seen.indexOf(id) !== i);
            expect(twice.filter((id) => !changed.has(id))).toEqual([]);
          },
        ),
        times(100),
      );
    });

    test("the values that complete a filter are those of the model", async () => {
      const names = ["agent", "session", "model", "provider", "tool", "source", "name", "customer"];
      const asked = fc.record({
        name: fc.constantFrom(...names, "workflow", "run", "meta", "meta.env", "attr", "prompt"),
        prefix: fc.constantFrom("", "", "c", "CO", "m", "read "),
        projectId: fc.constantFrom(undefined, undefined, 1, 2),
      });
      await fc.assert(
        fc.asyncProperty(
          steps,
          fc.array(asked, { minLength: 10, maxLength: 30 }),
          async (steps, queries) => {
            const pair = start();
            for (const step of steps) await pair.run(step);
            await pair.bench.settle();
            for (const { name: asked, prefix, projectId } of queries) {
              const [key, name = null] = asked.split(".");
              const query = { key: findKey(key!)!, name, prefix, projectId };
              const [found, wanted] = pair.both.map((bench) =>
                bench
                  .read((reader) => reader.complete(pair.scoped(bench, query)))
                  .values.map(({ text, count }) => [text, count])
                  .sort(),
              );
              expect([asked, prefix, found]).toEqual([asked, prefix, wanted]);
            }
          },
        ),
        times(40),
      );
    });
  });
  describeStatsProperties(start);
  describeSearchProperties(start);
}

/** Spans in an order that does not depend on how they came. */
function byIds(traces: ReturnType<typeof all>) {
  const compare = (a: string, b: string) => (a < b ? -1 : 1);
  return [...traces].map(([id, { spans, whole, ...trace }]) => ({
    ...{ id, ...trace },
    spans: spans.toSorted((a, b) => compare(a.spanId, b.spanId)),
    whole: whole.toSorted((a, b) => compare(a.span.spanId, b.span.spanId)),
  }));
}

function pageOf(pair: Pair, bench: Bench, query: ListQuery, cursor: readonly number[] | null) {
  const { sort, limit, scope } = query;
  const filter = parseFilter(query.filter, bench.nowMs);
  const range = { since: 0, until: Infinity, projectId: undefined, ...scope };
  const whole = pair.scoped(bench, { ...range, filter, sort, limit, cursor });
  const page = bench.read((reader) => reader.listTraces(whole, bench.nowMs));
  expect(page.traces.length).toBeLessThanOrEqual(limit);
  if (page.traces.length < limit) expect(page.partial).toBe(page.next !== null);
  return page;
}

/** The traces of a query by all ways, those that are equal in the order in their own. */
function listed(pair: Pair, bench: Bench, query: ListQuery) {
  const traces = [];
  let cursor: readonly number[] | null = null;
  do {
    const page = pageOf(pair, bench, query, cursor);
    traces.push(...page.traces);
    cursor = page.next;
  } while (cursor !== null);
  const field = query.sort.replace("-", "") as SortField;
  const placed = traces.map((trace) => ({
    id: idOf(trace),
    startTime: trace.summary.startTime,
    value: sortValue(trace, field),
  }));
  const ids = traces.map(idOf);
  expect(new Set(ids).size).toBe(ids.length);

  const scope = { since: 0, until: Infinity, projectId: undefined, ...query.scope };
  const filter = parseFilter(query.filter, bench.nowMs);
  const keys: number[] = [];
  let after: KeysPosition | null = null;
  do {
    const part: KeysPart = bench.read((reader) =>
      reader.listKeys(pair.scoped(bench, { ...scope, filter }), after, query.limit, bench.nowMs),
    );
    keys.push(...part.keys);
    after = part.next;
  } while (after);
  const found = bench.read((reader) => reader.traces(keys, bench.nowMs));
  expect(found.map(({ key }) => key)).toEqual(keys);
  const everything = bench.list();
  const matching = bench.read((reader) =>
    reader.matching(
      everything.map(({ key }) => key),
      filter,
      bench.nowMs,
    ),
  );
  return {
    ids: ids.toSorted(),
    order: placed.map(({ value, startTime }) => [value, startTime]),
    starts: found.map(({ summary }) => summary.startTime),
    keys: found.map(idOf).sort(),
    matching: everything
      .filter(({ key }) => matching.has(key))
      .map(idOf)
      .sort(),
  };
}

/** Spans are named by their place in the order in which they came. */
type PlacedQuery = Partial<
  Record<"lastKey" | "after" | "from" | "before" | "upTo", number> &
    Pick<SpanQuery, "types" | "isShown" | "parentSpanIds" | "order" | "isDescending" | "limit">
> & { keys?: number[] };
const placedQuery: fc.Arbitrary<PlacedQuery> = fc.record(
  {
    lastKey: fc.nat(5),
    types: fc.subarray([...spanTypes]),
    isShown: fc.constant(true as const),
    parentSpanIds: fc.subarray(["1", "2", "3", "gone"]),
    after: fc.nat(5),
    from: fc.nat(5),
    before: fc.nat(5),
    upTo: fc.nat(5),
    order: fc.constantFrom("key" as const, "start" as const, "startAndType" as const),
    isDescending: fc.boolean(),
    limit: fc.nat(4),
  },
  { requiredKeys: [] },
);
const spanQuery: fc.Arbitrary<PlacedQuery> = fc.oneof(
  { weight: 1, arbitrary: fc.record({ keys: fc.array(fc.nat(5), { maxLength: 3 }) }) },
  { weight: 4, arbitrary: placedQuery },
);

function spansBy(
  bench: Bench,
  { traceId, project }: { traceId: string; project: string },
  query: PlacedQuery,
): string[] {
  const trace = bench
    .list()
    .find(({ summary }) => summary.traceId === traceId && summary.project === project)!;
  return bench.read((reader) => {
    const fields = ["key", "spanId", "startTime", "spanType"] as const;
    const all = [...reader.spans({ traceKey: trace.key }, fields)];
    const at = (place: number) => all[place % all.length]!;
    const { keys, lastKey, after, from, before, upTo, ...rest } = query;
    const order = rest.order ?? "key";
    // Places are of an order of starts.
    const places = Object.entries({ after, from, before, upTo })
      .filter(([, place]) => place !== undefined && order !== "key")
      .map(([name, place]) => [name, at(place!)]);
    const whole: SpanQuery = {
      traceKey: trace.key,
      ...rest,
      ...(keys && { keys: keys.map((place) => at(place).key) }),
      ...(lastKey !== undefined && { lastKey: at(lastKey).key }),
      ...Object.fromEntries(places),
    };
    return [...reader.spans(whole, ["spanId"])].map(({ spanId }) => spanId);
  });
}
