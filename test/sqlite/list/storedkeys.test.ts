/** Each key of filters, read as its descriptor says, against what lists find by it. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { drizzle } from "drizzle-orm/bun-sqlite";
import type { Reader } from "../../../src/backend/reader.ts";
import type { ImportedSpan } from "../../../src/contract/v1.ts";
import { exactly } from "../../../src/filter/caret.ts";
import { keys, type Key } from "../../../src/filter/keys.ts";
import { readPage, toScope } from "../../../src/query/lists.ts";
import { createNameLookup } from "../../../src/sqlite/db/names.ts";
import { createListReads } from "../../../src/sqlite/list/reads.ts";
import { storedKeyOf, storedKeys } from "../../../src/sqlite/list/storedkeys.ts";
import { createPayloadReader } from "../../../src/sqlite/payload/payloads.ts";
import { facets, isComplete, type FacetField } from "../../../src/sqlite/rollups/facets.ts";
import { createSpanWriter } from "../../../src/sqlite/spans/spans.ts";
import { muchLater, Workbench } from "../workbench.ts";

const sent = {
  spanId: "call",
  spanType: "llm",
  name: "chat",
  startTime: 1000,
  endTime: 3000,
  provider: "openrouter",
  modelId: "big",
  ttftMs: 12,
  usage: { inputTokens: 20, outputTokens: 30 },
  errorMessage: "Boom",
  status: "error",
  systemPrompt: "You are helpful.",
  metadata: { user: "42" },
} as unknown as ImportedSpan;
const header = {
  agentName: "coder",
  traceName: "nightly",
  workflowName: "build",
  workflowRunId: "run 7",
  sessionId: "s,1",
  customer: { id: "acme" },
  metadata: { env: "prod" },
};
const tool = { ...sent, spanId: "tool", spanType: "tool", name: "bash", parentSpanId: "call" };

let bench: Workbench;
let reader: Reader;

beforeAll(() => {
  bench = new Workbench();
  bench.spans = createSpanWriter(bench.db, bench.payloads, undefined, ({ spanType }) =>
    spanType === "llm" ? { price: "p", amount: 20_000_000_000n, isEstimated: false } : null,
  );
  const other = { ...sent, spanType: "other", startTime: 9, endTime: 9 } as ImportedSpan;
  const plain = { spanId: "1", spanType: other.spanType, name: "n", startTime: 9, endTime: 9 };
  const traces = [
    { traceId: "wanted", spans: [sent, tool as ImportedSpan].map((span) => ({ span, header })) },
    { traceId: "other", spans: [{ span: plain as ImportedSpan, header: { traceName: "x" } }] },
  ];
  for (const [i, trace] of traces.entries()) {
    const source = ["otlp", "foglamp"][i]!;
    const batch = { projectId: i + 1, receivedAt: 1, source, traces: [trace] };
    bench.transact(() => bench.spans.apply(batch));
  }
  reader = createListReads({
    db: drizzle(bench.db),
    sqlite: bench.db,
    names: createNameLookup(bench.db),
    payloads: createPayloadReader(bench.db),
  }) as Reader;
});
afterAll(() => bench[Symbol.dispose]());

const find = (filter: string) =>
  readPage(reader, { filter, limit: 9 }, 2).traces.map(({ traceId }) => traceId);

/** What the record says where the descriptor points to. */
function valuesOf({ reads, spanType }: { reads: Key["reads"]; spanType?: string }): unknown[] {
  const record = reader.findTrace({ traceId: "wanted" }, 2);
  const spans = [sent, tool].filter((span) => !spanType || span.spanType === spanType);
  const roots =
    reads!.of === "span"
      ? spans
      : [{ ...record, ...record.summary, cost: record.cost, prompt: reader.promptOf(record) }];
  return reads!.fields.flatMap((path) =>
    roots.flatMap((root) => path.split(".").reduce<any>((at, field) => at?.[field], root)),
  );
}

const read = keys.filter(({ reads }) => reads !== null);
const ofKind = (...kinds: Key["kind"][]) => read.filter(({ kind }) => kinds.includes(kind));

describe("a key finds a trace by what stands in the field that it reads, settled or not", () => {
  for (const isSettled of [false, true]) {
    describe(isSettled ? "settled" : "not settled", () => {
      beforeAll(() => {
        if (!isSettled) return;
        while (bench.spans.settling.hasWork(muchLater))
          bench.transact(() => bench.spans.settling.step(muchLater));
      });

      test.each(ofKind("text").filter(({ isOpen }) => !isOpen))("$name", (key) => {
        const texts = valuesOf({ reads: key.reads, spanType: key.reads!.spanType! });
        expect(texts.length).toBeGreaterThan(0);
        for (const text of texts)
          expect([text, find(`${key.name}:${exactly(key, text as string)}`)]).toEqual([
            text,
            ["wanted"],
          ]);
        expect(find(`${key.name}:"no such"`)).toEqual([]);
      });

      test.each(ofKind("duration", "money", "count"))("$name", (key) => {
        const sum = valuesOf(key).reduce<number>((sum, value) => sum + Number(value), 0);
        const unit = key.kind === "money" ? 1e12 : 1;
        expect(sum).toBeGreaterThan(0);
        expect(find(`${key.name}:${sum / unit}`)).toEqual(["wanted"]);
        expect(find(`${key.name}:>${sum / unit}`)).toEqual([]);
      });

      test.each(ofKind("since", "until"))("$name", (key) => {
        const [start] = valuesOf(key) as [number];
        expect(find(`${key.name}:${start}`).includes("wanted")).toBe(key.kind === "since");
        expect(find(`${key.name}:${start + 1}`).includes("wanted")).toBe(key.kind === "until");
      });

      test("keys with values of their own", () => {
        const found = ofKind("choice").map(({ name, values }) => [
          name,
          values!.filter((value) => find(`${name}:${value}`).includes("wanted")),
        ]);
        expect(found).toEqual([
          ["status", ["error"]],
          ["is", ["ended"]],
          ["type", ["llm", "tool"]],
        ]);
      });

      test("keys of the sender's names", () => {
        expect(find("meta.env:prod")).toEqual(["wanted"]);
        expect(find("attr.user:42")).toEqual(["wanted"]);
        expect(ofKind("text").filter(({ isOpen }) => isOpen)).toHaveLength(2);
      });
    });
  }
});

describe("the table of a store", () => {
  test("has numbers for numbers and texts for all else", () => {
    const isNumber = ({ kind }: Key) => !["text", "choice"].includes(kind);
    expect(read.filter((key) => isNumber(key) !== (storedKeyOf(key.name).of === "number"))).toEqual(
      [],
    );
  });

  test("gives no two facets one number, and never another than stores have", () => {
    const numbers = Object.fromEntries([...facets].map(([name, { number }]) => [name, number]));
    expect(new Set(Object.values(numbers)).size).toBe(facets.size);
    expect(numbers).toEqual({
      ...{ agent: 0, workflow: 1, run: 2, session: 3, customer: 4, model: 5, tool: 6, provider: 7 },
      ...{ source: 8, status: 9, duration: 10, cost: 11, tokens: 12, errors: 13 },
      ...{ settled: 14, internal: 15 },
    });
  });

  test("has columns that there are", () => {
    const columns = bench.db
      .query<{ name: string }, []>("SELECT name FROM pragma_table_info('traces')")
      .all()
      .map(({ name }) => name);
    const used = Object.values(storedKeys).flatMap((key) => ("columns" in key ? key.columns : []));
    expect(used.filter((name) => !columns.includes(name))).toEqual([]);
  });
});

describe("a facet that is new to a store", () => {
  const settle = (atMost = Infinity) => {
    for (let i = 0; i < atMost && bench.spans.settling.hasWork(muchLater); i++)
      bench.transact(() => bench.spans.settling.step(muchLater));
  };
  const known = facets as Map<FacetField, (typeof storedKeys)["provider"]["facet"]>;
  const { facet } = storedKeys.provider;
  const store = (traceId: string, provider = "old") => {
    const span = { ...sent, provider } as ImportedSpan;
    const traces = [{ traceId, spans: [{ span, header }] }];
    bench.transact(() =>
      bench.spans.apply({ projectId: 1, receivedAt: 1, source: "otlp", traces }),
    );
  };
  const inFacet = () =>
    bench.db
      .query<{ n: number }, [number]>("SELECT count(*) AS n FROM facets WHERE field = ?")
      .get(facet.number)!.n;

  test("is added to all traces that settled without it, and finds them", () => {
    const usual = bench;
    using own = (bench = new Workbench());
    try {
      known.delete("provider");
      const old = Array.from({ length: 150 }, (_, i) => `old ${i}`);
      for (const id of old) store(id);
      settle();
      expect([inFacet(), isComplete(own.db, facet)]).toEqual([0, false]);

      known.set("provider", facet);
      own.reopen();
      store("new");
      const source = {
        db: drizzle(own.db),
        sqlite: own.db,
        names: createNameLookup(own.db),
        payloads: createPayloadReader(own.db),
      };
      const ask = (filter: string) =>
        createListReads(source).listKeys(toScope({ filter }, 2), null, 500, 2).keys.length;
      const seen = new Set<boolean>();
      while (own.spans.settling.hasWork(muchLater)) {
        settle(1);
        seen.add(isComplete(own.db, facet));
        // A trace that changes, or goes, on the way.
        if (seen.size === 1 && old.length === 150) {
          store(old.shift()!, "other");
          own.delete(old.pop()!);
        }
        expect([ask("provider:old"), ask("provider:other")]).toEqual([old.length + 1, 1]);
      }
      expect([...seen]).toEqual([false, true]);
      expect(inFacet()).toBe(150);
    } finally {
      known.set("provider", facet);
      bench = usual;
    }
  });

  test("is begun anew where a version without it was there in between", () => {
    const usual = bench;
    using own = (bench = new Workbench());
    try {
      store("a");
      settle();
      known.delete("provider");
      own.reopen();
      store("b");
      settle();
      own.delete("a");
      known.set("provider", facet);
      own.reopen();
      settle();
      expect([inFacet(), isComplete(own.db, facet)]).toEqual([1, true]);
    } finally {
      known.set("provider", facet);
      bench = usual;
    }
  });
});
