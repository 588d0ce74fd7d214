/** Whether what a call costs by a price is what it will be billed. */
import { expect, test } from "bun:test";
import { loadPrices } from "../../src/pricing/book.ts";
import { receiptFor, type Call } from "../../src/pricing/call.ts";
import { PriceList } from "../../src/pricing/resolve.ts";
import { PriceRules, type PriceRule } from "../../src/pricing/rules.ts";

const book = await loadPrices();
const noon = Date.UTC(2026, 10, 26, 12);
const usage = { inputTokens: 2_000, cachedInputTokens: 1_000, outputTokens: 500 };

function receipt(call: Partial<Call>, model = "gpt-5-mini", prices?: PriceRule["prices"]) {
  const rules = prices
    ? [{ id: "r", provider: "*", model: "*", prices, createdAt: 0 } satisfies PriceRule]
    : [];
  const provider = model.includes(":") ? "openrouter" : "openai";
  const found = new PriceList(book, new PriceRules(rules)).resolve(provider, model, noon)!;
  return receiptFor({ spanType: "llm", usage, ...call }, found);
}

test.each(["flex", "priority", "batch", "Priority ", "fast", "PROVISIONED_THROUGHPUT"])(
  "a call in the tier %p is estimated: the list has the standard price alone",
  (serviceTier) => {
    expect(receipt({ x: { serviceTier } })).toMatchObject({
      total: 1_275_000_000n, // 1,000 × 0.25 + 1,000 × 0.025 + 500 × 2, per million
      missing: [],
      unpricedTier: serviceTier.trim(),
      isEstimated: true,
    });
  },
);

test.each([undefined, "", "default", "auto", "standard", "Standard", "ON_DEMAND", "normal"])(
  "one in the tier %p costs what the list says",
  (serviceTier) => {
    const x = serviceTier === undefined ? {} : { serviceTier };
    expect(receipt({ x })).toMatchObject({ unpricedTier: null, isEstimated: false });
  },
);

test("a tier that the list has as a model of its own is priced", () => {
  const x = { serviceTier: "batch" };
  const listed = receipt({ x }, "openai/gpt-6-luna:batch");
  expect(listed).toMatchObject({ unpricedTier: null, isEstimated: false });
});

test("a rule is the whole price of the calls that it matches, whatever their tier", () => {
  const x = { serviceTier: "flex" };
  const prices = { input: "1", output: "1" };
  expect(receipt({ x }, "gpt-5-mini", prices)).toMatchObject({
    total: 2_500_000_000n,
    unpricedTier: null,
    isEstimated: false,
  });
});

test("what has no price of its own makes a total an estimate", () => {
  const searched = { ...usage, webSearchCount: 1 };
  expect(receipt({ usage: searched })).toMatchObject({ missing: [], isEstimated: false });
  const prices = { input: "1", output: "1" };
  expect(receipt({ usage: searched }, "gpt-5-mini", prices)).toMatchObject({
    missing: ["search"],
    isEstimated: true,
  });
});

test("the total of an embedding is its input; that of a model call says nothing", () => {
  const total = { usage: { totalTokens: 77 } };
  const model = "text-embedding-3-small";
  expect(receipt({ ...total, spanType: "embedding" }, model)).toMatchObject({
    total: 1_540_000n,
    isEstimated: false,
  });
  expect(receipt({ ...total, spanType: "llm" }, model)).toBeNull();
});
