/**
 * The Vercel AI SDK with its own telemetry, four major versions of it. Each runs the same four
 * calls, each a trace: text in two steps with a tool call between, streamed text, a call that
 * fails, and an embedding.
 */
import { OpenTelemetry } from "@ai-sdk/otel";
import * as ai4 from "ai4";
import { MockEmbeddingModelV1, MockLanguageModelV1 } from "ai4/test";
import * as ai5 from "ai5";
import { MockEmbeddingModelV2, MockLanguageModelV2 } from "ai5/test";
import * as ai6 from "ai6";
import { MockEmbeddingModelV3, MockLanguageModelV3 } from "ai6/test";
import * as ai7 from "ai7";
import { MockEmbeddingModelV4, MockLanguageModelV4 } from "ai7/test";
import { exportTo, withTracing, type Target } from "./sdk.ts";

const system = "You are a weather assistant.";
const question = "What is the weather in Oslo?";
const answer = "It is 21 degrees in Oslo.";
const summaryRequest = "Summarize the day.";
const summaryChunks = ["Sun ", "all day."];
const toolDescription = "Current weather of a city";
const toolParameters = {
  type: "object",
  properties: { city: { type: "string" } },
  required: ["city"],
} as const;
const toolCall = { toolCallId: "call-1", toolName: "weather", input: '{"city":"Oslo"}' };
const readWeather = async ({ city }: { city: string }) => {
  await Bun.sleep(3);
  return { city, celsius: 21 };
};
const embedding = { embeddings: [[0.1, 0.2, 0.3]], usage: { tokens: 5 } };
const context = { sessionId: "session-1", userId: "user-1" };

function telemetry(functionId: string) {
  return { isEnabled: true, functionId, metadata: { ...context, tier: "gold" } };
}

async function fail(): Promise<never> {
  throw new Error("The model is overloaded");
}

function stream<T>(chunks: T[]): ReadableStream<T> {
  return ai5.simulateReadableStream({ chunks, initialDelayInMs: 5, chunkDelayInMs: 5 });
}

/** With OpenAI: the usage includes what was cached, which only the provider's metadata tells. */
export function emitAiSdk4(target: Target): Promise<void> {
  const provider = "openai.chat";
  const modelId = "gpt-4.1";
  const rawCall = { rawPrompt: null, rawSettings: {} };
  const steps = [
    {
      finishReason: "tool-calls" as const,
      usage: { promptTokens: 100, completionTokens: 20 },
      toolCalls: [
        {
          toolCallType: "function" as const,
          toolCallId: toolCall.toolCallId,
          toolName: toolCall.toolName,
          args: toolCall.input,
        },
      ],
      providerMetadata: { openai: { cachedPromptTokens: 60, reasoningTokens: 8 } },
      rawCall,
    },
    {
      finishReason: "stop" as const,
      usage: { promptTokens: 150, completionTokens: 30 },
      text: answer,
      providerMetadata: { openai: { cachedPromptTokens: 90, reasoningTokens: 2 } },
      rawCall,
    },
  ];
  const makeModel = (answers: ConstructorParameters<typeof MockLanguageModelV1>[0]) =>
    new MockLanguageModelV1({ provider, modelId, ...answers }) as ai4.LanguageModelV1;
  const model = makeModel({
    doGenerate: async () => steps.shift()!,
    doStream: async () => ({
      stream: stream([
        ...summaryChunks.map((textDelta) => ({ type: "text-delta" as const, textDelta })),
        {
          type: "finish" as const,
          finishReason: "stop" as const,
          usage: { promptTokens: 40, completionTokens: 12 },
          providerMetadata: { openai: { cachedPromptTokens: 16, reasoningTokens: 4 } },
        },
      ]),
      rawCall,
    }),
  });
  return withTracing("ai-sdk-4", exportTo(target), async () => {
    await ai4.generateText({
      model,
      system,
      prompt: question,
      maxSteps: 2,
      tools: {
        weather: ai4.tool({
          description: toolDescription,
          parameters: ai4.jsonSchema<{ city: string }>(toolParameters),
          execute: readWeather,
        }),
      },
      experimental_telemetry: telemetry("weather-agent"),
    });
    await ai4
      .streamText({
        model,
        prompt: summaryRequest,
        experimental_telemetry: telemetry("summary"),
      })
      .consumeStream();
    await ai4
      .generateText({
        model: makeModel({ doGenerate: fail }),
        prompt: question,
        maxRetries: 0,
        experimental_telemetry: telemetry("failing"),
      })
      .catch(() => {});
    await ai4.embed({
      model: new MockEmbeddingModelV1<string>({
        provider: "openai.embedding",
        modelId: "text-embedding-3-small",
        doEmbed: async () => embedding,
      }),
      value: "a sunny day",
      experimental_telemetry: telemetry("index"),
    });
  });
}

/** With Anthropic: the usage lacks what was cached. */
export function emitAiSdk5(target: Target): Promise<void> {
  const provider = "anthropic.messages";
  const modelId = "claude-opus-4-7";
  const anthropic = (input: number, read: number, write: number) => ({
    anthropic: {
      usage: {
        input_tokens: input,
        cache_read_input_tokens: read,
        cache_creation_input_tokens: write,
      },
      cacheCreationInputTokens: write,
    },
  });
  const steps = [
    {
      finishReason: "tool-calls" as const,
      usage: { inputTokens: 100, outputTokens: 20, totalTokens: 120, cachedInputTokens: 600 },
      content: [{ type: "tool-call" as const, ...toolCall }],
      providerMetadata: anthropic(100, 600, 300),
      warnings: [],
    },
    {
      finishReason: "stop" as const,
      usage: { inputTokens: 50, outputTokens: 30, totalTokens: 80, cachedInputTokens: 900 },
      content: [{ type: "text" as const, text: answer }],
      providerMetadata: anthropic(50, 900, 0),
      warnings: [],
    },
  ];
  const model = new MockLanguageModelV2({
    provider,
    modelId,
    doGenerate: async () => steps.shift()!,
    doStream: async () => ({
      stream: stream([
        { type: "text-start" as const, id: "0" },
        ...summaryChunks.map((delta) => ({ type: "text-delta" as const, id: "0", delta })),
        { type: "text-end" as const, id: "0" },
        {
          type: "finish" as const,
          finishReason: "stop" as const,
          usage: { inputTokens: 40, outputTokens: 12, totalTokens: 52, cachedInputTokens: 200 },
          providerMetadata: anthropic(40, 200, 10),
        },
      ]),
    }),
  });
  return withTracing("ai-sdk-5", exportTo(target), async () => {
    await ai5.generateText({
      model,
      system,
      prompt: question,
      stopWhen: ai5.stepCountIs(2),
      tools: {
        weather: ai5.tool({
          description: toolDescription,
          inputSchema: ai5.jsonSchema<{ city: string }>(toolParameters),
          execute: readWeather,
        }),
      },
      experimental_telemetry: telemetry("weather-agent"),
    });
    await ai5
      .streamText({
        model,
        prompt: summaryRequest,
        experimental_telemetry: telemetry("summary"),
      })
      .consumeStream();
    await ai5
      .generateText({
        model: new MockLanguageModelV2({ provider, modelId, doGenerate: fail }),
        prompt: question,
        maxRetries: 0,
        experimental_telemetry: telemetry("failing"),
      })
      .catch(() => {});
    await ai5.embed({
      model: new MockEmbeddingModelV2<string>({
        provider: "openai.embedding",
        modelId: "text-embedding-3-small",
        doEmbed: async () => embedding,
      }),
      value: "a sunny day",
      experimental_telemetry: telemetry("index"),
    });
  });
}

/** As the model interfaces of versions 3 and 4 report usage: all counts inclusive. */
function usage(
  input: { total: number; cacheRead: number; cacheWrite: number },
  output: { total: number; reasoning: number },
) {
  return {
    inputTokens: { ...input, noCache: input.total - input.cacheRead - input.cacheWrite },
    outputTokens: { ...output, text: output.total - output.reasoning },
  };
}

/** What a model of the interface's version 3 or 4 answers. */
function scriptAnswers() {
  const steps = [
    {
      finishReason: { unified: "tool-calls" as const, raw: "tool_use" },
      usage: usage({ total: 100, cacheRead: 60, cacheWrite: 10 }, { total: 20, reasoning: 8 }),
      content: [{ type: "tool-call" as const, ...toolCall }],
      warnings: [],
    },
    {
      finishReason: { unified: "stop" as const, raw: "stop" },
      usage: usage({ total: 150, cacheRead: 90, cacheWrite: 0 }, { total: 30, reasoning: 2 }),
      content: [{ type: "text" as const, text: answer }],
      warnings: [],
    },
  ];
  return {
    doGenerate: async () => steps.shift()!,
    doStream: async () => ({
      stream: stream([
        { type: "stream-start" as const, warnings: [] },
        { type: "text-start" as const, id: "0" },
        ...summaryChunks.map((delta) => ({ type: "text-delta" as const, id: "0", delta })),
        { type: "text-end" as const, id: "0" },
        {
          type: "finish" as const,
          finishReason: { unified: "stop" as const, raw: "stop" },
          usage: usage({ total: 40, cacheRead: 16, cacheWrite: 0 }, { total: 12, reasoning: 4 }),
        },
      ]),
    }),
  };
}

export function emitAiSdk6(target: Target): Promise<void> {
  const provider = "openai.responses";
  const modelId = "gpt-5.2";
  const model = new MockLanguageModelV3({ provider, modelId, ...scriptAnswers() });
  return withTracing("ai-sdk-6", exportTo(target), async () => {
    await ai6.generateText({
      model,
      system,
      prompt: question,
      stopWhen: ai6.stepCountIs(2),
      tools: {
        weather: ai6.tool({
          description: toolDescription,
          inputSchema: ai6.jsonSchema<{ city: string }>(toolParameters),
          execute: readWeather,
        }),
      },
      experimental_telemetry: telemetry("weather-agent"),
    });
    await ai6
      .streamText({
        model,
        prompt: summaryRequest,
        experimental_telemetry: telemetry("summary"),
      })
      .consumeStream();
    await ai6
      .generateText({
        model: new MockLanguageModelV3({ provider, modelId, doGenerate: fail }),
        prompt: question,
        maxRetries: 0,
        experimental_telemetry: telemetry("failing"),
      })
      .catch(() => {});
    await ai6.embed({
      model: new MockEmbeddingModelV3({
        provider: "openai.embedding",
        modelId: "text-embedding-3-small",
        doEmbed: async () => ({ ...embedding, warnings: [] }),
      }),
      value: "a sunny day",
      experimental_telemetry: telemetry("index"),
    });
  });
}

/** Its spans come from `@ai-sdk/otel`; session and user travel in the runtime context. */
export function emitAiSdk7(target: Target): Promise<void> {
  const provider = "anthropic.messages";
  const modelId = "claude-opus-4-7";
  const model = new MockLanguageModelV4({ provider, modelId, ...scriptAnswers() });
  return withTracing("ai-sdk-7", exportTo(target), async (tracing) => {
    const integration = new OpenTelemetry({
      tracer: tracing.getTracer("gen_ai"),
      usage: true,
      runtimeContext: true,
    });
    const options = (functionId: string) => ({
      runtimeContext: context,
      telemetry: {
        functionId,
        integrations: [integration],
        includeRuntimeContext: { sessionId: true, userId: true },
      },
    });
    await ai7.generateText({
      model,
      instructions: system,
      prompt: question,
      stopWhen: ai7.isStepCount(2),
      tools: {
        weather: ai7.tool({
          description: toolDescription,
          inputSchema: ai7.jsonSchema<{ city: string }>(toolParameters),
          execute: readWeather,
        }),
      },
      ...options("weather-agent"),
    });
    await ai7.streamText({ model, prompt: summaryRequest, ...options("summary") }).consumeStream();
    await ai7
      .generateText({
        model: new MockLanguageModelV4({ provider, modelId, doGenerate: fail }),
        prompt: question,
        maxRetries: 0,
        ...options("failing"),
      })
      .catch(() => {});
    await ai7.embed({
      model: new MockEmbeddingModelV4({
        provider: "openai.embedding",
        modelId: "text-embedding-3-small",
        doEmbed: async () => ({ ...embedding, warnings: [] }),
      }),
      value: "a sunny day",
      ...options("index"),
    });
  });
}
