/**
 * Whatever is stored, settled or not, and by whichever way the traces of a filter are found: lists say what
 * a plain model says that looks at every span, and miss no trace that changes while someone pages.
 */
import { afterEach, beforeEach, expect, test } from "bun:test";
import { drizzle } from "drizzle-orm/bun-sqlite";
import fc from "fast-check";
import {
  type KeysPart,
  type KeysPosition,
  type TraceSort,
  sortFields,
} from "../../../src/backend/traces.ts";
import type { ImportedSpan, TraceHeader } from "../../../src/contract/v1.ts";
import { parseFilter } from "../../../src/filter/parse.ts";
import { budget, traces as limits } from "../../../src/limits.ts";
import { readPage, toScope } from "../../../src/query/lists.ts";
import { createNameLookup } from "../../../src/sqlite/db/names.ts";
import { createListReads } from "../../../src/sqlite/list/reads.ts";
import { createPayloadReader } from "../../../src/sqlite/payload/payloads.ts";
import type { Source } from "../../../src/sqlite/source.ts";
import { createSpanWriter } from "../../../src/sqlite/spans/spans.ts";
import { Workbench } from "../workbench.ts";

interface Sent {
  project: number;
  traceId: string;
  header: TraceHeader;
  span: ImportedSpan;
}

/** A trace of the model: the last version of each span. */
interface Known {
  key: number;
  project: number;
  traceId: string;
  spans: Sent[];
  lastReceivedAt: number;
}

type Model = Map<string, Known>;

const picoOf: Record<string, bigint> = { m1: 5n, big: 2n ** 60n };

class Bench extends Workbench {
  nowMs = 1_000_000;

  override open(): void {
    super.open();
    this.spans = createSpanWriter(this.db, this.payloads, undefined, ({ modelId }) =>
      modelId !== undefined && modelId in picoOf
        ? { price: "p", amount: picoOf[modelId]!, isEstimated: false }
        : null,
    );
  }

  source(): Source {
    return {
      db: drizzle(this.db),
      sqlite: this.db,
      names: createNameLookup(this.db),
      payloads: createPayloadReader(this.db),
    };
  }
}

const text = (...texts: string[]) => fc.constantFrom(...texts);
const sent: fc.Arbitrary<Sent> = fc.record({
  project: fc.constantFrom(1, 1, 2),
  traceId: text("a", "b", "c", "d", "e", "f", "g", "h"),
  header: fc.record(
    {
      agentName: text("coder", "Coder two", "eval", "\ud800odd"),
      sessionId: text("s1", "s2"),
      traceName: text("nightly", "*"),
      customer: fc.constantFrom({ id: "acme", name: "Acme Corp" }, { id: "zed" }),
      metadata: fc.constantFrom({ env: "prod" }, { env: "dev", "a b": "" }),
    },
    { requiredKeys: ["agentName"] },
  ),
  span: fc
    .record(
      {
        spanId: text("1", "2", "3"),
        parentSpanId: text("1", "gone"),
        spanType: text("llm", "tool", "agent", "other", "other"),
        name: text("bash", "read file", "chat"),
        startTime: fc.nat(6),
        durationMs: fc.constantFrom(0, 1, 5000, 5001),
        status: text("ok", "error", "aborted"),
        errorMessage: text("Boom", "timeout"),
        modelId: text("m1", "m2", "big"),
        provider: text("p"),
        usage: fc.constantFrom({ totalTokens: 0 }, { totalTokens: 10_001 }),
        metadata: fc.constantFrom({ user: "42" }),
        x: fc.constantFrom(
          { attributes: '{"user.id":42,"tags":["x","y"]}' },
          { resource: '{"attributes":{"host":"h1"}}' },
          { isRuntime: true },
        ),
      },
      { requiredKeys: ["spanId", "spanType", "name", "startTime", "durationMs"] },
    )
    // A parent of its own is a ring: which of its counts hold is the tally's own test.
    .map(({ durationMs, parentSpanId, ...span }) => ({
      ...span,
      ...(parentSpanId !== undefined && parentSpanId !== span.spanId && { parentSpanId }),
      endTime: span.startTime + durationMs,
    })) as unknown as fc.Arbitrary<ImportedSpan>,
});

type Step = { do: "send"; sent: Sent[] } | { do: "settle" } | { do: "delete"; index: number };

const send = fc.record({
  do: fc.constant("send" as const),
  sent: fc.array(sent, { minLength: 1, maxLength: 6 }),
});
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 4, arbitrary: send },
  { weight: 3, arbitrary: fc.record({ do: fc.constant("settle" as const) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("delete" as const), index: fc.nat(20) }) },
);

/** @returns the keys of the traces that it changed. */
function run(bench: Bench, model: Model, step: Step): number[] {
  bench.nowMs += 10_000;
  if (step.do === "settle") {
    bench.transact(() => bench.spans.settling.step(bench.nowMs));
    return [];
  }
  if (step.do === "delete") {
    const [id, known] = [...model][step.index] ?? [];
    if (!id || !known) return [];
    bench.delete(known.traceId, known.project);
    model.delete(id);
    return [known.key];
  }
  const changed: number[] = [];
  for (const one of step.sent) {
    const id = `${one.project} ${one.traceId}`;
    const { project: projectId, traceId, span, header } = one;
    const traces = [{ traceId, spans: [{ span, header }] }];
    bench.transact(() =>
      bench.spans.apply({ projectId, receivedAt: bench.nowMs, source: "foglamp", traces }),
    );
    const key = bench.traceKey(traceId, projectId);
    let known = model.get(id);
    if (!known) {
      known = { key, project: projectId, traceId, spans: [], lastReceivedAt: 0 };
      model.set(id, known);
    }
    changed.push(key);
    const at = known.spans.findIndex((other) => other.span.spanId === span.spanId);
    if (at >= 0 && known.spans[at]!.span.endTime > span.endTime) continue;
    const before = JSON.stringify([known.spans[at]?.header, known.spans[at]?.span]);
    if (before !== JSON.stringify([header, span])) known.lastReceivedAt = bench.nowMs;
    if (at >= 0) known.spans[at] = one;
    else known.spans.push(one);
  }
  return changed;
}

const ends = (a: Sent, b: Sent) =>
  a.span.endTime - b.span.endTime || (a.span.spanId < b.span.spanId ? -1 : 1);

/** What a trace shows, by looking at all of it. */
function view({ spans, lastReceivedAt, ...own }: Known) {
  const sorted = [...spans].sort(ends);
  const shown = <K extends keyof TraceHeader>(field: K) =>
    sorted.findLast(({ header }) => header[field] !== undefined)?.header[field];
  const all = spans.map(({ span }) => span);
  const roots = all.filter(({ parentSpanId }) => parentSpanId === undefined);
  const lastCall = sorted.findLast(({ span }) => span.spanType === "llm")?.span;
  const start = Math.min(...all.map(({ startTime }) => startTime));
  const failed = roots.some(({ status }) => status === "error") || lastCall?.status === "error";
  return {
    ...own,
    all,
    roots,
    start,
    lastReceivedAt,
    duration: Math.max(...all.map(({ endTime }) => endTime)) - start,
    status: roots.some(({ status }) => status === "aborted") ? "aborted" : failed ? "error" : "ok",
    errors: all.filter(({ status }) => status === "error").length,
    isInternal: all.every(
      ({ x, spanType, status, usage }) =>
        x?.isRuntime && spanType === "other" && (status ?? "ok") === "ok" && !usage,
    ),
    agent: shown("agentName")!,
    session: shown("sessionId"),
    name: shown("traceName") ?? shown("agentName")!,
    customer: shown("customer"),
    metadata: shown("metadata") ?? {},
    models: all.filter(({ spanType }) => spanType === "llm").map(({ modelId }) => modelId),
    tools: all.filter(({ spanType }) => spanType === "tool").map(({ name }) => name),
  };
}

type View = ReturnType<typeof view>;

const has = (texts: (string | undefined)[], text: string) =>
  texts.some((one) => one?.toLowerCase().includes(text));

/** Words of filters, and what each means to the model. */
const words: [
  filter: string,
  holds: (trace: View, summary: { tokens: unknown; cost: unknown }) => boolean,
][] = [
  ["status:error", ({ status }) => status === "error"],
  ["status:error,aborted", ({ status }) => status !== "ok"],
  ["status:ok", ({ status }) => status === "ok"],
  ["status:ok-with-errors", ({ status, errors }) => status === "ok" && errors > 0],
  [
    "status:error,ok-with-errors",
    ({ status, errors }) => status === "error" || (status === "ok" && errors > 0),
  ],
  ["is:open,stale", ({ roots }) => roots.length === 0],
  ["is:ended", ({ roots }) => roots.length > 0],
  ["is:pinned", () => false],
  ["is:internal", ({ isInternal }) => isInternal],
  ["is:ended,internal", ({ isInternal, roots }) => isInternal || roots.length > 0],
  ["agent:coder", ({ agent }) => agent === "coder"],
  ["agent:coder,eval", ({ agent }) => agent === "coder" || agent === "eval"],
  ['agent:"Coder two"', ({ agent }) => agent === "Coder two"],
  ["agent:*o*", ({ agent }) => agent.includes("o")],
  ["agent:c*", ({ agent }) => agent.startsWith("c")],
  ["agent:\ud800*", ({ agent }) => agent === "\ud800odd"],
  ["agent:nobody", () => false],
  ["session:s1", ({ session }) => session === "s1"],
  ["has:session", ({ session }) => session !== undefined],
  ["name:night*", ({ name }) => name === "nightly"],
  ["name:GHTL", ({ name }) => name === "nightly"],
  ['name:"night"', () => false],
  ['name:"*"', ({ name }) => name === "*"],
  ["customer:acme", ({ customer }) => customer?.id === "acme"],
  ["trace:a,b", ({ traceId }) => traceId === "a" || traceId === "b"],
  ["trace:a*", ({ traceId }) => traceId === "a"],
  ["project:b", ({ project }) => project === 2],
  ["project:a,b", () => true],
  ["project:nowhere", () => false],
  ["source:foglamp", () => true],
  ["model:m1,m2", ({ models }) => models.includes("m1") || models.includes("m2")],
  ["model:m*", ({ models }) => models.some((model) => model?.startsWith("m"))],
  ["tool:bash", ({ tools }) => tools.includes("bash")],
  ["tool:*a*", ({ tools }) => tools.length > tools.filter((tool) => !tool.includes("a")).length],
  ["provider:p", ({ all }) => all.some(({ provider }) => provider === "p")],
  ["duration:>5s", ({ duration }) => duration > 5000],
  ["duration:1..5s", ({ duration }) => duration >= 1 && duration <= 5000],
  ["errors:0", ({ errors }) => errors === 0],
  ["has:error", ({ errors }) => errors > 0],
  ["has:errors", ({ errors }) => errors > 0],
  ["spans:>=2", ({ all }) => all.length >= 2],
  ["has:cost", (_, { cost }) => cost !== null],
  ["cost:>1", (_, { cost }) => Number(cost ?? 0) > 1],
  ["tokens:>10k", (_, { tokens }) => Number(tokens ?? 0) > 10_000],
  ["tokens:<5", (_, { tokens }) => tokens !== null && Number(tokens) < 5],
  ["since:2", ({ start }) => start >= 2],
  ["until:5", ({ start }) => start < 5],
  ["meta.env:prod", ({ metadata }) => metadata.env === "prod"],
  ['meta."a b":""', ({ metadata }) => metadata["a b"] === ""],
  ["type:llm", ({ all }) => all.some(({ spanType }) => spanType === "llm")],
  ["root.type:llm", ({ roots }) => roots.some(({ spanType }) => spanType === "llm")],
  ["span:read*", ({ all }) => all.some(({ name }) => name === "read file")],
  ["error:boo", ({ all }) => all.some(({ errorMessage }) => errorMessage === "Boom")],
  ['error:"boom"', () => false],
  ["error:*oo*", ({ all }) => all.some(({ errorMessage }) => errorMessage === "Boom")],
  ["attr.user.id:42", ({ all }) => all.some(({ x }) => x?.attributes)],
  ["root.attr.user.id:42", ({ roots }) => roots.some(({ x }) => x?.attributes)],
  ["attr.tags:y", ({ all }) => all.some(({ x }) => x?.attributes)],
  ["attr.host:h1", ({ all }) => all.some(({ x }) => x?.resource)],
  ["attr.user:42", ({ all }) => all.some(({ metadata }) => metadata)],
  ["BOOM", ({ all }) => all.some(({ errorMessage }) => errorMessage === "Boom")],
  ['"Acme C"', ({ customer }) => customer?.id === "acme"],
  [
    "read",
    ({ all }) =>
      has(
        all.map(({ name }) => name),
        "read",
      ),
  ],
];

const word = fc
  .tuple(fc.constantFrom(...words), fc.boolean())
  .map(([[filter, holds], isNegated]) => ({
    filter: isNegated ? `-${filter}` : filter,
    holds: (...args: Parameters<typeof holds>) => Boolean(holds(...args)) !== isNegated,
  }));
const query = fc.record({
  words: fc.array(word, { maxLength: 3 }),
  sort: fc.constantFrom(...sortFields.flatMap((field): TraceSort[] => [field, `-${field}`])),
  limit: fc.integer({ min: 1, max: 5 }),
  scope: fc.record(
    { projectId: fc.constantFrom(1, 2), since: fc.nat(6), until: fc.nat(7) },
    { requiredKeys: [] },
  ),
});
type Query = typeof query extends fc.Arbitrary<infer Q> ? Q : never;

/** Small numbers, so that a few traces take every way that there is. */
const bounds = fc.record({
  budgetMs: fc.constantFrom(80, 80, -1),
  fewTraces: fc.constantFrom(0, 2, 5000),
  unsettledTraces: fc.constantFrom(1, 3000),
  wildcardNames: fc.constantFrom(1, 200),
  scannedNames: fc.constantFrom(1, 1000),
  scannedTraces: fc.constantFrom(1, 3, 1000),
});
const usual = { ...limits };
const setLimits = (bounds: object) => Object.assign(limits, bounds);
const { leastSteps } = budget;
beforeEach(() => void (budget.leastSteps = 0));
afterEach(() => {
  setLimits(usual);
  budget.leastSteps = leastSteps;
});

/** The keys that match, and what they are sorted by. */
function plainly(bench: Bench, model: Model, { words, scope }: Query) {
  const { projectId, since = 0, until = Infinity } = scope;
  return [...model.values()].flatMap((known) => {
    const trace = view(known);
    // What counts of tokens and money is the tally's own test.
    const [record] = createListReads(bench.source()).traces([known.key], bench.nowMs);
    const { inputTokens, outputTokens, costUsd: cost } = record!.summary;
    const counts = [inputTokens, outputTokens].filter((count) => count !== null);
    const tokens =
      counts.length === 0 ? null : counts.reduce<number>((sum, n) => sum + Number(n), 0);
    const isIn =
      (projectId === undefined || trace.project === projectId) &&
      trace.start >= since &&
      trace.start < until &&
      words.every(({ holds }) => holds(trace, { tokens, cost }));
    if (!isIn) return [];
    const values = { ...trace, startTime: 0, tokens, cost };
    return [{ key: known.key, start: trace.start, values }];
  });
}

function sorted(found: ReturnType<typeof plainly>, sort: TraceSort): number[] {
  const sign = sort.startsWith("-") ? 1 : -1;
  const field = sort.replace("-", "") as (typeof sortFields)[number];
  return found
    .map(({ key, start, values }) => ({ key, start, value: values[field] }))
    .sort((a, b) => {
      const unknown = Number(a.value === null) - Number(b.value === null);
      return (
        unknown || sign * (Number(a.value) - Number(b.value) || a.start - b.start || a.key - b.key)
      );
    })
    .map(({ key }) => key);
}

function toQuery({ words, sort, limit, scope }: Query) {
  const { projectId, since, until } = scope;
  return {
    filter: words.map(({ filter }) => filter).join(" "),
    sort,
    limit,
    projectId,
    since: since?.toString(),
    until: until?.toString(),
  };
}

test("lists and keys are those of the model, whatever the filter, the order and the way", () => {
  fc.assert(
    fc.property(
      fc.array(step, { minLength: 1, maxLength: 8 }),
      fc.array(fc.tuple(query, bounds), { minLength: 1, maxLength: 12 }),
      (steps, queries) => {
        using bench = new Bench();
        const model: Model = new Map();
        for (const step of steps) run(bench, model, step);
        const source = bench.source();
        const reader = createListReads(source);
        for (const [query, bounds] of queries) {
          setLimits(bounds);
          const found = plainly(bench, model, query);
          const keys: number[] = [];
          let cursor: string | undefined;
          do {
            const page = readPage(reader, { ...toQuery(query), cursor }, bench.nowMs);
            keys.push(...page.traces.map(({ key }) => key));
            expect(page.traces.length).toBeLessThanOrEqual(query.limit);
            if (page.traces.length < query.limit)
              expect(page.partial).toBe(page.nextCursor !== null);
            cursor = page.nextCursor ?? undefined;
          } while (cursor !== undefined);
          expect([toQuery(query).filter, keys]).toEqual([
            toQuery(query).filter,
            sorted(found, query.sort),
          ]);

          const { since, until, projectId } = query.scope;
          const { filter } = toQuery(query);
          const listed: number[] = [];
          let after: KeysPosition | null = null;
          do {
            const part: KeysPart = reader.listKeys(
              toScope({ filter, since, until, projectId }, bench.nowMs),
              after,
              query.limit,
              bench.nowMs,
            );
            listed.push(...part.keys);
            after = part.next;
          } while (after);
          expect(listed).toEqual(sorted(found, "startTime"));
          const all = [...model.values()].map(({ key }) => key);
          const anywhere = plainly(bench, model, { ...query, scope: {} });
          expect(reader.matching(all, parseFilter(filter, 0), bench.nowMs)).toEqual(
            new Set(anywhere.map(({ key }) => key)),
          );
        }
      },
    ),
    { numRuns: 40 },
  );
});

test("no trace is missed that changes while someone pages, and none comes twice that does not", () => {
  fc.assert(
    fc.property(
      fc.array(step, { minLength: 1, maxLength: 8 }),
      fc.array(step, { minLength: 1, maxLength: 6 }),
      query,
      bounds,
      (before, meanwhile, query, bounds) => {
        using bench = new Bench();
        const model: Model = new Map();
        for (const step of before) run(bench, model, step);
        setLimits(bounds);
        const source = bench.source();
        const reader = createListReads(source);
        const changed = new Set<number>();
        const matching = () => new Set(plainly(bench, model, query).map(({ key }) => key));
        let always = matching();
        const seen: number[] = [];
        let cursor: string | undefined;
        do {
          const page = readPage(reader, { ...toQuery(query), cursor }, bench.nowMs);
          const now = matching();
          for (const { key } of page.traces) {
            expect(now.has(key)).toBe(true);
            seen.push(key);
          }
          cursor = page.nextCursor ?? undefined;
          const step = meanwhile.shift();
          if (!step || cursor === undefined) continue;
          for (const key of run(bench, model, step)) changed.add(key);
          source.payloads.forget();
          always = always.intersection(matching());
        } while (cursor !== undefined);
        expect([...always].filter((key) => !seen.includes(key))).toEqual([]);
        const twice = seen.filter((key, i) => seen.indexOf(key) !== i);
        expect(twice.filter((key) => !changed.has(key))).toEqual([]);
      },
    ),
    { numRuns: 100 },
  );
  // 10 s on an idle machine.
});
