/** Which traces match, key by key; and what completes a filter. */
import { describe, expect, test } from "bun:test";
import { findKey, keys } from "../../../src/filter/keys.ts";
import { parseFilter } from "../../../src/filter/parse.ts";
import { toBatch, type Bench } from "./bench.ts";

const minuteMs = 60_000;

/** One trace that says everything, one that says little, one that is open, and one of the runtime alone. */
async function fill(bench: Bench): Promise<void> {
  bench.prices.pico = { "claude-1": 2n * 10n ** 10n };
  await bench.send(
    toBatch(
      "full",
      [
        {
          ...{ spanId: "root", spanType: "agent", name: "run", startTime: 1000, endTime: 7000 },
          ...{ systemPrompt: "be good", metadata: { user: "42" }, input: "Where is it?" },
        },
        {
          ...{ spanId: "call", parentSpanId: "root", name: "chat", provider: "anthropic" },
          ...{ modelId: "claude-1", ttftMs: 250, usage: { inputTokens: 20_000, outputTokens: 7 } },
          ...{ startTime: 2000, endTime: 3000 },
        },
        {
          ...{ spanId: "tool", parentSpanId: "root", spanType: "tool", name: "read file" },
          ...{
            status: "error",
            errorMessage: "Connection timeout",
            startTime: 3000,
            endTime: 4000,
          },
          x: { attributes: '{"user.id":42,"tags":["x","y"],"nested":{"a":1},"none":null}' },
        },
      ],
      {
        ...{ traceName: "Nightly run", agentName: "coder", workflowName: "deploy" },
        ...{ workflowRunId: "run-1", sessionId: "s1", customer: { id: "acme", name: "Acme Corp" } },
        metadata: { env: "prod", "a b": "", "*": "star" },
      },
    ),
    toBatch("plain", [{ status: "error", startTime: 5000, endTime: 5000 }], {
      agentName: "Coder two",
    }),
    toBatch(
      "aborted",
      [{ status: "aborted", startTime: 6000, endTime: 6001 }],
      {},
      { source: "otlp" },
    ),
    toBatch(
      "open",
      [{ parentSpanId: "gone", spanType: "embedding", startTime: 7000, endTime: 7001 }],
      {},
      {
        receivedAt: bench.nowMs - minuteMs,
      },
    ),
    toBatch("runtime", [
      { spanType: "other", name: "GET /", startTime: 8000, endTime: 8002, x: { isRuntime: true } },
    ]),
  );
  bench.writer.pin(bench.trace("plain").key, true);
}

/** Filters, and the traces that match, the one that started last first. */
const examples: [filter: string, ids: string][] = [
  ["status:ok", "runtime open full"],
  ["status:ok-with-errors", "full"],
  ["status:error,aborted", "aborted plain"],
  ["-status:ok", "aborted plain"],
  ["is:open", "open"],
  ["is:ended", "runtime aborted plain full"],
  ["is:stale", ""],
  ["is:pinned", "plain"],
  ["is:internal", "runtime"],
  ["-is:internal is:ended", "aborted plain full"],
  ["agent:coder", "full"],
  ["agent:C*", "plain"],
  ["agent:*o*", "plain full"],
  ['agent:"Coder two",coder', "plain full"],
  ["-agent:coder", "runtime open aborted plain"],
  ["workflow:deploy", "full"],
  ["run:run-1", "full"],
  ["run:run-*", "full"],
  ["session:s1", "full"],
  ["customer:acme", "full"],
  ["name:night", "full"],
  ['name:"night"', ""],
  ['name:"Nightly run"', "full"],
  ["name:coder", "plain"],
  ["name:Night*", "full"],
  ["trace:full,plain", "plain full"],
  ["trace:*n*", "runtime open plain"],
  ["project:default", "runtime open aborted plain full"],
  ["project:nowhere", ""],
  ["source:otlp", "aborted"],
  ["model:claude*", "full"],
  ["model:claude", ""],
  ["provider:anthropic", "full"],
  ['tool:"read file"', "full"],
  ["tool:chat", ""],
  ["has:prompt", "full"],
  ["prompt:nothing", ""],
  ["duration:>5s", "full"],
  ["duration:1ms..2ms", "runtime open aborted"],
  ["duration:0", "plain"],
  ["ttft:250", "full"],
  ["ttft:<1s", "full"],
  ["cost:>0.01", "full"],
  ["cost:0.02", "full"],
  ["cost:<0.02", ""],
  ["tokens:>20k", "full"],
  ["tokens:20007", "full"],
  ["input:20k", "full"],
  ["output:<=7", "full"],
  ["errors:1", "plain full"],
  ["errors:0", "runtime open aborted"],
  ["spans:>=2", "full"],
  ["since:6000", "runtime open aborted"],
  ["until:6000", "plain full"],
  ["-since:6000", "plain full"],
  ["meta.env:prod", "full"],
  ['meta."a b":""', "full"],
  ['meta."*":star', "full"],
  ["meta.other:*", ""],
  ["has:cost", "full"],
  ["has:session", "full"],
  ["has:tokens", "full"],
  ["has:errors", "plain full"],
  ["has:meta.env", "full"],
  ["-has:meta.env", "runtime open aborted plain"],
  ["has:attr.user.id", "full"],
  ["type:agent", "full"],
  ["type:embedding,other", "runtime open"],
  ["root.type:llm", "aborted plain"],
  ["span:FILE", "full"],
  ['span:"file"', ""],
  ["span:GET*", "runtime"],
  ["root.span:chat", "aborted plain"],
  ["error:TIMEOUT", "full"],
  ["error:Connection*", "full"],
  ["root.error:timeout", ""],
  ["attr.user.id:42", "full"],
  ["attr.tags:y", "full"],
  ['attr.nested:"{\\"a\\":1}"', "full"],
  ["attr.none:*", ""],
  ["attr.user:42", "full"],
  ["root.attr.user:42", "full"],
  ["root.attr.user.id:42", ""],
  ["acme", "full"],
  ['"acme c"', "full"],
  ["where", "full"],
  ["claude", "full"],
  ["TIMEOUT", "full"],
  ["-coder", "runtime open aborted"],
  ["chat coder", "plain full"],
  ["", "runtime open aborted plain full"],
];

export function describeFilters(empty: () => Bench): void {
  describe("filters", () => {
    test("mean the same whatever is asked by them", async () => {
      const bench = empty();
      await fill(bench);
      const all = bench.list().map(({ key }) => key);
      for (const settled of [false, true]) {
        if (settled) await bench.settle();
        for (const [text, wanted] of examples) {
          expect([text, bench.idsOf(text).join(" ")]).toEqual([text, wanted]);
          const filter = parseFilter(text, bench.nowMs);
          const ids = wanted.split(" ").filter((id) => id !== "");
          const keys = ids.map((id) => bench.trace(id).key);
          bench.read((reader) => {
            expect(reader.matching(all, filter, bench.nowMs)).toEqual(new Set(keys));
            expect(reader.matching([all[0]!], filter, bench.nowMs).size).toBe(
              keys.includes(all[0]!) ? 1 : 0,
            );
            const scope = { filter, since: 0, until: Infinity };
            expect(reader.listKeys(scope, null, 100, bench.nowMs).keys).toEqual(keys);
          });
        }
      }
    });

    test("have an example for each key", () => {
      const named = examples.flatMap(([filter]) =>
        [...filter.matchAll(/([a-z]+)[.:]/g)].map(([, key]) => key),
      );
      expect(keys.filter(({ name }) => !named.includes(name))).toEqual([]);
    });

    test("compare letters with accents however they are written", async () => {
      const bench = empty();
      await bench.send(toBatch("t", [{ name: "e\u0301te\u0301" }]));
      expect(bench.idsOf("span:\u00c9t\u00e9")).toEqual(["t"]);
      expect(bench.idsOf("\u00e9T\u00c9")).toEqual(["t"]);
    });

    test("know OTLP's ids in other ways of writing", async () => {
      const bench = empty();
      const id = "0123456789abcdef0123456789abcdef";
      await bench.send(toBatch(id, [{}]));
      const ways = [id.toUpperCase(), "01234567-89ab-cdef-0123-456789abcdef", `0x${id}`];
      for (const way of ways) expect(bench.idsOf(`trace:"${way}"`)).toEqual([id]);
      await bench.send(toBatch(ways[0]!, [{}]));
      expect(bench.idsOf(`trace:${ways[0]}`)).toEqual([ways[0]!]);
    });
  });

  describe("completion", () => {
    test("tells the values that traces have, and how many have each", async () => {
      const bench = empty();
      await fill(bench);
      await bench.send(
        toBatch("more", [{ provider: "anthropic", modelId: "gpt" }], {
          agentName: "coder",
          metadata: { env: "dev" },
        }),
      );
      await bench.settle();
      const values = (name: string, prefix = "", under: string | null = null) => {
        const query = { key: findKey(name)!, name: under, prefix };
        const found = bench.read((reader) => reader.complete(query));
        expect(found.partial).toBe(false);
        return Object.fromEntries(found.values.map(({ text, count }) => [text, count]));
      };
      expect(values("agent")).toEqual({ coder: 2, "Coder two": 1 });
      expect(values("agent", "CODER ")).toEqual({ "Coder two": 1 });
      expect(values("agent", "x")).toEqual({});
      expect(values("workflow")).toEqual({ deploy: 1 });
      expect(values("run")).toEqual({ "run-1": 1 });
      expect(values("session")).toEqual({ s1: 1 });
      expect(values("customer")).toEqual({ acme: 1 });
      expect(values("model")).toEqual({ "claude-1": 1, gpt: 1 });
      expect(values("provider")).toEqual({ anthropic: 2 });
      expect(values("tool")).toEqual({ "read file": 1 });
      expect(values("source")).toEqual({ foglamp: 5, otlp: 1 });
      expect(values("name", "n")).toEqual({ "Nightly run": 1 });
      expect(values("meta")).toEqual({ env: 2, "a b": 1, "*": 1 });
      expect(values("meta", "", "env")).toEqual({ prod: 1, dev: 1 });
      expect(Object.keys(values("attr")).sort()).toEqual([
        "nested",
        "none",
        "tags",
        "user",
        "user.id",
      ]);
      expect(values("attr", "4", "user.id")).toEqual({ "42": 1 });
      expect(Object.keys(values("prompt"))).toHaveLength(1);
      expect(Object.keys(values("project", "def"))).toEqual(["default"]);
    });

    test("tells what one project has", async () => {
      const bench = empty();
      bench.writer.createProject("of one");
      const { id: projectId } = bench.writer
        .accounts()
        .projects.find(({ name }) => name === "of one")!;
      await bench.send(
        toBatch("a", [{}], { agentName: "x" }),
        toBatch("b", [{}], { agentName: "y" }, { projectId }),
      );
      await bench.settle();
      const query = { key: findKey("agent")!, name: null, prefix: "", projectId };
      expect(bench.read((reader) => reader.complete(query)).values).toMatchObject([
        { text: "y", count: 1, isCapped: false },
      ]);
    });
  });
}
