/** Whether the cache stands inside the input, and reasoning inside the output. */
import { expect, test } from "bun:test";
import fc from "fast-check";
import { countsIn, rawCountsIn } from "../../src/otlp/reported.ts";
import { toInclusive, type Counts } from "../../src/otlp/usage.ts";

const inside = () => true;
const beside = () => false;

const parts = fc.record({
  fresh: fc.integer({ min: 1, max: 1e6 }),
  cacheRead: fc.integer({ min: 0, max: 1e6 }),
  cacheWrite: fc.integer({ min: 0, max: 1e6 }),
  said: fc.integer({ min: 1, max: 1e6 }),
  reasoning: fc.integer({ min: 0, max: 1e6 }),
});

test("a total that input and output reach only with the parts proves that they stand beside", () => {
  fc.assert(
    fc.property(parts, ({ fresh, cacheRead, cacheWrite, said, reasoning }) => {
      const total = fresh + cacheRead + cacheWrite + said + reasoning;
      // With equal parts either of them could be the surplus: nothing is proven then.
      fc.pre(cacheRead + cacheWrite !== reasoning);
      const sent = { input: fresh, output: said, total, cacheRead, cacheWrite, reasoning };
      const { input, output } = toInclusive(sent, inside, inside);
      expect({ input, output }).toEqual({
        input: fresh + cacheRead + cacheWrite,
        output: said + reasoning,
      });
    }),
  );
});

test("a total of input and output alone proves nothing: the sender decides", () => {
  const sent = { input: 5000, output: 40, total: 5040, cacheRead: 3000, reasoning: 10 };
  expect(toInclusive(sent, inside, inside)).toEqual(sent);
  expect(toInclusive(sent, beside, beside)).toEqual({
    ...sent,
    input: 8000,
    output: 50,
    total: 8050,
  });
});

test("a part that is larger than its whole stands beside, whatever the sender is known for", () => {
  expect(toInclusive({ input: 2, cacheRead: 84_562 }, inside, inside).input).toBe(84_564);
  expect(toInclusive({ output: 10, reasoning: 240 }, inside, inside).output).toBe(250);
});

test("a surplus of one part leaves the other where it is", () => {
  const thoughts = { input: 100, output: 50, reasoning: 800, cacheRead: 60, total: 950 };
  expect(toInclusive(thoughts, beside, inside)).toEqual({ ...thoughts, output: 850 });
  const cached = { input: 100, output: 50, reasoning: 20, cacheRead: 600, total: 750 };
  expect(toInclusive(cached, inside, beside)).toEqual({ ...cached, input: 700 });
});

test("no count gets smaller, and a total is never less than input and output", () => {
  const maybe = fc.option(fc.integer({ min: 0, max: 1e6 }), { nil: undefined });
  const names = ["input", "output", "total", "cacheRead", "cacheWrite", "reasoning"] as const;
  const counts = fc.tuple(...names.map(() => maybe)).map((values) => {
    const entries = names.map((name, i) => [name, values[i]] as const);
    return Object.fromEntries(entries.filter(([, count]) => count !== undefined));
  });
  fc.assert(
    fc.property(counts, fc.boolean(), fc.boolean(), (sent: Partial<Counts>, a, b) => {
      const normal = toInclusive(
        sent,
        () => a,
        () => b,
      );
      for (const name of names) {
        if (sent[name] !== undefined && name !== "total") {
          expect(normal[name]!).toBeGreaterThanOrEqual(sent[name]);
        }
      }
      if (normal.input !== undefined && normal.output !== undefined) {
        expect(normal.total!).toBeGreaterThanOrEqual(normal.input + normal.output);
      }
    }),
  );
});

test.each([
  [
    "OpenAI's chat",
    {
      prompt_tokens: 1200,
      completion_tokens: 80,
      total_tokens: 1280,
      prompt_tokens_details: { cached_tokens: 1024 },
      completion_tokens_details: { reasoning_tokens: 32 },
    },
    { input: 1200, output: 80, total: 1280, cacheRead: 1024, reasoning: 32 },
  ],
  [
    "OpenAI's responses",
    {
      input_tokens: 1300,
      input_tokens_details: { cached_tokens: 1024 },
      output_tokens: 90,
      output_tokens_details: { reasoning_tokens: 64 },
      total_tokens: 1390,
    },
    { input: 1300, output: 90, total: 1390, cacheRead: 1024, reasoning: 64 },
  ],
  [
    "Anthropic's",
    {
      input_tokens: 120,
      output_tokens: 60,
      cache_read_input_tokens: 2000,
      cache_creation_input_tokens: 300,
    },
    { input: 2420, output: 60, total: 2480, cacheRead: 2000, cacheWrite: 300 },
  ],
  [
    "Gemini's",
    {
      promptTokenCount: 1500,
      candidatesTokenCount: 70,
      thoughtsTokenCount: 50,
      cachedContentTokenCount: 1000,
      totalTokenCount: 1620,
    },
    { input: 1500, output: 120, total: 1620, cacheRead: 1000, reasoning: 50 },
  ],
  [
    "Langfuse's parts",
    { input: 400, input_cached_tokens: 600, output: 50, total: 1050 },
    { input: 1000, output: 50, total: 1050, cacheRead: 600 },
  ],
])("counts in the shape of %s are read as the contract has them", (_, usage, counts) => {
  expect<unknown>(countsIn(usage)).toEqual(counts);
  expect<unknown>(countsIn(JSON.stringify(usage))).toEqual(counts);
});

test("a value without counts has none", () => {
  for (const value of [undefined, null, "", "many", [], {}, { input: -1 }]) {
    expect(countsIn(value)).toBeUndefined();
    expect(rawCountsIn(value)).toBeUndefined();
  }
});
