import { expect, test } from "bun:test";
import { Value } from "@sinclair/typebox/value";
import fc from "fast-check";
import { loadPrices } from "../../src/pricing/book.ts";
import { price } from "../../src/pricing/receipt.ts";
import { PriceList } from "../../src/pricing/resolve.ts";
import { globOf, PriceRule, PriceRules } from "../../src/pricing/rules.ts";

const book = await loadPrices();
const day = 24 * 3_600_000;

function rule(part: Partial<PriceRule>): PriceRule {
  return { id: "r", provider: "*", model: "*", prices: { input: "1" }, createdAt: 0, ...part };
}

function sourceOf(rules: PriceRule[], provider: string | undefined, modelId: string) {
  return new PriceList(book, new PriceRules(rules)).resolve(provider, modelId, 0)?.source;
}

test("a rule wins over the list price, and says when it was made", () => {
  const rules = [
    rule({ id: "ours", provider: "openai", model: "gpt-4o*", createdAt: 20_000 * day }),
  ];
  const list = new PriceList(book, new PriceRules(rules));
  expect(list.resolve("openai.chat", "GPT-4o-mini", 0)).toMatchObject({
    provider: "openai",
    model: "gpt-4o-mini",
    prices: { input: "1" },
    source: "rule ours",
    sourceDate: "2024-10-04",
  });
  expect(list.resolve("openai.chat", "gpt-4.1", 0)?.source).toBe("genai-prices 0.1.8");
});

test("of the rules that match the newest wins, of the same time the last", () => {
  const [old, young] = [rule({ id: "old", createdAt: 1 }), rule({ id: "young", createdAt: 2 })];
  const narrow = rule({ id: "narrow", model: "gpt-4o", createdAt: 0 });
  expect(sourceOf([old, young, narrow], "openai", "gpt-4o")).toBe("rule young");
  expect(sourceOf([young, narrow, old], "openai", "gpt-4o")).toBe("rule young");
  expect(sourceOf([rule({ id: "a" }), rule({ id: "b" })], "openai", "gpt-4o")).toBe("rule b");
});

test.each([
  ["*", "*", undefined, "llama3.2"],
  ["ollama", "*", "ollama", "llama3.2"],
  ["Ollama", "Llama*", "ollama", "llama3.2"],
  ["bedrock", "*", "amazon-bedrock", "amazon.nova-pro-v1:0"],
  ["aws", "*nova*", "aws.bedrock", "us.amazon.nova-pro-v1:0"],
  ["openai", "gpt-4o", "openai.responses", "gpt-4o"],
  ["openai.*", "gpt-4o", "openai.responses", "gpt-4o"],
  ["google", "gemini-*", "google.generative-ai", "models/gemini-2.5-pro"],
  ["openai", "gpt-4o", "openai", "openai/gpt-4o"],
  ["my proxy", "*", "my proxy", "x"],
])("a rule for %p, %p holds for %p, %p", (provider, model, sentProvider, sentModel) => {
  expect(sourceOf([rule({ provider, model })], sentProvider, sentModel)).toBe("rule r");
});

test.each([
  ["ollama", "*", undefined, "llama3.2"],
  ["openai.responses", "*", "openai.chat", "gpt-4o"],
  ["openai.*", "*", "openai", "gpt-4o"],
  ["openai", "*", "azure-openai", "gpt-4o"],
  ["*", "gpt-4", "openai", "gpt-4o"],
  ["*", "*gpt-4", "openai", "gpt-4o"],
])("a rule for %p, %p does not hold for %p, %p", (provider, model, sentProvider, sentModel) => {
  expect(sourceOf([rule({ provider, model })], sentProvider, sentModel)).not.toBe("rule r");
});

test.each([
  ["*", "", true],
  ["a*", "a", true],
  ["*a", "ba", true],
  ["a*a", "a", false],
  ["a*a", "aa", true],
  ["a*b*c", "a--b--c", true],
  ["a*b*c", "a--c--b", false],
  ["a**c", "abc", true],
  ["a.c", "abc", false],
  ["A*", "abc", true],
])("%p on %p: %p", (pattern, text, isMatch) => {
  expect(globOf(pattern)(text)).toBe(isMatch);
});

test("a pattern matches what the regular expression for it does", () => {
  const text = (unit: string) => fc.string({ unit: fc.constantFrom(...unit), maxLength: 12 });
  fc.assert(
    fc.property(text("ab*"), text("ab"), (pattern, sample) => {
      const expression = new RegExp(`^${pattern.replaceAll("*", ".*")}$`);
      expect(globOf(pattern)(sample)).toBe(expression.test(sample));
    }),
  );
});

function costOf(prices: PriceRule["prices"], usage: Parameters<typeof price>[0]) {
  const rules = new PriceRules([rule({ prices })]);
  const receipt = price(usage, rules.find(undefined, ["m"])!.price.rates);
  return receipt && { total: receipt.total, missing: receipt.missing };
}

test("what a rule does not name costs what it is a part of", () => {
  const usage = {
    inputTokens: 10,
    cachedInputTokens: 4,
    cacheWriteInputTokens: 3,
    outputTokens: 7,
    reasoningTokens: 5,
    requestCount: 1,
  };
  // 10 × 2 µUSD + 7 × 3 µUSD; a request is free.
  expect(costOf({ input: "2", output: "3" }, usage)).toEqual({ total: 41_000_000n, missing: [] });
});

test("what a rule does not name and nothing stands for is missing where it was used", () => {
  const usage = { inputTokens: 10, outputTokens: 7, imageCount: 1, webSearchCount: 2 };
  expect(costOf({ input: "2" }, usage)).toEqual({
    total: 20_000_000n,
    missing: ["output", "image", "search"],
  });
  expect(
    costOf({ input: "2", output: "3" }, { inputTokens: 10, outputTokens: 7, imageCount: 0 }),
  ).toEqual({ total: 41_000_000n, missing: [] });
});

test("a rule of zeros says that the model is free, all of it", () => {
  const usage = { inputTokens: 10, outputTokens: 7, reasoningTokens: 3, imageCount: 2 };
  expect(costOf({ input: "0" }, { ...usage, webSearchCount: 2 })).toEqual({
    total: 0n,
    missing: [],
  });
  expect(costOf({ input: "0.0" }, usage)).toEqual({ total: 0n, missing: [] });
});

test.each([
  [{ prices: { output: "0.000000000001" } }],
  [{ prices: { input: "999999999", request: "0.05" } }],
  [{ createdAt: 8_640_000_000_000_000 }],
])("a rule may say %j", (part) => {
  expect(Value.Check(PriceRule, rule(part))).toBe(true);
  new PriceRules([rule(part)]).find("p", ["m"]);
});

test.each([
  [{ id: "" }],
  [{ provider: "" }],
  [{ model: "" }],
  [{ prices: {} }],
  [{ prices: { tokens: "1" } }],
  [{ prices: { input: 1 } }],
  [{ prices: { input: "-1" } }],
  [{ prices: { input: "1e3" } }],
  [{ prices: { input: "1," } }],
  [{ prices: { input: "01" } }],
  [{ prices: { input: "1." } }],
  [{ prices: { input: "0.0000000000001" } }],
  [{ createdAt: 8_640_000_000_000_001 }],
  [{ extra: true }],
])("a rule may not say %j", (part) => {
  expect(Value.Check(PriceRule, { ...rule({}), ...part })).toBe(false);
});

test("a rule for either name of a call's model wins over a list price, the newest of them first", () => {
  const resolve = (...rules: PriceRule[]) =>
    new PriceList(book, new PriceRules(rules)).resolve("openai", "gpt-4.1", 0, "router-1");
  const asked = rule({ id: "asked", model: "router-*", createdAt: 1 });
  const answered = rule({ id: "answered", model: "gpt-4.1", createdAt: 2 });
  expect(resolve(asked)).toMatchObject({ source: "rule asked", foundBy: "requestModelId" });
  expect(resolve(asked, answered)?.source).toBe("rule answered");
  expect(resolve(asked, answered)).not.toHaveProperty("foundBy");
  expect(resolve({ ...asked, createdAt: 3 }, answered)?.source).toBe("rule asked");
  expect(resolve(rule({ id: "all" }))).not.toHaveProperty("foundBy");
});

test("a rule that names one price for cache writes means those for an hour, too", () => {
  const usage = { inputTokens: 10, outputTokens: 0 };
  const costOfWrites = (prices: PriceRule["prices"]) => {
    const { rates } = new PriceRules([rule({ prices })]).find(undefined, ["m"])!.price;
    const receipt = price(usage, rates, { cacheWrite1hInputTokens: 10 })!;
    return { total: receipt.total, missing: receipt.missing };
  };
  const base = { input: "1", output: "1" };
  expect(costOfWrites(base)).toEqual({ total: 10_000_000n, missing: [] });
  expect(costOfWrites({ ...base, cacheWrite: "2" })).toEqual({ total: 20_000_000n, missing: [] });
  expect(costOfWrites({ ...base, cacheWrite: "2", cacheWrite1h: "4" })).toEqual({
    total: 40_000_000n,
    missing: [],
  });
});
