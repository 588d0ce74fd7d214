/** Search: which messages have all of the words. */
import { describe, expect, test } from "bun:test";
import type { Hit } from "../../../src/backend/search.ts";
import { parseFilter } from "../../../src/filter/parse.ts";
import { toBatch, type Bench } from "./bench.ts";

const say = (...messages: string[]) =>
  JSON.stringify(messages.map((content) => ({ role: "user", content })));

export function describeSearch(empty: () => Bench): void {
  describe("search", () => {
    test("finds messages that have all of the words, in any case, and says where they are", async () => {
      const bench = empty();
      await bench.send(
        toBatch("t", [{ input: say("hello", "The Quick brown fox"), output: "quick" }], {
          agentName: "x",
        }),
      );
      const [span] = bench.spans("t");
      const { key } = bench.trace("t");
      const [{ snippet, highlights, ...hit }, ...more] = bench.find("fox quick") as [Hit, ...Hit[]];
      expect(more).toEqual([]);
      expect(hit).toEqual({
        ...{ traceKey: key, traceId: "t", project: "default", traceName: "x", startTime: 1000 },
        ...{ spanKey: span!.key, spanId: "1", spanName: "chat", spanType: "llm" },
        ...{ field: "input", message: 1 },
      });
      expect(snippet).toContain("The Quick brown fox");
      const marked = highlights.map(([start, length]) => snippet.slice(start, start + length));
      expect(marked).toEqual(["Quick", "fox"]);
      expect(
        bench
          .find("quick")
          .map(({ field }) => field)
          .sort(),
      ).toEqual(["input", "output"]);
      expect(bench.find('"brown fox"')).toHaveLength(1);
      expect(bench.find('"fox brown"')).toEqual([]);
      expect(bench.find("hello fox")).toEqual([]);
    });

    test("finds any part of a text in any script: one letter, two, accents, emoji, code", async () => {
      const bench = empty();
      const text = 'x² 日本語 😀 e\u0301te\u0301 ΣΊΣΥΦΟΣ c:\\dir\\file say "hi" tab\tend';
      await bench.send(toBatch("t", [{ input: say(text), output: text }]));
      for (const part of [
        "²",
        "日",
        "日本",
        "😀",
        "été",
        "ÉTÉ",
        "σίσυφος",
        "c:\\dir",
        '"tab end"',
        "ir\\f",
      ])
        expect([part, bench.find(part).length]).toEqual([part, 2]);
      expect(bench.find("日語")).toEqual([]);
      expect(() => bench.find(" ")).toThrow("nothing to search for");
    });

    test("finds names, ids and errors", async () => {
      const bench = empty();
      const header = {
        traceName: "nightly",
        workflowName: "deploys",
        sessionId: "sess-7",
        customer: { id: "acme-1" },
      };
      const span = { spanId: "span-9", name: "read file", errorMessage: "Boom happened" };
      await bench.send(toBatch("trace-5", [span], header));
      const fields = { nightly: "name", deploys: "name", "read file": "name", boom: "error" };
      const ids = { "sess-7": "id", "acme-1": "id", "span-9": "id", "trace-5": "id" };
      for (const [text, field] of Object.entries({ ...fields, ...ids }))
        expect([text, bench.find(`"${text}"`).map((hit) => hit.field)]).toEqual([
          text,
          [field] as never,
        ]);
    });

    test("shows a message that is sent again with each call once, at the first span that has it", async () => {
      const bench = empty();
      const calls = [3, 1, 2].map((n) => ({
        ...{ spanId: `${n}`, startTime: n * 1000, endTime: n * 1000 + 1 },
        input: say(...["needle", "b", "c"].slice(0, n)),
      }));
      await bench.send(toBatch("t", calls));
      expect(bench.find("needle").map(({ spanId, message }) => [spanId, message])).toEqual([
        ["1", 0],
      ]);
    });

    test("has the newest trace first, page by page, and what matches a filter and a range", async () => {
      const bench = empty();
      const traces = Array.from({ length: 7 }, (_, n) =>
        toBatch(`${n}`, [{ startTime: n, endTime: n + 1, input: say("needle", `needle ${n}`) }], {
          agentName: n % 2 === 0 ? "even" : "odd",
        }),
      );
      await bench.send(...traces);
      const ids = (more: Parameters<Bench["find"]>[1] = {}) =>
        bench
          .find("needle", more)
          .map(({ traceId }) => traceId)
          .join("");
      expect(ids()).toBe("66554433221100");
      expect(ids({ limit: 1 })).toBe("66554433221100");
      expect(ids({ filter: parseFilter("agent:even", 0) })).toBe("66442200");
      expect(ids({ since: 2, until: 4 })).toBe("3322");
      expect(ids({ projectId: 1 })).toHaveLength(14);
      expect(ids({ projectId: 9999 })).toBe("");
    });

    test("within one trace has hits in the order of its spans", async () => {
      const bench = empty();
      const spans = [3, 1, 2].map((n) => ({
        spanId: `${n}`,
        startTime: n,
        endTime: 9,
        output: `needle ${n}`,
      }));
      await bench.send(toBatch("t", spans), toBatch("u", [{ output: "needle 4" }]));
      const found: string[] = [];
      let cursor: readonly number[] | null = null;
      do {
        const page = bench.store.search.searchTrace({ traceId: "t" }, "needle", 2, cursor);
        found.push(...page.hits.map(({ spanId }) => spanId));
        cursor = page.next;
      } while (cursor !== null);
      expect(found).toEqual(["1", "2", "3"]);
      expect(() => bench.store.search.searchTrace({ traceId: "no" }, "x", 1, null)).toThrow(
        "no such trace",
      );
    });

    test("finds what is there now: nothing that was deleted, or that another version took the place of", async () => {
      const bench = empty();
      await bench.send(
        toBatch("t", [{ input: say("needle") }]),
        toBatch("u", [{ input: say("needle") }]),
      );
      await bench.settle();
      expect(bench.find("needle")).toHaveLength(2);
      await bench.send(toBatch("t", [{ input: say("pin"), endTime: 9000 }]));
      expect(bench.find("needle").map(({ traceId }) => traceId)).toEqual(["u"]);
      expect(bench.find("pin").map(({ traceId }) => traceId)).toEqual(["t"]);
      bench.writer.deleteTrace(bench.trace("u").key);
      expect(bench.find("needle")).toEqual([]);
    });

    test("goes on while the index is built anew, or is not built", async () => {
      const bench = empty();
      await bench.send(toBatch("t", [{ input: say("needle") }]));
      bench.store.search.pause(true);
      bench.store.search.rebuild();
      expect(bench.find("needle")).toHaveLength(1);
      bench.store.search.pause(false);
      expect(bench.find("needle")).toHaveLength(1);
      expect(["ready", "building", "unavailable"]).toContain(bench.store.search.status().state);
    });
  });
}
