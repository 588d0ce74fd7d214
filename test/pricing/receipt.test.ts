/** Receipts of real calls, reckoned by hand. */
import { expect, test } from "bun:test";
import type { Usage, UsageDetails } from "../../src/contract/v1.ts";
import { loadPrices } from "../../src/pricing/book.ts";
import { toUsd } from "../../src/pricing/money.ts";
import { ratesOf } from "../../src/pricing/rates.ts";
import { price, type Receipt } from "../../src/pricing/receipt.ts";
import { PriceList } from "../../src/pricing/resolve.ts";
import { PriceRules, type PriceRule } from "../../src/pricing/rules.ts";

const rules: PriceRule[] = [
  {
    id: "local",
    provider: "ollama",
    model: "*",
    prices: { input: "0", output: "0" },
    createdAt: 0,
  },
  { id: "images", provider: "openai", model: "dall-e-3", prices: { image: "0.04" }, createdAt: 0 },
];
const list = new PriceList(await loadPrices(), new PriceRules(rules));
const noon = Date.UTC(2026, 10, 26, 12);

/** The receipt with its amounts in USD, or null. */
function receipt(provider: string, modelId: string, usage: Usage, atMs = noon) {
  const found = list.resolve(provider, modelId, atMs);
  return found && shown(price(usage, found.rates));
}

/** The same of a call whose counts are told by what they consist of. */
function detailed(provider: string, modelId: string, usage: Usage, details: UsageDetails) {
  return shown(price(usage, list.resolve(provider, modelId, noon)!.rates, details));
}

function shown(receipt: Receipt | null) {
  return (
    receipt && {
      lines: receipt.lines.map(({ dimension, quantity, unitPrice, amount }) => [
        dimension,
        quantity,
        unitPrice,
        toUsd(amount),
      ]),
      total: toUsd(receipt.total),
      missing: receipt.missing,
    }
  );
}

test("OpenAI with cached input", () => {
  const usage = {
    inputTokens: 12_000,
    cachedInputTokens: 9_216,
    outputTokens: 350,
    totalTokens: 12_350,
  };
  expect(receipt("openai.responses", "gpt-4o-2024-11-20", usage)).toEqual({
    lines: [
      ["input", 2_784, "0.0000025", "0.00696"], // 12,000 − 9,216
      ["cacheRead", 9_216, "0.00000125", "0.01152"],
      ["output", 350, "0.00001", "0.0035"],
    ],
    total: "0.02198",
    missing: [],
  });
});

test("Anthropic with a cache write and a cache read", () => {
  const usage = {
    inputTokens: 21_500,
    cachedInputTokens: 18_000,
    cacheWriteInputTokens: 2_000,
    outputTokens: 800,
  };
  expect(receipt("anthropic.messages", "claude-sonnet-4-20250514", usage)).toEqual({
    lines: [
      ["input", 1_500, "0.000003", "0.0045"], // 21,500 − 18,000 − 2,000
      ["cacheRead", 18_000, "0.0000003", "0.0054"],
      ["cacheWrite", 2_000, "0.00000375", "0.0075"],
      ["output", 800, "0.000015", "0.012"],
    ],
    total: "0.0294",
    missing: [],
  });
});

test("Claude on Bedrock, in a region: a tenth more", () => {
  const usage = { inputTokens: 1_000, outputTokens: 1_000 };
  const modelId = "eu.anthropic.claude-sonnet-4-5-20250929-v1:0";
  // 1,000 × 0.0000033 + 1,000 × 0.0000165
  expect(receipt("amazon-bedrock", modelId, usage)?.total).toBe("0.0198");
});

test("Gemini at the edge of its tier", () => {
  expect(
    receipt("google.generative-ai", "gemini-2.5-pro", {
      inputTokens: 200_000,
      outputTokens: 1_000,
    }),
  ).toEqual({
    lines: [
      ["input", 200_000, "0.00000125", "0.25"],
      ["output", 1_000, "0.00001", "0.01"],
    ],
    total: "0.26",
    missing: [],
  });
});

test("Gemini above it: the whole input decides, and all tokens cost more", () => {
  expect(
    receipt("google.generative-ai", "gemini-2.5-pro", {
      inputTokens: 250_000,
      cachedInputTokens: 240_000,
      outputTokens: 500,
      reasoningTokens: 300,
    }),
  ).toEqual({
    lines: [
      ["input", 10_000, "0.0000025", "0.025"],
      ["cacheRead", 240_000, "0.00000025", "0.06"],
      ["output", 500, "0.000015", "0.0075"],
    ],
    total: "0.0925",
    missing: [],
  });
  const oneMore = { inputTokens: 200_001, outputTokens: 1_000 };
  // 200,001 × 0.0000025 + 1,000 × 0.000015
  expect(receipt("vertex_ai", "gemini-2.5-pro", oneMore)?.total).toBe("0.5150025");
});

test("a reasoning model whose reasoning costs what its output does", () => {
  const usage = { inputTokens: 1_000, outputTokens: 5_000, reasoningTokens: 4_200 };
  expect(receipt("openai", "o4-mini", usage)).toEqual({
    lines: [
      ["input", 1_000, "0.0000011", "0.0011"],
      ["output", 5_000, "0.0000044", "0.022"],
    ],
    total: "0.0231",
    missing: [],
  });
});

test("one whose reasoning has a price of its own, and that searches", () => {
  const usage = {
    inputTokens: 33,
    outputTokens: 11_000,
    reasoningTokens: 9_000,
    webSearchCount: 30,
  };
  expect(receipt("perplexity", "sonar-deep-research", usage)).toEqual({
    lines: [
      ["input", 33, "0.000002", "0.000066"],
      ["output", 2_000, "0.000008", "0.016"], // 11,000 − 9,000
      ["reasoning", 9_000, "0.000003", "0.027"],
      ["search", 30, "0.005", "0.15"],
    ],
    total: "0.193066",
    missing: [],
  });
});

test("an embedding: no output is missing", () => {
  expect(receipt("openai.embedding", "text-embedding-3-small", { inputTokens: 8_191 })).toEqual({
    lines: [["input", 8_191, "0.00000002", "0.00016382"]],
    total: "0.00016382",
    missing: [],
  });
});

test("images, by a rule", () => {
  expect(receipt("openai.image", "dall-e-3", { imageCount: 3 })).toEqual({
    lines: [["image", 3, "0.04", "0.12"]],
    total: "0.12",
    missing: [],
  });
});

test("images that no price is known of", () => {
  const usage = { inputTokens: 100, outputTokens: 1_056, imageCount: 1 };
  expect(receipt("openai", "gpt-image-1", usage)).toEqual({
    lines: [
      ["input", 100, "0.000005", "0.0005"],
      ["output", 1_056, "0.00004", "0.04224"],
    ],
    total: "0.04274",
    missing: ["image"],
  });
});

test("Anthropic with a web search", () => {
  const usage = { inputTokens: 6_039, outputTokens: 931, webSearchCount: 3, requestCount: 1 };
  expect(receipt("anthropic", "claude-sonnet-4-20250514", usage)).toEqual({
    lines: [
      ["input", 6_039, "0.000003", "0.018117"],
      ["output", 931, "0.000015", "0.013965"],
      ["search", 3, "0.01", "0.03"],
    ],
    total: "0.062082",
    missing: [],
  });
});

test("a provider that charges for the request: one, unless more are reported", () => {
  const usage = { inputTokens: 10, outputTokens: 100 };
  expect(receipt("perplexity", "sonar", usage)).toEqual({
    lines: [
      ["input", 10, "0.000001", "0.00001"],
      ["output", 100, "0.000001", "0.0001"],
      ["request", 1, "0.012", "0.012"],
    ],
    total: "0.01211",
    missing: [],
  });
  expect(receipt("perplexity", "sonar", { ...usage, requestCount: 3 })?.total).toBe("0.03611");
  expect(receipt("perplexity", "sonar", {})).toBeNull();
});

test("an unknown model has no receipt", () => {
  expect(receipt("openai", "gpt-9-ultra", { inputTokens: 1_000, outputTokens: 1_000 })).toBeNull();
});

test("a local model that a rule makes free costs nothing, which is known", () => {
  const usage = { inputTokens: 4_096, outputTokens: 512 };
  expect(receipt("ollama", "llama3.2", usage)).toEqual({
    lines: [
      ["input", 4_096, "0", "0"],
      ["output", 512, "0", "0"],
    ],
    total: "0",
    missing: [],
  });
  expect(receipt("ollama", "llama3.2", { outputTokens: 512 })?.missing).toEqual([]);
});

test("partial usage is priced as far as it is known", () => {
  expect(receipt("openai", "gpt-4o", { outputTokens: 350 })).toEqual({
    lines: [["output", 350, "0.00001", "0.0035"]],
    total: "0.0035",
    missing: ["input"],
  });
  expect(receipt("openai", "gpt-4o", { inputTokens: 0 })).toEqual({
    lines: [],
    total: "0",
    missing: ["output"],
  });
  expect(receipt("openai", "gpt-4o", { cachedInputTokens: 100, reasoningTokens: 10 })).toEqual({
    lines: [
      ["cacheRead", 100, "0.00000125", "0.000125"],
      ["reasoning", 10, "0.00001", "0.0001"],
    ],
    total: "0.000225",
    missing: ["input", "output"],
  });
});

test("no usage has no receipt", () => {
  expect(receipt("openai", "gpt-4o", {})).toBeNull();
  expect(receipt("openai", "gpt-4o", { totalTokens: 9 })).toBeNull();
  expect(receipt("openai", "gpt-4o", { requestCount: 1 })).toBeNull();
  expect(receipt("ollama", "llama3.2", {})).toBeNull();
});

test("counts of 2^53 − 1", () => {
  const count = 2 ** 53 - 1; // 9,007,199,254,740,991
  const usage = { inputTokens: count, outputTokens: count };
  expect(receipt("openai", "gpt-4o", usage)).toEqual({
    lines: [
      ["input", count, "0.0000025", "22517998136.8524775"],
      ["output", count, "0.00001", "90071992547.40991"],
    ],
    total: "112589990684.2623875",
    missing: [],
  });
  const cached = { cachedInputTokens: count, cacheWriteInputTokens: count };
  // Twice 2^53 − 1 at 0.00000125 and 0.0000025, and nothing beside it.
  expect(receipt("openai", "gpt-4o", { ...usage, ...cached, outputTokens: 0 })).toEqual({
    lines: [
      ["cacheRead", count, "0.00000125", "11258999068.42623875"],
      ["cacheWrite", count, "0.0000025", "22517998136.8524775"],
    ],
    total: "33776997205.27871625",
    missing: [],
  });
});

test("a call is billed by the price of its time", () => {
  const usage = { inputTokens: 1_000_000, outputTokens: 0 };
  expect(receipt("openai", "o3", usage, Date.UTC(2025, 5, 9))?.total).toBe("10");
  expect(receipt("openai", "o3", usage, Date.UTC(2025, 5, 10))?.total).toBe("2");
});

test("a model without a price for cached input bills it as input", () => {
  const usage = { inputTokens: 1_000, cachedInputTokens: 600, outputTokens: 0 };
  expect(receipt("openai", "gpt-4", usage)).toEqual({
    lines: [
      ["input", 400, "0.00003", "0.012"],
      ["cacheRead", 600, "0.00003", "0.018"],
    ],
    total: "0.03",
    missing: [],
  });
});

test("where parts exceed the whole, the parts are billed as reported", () => {
  const cached = { inputTokens: 100, cachedInputTokens: 500, outputTokens: 0 };
  expect(receipt("openai", "gpt-4o", cached)?.lines).toEqual([
    ["cacheRead", 500, "0.00000125", "0.000625"],
  ]);
  const reasoned = { inputTokens: 0, outputTokens: 100, reasoningTokens: 500 };
  expect(receipt("openai", "o4-mini", reasoned)?.lines).toEqual([
    ["output", 500, "0.0000044", "0.0022"],
  ]);
  expect(receipt("perplexity", "sonar-deep-research", reasoned)?.lines).toEqual([
    ["reasoning", 500, "0.000003", "0.0015"],
  ]);
  // What was read is input, so it decides the tier, too.
  const long = { inputTokens: 1, cachedInputTokens: 200_001, outputTokens: 0 };
  expect(receipt("google", "gemini-2.5-pro", long)?.lines).toEqual([
    ["cacheRead", 200_001, "0.00000025", "0.05000025"],
  ]);
});

test("the highest tier that the input reaches holds", () => {
  const tiers = [
    { above: 10, input: "2" },
    { above: 20, input: "3" },
  ];
  const rates = ratesOf({ input: "1", tiers });
  const totals = [10, 11, 20, 21].map((inputTokens) => price({ inputTokens }, rates)?.total);
  expect(totals).toEqual([10_000_000n, 22_000_000n, 40_000_000n, 63_000_000n]);
});

test("a receipt says what could not be priced", () => {
  const usage = { inputTokens: 12_000, cachedInputTokens: 9_216, imageCount: 1 };
  expect(shown(price(usage, list.resolve("openai", "gpt-4o", noon)!.rates)!)).toEqual({
    lines: [
      ["input", 2_784, "0.0000025", "0.00696"],
      ["cacheRead", 9_216, "0.00000125", "0.01152"],
    ],
    total: "0.01848",
    missing: ["output", "image"],
  });
});

test("cache writes for an hour cost more than those for five minutes", () => {
  const usage = {
    inputTokens: 38_187,
    cachedInputTokens: 1_000,
    cacheWriteInputTokens: 37_175,
    outputTokens: 200,
  };
  const details = { cacheWrite5mInputTokens: 175, cacheWrite1hInputTokens: 37_000 };
  expect(detailed("anthropic", "claude-sonnet-4-5", usage, details)).toEqual({
    lines: [
      ["input", 12, "0.000003", "0.000036"], // 38,187 − 1,000 − 37,175
      ["cacheRead", 1_000, "0.0000003", "0.0003"],
      ["cacheWrite", 175, "0.00000375", "0.00065625"],
      ["cacheWrite1h", 37_000, "0.000006", "0.222"],
      ["output", 200, "0.000015", "0.003"],
    ],
    total: "0.22599225",
    missing: [],
  });
});

test("above a tier all writes cost its price, and the lifetimes alone say how many there were", () => {
  const usage = { inputTokens: 300_000, outputTokens: 0 };
  const details = { cacheWrite5mInputTokens: 1_000, cacheWrite1hInputTokens: 2_000 };
  expect(detailed("anthropic", "claude-sonnet-4-5", usage, details)?.lines).toEqual([
    ["input", 297_000, "0.000006", "1.782"],
    ["cacheWrite", 1_000, "0.0000075", "0.0075"],
    ["cacheWrite1h", 2_000, "0.000012", "0.024"],
  ]);
});

test("writes for an hour that the list has no price for are billed as others, and named", () => {
  // Google's list for Claude has one price for writes.
  const usage = { inputTokens: 5_000, cacheWriteInputTokens: 4_000, outputTokens: 0 };
  const details = { cacheWrite1hInputTokens: 4_000 };
  expect(detailed("vertex_ai", "claude-sonnet-4-5", usage, details)).toEqual({
    lines: [
      ["input", 1_000, "0.000003", "0.003"],
      ["cacheWrite", 4_000, "0.00000375", "0.015"],
    ],
    total: "0.018",
    missing: ["cacheWrite1h"],
  });
  // OpenAI has no lifetimes: there is nothing that it could miss.
  expect(detailed("openai", "gpt-4o", usage, details)?.missing).toEqual([]);
});

test("audio in and out", () => {
  const usage = { inputTokens: 1_015, outputTokens: 47 };
  const details = { audioInputTokens: 1_000, audioOutputTokens: 34 };
  expect(detailed("openai", "gpt-audio-mini", usage, details)).toEqual({
    lines: [
      ["input", 15, "0.0000006", "0.000009"], // 1,015 − 1,000
      ["audioInput", 1_000, "0.00001", "0.01"],
      ["output", 13, "0.0000024", "0.0000312"], // 47 − 34
      ["audioOutput", 34, "0.00002", "0.00068"],
    ],
    total: "0.0107202",
    missing: [],
  });
});

test("what was cached of audio and images is taken out of both", () => {
  const usage = { inputTokens: 1_000, cachedInputTokens: 500, outputTokens: 100 };
  const details = {
    audioInputTokens: 600,
    audioCachedInputTokens: 350,
    imageInputTokens: 200,
    imageCachedInputTokens: 50,
    audioOutputTokens: 100,
  };
  expect(detailed("openai", "gpt-realtime", usage, details)).toEqual({
    lines: [
      // 1,000 − 250 − 150 − 500
      ["input", 100, "0.000004", "0.0004"],
      ["audioInput", 250, "0.000032", "0.008"], // 600 − 350
      ["imageInput", 150, "0.000005", "0.00075"], // 200 − 50
      ["cacheRead", 100, "0.0000004", "0.00004"], // 500 − 350 − 50
      ["audioCacheRead", 350, "0.0000004", "0.00014"],
      ["imageCacheRead", 50, "0.0000005", "0.000025"],
      ["audioOutput", 100, "0.000064", "0.0064"],
    ],
    total: "0.015755",
    missing: [],
  });
});

test("where nobody says what was cached, it is what it must have been, and the rest is uncertain", () => {
  const usage = { inputTokens: 1_000, cachedInputTokens: 500, outputTokens: 0 };
  // 900 of 1,000 are audio and 500 from the cache: at least 400 are both.
  expect(detailed("openai", "gpt-realtime", usage, { audioInputTokens: 900 })).toEqual({
    lines: [
      ["audioInput", 500, "0.000032", "0.016"],
      ["cacheRead", 100, "0.0000004", "0.00004"],
      ["audioCacheRead", 400, "0.0000004", "0.00016"],
    ],
    total: "0.0162",
    missing: ["audioCacheRead"],
  });
  // All of it is audio: so is what was cached.
  const all = detailed("openai", "gpt-realtime", usage, { audioInputTokens: 1_000 });
  expect(all?.lines.map(([dimension, quantity]) => [dimension, quantity])).toEqual([
    ["audioInput", 500],
    ["audioCacheRead", 500],
  ]);
  expect(all?.missing).toEqual([]);
  // The text in the cache is counted: there was no other.
  const details = { audioInputTokens: 400, textCachedInputTokens: 500 };
  expect(detailed("openai", "gpt-realtime", usage, details)?.missing).toEqual([]);
});

test("a model that takes audio for the price of text has one line for both", () => {
  const usage = { inputTokens: 1_000, outputTokens: 10 };
  const details = { audioInputTokens: 900, imageInputTokens: 50, audioOutputTokens: 5 };
  expect(detailed("openai", "gpt-4o", usage, details)).toEqual({
    lines: [
      ["input", 1_000, "0.0000025", "0.0025"],
      ["output", 10, "0.00001", "0.0001"],
    ],
    total: "0.0026",
    missing: [],
  });
});

test("images and video in, by a list that has a price for each", () => {
  const usage = { inputTokens: 1_000 };
  const details = { audioInputTokens: 100, imageInputTokens: 200, videoInputTokens: 300 };
  expect(detailed("google", "gemini-embedding-2", usage, details)).toEqual({
    lines: [
      ["input", 400, "0.0000002", "0.00008"],
      ["audioInput", 100, "0.0000065", "0.00065"],
      ["imageInput", 200, "0.00000045", "0.00009"],
      ["videoInput", 300, "0.000012", "0.0036"],
    ],
    total: "0.00442",
    missing: [],
  });
});

test("images that a model made; and where nobody counts them, they may be all of the output", () => {
  const usage = { inputTokens: 100, outputTokens: 1_310 };
  const made = detailed("google", "gemini-2.5-flash-image", usage, { imageOutputTokens: 1_290 });
  expect(made).toEqual({
    lines: [
      ["input", 100, "0.0000003", "0.00003"],
      ["output", 20, "0.0000025", "0.00005"],
      ["imageOutput", 1_290, "0.00003", "0.0387"],
    ],
    total: "0.03878",
    missing: [],
  });
  expect(receipt("google", "gemini-2.5-flash-image", usage)?.missing).toEqual(["imageOutput"]);
  const text = detailed("google", "gemini-2.5-flash-image", usage, { imageOutputTokens: 0 });
  expect([text?.total, text?.missing]).toEqual(["0.003305", []]);
});

test("reasoning beside audio in one output", () => {
  const rates = ratesOf({ input: "0", output: "1", reasoning: "2", audioOutput: "4" });
  const usage = { inputTokens: 0, outputTokens: 100, reasoningTokens: 30 };
  expect(shown(price(usage, rates, { audioOutputTokens: 50 }))?.lines).toEqual([
    ["output", 20, "0.000001", "0.00002"], // 100 − 50 − 30
    ["audioOutput", 50, "0.000004", "0.0002"],
    ["reasoning", 30, "0.000002", "0.00006"],
  ]);
});

test("citations are billed beside the output, and searches in files by the thousand", () => {
  const usage = { inputTokens: 33, outputTokens: 1_000, webSearchCount: 2 };
  expect(detailed("perplexity", "sonar-deep-research", usage, { citationTokens: 5_000 })).toEqual({
    lines: [
      ["input", 33, "0.000002", "0.000066"],
      ["output", 1_000, "0.000008", "0.008"],
      ["citation", 5_000, "0.000002", "0.01"],
      ["search", 2, "0.005", "0.01"],
    ],
    total: "0.028066",
    missing: [],
  });
  const files = { inputTokens: 0, outputTokens: 0 };
  expect(detailed("openai", "gpt-5-mini", files, { fileSearchCount: 4 })?.lines).toEqual([
    ["fileSearch", 4, "0.0025", "0.01"],
  ]);
  expect(
    detailed("anthropic", "claude-sonnet-4-5", files, { fileSearchCount: 4 })?.missing,
  ).toEqual(["fileSearch"]);
});

test("what was written to the cache and is audio, too, is billed once", () => {
  const rates = ratesOf({ input: "1", cacheWrite: "2", audioInput: "10" });
  const usage = { inputTokens: 100, cacheWriteInputTokens: 90, outputTokens: 0 };
  expect(shown(price(usage, rates, { audioInputTokens: 60 }))?.lines).toEqual([
    ["audioInput", 60, "0.00001", "0.0006"],
    ["cacheWrite", 40, "0.000002", "0.00008"],
  ]);
});

test("details alone say nothing of what a call cost", () => {
  const zeros = { audioInputTokens: 0, audioCachedInputTokens: 0, audioOutputTokens: 0 };
  expect(price({}, list.resolve("openai", "gpt-realtime", noon)!.rates, zeros)).toBeNull();
});
