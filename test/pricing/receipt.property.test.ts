/** What holds for the receipt of any call at any price. */
import { expect, test } from "bun:test";
import fc from "fast-check";
import type { Usage, UsageDetails } from "../../src/contract/v1.ts";
import { loadPrices } from "../../src/pricing/book.ts";
import { rateOf } from "../../src/pricing/money.ts";
import { dimensions, ratesOf, type Prices, type PriceTable } from "../../src/pricing/rates.ts";
import { price, type Receipt } from "../../src/pricing/receipt.ts";

const count = () => fc.oneof(fc.nat(300_000), fc.maxSafeNat(), fc.constant(2 ** 53 - 1));
const usages: fc.Arbitrary<Usage> = fc.record(
  {
    inputTokens: count(),
    outputTokens: count(),
    totalTokens: count(),
    reasoningTokens: count(),
    cachedInputTokens: count(),
    cacheWriteInputTokens: count(),
    imageCount: count(),
    webSearchCount: count(),
    requestCount: count(),
  },
  { requiredKeys: [] },
);

const decimals = (maxDecimals: number) =>
  fc.tuple(fc.nat(10 ** 6), fc.nat(maxDecimals)).map(([digits, decimals]) => {
    const text = String(digits).padStart(decimals + 1, "0");
    return decimals === 0 ? text : `${text.slice(0, -decimals)}.${text.slice(-decimals)}`;
  });
const tables = (usd: fc.Arbitrary<string>): fc.Arbitrary<PriceTable> =>
  fc.record(Object.fromEntries(dimensions.map((dimension) => [dimension, usd])), {
    requiredKeys: [],
  });
const pricesWith = (usd: fc.Arbitrary<string>): fc.Arbitrary<Prices> =>
  fc
    .tuple(tables(usd), fc.array(fc.tuple(fc.nat(300_000), tables(usd)), { maxLength: 2 }))
    .map(([base, tiers]) => ({
      ...base,
      tiers: tiers.map(([above, table]) => ({ above, ...table })),
    }));
/** Up to a millionth of a pico-dollar a token, so that lines are rounded. */
const prices = pricesWith(decimals(12));

function quantityOf({ lines }: Receipt, ...wanted: string[]): bigint {
  return lines
    .filter(({ dimension }) => wanted.includes(dimension))
    .reduce((sum, { quantity }) => sum + BigInt(quantity), 0n);
}

const max = (a: bigint, b: bigint) => (a > b ? a : b);

test("the lines add up to the total", () => {
  fc.assert(
    fc.property(usages, prices, (usage, prices) => {
      const receipt = price(usage, ratesOf(prices));
      if (!receipt) return;
      expect(receipt.lines.reduce((sum, { amount }) => sum + amount, 0n)).toBe(receipt.total);
      const order = receipt.lines.map(({ dimension }) => dimensions.indexOf(dimension));
      expect(order).toEqual(order.toSorted((a, b) => a - b));
      for (const { quantity, unitPrice, amount } of receipt.lines) {
        // Within half a pico-dollar of the product, which has at most 18 decimals.
        const product = BigInt(quantity) * rateOf(`${unitPrice}e6`, 0).pico;
        const difference = product - amount * 1_000_000n;
        expect(difference >= -500_000n && difference < 500_000n).toBe(true);
      }
    }),
  );
});

test("every token is billed exactly once", () => {
  const complete = prices.filter(({ input, output }) => !!input && !!output);
  fc.assert(
    fc.property(usages, complete, (usage, { tiers: _, ...prices }) => {
      const receipt = price(usage, ratesOf(prices));
      if (!receipt) return;
      const { inputTokens: input = 0, outputTokens: output = 0, reasoningTokens = 0 } = usage;
      const { cachedInputTokens: read = 0, cacheWriteInputTokens: written = 0 } = usage;
      expect(quantityOf(receipt, "input", "cacheRead", "cacheWrite")).toBe(
        max(BigInt(input), BigInt(read) + BigInt(written)),
      );
      expect(quantityOf(receipt, "output", "reasoning")).toBe(
        BigInt(Math.max(output, reasoningTokens)),
      );
    }),
  );
});

/** Of text, audio, images and video. */
const fourCounts = fc.array(fc.nat(10 ** 9), { minLength: 4, maxLength: 4 });
/** A call whose counts are told by what they consist of, and what they consist of. */
const detailedCalls = fc
  .record({
    fresh: fourCounts,
    read: fourCounts,
    written: fc.tuple(fc.nat(10 ** 9), fc.nat(10 ** 9)),
    made: fourCounts,
    reasoning: fc.nat(10 ** 9),
    isCacheTold: fc.boolean(),
  })
  .map(({ fresh, read, written, made, reasoning, isCacheTold }) => {
    const sum = (counts: number[]) => counts.reduce((sum, count) => sum + count, 0);
    const whole = (modality: number) => fresh[modality]! + read[modality]!;
    const usage = {
      inputTokens: sum(fresh) + sum(read) + sum(written),
      cachedInputTokens: sum(read),
      cacheWriteInputTokens: sum(written),
      outputTokens: sum(made) + reasoning,
      reasoningTokens: reasoning,
    };
    const details: UsageDetails = {
      audioInputTokens: whole(1),
      imageInputTokens: whole(2),
      videoInputTokens: whole(3),
      ...(isCacheTold && {
        textCachedInputTokens: read[0]!,
        audioCachedInputTokens: read[1]!,
        imageCachedInputTokens: read[2]!,
        videoCachedInputTokens: read[3]!,
      }),
      cacheWrite5mInputTokens: written[0],
      cacheWrite1hInputTokens: written[1],
      audioOutputTokens: made[1]!,
      imageOutputTokens: made[2]!,
      videoOutputTokens: made[3]!,
    };
    return { usage, details };
  });
const ofInput = ["input", "audioInput", "imageInput", "videoInput", "cacheRead"].concat([
  ...["audioCacheRead", "imageCacheRead", "cacheWrite", "cacheWrite1h"],
]);
const ofOutput = ["output", "audioOutput", "imageOutput", "videoOutput", "reasoning"];

test("every token is billed exactly once, whatever it is told to be", () => {
  const complete = prices.filter(({ input, output }) => !!input && !!output);
  fc.assert(
    fc.property(detailedCalls, complete, ({ usage, details }, { tiers: _, ...prices }) => {
      const receipt = price(usage, ratesOf(prices), details)!;
      expect(quantityOf(receipt, ...ofInput)).toBe(BigInt(usage.inputTokens));
      expect(quantityOf(receipt, ...ofOutput)).toBe(BigInt(usage.outputTokens));
      expect(receipt.lines.reduce((sum, { amount }) => sum + amount, 0n)).toBe(receipt.total);
      const order = receipt.lines.map(({ dimension }) => dimensions.indexOf(dimension));
      expect(order).toEqual(order.toSorted((a, b) => a - b));
    }),
  );
});

test("what a call is told to consist of does not matter where all of it costs the same", () => {
  fc.assert(
    fc.property(detailedCalls, decimals(6), fc.boolean(), ({ usage, details }, usd, isNamed) => {
      const all = Object.fromEntries([...ofInput, ...ofOutput].map((kind) => [kind, usd]));
      const rates = ratesOf(isNamed ? all : { input: usd, output: usd });
      const { inputTokens, outputTokens } = usage;
      expect(price(usage, rates, details)!.total).toBe(
        price({ inputTokens, outputTokens }, rates)!.total,
      );
    }),
  );
});

test("what is used is billed or missing, and nothing is both", () => {
  fc.assert(
    fc.property(usages, prices, (usage, prices) => {
      const receipt = price(usage, ratesOf(prices));
      if (!receipt) return;
      const { imageCount: image, webSearchCount: search } = usage;
      for (const [dimension, used] of Object.entries({ image, search })) {
        const isThere = quantityOf(receipt, dimension) > 0n;
        const isMissing = receipt.missing.some((missing) => missing === dimension);
        expect(isThere || isMissing).toBe((used ?? 0) > 0);
        expect(isThere && isMissing).toBe(false);
      }
      expect(new Set(receipt.missing).size).toBe(receipt.missing.length);
    }),
  );
});

const growing = ["inputTokens", "outputTokens", "imageCount", "webSearchCount"] as const;

test("a call that uses more of one thing never costs less", () => {
  fc.assert(
    fc.property(
      usages,
      prices,
      fc.constantFrom(...growing),
      count(),
      (usage, { tiers: _, ...prices }, field, more) => {
        const rates = ratesOf(prices);
        const less = price(usage, rates)?.total ?? 0n;
        const grown = Math.min(2 ** 53 - 1, (usage[field] ?? 0) + more);
        const total = price({ ...usage, [field]: grown }, rates)?.total ?? 0n;
        expect(total >= less).toBe(true);
      },
    ),
  );
});

test("nor does it in any tier of the list prices", async () => {
  const gemini = (await loadPrices()).find("google", "gemini-2.5-pro")!.priceAt(0)!;
  fc.assert(
    fc.property(fc.nat(400_000), fc.nat(400_000), fc.nat(10_000), (a, b, outputTokens) => {
      const totalOf = (inputTokens: number) =>
        price({ inputTokens, outputTokens }, gemini.rates)!.total;
      expect(totalOf(Math.max(a, b)) >= totalOf(Math.min(a, b))).toBe(true);
    }),
  );
});

test("how the input is split does not matter where all of it costs the same", () => {
  const counts = fc.tuple(fc.nat(10 ** 9), fc.nat(10 ** 9), fc.nat(10 ** 9));
  // Whole pico-dollars a token: finer prices are rounded on each line.
  fc.assert(
    fc.property(counts, decimals(6), fc.boolean(), ([prompt, read, written], usd, isNamed) => {
      const named = isNamed ? { cacheRead: usd, cacheWrite: usd } : {};
      const rates = ratesOf({ input: usd, ...named });
      const inputTokens = prompt + read + written;
      const split = { inputTokens, cachedInputTokens: read, cacheWriteInputTokens: written };
      expect(price(split, rates)!.total).toBe(price({ inputTokens }, rates)!.total);
    }),
  );
});

test("prices come back from JSON as the same rates", () => {
  fc.assert(
    fc.property(prices, (prices) => {
      expect(ratesOf(JSON.parse(JSON.stringify(prices)))).toEqual(ratesOf(prices));
    }),
  );
});
