/** Large texts, exact and one by one. */
import { describe, expect, test } from "bun:test";
import type { Reader } from "../../../src/backend/reader.ts";
import type { Token } from "../../../src/backend/texts.ts";
import { payloadFields, payloadsOf, type PayloadField } from "../../../src/contract/fields.ts";
import { toBatch, toSpan, type Bench } from "./bench.ts";

const message = (i: number) => ({
  role: "user",
  content: `what was said in step ${i}: ${"é".repeat(80)}`,
});

/** The inputs of calls that go on, stop, branch off and are cut off. */
const histories = [
  JSON.stringify([0, 1, 2].map(message)),
  JSON.stringify([0, 1, 2, 3].map(message)),
  JSON.stringify([0, 1, 2, 3, 4, 5].map(message)),
  JSON.stringify([0, 1, 9].map(message)),
  JSON.stringify([0, 1, 2, 3].map(message), null, 2),
  JSON.stringify([0, 1, 2, 3, 4].map(message)).slice(0, -40),
  JSON.stringify({ model: "m", messages: [0, 1, 2].map(message), tools: [] }),
  `${JSON.stringify([0].map(message))}\n`,
  "no JSON at all \ud800\0",
  "[]",
  "",
];

function tokensIn(reader: Reader, traceKey: number, field: PayloadField) {
  return reader.foldLists<Token[]>(traceKey, field, (base, taken, tokens) => [
    ...(base ?? []).slice(0, taken),
    ...tokens,
  ]);
}

export function describeTexts(empty: () => Bench): void {
  describe("texts", () => {
    test("are given one by one, each exactly, and none that is not there", async () => {
      const bench = empty();
      const texts = { input: histories[0]!, systemPrompt: "be good", output: "\ud800" };
      const x = { attributes: '{"a":1}', resource: "", events: "[]" };
      await bench.send(toBatch("t", [{ ...texts, x }]));
      const [span] = bench.spans("t");
      bench.read((reader) => {
        const expected = payloadsOf({ ...toSpan(texts), x });
        for (const field of payloadFields) {
          expect([field, reader.textOf(span!.texts, field)]).toEqual([field, expected[field]]);
          expect(reader.isDamaged(span!.texts, field)).toBe(false);
        }
        expect(reader.fieldsOf(span!.texts).sort()).toEqual(
          payloadFields.filter((field) => expected[field] !== undefined).sort(),
        );
      });
    });

    test("are lists of tokens that make them up, and equal tokens are equal texts", async () => {
      const bench = empty();
      await bench.send(...histories.map((input, i) => toBatch("t", [{ spanId: `${i}`, input }])));
      await bench.send(toBatch("t", [{ spanId: "none", output: "x" }]));
      const spans = bench.spans("t");
      bench.read((reader) => {
        const meaning = new Map<Token, string>();
        for (const [i, { texts }] of spans.entries()) {
          const tokens = reader.tokensOf(texts, "input");
          if (histories[i] === undefined) expect(tokens).toBeNull();
          if (!tokens) continue;
          expect(reader.textOfTokens(tokens)).toBe(histories[i]!);
          for (const token of tokens) {
            const text = reader.textOfTokens([token]);
            expect(meaning.get(token) ?? text).toBe(text);
            meaning.set(token, text);
          }
        }
      });
    });

    test("are folded from what was made of the lists that they begin with", async () => {
      const bench = empty();
      await bench.send(...histories.map((input, i) => toBatch("t", [{ spanId: `${i}`, input }])));
      await bench.send(toBatch("t", [{ spanId: "none", output: "x" }]));
      const spans = bench.spans("t");
      const { key } = bench.trace("t");
      bench.read((reader) => {
        const tokensOf = tokensIn(reader, key, "input");
        for (const at of [...spans.keys(), ...spans.keys()].reverse()) {
          const tokens = tokensOf(spans[at]!.texts);
          if (histories[at] === undefined) expect(tokens).toBeNull();
          else expect(reader.textOfTokens(tokens!)).toBe(histories[at]);
        }
      });
    });

    test("of a long conversation are folded in as many steps as it has new messages", async () => {
      const bench = empty();
      const calls = 60;
      for (let i = 0; i < calls; i += 10) {
        const spans = Array.from({ length: 10 }, (_, k) => {
          const input = JSON.stringify(Array.from({ length: i + k + 1 }, (_, n) => message(n)));
          return { spanId: `${i + k}`, startTime: i + k, input };
        });
        await bench.send(toBatch("t", spans));
      }
      const { key } = bench.trace("t");
      const spans = bench.spans("t");
      bench.read((reader) => {
        const text = JSON.stringify(Array.from({ length: calls }, (_, n) => message(n)));
        const tokens = tokensIn(reader, key, "input")(spans.at(-1)!.texts)!;
        expect(reader.textOfTokens(tokens)).toBe(text);
      });
    });

    test("of a version that did not win are nowhere", async () => {
      const bench = empty();
      await bench.send(toBatch("t", [{ endTime: 3000, input: "[1,2]" }]));
      await bench.send(toBatch("t", [{ endTime: 2000, input: "[9]", output: "late" }]));
      expect(bench.whole("t")[0]!.span).toMatchObject({ input: "[1,2]" });
      expect(bench.whole("t")[0]!.span.output).toBeUndefined();
      await bench.send(toBatch("t", [{ endTime: 4000, output: "later" }]));
      expect(bench.whole("t")[0]!.span).toStrictEqual(toSpan({ endTime: 4000, output: "later" }));
    });

    test("tell the prompt that a trace begins with, one version for what differs in numbers", async () => {
      const bench = empty();
      const call = (system: string) => [
        {
          input: JSON.stringify([
            { role: "system", content: system },
            { role: "user", content: "hi" },
          ]),
        },
      ];
      const own = "You are run 123 of the agent.";
      await bench.send(
        toBatch("a", [{ spanType: "agent", systemPrompt: own }]),
        toBatch("b", [{ spanType: "agent", systemPrompt: own.replace("123", "456") }]),
        toBatch("c", call("Another prompt.")),
        toBatch("none", [{ input: "hi" }]),
      );
      const promptOf = (traceId: string) => {
        const trace = bench.trace(traceId);
        return bench.read((reader) => reader.promptOf(trace));
      };
      expect(promptOf("a")).toEqual({ id: promptOf("b")!.id, length: own.length });
      expect(promptOf("c")!.id).not.toBe(promptOf("a")!.id);
      expect(promptOf("none")).toBeNull();
      expect(bench.idsOf(`prompt:${promptOf("a")!.id}`).sort()).toEqual(["a", "b"]);
    });
  });
}
