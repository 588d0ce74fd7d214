import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { drizzle } from "drizzle-orm/bun-sqlite";
import { parseFilter } from "../../../src/filter/parse.ts";
import { traces as limits } from "../../../src/limits.ts";
import { createNameLookup } from "../../../src/sqlite/db/names.ts";
import { narrowScope, planWalk, type Scope } from "../../../src/sqlite/list/where.ts";
import { createPayloadReader } from "../../../src/sqlite/payload/payloads.ts";
import { facetNumber } from "../../../src/sqlite/rollups/facets.ts";
import type { Source } from "../../../src/sqlite/source.ts";
import { muchLater, Workbench } from "../workbench.ts";

const usual = { ...limits };
const everywhere: Scope = { projectId: undefined, range: { since: 0, until: Infinity } };
let bench: Workbench;
let source: Source;

beforeEach(() => {
  bench = new Workbench();
  for (let i = 0; i < 20; i++) {
    const span = {
      spanId: "1",
      spanType: "llm" as const,
      name: "chat",
      startTime: i,
      endTime: i + (i === 7 ? 60_000 : 5),
      modelId: `m${i % 4}`,
    };
    const header = { agentName: i < 15 ? "often" : "seldom" };
    const traces = [{ traceId: `t${i}`, spans: [{ span, header }] }];
    const batch = { projectId: i < 18 ? 1 : 2, receivedAt: 1, source: "otlp", traces };
    bench.transact(() => bench.spans.apply(batch));
  }
  bench.transact(() => bench.spans.settling.step(muchLater));
  source = {
    db: drizzle(bench.db),
    sqlite: bench.db,
    names: createNameLookup(bench.db),
    payloads: createPayloadReader(bench.db),
  };
});
afterEach(() => {
  Object.assign(limits, usual);
  bench[Symbol.dispose]();
});

const plan = (filter: string, scope = everywhere, isByStart = true) =>
  planWalk(source, parseFilter(filter, 0), scope, isByStart);

const size = (filter: string, scope = everywhere, isByStart = true) => {
  const found = plan(filter, scope, isByStart);
  return found.kind === "few" ? found.keys.length : found.kind;
};

describe("where the traces of a filter are looked for", () => {
  test("is the rarest condition", () => {
    expect(plan("")).toEqual({ kind: "all" });
    expect(plan("agent:often agent:seldom")).toEqual(plan("agent:seldom"));
    expect(size("agent:often duration:>=1m")).toBe(1);
    expect(plan("duration:>1 agent:often model:m1")).toEqual(plan("model:m1"));
    expect(plan("model:m1,m2")).toMatchObject({ kind: "postings", postings: { length: 2 } });
    expect(plan("model:m*")).toMatchObject({ kind: "postings", postings: { length: 4 } });
    expect(plan("agent:nobody")).toEqual({ kind: "postings", postings: [] });
    expect(size("trace:t3,t4,gone agent:often")).toBe(2);
  });

  test("is known of what is internal and of what is not", () => {
    const list = (value: number) => ({
      kind: "postings" as const,
      postings: [{ field: facetNumber("internal"), min: value, max: value }],
    });
    expect(plan("is:internal")).toEqual(list(1));
    expect(plan("-is:internal")).toEqual(list(0));
    expect(plan("-is:pinned,internal")).toEqual(list(0));
    expect(plan("is:internal,pinned")).toEqual({ kind: "all" });
    expect(plan("-is:internal agent:seldom")).toEqual(plan("agent:seldom"));
  });

  test("is everywhere for what no facet says", () => {
    for (const filter of [
      "-agent:often",
      "status:ok",
      "spans:1",
      "chat",
      "agent:often,x*y status:ok,error",
    ]) {
      const found = plan(filter);
      expect([filter, found.kind]).toEqual([
        filter,
        filter.startsWith("agent") ? "postings" : "all",
      ]);
    }
  });

  test("is a list to be sorted where the order is another one", () => {
    expect(size("agent:seldom", everywhere, false)).toBe(5);
    expect(size("", { projectId: 2, range: everywhere.range }, false)).toBe(2);
    expect(size("", { projectId: undefined, range: { since: 3, until: 6 } }, false)).toBe(3);
    Object.assign(limits, { fewTraces: 4 });
    expect(size("agent:seldom", everywhere, false)).toBe("all");
    expect(size("", { projectId: 1, range: everywhere.range }, false)).toBe("all");
  });

  test("is everywhere while too many traces are not settled", () => {
    Object.assign(limits, { unsettledTraces: 1 });
    expect(size("agent:seldom")).toBe("postings");
    for (const id of ["x", "y"]) bench.store(id, { 1: {} });
    expect(size("agent:seldom")).toBe("all");
  });

  test("is everywhere where a star stands for too many names", () => {
    Object.assign(limits, { wildcardNames: 3 });
    expect(size("model:m*")).toBe("all");
    expect(size("model:*2")).toBe("postings");
    Object.assign(limits, { scannedNames: 3 });
    expect(size("model:*2")).toBe("all");
  });
});

test("a filter's own project and times narrow where to look", () => {
  const narrow = (filter: string, scope = everywhere) =>
    narrowScope(source, scope, parseFilter(filter, 0));
  expect(narrow("project:b since:5 until:9 until:8")).toEqual({
    projectId: 2,
    range: { since: 5, until: 8 },
  });
  expect(narrow("-project:b -since:5 project:a,b")).toEqual(everywhere);
  expect(narrow("project:b", { ...everywhere, projectId: 1 })).toMatchObject({ projectId: 1 });
});
