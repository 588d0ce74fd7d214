/** The bodies that are sent, by shape. */
import { callShapes } from "./calls.ts";
import { marker, salted, type Template } from "./template.ts";
import { range, speaker } from "./words.ts";

export const bodyShapes = {
  /** One agent's POST: 7 spans, 7 KB. */
  agent: (seed: number) => template([agentTrace(seed)], 7),
  /** 50 of them at once: 360 KB. */
  bulk: (seed: number) =>
    template(
      range(50).map((i) => agentTrace(seed * 50 + i)),
      350,
    ),
  /** 10 MiB in 7,000 spans, and 10 MiB in 20. */
  many: (seed: number) =>
    template(
      range(1000).map((i) => agentTrace(seed + i, 1300)),
      7000,
    ),
  few: (seed: number) => template([fewTrace(seed)], 20),
  /** One trace of 200 spans. */
  wide: (seed: number) => template([wideTrace(seed)], 200),
  ...callShapes,
} satisfies Record<string, (seed: number) => Template>;

function template(traces: string[], spans: number): Template {
  return salted('{"version":"v1","traces":[', traces, ",", "]}", spans);
}

const at = (ms: number) => Number(`1${marker}${String(ms).padStart(3, "0")}`);

const tool = (name: string, description: string, fields: Record<string, unknown>) => ({
  [name]: {
    description,
    parameters: {
      $schema: "http://json-schema.org/draft-07/schema#",
      type: "object",
      properties: fields,
      required: Object.keys(fields).slice(0, 1),
      additionalProperties: false,
    },
  },
});
const toolCatalog = JSON.stringify({
  ...tool("search", "Search the notes", { query: { type: "string" }, limit: { type: "number" } }),
  ...tool("forecast", "The weather of a city", { city: { type: "string" } }),
});

/** An agent that calls three tools in three steps, as the reference's client library sends it. */
function agentTrace(seed: number, padding = 0): string {
  const say = speaker(seed);
  const id = `call-${marker}-${seed}`;
  const call = (n: number, toolName: string, input: object) => ({
    type: "tool-call",
    toolCallId: `call_${marker}_${n}`,
    toolName,
    input,
  });
  const result = (n: number, toolName: string, value: object) => ({
    type: "tool-result",
    toolCallId: `call_${marker}_${n}`,
    toolName,
    output: { type: "json", value },
  });
  const question = { role: "user", content: `${marker} ${say(10)}?` };
  const calls = [
    call(1, "search", { query: `${marker} ${say(2)}`, limit: 3 }),
    call(2, "forecast", { city: `${marker} ${say(1)}` }),
  ];
  const found = { hits: [`${marker} ${say(4)}`, say(4)] };
  const weather = { city: say(1), temperature: `${marker}.5` };
  const first = [
    question,
    { role: "assistant", content: [{ type: "text", text: `${marker} ${say(4)}` }, ...calls] },
    { role: "tool", content: [result(1, "search", found), result(2, "forecast", weather)] },
  ];
  const more = call(3, "search", { query: `${marker} ${say(3)}` });
  const second = [
    ...first,
    { role: "assistant", content: [more] },
    { role: "tool", content: [result(3, "search", { hits: [`${marker} ${say(4)}`, say(5)] })] },
  ];
  const toolSpan = (n: number, step: number, name: string, input: object, output: object) => ({
    spanId: `${id}:tool:${n}`,
    parentSpanId: `${id}:step:${step}`,
    spanType: "tool",
    name,
    startTime: at(100 * step + n),
    endTime: at(100 * step + n + 40),
    status: "ok",
    input: JSON.stringify(input),
    output: JSON.stringify(output),
  });
  const stepSpan = (step: number, messages: object[], output: string, finishReason: string) => ({
    spanId: `${id}:step:${step}`,
    parentSpanId: `${id}:root`,
    spanType: "llm",
    name: `step ${step}`,
    startTime: at(100 * step + 2),
    endTime: at(100 * step + 60),
    status: "ok",
    provider: "openai.responses",
    modelId: "gpt-4o",
    usage: {
      inputTokens: 800 + 300 * step,
      outputTokens: 40 - step,
      totalTokens: 840 + 299 * step,
      reasoningTokens: 0,
      cachedInputTokens: 256 * step,
      cacheWriteInputTokens: 0,
    },
    input: JSON.stringify(messages),
    output,
    toolCatalog,
    modelCallMs: 58,
    responseTimeMs: 58,
    effectiveOutputTps: 670.897454184545,
    effectiveTotalTps: 14488.84653787545,
    metadata: { stepNumber: String(step), finishReason },
  });
  const answer = `${marker} ${say(8)}${padding > 0 ? ` ${say(padding / 5)}` : ""}`;
  const spans = [
    {
      spanId: `${id}:root`,
      spanType: "agent",
      name: "researcher",
      startTime: at(0),
      endTime: at(400),
      status: "ok",
      provider: "openai.responses",
      modelId: "gpt-4o",
      input: JSON.stringify([question]),
      output: answer,
      toolCatalog,
    },
    toolSpan(1, 0, "search", calls[0]!.input, found),
    toolSpan(2, 0, "forecast", calls[1]!.input, weather),
    stepSpan(0, [question], `${marker} ${say(4)}`, "tool-calls"),
    toolSpan(3, 1, "search", more.input, { hits: [`${marker} ${say(5)}`] }),
    stepSpan(1, first, JSON.stringify([more]), "tool-calls"),
    stepSpan(2, second, answer, "stop"),
  ];
  return JSON.stringify({ traceId: id, agentName: "researcher", metadata: { env: "prod" }, spans });
}

function wideTrace(seed: number): string {
  const say = speaker(seed);
  const spans = range(200).map((n) => ({
    spanId: `${marker}-${n}`,
    ...(n > 0 && { parentSpanId: `${marker}-0` }),
    spanType: n === 0 ? "agent" : n % 2 ? "llm" : "tool",
    name: n % 2 ? "chat" : "search",
    startTime: at(n),
    endTime: at(n + 100),
    modelId: "gpt-4o",
    usage: { inputTokens: 500 + n, outputTokens: n },
    input: `${marker} ${say(60)}`,
    output: `${marker} ${say(40)}`,
  }));
  return JSON.stringify({ traceId: `wide-${marker}`, traceName: "wide", spans });
}

function fewTrace(seed: number): string {
  const say = speaker(seed);
  const spans = range(20).map((n) => ({
    spanId: `${marker}-${n}`,
    spanType: "llm",
    name: "chat",
    startTime: at(n),
    endTime: at(n + 100),
    // About 480,000 characters in messages of 2,400.
    input: JSON.stringify(
      range(200).map((m) => ({
        role: m % 2 ? "assistant" : "user",
        content: `${marker} ${m} ${say(480)}`,
      })),
    ),
  }));
  return JSON.stringify({ traceId: `few-${marker}`, traceName: "few", spans });
}
