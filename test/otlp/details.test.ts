import { describe, expect, test } from "bun:test";
import { cacheWritesOf, detailsOf } from "../../src/otlp/details.ts";
import type { Attributes } from "../../src/otlp/records.ts";

const json = JSON.stringify;

describe("tokens by modality", () => {
  test.each<[string, Attributes, object]>([
    [
      "the conventions",
      {
        "gen_ai.usage.text.input_tokens": 20,
        "gen_ai.usage.audio.input_tokens": 900,
        "gen_ai.usage.image.input_tokens": 258,
        "gen_ai.usage.video.input_tokens": 70,
        "gen_ai.usage.audio.cache_read.input_tokens": 300,
        "gen_ai.usage.text.output_tokens": 11,
        "gen_ai.usage.audio.output_tokens": 40,
      },
      {
        textInputTokens: 20,
        audioInputTokens: 900,
        imageInputTokens: 258,
        videoInputTokens: 70,
        audioCachedInputTokens: 300,
        textOutputTokens: 11,
        audioOutputTokens: 40,
      },
    ],
    [
      "OpenInference",
      {
        "llm.token_count.prompt": 1015,
        "llm.token_count.prompt_details.audio": 1000,
        "llm.token_count.completion_details.audio": 34,
        "llm.token_count.prompt_details.cache_read": 512,
      },
      { audioInputTokens: 1000, audioOutputTokens: 34 },
    ],
    [
      "pydantic-ai",
      {
        "gen_ai.usage.details.input_audio_tokens": 7,
        "gen_ai.usage.details.cache_audio_read_tokens": 3,
        "gen_ai.usage.details.output_audio_tokens": 5,
        "gen_ai.usage.details.image_prompt_tokens": 258,
        "gen_ai.usage.details.image_candidates_tokens": 1290,
      },
      {
        audioInputTokens: 7,
        audioCachedInputTokens: 3,
        audioOutputTokens: 5,
        imageInputTokens: 258,
        imageOutputTokens: 1290,
      },
    ],
    [
      "OpenAI's chat usage, as JSON",
      {
        "langfuse.observation.usage_details": json({
          prompt_tokens: 120,
          prompt_tokens_details: { audio_tokens: 100, cached_tokens: 0 },
          completion_tokens: 50,
          completion_tokens_details: { audio_tokens: 30, reasoning_tokens: 0 },
        }),
      },
      { audioInputTokens: 100, audioOutputTokens: 30 },
    ],
    [
      "OpenAI's realtime usage",
      {
        "gen_ai.usage.raw": {
          input_tokens: 300,
          input_token_details: {
            text_tokens: 100,
            audio_tokens: 200,
            cached_tokens: 150,
            cached_tokens_details: { text_tokens: 60, audio_tokens: 90 },
          },
          output_token_details: { text_tokens: 5, audio_tokens: 80 },
        },
      },
      {
        textInputTokens: 100,
        audioInputTokens: 200,
        textCachedInputTokens: 60,
        audioCachedInputTokens: 90,
        textOutputTokens: 5,
        audioOutputTokens: 80,
      },
    ],
    [
      "Gemini's details, through the AI SDK",
      {
        "ai.usage.outputTokenDetails.textTokens": 1300,
        "ai.response.providerMetadata": json({
          google: {
            usageMetadata: {
              promptTokensDetails: [
                { modality: "TEXT", tokenCount: 10 },
                { modality: "AUDIO", tokenCount: 640 },
                { modality: "DOCUMENT", tokenCount: 258 },
              ],
              cacheTokensDetails: [{ modality: "AUDIO", tokenCount: 320 }],
              toolUsePromptTokensDetails: [{ modality: "VIDEO", tokenCount: 9 }],
              candidatesTokensDetails: [{ modality: "IMAGE", tokenCount: 1290 }],
            },
          },
        }),
      },
      {
        textInputTokens: 10,
        audioInputTokens: 640,
        imageInputTokens: 258,
        audioCachedInputTokens: 320,
        imageOutputTokens: 1290,
      },
    ],
    [
      "LangChain",
      {
        "langsmith.metadata.usage_metadata": json({
          input_tokens: 500,
          input_token_details: { audio: 400, cache_read: 0 },
          output_token_details: { audio: 60, reasoning: 0 },
        }),
      },
      { audioInputTokens: 400, audioOutputTokens: 60 },
    ],
    [
      "Python's notation",
      {
        "metadata.usage_object":
          "{'prompt_tokens': 9, 'cache': None, 'prompt_tokens_details': {'audio_tokens': 4}}",
      },
      { audioInputTokens: 4 },
    ],
  ])("%s", (_, attributes, expected) => {
    expect(detailsOf(attributes)).toEqual({ usageDetails: expected });
  });

  test("of an output a zero says that all of it is something else; of an input it says nothing", () => {
    expect(
      detailsOf({
        "llm.token_count.prompt_details.audio": 0,
        "llm.token_count.completion_details.audio": 0,
      }),
    ).toEqual({ usageDetails: { audioOutputTokens: 0 } });
  });

  test("costs, texts and the users' own metadata are no counts", () => {
    expect(
      detailsOf({
        "gen_ai.usage.input_tokens": 5,
        "gen_ai.cost.audio_input_tokens_cost": 3,
        "llm.token_count.audio_price.prompt": 2,
        "metadata.speed": "fast",
        "metadata.service_tier": "gold",
        metadata: json({ usage: { audio_tokens: 5 }, service_tier: "gold" }),
        "gen_ai.output.messages": json([{ role: "assistant", parts: [{ service_tier: "flex" }] }]),
        "output.value": json({ speed: "fast", text: "the usage of audio_tokens" }),
      }),
    ).toEqual({});
  });
});

describe("cache writes by lifetime", () => {
  test.each<[string, Attributes]>([
    [
      "Mastra",
      {
        "gen_ai.usage.cache_creation.5m_input_tokens": 30,
        "gen_ai.usage.cache_creation.1h_input_tokens": 70,
      },
    ],
    [
      "the conventions' newer word",
      {
        "gen_ai.usage.cache_write.5m_input_tokens": "30",
        "gen_ai.usage.cache_write.1h_input_tokens": "70",
      },
    ],
    [
      "Laminar",
      {
        "gen_ai.usage.cache_creation_input_tokens.ephemeral_5m": 30,
        "gen_ai.usage.cache_creation_input_tokens.ephemeral_1h": 70,
      },
    ],
    ["Claude Code", { cache_creation_5m_tokens: 30, cache_creation_1h_tokens: 70 }],
    [
      "Anthropic's SDK",
      {
        "anthropic.usage.cache_creation.ephemeral_5m_input_tokens": 30,
        "anthropic.usage.cache_creation.ephemeral_1h_input_tokens": 70,
      },
    ],
    [
      "the AI SDK",
      {
        "ai.response.providerMetadata": json({
          anthropic: {
            usage: {
              cache_creation: { ephemeral_5m_input_tokens: 30, ephemeral_1h_input_tokens: 70 },
            },
          },
        }),
      },
    ],
    [
      "LangChain",
      {
        "gen_ai.usage.input_token_details": json({
          cache_creation: 0,
          ephemeral_5m_input_tokens: 30,
          ephemeral_1h_input_tokens: 70,
        }),
      },
    ],
    [
      "LangChain's own result",
      {
        "gen_ai.usage.output_tokens": 5,
        "gen_ai.completion": json({
          type: "LLMResult",
          generations: [
            [
              {
                message: {
                  kwargs: {
                    usage_metadata: {
                      input_token_details: {
                        ephemeral_5m_input_tokens: 30,
                        ephemeral_1h_input_tokens: 70,
                      },
                    },
                  },
                },
              },
            ],
          ],
        }),
      },
    ],
    [
      "Bedrock",
      {
        "ai.response.providerMetadata": json({
          bedrock: {
            usage: {
              cacheDetails: [
                { ttl: "5m", inputTokens: 30 },
                { ttl: "1h", inputTokens: 70 },
              ],
            },
          },
        }),
      },
    ],
    [
      "the provider's whole answer",
      {
        "llm.token_count.prompt": 100,
        "output.value": json({
          type: "message",
          content: [{ type: "text", text: "hi" }],
          usage: {
            input_tokens: 0,
            cache_creation: { ephemeral_5m_input_tokens: 30, ephemeral_1h_input_tokens: 70 },
          },
        }),
      },
    ],
  ])("%s", (_, attributes) => {
    const details = detailsOf(attributes);
    expect(details.usageDetails).toEqual({
      cacheWrite5mInputTokens: 30,
      cacheWrite1hInputTokens: 70,
    });
    expect(cacheWritesOf(details)).toBe(100);
  });

  test("say nothing of the sum where they are not told", () => {
    expect(cacheWritesOf(detailsOf({ "gen_ai.usage.cache_creation.input_tokens": 5 }))).toBe(
      undefined,
    );
  });
});

describe("the service tier", () => {
  test.each<[string, Attributes, string | undefined]>([
    ["of the answer", { "gen_ai.openai.response.service_tier": "flex" }, "flex"],
    [
      "of the answer before that of the request",
      { "openai.request.service_tier": "flex", "openai.response.service_tier": "default" },
      "default",
    ],
    ["of the request alone", { "gen_ai.request.service_tier": "priority" }, "priority"],
    [
      "among the parameters of a call",
      {
        "llm.token_count.prompt": 1,
        "llm.invocation_parameters": json({ model: "m", service_tier: "flex" }),
      },
      "flex",
    ],
    [
      "of the whole answer",
      {
        "llm.token_count.prompt": 1,
        "llm.invocation_parameters": json({ service_tier: "auto" }),
        "output.value": json({ id: "c", choices: [], service_tier: "priority", usage: {} }),
      },
      "priority",
    ],
    [
      "in the AI SDK's provider metadata",
      { "ai.response.providerMetadata": json({ openai: { serviceTier: "flex" } }) },
      "flex",
    ],
    [
      "of Anthropic's usage",
      { "ai.response.providerMetadata": json({ anthropic: { usage: { service_tier: "batch" } } }) },
      "batch",
    ],
    [
      "of Vertex AI's traffic",
      {
        "ai.response.providerMetadata": json({
          google: { usageMetadata: { trafficType: "PROVISIONED_THROUGHPUT" } },
        }),
      },
      "PROVISIONED_THROUGHPUT",
    ],
    [
      "in the names of LangChain's counts",
      { "gen_ai.usage.input_token_details": json({ flex: 20, flex_cache_read: 5 }) },
      "flex",
    ],
    ["of Claude's fast mode", { input_tokens: 5, speed: "fast" }, "fast"],
    [
      "of Claude at its usual speed",
      { "anthropic.response.service_tier": "standard", speed: "normal" },
      "standard",
    ],
    ["that nobody tells", { "gen_ai.usage.input_tokens": 5 }, undefined],
  ])("%s", (_, attributes, tier) => {
    expect(detailsOf(attributes).serviceTier).toBe(tier as string);
  });
});

describe("web searches of the provider", () => {
  const call = (id: string, action: object, more = {}) => ({
    type: "web_search_call",
    id,
    action,
    ...more,
  });

  test.each<[string, Attributes, number | undefined]>([
    [
      "as Anthropic counts them",
      {
        "ai.response.providerMetadata": json({
          anthropic: { usage: { server_tool_use: { web_search_requests: 3 } } },
        }),
      },
      3,
    ],
    [
      "as Perplexity counts them",
      {
        "ai.response.providerMetadata": json({
          perplexity: { usage: { citationTokens: 0, numSearchQueries: 4 } },
        }),
      },
      4,
    ],
    [
      "the queries that ground Gemini's answer",
      {
        "ai.response.providerMetadata": json({
          google: { groundingMetadata: { webSearchQueries: ["a", "b"] } },
        }),
      },
      2,
    ],
    [
      "OpenAI's calls in an answer, without pages that were opened",
      {
        "llm.token_count.prompt": 1,
        "output.value": json({
          output: [
            call("a", { type: "search", query: "x" }),
            call("a", { type: "search", query: "x" }),
            call("b", { type: "open_page", url: "u" }),
            call("c", { type: "search", query: "y" }, { status: "failed" }),
            call("d", { type: "search", query: "z" }),
          ],
        }),
      },
      2,
    ],
    [
      "the conventions' parts",
      {
        "gen_ai.usage.input_tokens": 1,
        "gen_ai.output.messages": json([
          {
            role: "assistant",
            parts: [
              { type: "server_tool_call", id: "s", name: "web_search", server_tool_call: {} },
              { type: "tool_call", id: "t", name: "web_search", arguments: {} },
            ],
          },
        ]),
      },
      1,
    ],
    [
      "what the AI SDK's provider ran itself",
      {
        "ai.usage.inputTokens": 1,
        "ai.response.toolCalls": json([
          { toolCallId: "1", toolName: "web_search", providerExecuted: true },
          { toolCallId: "2", toolName: "web_search" },
        ]),
      },
      1,
    ],
    [
      "as they are counted, whatever the answer has",
      {
        "gen_ai.usage.input_tokens": 1,
        "output.value": json({
          content: [
            { type: "server_tool_use", id: "1", name: "web_search" },
            { type: "server_tool_use", id: "2", name: "web_search" },
          ],
          usage: { server_tool_use: { web_search_requests: 1 } },
        }),
      },
      1,
    ],
    [
      "none that an agent's steps did: these are spans of their own",
      {
        "gen_ai.usage.input_tokens": 1,
        "output.value": json({
          messages: [{ content: [{ type: "server_tool_use", id: "1", name: "web_search" }] }],
        }),
      },
      undefined,
    ],
  ])("%s", (_, attributes, count) => {
    expect(detailsOf(attributes).webSearchCount).toBe(count as number);
  });

  test("are told apart from searches in files", () => {
    expect(
      detailsOf({
        "llm.token_count.prompt": 1,
        "output.value": json({
          output: [
            { type: "file_search_call", id: "f", queries: ["q"] },
            { type: "file_search_call", id: "g", queries: ["q"] },
          ],
        }),
      }),
    ).toEqual({ usageDetails: { fileSearchCount: 2 } });
  });
});
