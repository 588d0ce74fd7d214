import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { drizzle } from "drizzle-orm/bun-sqlite";
import { complete as limits } from "../../../src/limits.ts";
import { complete } from "../../../src/query/completion.ts";
import { createNameLookup } from "../../../src/sqlite/db/names.ts";
import { createListReads } from "../../../src/sqlite/list/reads.ts";
import { createPayloadReader } from "../../../src/sqlite/payload/payloads.ts";
import { muchLater, Workbench } from "../workbench.ts";

let bench: Workbench;
beforeEach(() => void (bench = new Workbench()));
afterEach(() => bench[Symbol.dispose]());

function store(count: number, agentName: string, projectId = 1, sessionId?: string): void {
  const header = { agentName, ...(sessionId && { sessionId }) };
  const traces = Array.from({ length: count }, (_, i) => ({
    traceId: `${agentName} ${sessionId} ${i}`,
    spans: [
      {
        span: {
          spanId: "1",
          spanType: "llm" as const,
          name: "chat",
          startTime: i,
          endTime: i,
          x: { attributes: '{"user.id":42,"deep":{"a":1}}' },
        },
        header,
      },
    ],
  }));
  bench.transact(() => bench.spans.apply({ projectId, receivedAt: 1, source: "otlp", traces }));
  while (bench.spans.settling.hasWork(muchLater)) {
    bench.transact(() => bench.spans.settling.step(muchLater));
  }
}

function ask(filter: string, projectId?: number) {
  const source = {
    db: drizzle(bench.db),
    sqlite: bench.db,
    names: createNameLookup(bench.db),
    payloads: createPayloadReader(bench.db),
  };
  return complete(createListReads(source), { filter, projectId }).items;
}

const shown = (items: ReturnType<typeof ask>) => items.map(({ text, count }) => [text, count]);

describe("a completion", () => {
  test("shows values by the number of their traces, in a project those of the project", () => {
    store(2, "a");
    store(3, "b");
    store(1, "b", 2);
    expect(shown(ask("agent:"))).toEqual([
      ["b", 4],
      ["a", 2],
    ]);
    expect(shown(ask("agent:", 1))).toEqual([
      ["b", 3],
      ["a", 2],
    ]);
    expect(shown(ask("agent:", 2))).toEqual([["b", 1]]);
    expect(shown(ask("source:o"))).toEqual([["otlp", 6]]);
  });

  test("counts so far and no further", () => {
    store(limits.countedTraces + 5, "busy");
    store(limits.countedTraces, "other");
    expect(ask("agent:busy")).toMatchObject([{ count: limits.countedTraces, isCapped: true }]);
    expect(ask("agent:other")).toMatchObject([{ count: limits.countedTraces, isCapped: false }]);
  });

  test("finds sessions by their beginning, else those used last", () => {
    store(1, "a", 1, "first");
    store(2, "a", 1, "second");
    store(1, "a", 1, "\ud800");
    expect(shown(ask("session:"))).toEqual([
      ["second", 2],
      ["\ud800", 1],
      ["first", 1],
    ]);
    expect(shown(ask("session:SEC"))).toEqual([["second", 2]]);
  });

  test("looks into the newest traces for what has no facets", () => {
    store(3, "a");
    expect(shown(ask("attr."))).toEqual([
      ["user.id", 3],
      ["deep", 3],
    ]);
    expect(shown(ask("root.attr.user.id:"))).toEqual([["42", 3]]);
    expect(shown(ask("name:", 1))).toEqual([["a", 3]]);
  });

  test("of free text, times and numbers is nothing", () => {
    store(1, "a");
    for (const filter of ['"some', "duration:>", "since:", "meta", "trace:a"]) {
      const items = ask(filter).filter(({ count }) => count !== null);
      expect(items).toEqual([]);
    }
    expect(ask('agent:"a').map(({ insert }) => insert)).toEqual(["a"]);
  });
});
