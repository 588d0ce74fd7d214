import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { waitForUpdate } from "@pydantic/genai-prices";
import { AppError } from "../../src/errors.ts";
import { bundled, loadPrices, PriceBook, readPrices } from "../../src/pricing/book.ts";
import { sellerOf } from "../../src/pricing/names.ts";
import { PriceList } from "../../src/pricing/resolve.ts";
import { PriceRules } from "../../src/pricing/rules.ts";

const book = await loadPrices();
const list = new PriceList(book, new PriceRules([]));
const noon = Date.UTC(2026, 10, 26, 12);

function found(provider: string | undefined, modelId: string, atMs = noon): string | null {
  const price = list.resolve(provider, modelId, atMs);
  return price && `${price.provider} ${price.model}`;
}

const none = undefined;
const spellings: [provider: string | undefined, modelId: string, found: string][] = [
  ["openai", "gpt-4o", "openai gpt-4o"],
  ["OpenAI", "GPT-4.1", "openai gpt-4.1"],
  ["openai.chat", "gpt-4o-mini-2024-07-18", "openai gpt-4o-mini"],
  ["openai.responses", "gpt-5-mini-2025-08-07", "openai gpt-5-mini"],
  ["openai.embedding", "text-embedding-3-small", "openai text-embedding-3-small"],
  ["openai", " o3-2025-04-16 ", "openai o3"],
  ["openai", "gpt-4o-20241120", "openai gpt-4o"],
  ["openai", "gpt-4o-2024-05-13", "openai gpt-4o-2024-05-13"],
  ["openai", "ft:gpt-4o-mini-2024-07-18:acme::AbC123", "openai ft:gpt-4o-mini"],
  ["openai", "ft:gpt-3.5-turbo-0125:acme:support:9xYz", "openai ft:gpt-3.5-turbo-"],
  ["anthropic", "claude-3-5-haiku-latest", "anthropic claude-3-5-haiku-latest"],
  ["anthropic", "claude-opus-4-20250514", "anthropic claude-opus-4-0"],
  ["anthropic", "claude-opus-4-1-20250805", "anthropic claude-opus-4-1"],
  ["anthropic.messages", "claude-sonnet-4-5-20250929", "anthropic claude-sonnet-4-5"],
  ["anthropic", "claude-opus-5[1m]", "anthropic claude-opus-5"],
  ["anthropic", "claude-fable-5.1", "anthropic claude-fable-5-1"],
  ["google.generative-ai", "gemini-2.5-pro", "google gemini-2.5-pro"],
  ["google.generative-ai", "models/gemini-2.5-flash", "google gemini-2.5-flash"],
  ["google_genai", "models/gemini-embedding-001", "google gemini-embedding-001"],
  ["google.vertex.chat", "gemini-2.0-flash-001", "google gemini-2.0-flash"],
  ["gcp.gemini", "gemini-3-pro-preview", "google gemini-3-pro-preview"],
  [
    "gcp.vertex_ai",
    "publishers/google/models/gemini-2.5-flash-lite",
    "google gemini-2.5-flash-lite",
  ],
  ["vertex_ai", "claude-sonnet-4@20250514", "google claude-4-sonnet"],
  ["vertex.anthropic.messages", "claude-3-5-sonnet-v2@20241022", "google claude-3-5-sonnet"],
  ["google_vertexai", "gemini-2.5-pro@default", "google gemini-2.5-pro"],
  [
    "google-vertex",
    "projects/p/locations/us-east5/publishers/anthropic/models/claude-opus-4-7@20260401",
    "google claude-opus-4-7",
  ],
  // Google's list lacks it, and is said to fall back on Anthropic's.
  ["google.vertex", "claude-haiku-4-5@20251001", "anthropic claude-haiku-4-5"],
  ["amazon-bedrock", "amazon.nova-pro-v1:0", "aws amazon.nova-pro-v1:0"],
  ["AWS Bedrock", "us.amazon.nova-lite-v1:0", "aws amazon.nova-lite-v1:0"],
  ["bedrock_converse", "us.meta.llama3-3-70b-instruct-v1:0", "aws meta.llama3-3-70b-instruct-v1:0"],
  ["aws.bedrock", "openai.gpt-oss-120b-1:0", "aws openai.gpt-oss-120b-1:0"],
  [
    "aws.bedrock",
    "us.anthropic.claude-sonnet-4-5-20250929-v1:0",
    "aws regional.anthropic.claude-sonnet-4-5-20250929-v1:0",
  ],
  [
    "aws.bedrock",
    "global.anthropic.claude-sonnet-4-5-20250929-v1:0",
    "aws global.anthropic.claude-sonnet-4-5-20250929-v1:0",
  ],
  [
    "aws_bedrock",
    "arn:aws:bedrock:us-east-1::foundation-model/anthropic.claude-3-5-sonnet-20240620-v1:0",
    "aws regional.anthropic.claude-3-5-sonnet-20240620-v1:0",
  ],
  [
    "aws.bedrock",
    "arn:aws:bedrock:eu-west-1:123456789012:inference-profile/eu.anthropic.claude-haiku-4-5-20251001-v1:0",
    "aws regional.anthropic.claude-haiku-4-5-20251001-v1:0",
  ],
  // Anthropic's SDK, talking to Bedrock.
  [
    "anthropic",
    "us.anthropic.claude-haiku-4-5-20251001-v1:0",
    "aws regional.anthropic.claude-haiku-4-5-20251001-v1:0",
  ],
  ["azure", "gpt-4o-2024-08-06", "openai gpt-4o"],
  ["azure.responses", "gpt-5", "openai gpt-5"],
  ["azure.ai.openai", "gpt-35-turbo", "openai gpt-3.5-turbo"],
  ["azure-openai.chat", "gpt-35-turbo-0125", "openai gpt-3.5-turbo"],
  ["azure.ai.inference", "o3-mini", "azure o3-mini"],
  ["az.ai.openai", "text-embedding-3-large", "azure text-embedding-3-large"],
  ["x_ai", "grok-4", "x-ai grok-4-0709"],
  ["xai", "grok-3-mini", "x-ai grok-3-mini"],
  ["xai.chat", "grok-code-fast-1", "x-ai grok-code-fast-1"],
  ["x.ai", "x-ai/grok-4.3", "x-ai grok-4.3"],
  ["mistral_ai", "mistral-large-latest", "mistral mistral-large"],
  ["mistral.chat", "codestral-2508", "mistral codestral-2508"],
  ["groq", "llama-3.3-70b-versatile", "groq llama-3.3-70b-versatile"],
  ["groq.chat", "openai/gpt-oss-120b", "groq openai/gpt-oss-120b"],
  ["deepseek.chat", "deepseek-reasoner", "deepseek deepseek-reasoner"],
  ["cohere.chat", "command-r-plus-08-2024", "cohere command-r-plus"],
  ["perplexity", "sonar-pro", "perplexity sonar-pro"],
  [
    "togetherai.chat",
    "meta-llama/Llama-3.3-70B-Instruct-Turbo",
    "together meta-llama/Llama-3.3-70B-Instruct-Turbo",
  ],
  ["fireworks", "accounts/fireworks/models/deepseek-v3p2", "fireworks deepseek-v3p2"],
  ["cerebras.chat", "gpt-oss-120b", "cerebras gpt-oss-120b"],
  ["moonshotai", "kimi-k2-0905-preview", "moonshotai kimi-k2-0905-preview"],
  ["voyage", "voyage-3-large", "voyageai voyage-3-large"],
  ["z.ai", "GLM-5.2", "zai GLM-5.2"],
  ["minimax", "MiniMax-M2", "minimax MiniMax-M2"],
  ["workers-ai", "@cf/qwen/qwq-32b", "cloudflare @cf/qwen/qwq-32b"],
  ["github_copilot", "gpt-5-mini", "github-copilot gpt-5-mini"],
  [
    "huggingface",
    "meta-llama/Llama-3.1-8B-Instruct:cerebras",
    "huggingface_cerebras meta-llama/Llama-3.1-8B-Instruct",
  ],
  ["openrouter", "anthropic/claude-sonnet-4.5", "openrouter anthropic/claude-sonnet-4.5"],
  ["openrouter.chat", "google/gemini-2.5-flash", "openrouter google/gemini-2.5-flash"],
  ["openrouter", "openai/gpt-5-mini:nitro", "openrouter openai/gpt-5-mini"],
  ["openrouter", "anthropic/claude-3.7-sonnet:thinking", "openrouter anthropic/claude-3.7-sonnet"],
  [
    "openrouter",
    "deepseek/deepseek-chat-v3-0324:free",
    "openrouter deepseek/deepseek-chat-v3-0324:free",
  ],
  // Not in its list by that name, but it passes OpenAI's price on.
  ["openrouter", "openai/gpt-5.4-mini-20260317", "openai gpt-5.4-mini"],
  ["gateway", "openai/gpt-4o", "openai gpt-4o"],
  ["gateway", "anthropic/claude-sonnet-4.5", "anthropic claude-sonnet-4-5"],
  ["vercel", "xai/grok-4.1-fast-reasoning", "x-ai grok-4-1-fast-reasoning"],
  ["gateway", "mistralai/mistral-small-latest", "mistral mistral-small-latest"],
  [
    "litellm",
    "bedrock/converse/us.anthropic.claude-sonnet-4-5-20250929-v1:0",
    "aws regional.anthropic.claude-sonnet-4-5-20250929-v1:0",
  ],
  ["litellm", "vertex_ai/gemini-2.5-pro", "google gemini-2.5-pro"],
  [none, "gemini/gemini-2.0-flash", "google gemini-2.0-flash"],
  [none, "azure/gpt-4o", "openai gpt-4o"],
  [none, "groq/llama-3.1-8b-instant", "groq llama-3.1-8b-instant"],
  [none, "openrouter/anthropic/claude-3.5-sonnet", "openrouter anthropic/claude-3.5-sonnet"],
  [none, "fireworks_ai/accounts/fireworks/models/kimi-k2p5", "fireworks kimi-k2p5"],
  [none, "openai:gpt-4o", "openai gpt-4o"],
  ["", "anthropic:claude-haiku-4-5", "anthropic claude-haiku-4-5"],
  [
    none,
    "anthropic.claude-3-haiku-20240307-v1:0",
    "aws regional.anthropic.claude-3-haiku-20240307-v1:0",
  ],
  [
    none,
    "arn:aws:bedrock:us-east-1::foundation-model/amazon.nova-micro-v1:0",
    "aws amazon.nova-micro-v1:0",
  ],
];

test.each(spellings)("of %p, %p is priced as %s", (provider, modelId, expected) => {
  expect(found(provider, modelId)).toBe(expected);
});

const named: [provider: string | undefined, modelId: string, found: string][] = [
  [none, "gpt-4o", "openai gpt-4o"],
  [none, "claude-sonnet-4-5", "anthropic claude-sonnet-4-5"],
  [none, "mistral-large-latest", "mistral mistral-large"],
  ["my-proxy", "claude-haiku-4-5-20251001", "anthropic claude-haiku-4-5"],
  ["openai-compatible", "gpt-4o", "openai gpt-4o"],
  ["my-proxy", "anthropic/claude-haiku-4-5", "anthropic claude-haiku-4-5"],
  // OpenAI's SDK, talking to others.
  ["openai", "gemini-2.5-flash", "google gemini-2.5-flash"],
  ["openai.chat", "deepseek-chat", "deepseek deepseek-chat"],
  ["openai", "anthropic/claude-sonnet-4.5", "anthropic claude-sonnet-4-5"],
];

test.each(named)("whoever %p is, %p names its vendor: %s", (provider, modelId, expected) => {
  expect(found(provider, modelId)).toBe(expected);
});

const unknown: [provider: string | undefined, modelId: string, because: string][] = [
  ["openai", "gpt-9-ultra", "nobody lists it"],
  ["openai", "ft:gpt-4.1-2025-04-14:acme::x", "a tuned model has a price of its own"],
  ["openai", "gpt-5-2031-01-01", "another version may cost something else"],
  ["azure", "my-deployment", "the user gave it that name"],
  ["groq", "gpt-4o", "Groq does not sell it"],
  ["github-copilot", "claude-opus-9", "Copilot has prices of its own"],
  ["github-copilot", "gpt-4o", "it is part of a subscription"],
  ["aws.bedrock", "anthropic.claude-opus-9-v1:0", "Bedrock has prices of its own"],
  [
    "aws.bedrock",
    "arn:aws:bedrock:us-east-1:123456789012:application-inference-profile/abc123def",
    "it does not say which model that is",
  ],
  ["google.vertex", "projects/p/locations/l/endpoints/1234567890", "likewise"],
  ["openrouter", "anthropic/claude-3-haiku:free", "it is not listed as free"],
  ["anthropic", "claude-3-haiku:free", "likewise"],
  ["openrouter", "openai/gpt-4o:online", "the search costs more, and nobody says how much"],
  ["gateway", "meta/llama-3.3-70b", "Meta sells none"],
  ["huggingface", "meta-llama/Llama-3.1-8B-Instruct", "the host is not named"],
  ["openai", "whisper-1", "it is sold by the hour"],
  ["ollama", "llama3.2", "it runs on the user's machine"],
  ["ollama", "mistral:7b", "likewise"],
  ["ollama", "mistral-large:latest", "likewise"],
  ["ollama", "gpt-oss:20b", "likewise"],
  ["ollama", "deepseek-r1:8b", "likewise"],
  [none, "ollama/llama3.2", "likewise"],
  ["openai", "openai/gpt-oss-20b", "OpenAI does not sell it: LM Studio behind OpenAI's SDK"],
  ["openai.chat", "gpt-oss-20b", "likewise"],
  ["openai", "mistralai/Mistral-7B-Instruct-v0.3", "a repository's name: vLLM behind OpenAI's SDK"],
  ["lmstudio", "deepseek/deepseek-r1-0528-qwen3-8b", "likewise"],
  ["vllm", "google/gemma-3-27b-it", "likewise"],
  ["my-proxy", "acme/gpt-4o", "acme is not OpenAI"],
  ["my-proxy", "acme/gemini-1.5-pro-legal", "nor Google"],
  [none, "llama3.2", "many sell it"],
  ["", "", "there is nothing"],
  ["__proto__", "constructor", "there is nothing"],
];

test.each(unknown)("of %p, %p has no price: %s", (provider, modelId) => {
  expect(found(provider, modelId)).toBeNull();
});

test("a price holds from its day on", () => {
  const inputAt = (atMs: number) => list.resolve("openai", "o3", atMs)?.prices.input;
  expect(inputAt(Date.UTC(2025, 5, 9, 23, 59, 59, 999))).toBe("10");
  expect(inputAt(Date.UTC(2025, 5, 10))).toBe("2");
  // The contract admits any time.
  expect(inputAt(0)).toBe("10");
  expect(inputAt(2 ** 53 - 1)).toBe("2");
});

test("a price holds at its hours", () => {
  const inputAt = (hour: number, minute: number) =>
    list.resolve("deepseek", "deepseek-chat", Date.UTC(2026, 10, 26, hour, minute))?.prices.input;
  expect(inputAt(0, 29)).toBe("0.135");
  expect(inputAt(0, 30)).toBe("0.27");
  expect(inputAt(16, 29)).toBe("0.27");
  expect(inputAt(16, 30)).toBe("0.135");
});

test("hours may span midnight", () => {
  const night = { start_time: "22:00:00Z", end_time: "06:00:00Z" };
  const model = {
    id: "owl",
    match: { equals: "owl" },
    prices: [{ prices: { input_mtok: 2 } }, { constraint: night, prices: { input_mtok: 1 } }],
  };
  const owls = readPrices([{ id: "acme", models: [model] }], bundled);
  const inputAt = (hour: number) =>
    owls.find("acme", "Owl")?.priceAt(Date.UTC(2026, 0, 1, hour))?.prices.input;
  expect([21, 22, 23, 0, 5, 6].map(inputAt)).toEqual(["2", "1", "1", "1", "1", "2"]);
});

test("a price says what it is and where it comes from", () => {
  const price = list.resolve("google", "gemini-2.5-pro", noon)!;
  expect(price).toMatchObject({
    provider: "google",
    model: "gemini-2.5-pro",
    source: bundled.source,
    sourceDate: bundled.sourceDate,
  });
  expect(price.prices).toMatchObject({
    input: "1.25",
    cacheRead: "0.125",
    output: "10",
    tiers: [{ above: 200_000, input: "2.5", cacheRead: "0.25", output: "15" }],
  });
});

test("a list price says what the model takes at most, where the list knows it", () => {
  expect(list.resolve("anthropic", "claude-sonnet-4-5", noon)!.contextWindow).toBeGreaterThan(1000);
  const unknown = readPrices(
    [{ id: "openai", models: [{ id: "m", match: { equals: "m" }, prices: { input_mtok: 1 } }] }],
    bundled,
  );
  expect(unknown.find("openai", "m")!.priceAt(noon)).not.toHaveProperty("contextWindow");
});

test("the same price is the same object, by whatever name", () => {
  const price = list.resolve("openai", "gpt-4o", noon);
  expect(list.resolve("openai", "gpt-4o", noon + 1)).toBe(price!);
  expect(list.resolve("openai.responses", "gpt-4o-2024-11-20", noon)).toBe(price!);
});

test("a provider does not run into its model", () => {
  expect(found("openai", "gpt-4o")).not.toBeNull();
  expect(found("openaigpt", "-4o")).toBeNull();
  expect(found("open", "aigpt-4o")).toBeNull();
});

test("any number of models may pass by", () => {
  for (let i = 0; i < 20_500; i++) list.resolve("nobody", `model-${i}`, noon);
  expect(found("openai", "gpt-4o")).toBe("openai gpt-4o");
});

test("the bundled data is of the version that it is said to be", () => {
  const entry = Bun.resolveSync("@pydantic/genai-prices", import.meta.dir);
  const { version } = JSON.parse(readFileSync(join(entry, "../../package.json"), "utf8"));
  expect<string>(bundled.source).toBe(`genai-prices ${version}`);
});

test("each model of the data that is found by its own id is that model", async () => {
  const data = (await waitForUpdate())!;
  const others = data.flatMap(({ id: seller, models }) =>
    models.flatMap(({ id }) => {
      const price = book.find(seller, id)?.priceAt(noon);
      return !price || (price.provider === seller && price.model === id) ? [] : [`${seller} ${id}`];
    }),
  );
  expect(others).toEqual([]);
  expect(data.every(({ id }) => sellerOf(id) === id.replaceAll("_", "-"))).toBe(true);
});

test("a newer file of the data is read", async () => {
  const data = JSON.parse(JSON.stringify(await waitForUpdate()));
  const newer = readPrices(data, { source: "genai-prices file", sourceDate: "2027-01-01" });
  expect(newer).toBeInstanceOf(PriceBook);
  expect(newer.find("openai", "gpt-4o")?.priceAt(noon)).toMatchObject({
    model: "gpt-4o",
    source: "genai-prices file",
    sourceDate: "2027-01-01",
  });
});

const model = { id: "m", match: { equals: "m" }, prices: { input_mtok: 1 } };
test.each([
  [null],
  [{}],
  [[{ id: "a" }]],
  [[{ id: "a", models: [{ ...model, prices: { input_mtok: -1 } }] }]],
  [[{ id: "a", models: [{ ...model, prices: { input_mtok: "1" } }] }]],
  [[{ id: "a", models: [{ ...model, prices: [] }] }]],
  [[{ id: "a", models: [{ ...model, match: { regex: "(" } }] }]],
  [[{ id: "a", models: [{ ...model, match: { like: "m" } }] }]],
])("%j is no price data", (data) => {
  expect(() => readPrices(data, bundled)).toThrow(AppError);
});

test("where nothing is known of the model that answered, the one that was asked for has the price", () => {
  const asked = list.resolve("openai", "team-default", noon, "gpt-4o-mini");
  expect(asked).toMatchObject({ model: "gpt-4o-mini", foundBy: "requestModelId" });
  expect(list.resolve("openai", "team-default", noon + 1, "gpt-4o-mini")).toBe(asked!);
  const answered = list.resolve("azure.ai.openai", "gpt-4o-mini-2024-07-18", noon, "prod-7");
  expect(answered).toMatchObject({ model: "gpt-4o-mini" });
  expect(answered).not.toHaveProperty("foundBy");
  const both = list.resolve("openai", "gpt-4.1", noon, "gpt-4o-mini");
  expect(both).toBe(list.resolve("openai", "gpt-4.1", noon)!);
  expect(list.resolve("openai", "team-default", noon, "prod-7")).toBeNull();
});
