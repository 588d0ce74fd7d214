/**
 * The client of OpenAI instrumented by OpenInference, against a model server on loopback: an agent
 * that asks the model, calls a tool and asks again; then, each a trace of its own, a streamed
 * answer, an agent whose call fails (that call's span never ends), and an embedding.
 */
import {
  getInputAttributes,
  setMetadata,
  setSession,
  setTags,
  setUser,
  withSpan,
} from "@arizeai/openinference-core";
import { OpenAIInstrumentation } from "@arizeai/openinference-instrumentation-openai";
import { OpenInferenceSpanKind } from "@arizeai/openinference-semantic-conventions";
import { context } from "@opentelemetry/api";
import OpenAI from "openai";
import { askWithTool, question, readWeather, serveOpenAi } from "./models.ts";
import { exportTo, withTracing, type Target } from "./sdk.ts";

export async function emitOpenInference(target: Target): Promise<void> {
  await using models = serveOpenAi();
  const client = new OpenAI({ baseURL: `${models.url}/v1`, apiKey: "unused", maxRetries: 0 });
  await withTracing("openinference", exportTo(target), async (tracerProvider) => {
    const instrumentation = new OpenAIInstrumentation({ tracerProvider });
    instrumentation.manuallyInstrument(OpenAI);
    const callTool = withSpan(readWeather, {
      name: "weather",
      kind: OpenInferenceSpanKind.TOOL,
    });
    const runAgent = withSpan((input: string) => askWithTool(client, input, callTool), {
      name: "weather-agent",
      kind: OpenInferenceSpanKind.AGENT,
      processInput: (input) => getInputAttributes(String(input)),
    });
    let labels = setSession(context.active(), { sessionId: "session-1" });
    labels = setUser(labels, { userId: "user-1" });
    labels = setMetadata(labels, { tier: "gold" });
    labels = setTags(labels, ["weather", "test"]);
    await context.with(labels, () => runAgent(question));

    const messages = [{ role: "user" as const, content: "Summarize the day." }];
    const chunks = await client.chat.completions.create({
      model: "gpt-4.1",
      messages,
      stream: true,
      stream_options: { include_usage: true },
    });
    for await (const _ of chunks);
    const failing = withSpan(
      () => client.chat.completions.create({ model: "overloaded", messages }),
      { name: "failing-agent", kind: OpenInferenceSpanKind.AGENT },
    );
    await failing().catch(() => {});
    await client.embeddings.create({
      model: "text-embedding-3-small",
      input: "a sunny day",
      encoding_format: "float",
    });
  });
}
