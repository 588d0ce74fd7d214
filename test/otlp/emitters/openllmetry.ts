/**
 * The clients of OpenAI and of Anthropic instrumented by OpenLLMetry, against model servers on
 * loopback: a workflow that asks the model, calls a tool and asks again; then, each a trace of its
 * own, a streamed answer and, with Anthropic, a call that fails (with OpenAI its span never ends).
 */
import * as anthropicSdk from "@anthropic-ai/sdk";
import { SpanKind, trace, type Attributes, type Tracer } from "@opentelemetry/api";
import { AnthropicInstrumentation } from "@traceloop/instrumentation-anthropic";
import { OpenAIInstrumentation } from "@traceloop/instrumentation-openai";
import OpenAI from "openai";
import {
  askWithTool,
  question,
  readWeather,
  serveAnthropic,
  serveOpenAi,
  weatherTool,
} from "./models.ts";
import { exportTo, withTracing, type Target } from "./sdk.ts";

/** A span as the decorators of the Traceloop SDK make it. */
async function inEntity<T>(
  tracer: Tracer,
  kind: "workflow" | "tool",
  name: string,
  input: unknown[],
  run: () => Promise<T>,
): Promise<T> {
  const attributes: Attributes = {
    "traceloop.span.kind": kind,
    "traceloop.entity.name": name,
    "traceloop.workflow.name": "weather-workflow",
    "traceloop.association.properties.session_id": "session-1",
    "traceloop.association.properties.user_id": "user-1",
    "traceloop.entity.input": JSON.stringify({ args: input, kwargs: {} }),
  };
  return tracer.startActiveSpan(
    `${name}.${kind}`,
    { kind: SpanKind.INTERNAL, attributes },
    async (span) => {
      const output = await run();
      span.setAttribute("traceloop.entity.output", JSON.stringify(output));
      span.end();
      return output;
    },
  );
}

export async function emitOpenLlmetryOpenAi(target: Target): Promise<void> {
  await using models = serveOpenAi();
  const client = new OpenAI({ baseURL: `${models.url}/v1`, apiKey: "unused", maxRetries: 0 });
  await withTracing("openllmetry", exportTo(target), async (provider) => {
    const instrumentation = new OpenAIInstrumentation({ enrichTokens: true });
    instrumentation.setTracerProvider(provider);
    instrumentation.manuallyInstrument(OpenAI);
    const tracer = trace.getTracer("@traceloop/node-server-sdk");
    const callTool = (city: string) =>
      inEntity(tracer, "tool", "weather", [{ city }], () => readWeather(city));
    await inEntity(tracer, "workflow", "weather-workflow", [question], () =>
      askWithTool(client, question, callTool),
    );
    const messages = [{ role: "user" as const, content: "Summarize the day." }];
    const chunks = await client.chat.completions.create({
      model: "gpt-4.1",
      messages,
      stream: true,
      stream_options: { include_usage: true },
    });
    for await (const _ of chunks);
  });
}

/** The instrumentation also wraps text completions, which the client's version 1 has no more. */
function withCompletions(): typeof anthropicSdk {
  return {
    ...anthropicSdk,
    Anthropic: Object.assign(anthropicSdk.Anthropic, {
      Completions: class {
        create() {}
      },
    }),
  };
}

/** The client of Anthropic adds spans of its own, which repeat the usage. */
export async function emitOpenLlmetryAnthropic(target: Target): Promise<void> {
  await using models = serveAnthropic();
  const client = new anthropicSdk.Anthropic({
    baseURL: models.url,
    apiKey: "unused",
    maxRetries: 0,
  });
  await withTracing("openllmetry", exportTo(target), async (provider) => {
    const instrumentation = new AnthropicInstrumentation();
    instrumentation.setTracerProvider(provider);
    instrumentation.manuallyInstrument(withCompletions());
    const tracer = trace.getTracer("@traceloop/node-server-sdk");
    const options = { model: "claude-opus-4-7", max_tokens: 200 };
    await inEntity(tracer, "workflow", "weather-workflow", [question], async () => {
      const first = await client.messages.create({
        ...options,
        system: "You are a weather assistant.",
        messages: [{ role: "user", content: question }],
        tools: [
          {
            name: weatherTool.name,
            description: weatherTool.description,
            input_schema: { type: "object", properties: weatherTool.parameters.properties },
          },
        ],
      });
      const weather = await inEntity(tracer, "tool", "weather", [{ city: "Oslo" }], () =>
        readWeather("Oslo"),
      );
      const second = await client.messages.create({
        ...options,
        messages: [
          { role: "user", content: question },
          { role: "assistant", content: first.content },
          {
            role: "user",
            content: [
              { type: "tool_result", tool_use_id: "call-1", content: JSON.stringify(weather) },
            ],
          },
        ],
      });
      return second.content[0]?.type === "text" ? second.content[0].text : "";
    });
    const messages = [{ role: "user" as const, content: "Summarize the day." }];
    const chunks = await client.messages.create({ ...options, messages, stream: true });
    for await (const _ of chunks);
    await client.messages.create({ ...options, model: "overloaded", messages }).catch(() => {});
  });
}
