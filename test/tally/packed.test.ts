/** The facts of a large trace, in columns. */
import { expect, test } from "bun:test";
import fc from "fast-check";
import { FactSet } from "../../src/tally/factset.ts";
import { PackedFacts } from "../../src/tally/packed.ts";
import type { SpanFacts } from "../../src/tally/spanfacts.ts";
import { TextArena } from "../../src/tally/textarena.ts";
import { maxCount } from "../payload.arbitrary.ts";

const anyText = fc.string({ unit: "binary", maxLength: 40 });
const anyId = fc.oneof(fc.constantFrom("a", "b", "c", "d", "\0", "\ud800", "\udfff", "ü"), anyText);
const maybe = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: undefined });
const anyCount = fc.oneof(fc.nat(3), fc.constant(maxCount));
const anyAmount = fc.oneof(fc.bigInt(0n, 9n), fc.bigInt(0n, 2n ** 70n));

const anySpan: fc.Arbitrary<SpanFacts> = fc.record({
  key: fc.nat(2 ** 40),
  spanId: anyId,
  parentSpanId: maybe(anyId),
  spanType: fc.constantFrom("agent", "llm", "tool", "other"),
  status: fc.constantFrom("ok", "error"),
  startTime: anyCount,
  endTime: anyCount,
  ttftMs: maybe(fc.double({ min: 0, noNaN: true })),
  toolName: maybe(anyText),
  provider: maybe(anyText),
  modelId: maybe(anyText),
  isModelInherited: fc.boolean(),
  requestModelId: maybe(anyText),
  responseId: maybe(anyText),
  instrumentation: maybe(anyText),
  toolCallId: maybe(anyText),
  toolCallKey: maybe(anyText),
  usage: maybe(
    fc.record(
      { inputTokens: anyCount, outputTokens: anyCount, imageCount: anyCount },
      { requiredKeys: [] },
    ),
  ),
  hasInput: fc.boolean(),
  hasOutput: fc.boolean(),
  isRuntime: fc.boolean(),
  cost: maybe(anyAmount),
  isCostEstimated: fc.boolean(),
  reportedCost: maybe(anyAmount),
  header: fc.record({ traceName: anyText, metadata: fc.constant({ a: "b" }) }),
  mark: maybe(fc.record({ repeats: fc.option(fc.nat()), shownBy: fc.option(fc.nat()) })),
});

const fields = [
  "key spanId parentSpanId spanType status startTime endTime ttftMs toolName provider modelId",
  "isModelInherited requestModelId responseId instrumentation toolCallId toolCallKey usage hasInput",
  "hasOutput isRuntime cost isCostEstimated reportedCost header mark",
]
  .join(" ")
  .split(" ") as (keyof SpanFacts)[];

const plain = (span: SpanFacts) => Object.fromEntries(fields.map((field) => [field, span[field]]));

test("say of each span what the objects say, whatever is put, changed and taken away", () => {
  fc.assert(
    fc.property(
      fc.array(
        fc.oneof(
          fc.record({ do: fc.constant("put" as const), span: anySpan }),
          fc.record({ do: fc.constant("delete" as const), id: anyId }),
          fc.record({ do: fc.constant("price" as const), id: anyId, cost: maybe(anyAmount) }),
        ),
        { maxLength: 30 },
      ),
      (steps) => {
        const packed = new PackedFacts();
        const objects = new Map<string, SpanFacts>();
        for (const step of steps) {
          if (step.do === "put") {
            packed.set(step.span);
            objects.set(step.span.spanId, { ...step.span });
          } else if (step.do === "delete") {
            expect(packed.delete(step.id)).toBe(objects.delete(step.id));
          } else {
            for (const span of [packed.get(step.id), objects.get(step.id)]) {
              if (!span) continue;
              span.cost = step.cost;
              span.isCostEstimated = true;
            }
          }
          expect(packed.size).toBe(objects.size);
        }
        for (const [id, span] of objects) expect(plain(packed.get(id)!)).toEqual(plain(span));
        const byId = (a: SpanFacts, b: SpanFacts) => (a.spanId < b.spanId ? -1 : 1);
        expect([...packed.values()].sort(byId).map(plain)).toEqual(
          [...objects.values()].sort(byId).map(plain),
        );
      },
    ),
    { numRuns: 500 },
  );
});

test("are given again one after the other, as if those after it had not come", () => {
  for (const packedFrom of [1, Infinity]) {
    const facts = new FactSet(packedFrom);
    const [base] = fc.sample(anySpan, 1);
    for (const spanId of ["a", "b", "c", "d"]) facts.set({ ...base!, spanId });
    facts.delete("b");
    const seen: string[] = [];
    facts.replay(({ spanId }) => {
      seen.push(spanId);
      expect([...facts.values()].map((span) => span.spanId)).toEqual(seen);
      expect(facts.size).toBe(seen.length);
      expect(facts.get("d") === undefined).toBe(spanId !== "d");
    });
    expect(seen).toEqual(["a", "c", "d"]);
    expect(facts.size).toBe(3);
  }
});

test("take some hundred bytes a span, texts and all", () => {
  const packed = new PackedFacts();
  const [sampled] = fc.sample(anySpan, 1);
  const usage = { inputTokens: 1, outputTokens: 2, totalTokens: 3 };
  const base = { ...sampled, usage, cost: 4n, responseId: undefined, toolCallId: undefined };
  const count = 60_000;
  const fill = () => {
    for (let i = 0; i < count; i++) {
      const spanId = (i + 1e9).toString(16).padStart(16, "0");
      packed.set({
        ...(base as SpanFacts),
        key: i,
        spanId,
        parentSpanId: undefined,
        mark: undefined,
      });
    }
  };
  const before = kept();
  fill();
  expect((kept() - before) / count).toBeLessThan(200);
  expect(packed.size).toBe(count);
});

/** What the engine's objects and buffers take now. */
function kept(): number {
  Bun.gc(true);
  return process.memoryUsage().heapUsed;
}

test("keep texts of any length and any code units", () => {
  fc.assert(
    fc.property(fc.array(fc.string({ unit: "binary", maxLength: 300 })), (texts) => {
      const arena = new TextArena();
      const all = [...texts, "x".repeat(200_000), "\ud800".repeat(70_000), ""];
      const places = all.map((text) => arena.add(text));
      expect(places.map((place) => arena.get(place))).toEqual(all);
    }),
    { numRuns: 50 },
  );
});
