/** One trace of any number of spans, as an agent that works for days sends it. */

export const hugeTraceId = "0af7651916cd43dd8448eb211c80319c";

/** A request that brings some of its spans. */
export interface HugeRequest {
  path: string;
  body: string;
}

const startMs = 1_760_000_000_000;
/** A turn is an agent with calls, and below each call's step its tools. */
const spansPerTurn = 40;
/** As many as an entry of ingest v1 may have. */
const spansPerRequest = 2000;
/** Each tenth request comes from a service that sends OTLP. */
const requestsPerService = 10;

const models = ["gpt-4o", "claude-sonnet-4-5", "gpt-4o-mini"];
const tools = ["bash", "read_file", "edit_file", "search", "deploy"];

export const hugeSpanId = (number: number) => (number + 0x1000).toString(16).padStart(16, "0");

/** @param spans about how many: whole turns are sent. */
export function* makeHugeTrace(spans: number): Generator<HugeRequest> {
  let request = 0;
  for (const made of inRequests(hugeSpans(spans))) {
    yield ++request % requestsPerService === 0
      ? { path: "/v1/traces", body: JSON.stringify(toOtlp(made)) }
      : { path: "/ingest", body: JSON.stringify(toV1(made)) };
  }
}

/** The spans alone, each with a parent that came before. */
export function* hugeSpans(spans: number): Generator<HugeSpan> {
  const turns = Math.ceil(spans / spansPerTurn);
  yield rootOf(turns);
  for (let turn = 0; turn < turns; turn++) yield* turnOf(turn);
}

function* inRequests(spans: Iterable<HugeSpan>): Generator<HugeSpan[]> {
  let some: HugeSpan[] = [];
  for (const span of spans) {
    some.push(span);
    if (some.length < spansPerRequest) continue;
    yield some;
    some = [];
  }
  if (some.length > 0) yield some;
}

interface HugeSpan {
  spanId: string;
  parentSpanId?: string;
  spanType: "agent" | "llm" | "tool" | "other";
  name: string;
  startTime: number;
  endTime: number;
  provider?: string;
  modelId?: string;
  usage?: { inputTokens: number; outputTokens: number; totalTokens: number };
  input?: string;
  output?: string;
  status?: "ok" | "error";
}

function rootOf(turns: number): HugeSpan {
  return {
    spanId: hugeSpanId(0),
    spanType: "agent",
    name: "root",
    startTime: startMs,
    endTime: startMs + turns * 1000,
    input: "keep the service running",
  };
}

/** An agent, ten steps in it, and in each step a call and two tools. */
function turnOf(turn: number): HugeSpan[] {
  const made: HugeSpan[] = [];
  const at = startMs + turn * 1000;
  let number = 1 + turn * spansPerTurn;
  const add = (
    span: Omit<HugeSpan, "spanId" | "startTime" | "endTime">,
    fromMs: number,
    ms: number,
  ) => {
    const spanId = hugeSpanId(number++);
    made.push({ ...span, spanId, startTime: at + fromMs, endTime: at + fromMs + ms });
    return spanId;
  };
  const agent = add(
    { parentSpanId: hugeSpanId(0), spanType: "agent", name: `turn`, input: `turn ${turn}` },
    0,
    999,
  );
  // The agent and nine steps of four, and one of three.
  for (let step = 0; number < 1 + (turn + 1) * spansPerTurn; step++) {
    const parentSpanId = add(
      { parentSpanId: agent, spanType: "other", name: "step" },
      step * 90,
      88,
    );
    const modelId = models[turn % models.length]!;
    const asked = `what is next after step ${step} of turn ${turn}? `.repeat(4);
    // Every fifth call has its texts: a huge trace is mostly small spans.
    const texts = step % 5 === 0 && {
      input: JSON.stringify([
        { role: "system", content: "You keep a service running." },
        { role: "user", content: asked },
      ]),
      output: JSON.stringify([{ role: "assistant", content: `step ${step + 1} of turn ${turn}` }]),
    };
    if (number === 1 + (turn + 1) * spansPerTurn) break;
    add(
      {
        parentSpanId,
        spanType: "llm",
        name: `chat ${modelId}`,
        provider: modelId.startsWith("gpt") ? "openai" : "anthropic",
        modelId,
        usage: {
          inputTokens: 1000 + turn,
          outputTokens: 20 + step,
          totalTokens: 1020 + turn + step,
        },
        ...texts,
      },
      step * 90 + 1,
      60,
    );
    for (let tool = 0; tool < 2 && number < 1 + (turn + 1) * spansPerTurn; tool++) {
      const name = tools[(turn + step + tool) % tools.length]!;
      const status = (turn + step) % 50 === 0 ? ("error" as const) : ("ok" as const);
      const input = tool === 0 && { input: JSON.stringify({ path: `/srv/${turn}/${step}` }) };
      add(
        { parentSpanId, spanType: "tool", name, status, ...input },
        step * 90 + 62 + tool * 12,
        11,
      );
    }
  }
  return made;
}

function toV1(spans: HugeSpan[]) {
  const header = { agentName: "operator", sessionId: "session-1", metadata: { env: "prod" } };
  return { version: "v1", traces: [{ traceId: hugeTraceId, ...header, spans }] };
}

const attribute = (key: string, value: string | number) => ({
  key,
  value: typeof value === "string" ? { stringValue: value } : { intValue: `${value}` },
});

function toOtlp(spans: HugeSpan[]) {
  return {
    resourceSpans: [
      {
        resource: { attributes: [attribute("service.name", "operator")] },
        scopeSpans: [
          {
            scope: { name: "operator.tracer" },
            spans: spans.map((span) => ({
              traceId: hugeTraceId,
              spanId: span.spanId,
              parentSpanId: span.parentSpanId,
              name: span.name,
              kind: 1,
              startTimeUnixNano: `${span.startTime}000000`,
              endTimeUnixNano: `${span.endTime}000000`,
              status: { code: span.status === "error" ? 2 : 0 },
              attributes: attributesOf(span),
            })),
          },
        ],
      },
    ],
  };
}

function attributesOf({ spanType, name, modelId, provider, usage, input, output }: HugeSpan) {
  if (spanType === "other") return [];
  const operation = { agent: "invoke_agent", llm: "chat", tool: "execute_tool" }[spanType];
  const texts = spanType === "tool" ? "gen_ai.tool.call.arguments" : "gen_ai.input.messages";
  return [
    attribute("gen_ai.operation.name", operation),
    ...(spanType === "tool" ? [attribute("gen_ai.tool.name", name)] : []),
    ...(modelId ? [attribute("gen_ai.request.model", modelId)] : []),
    ...(provider ? [attribute("gen_ai.provider.name", provider)] : []),
    ...(usage
      ? [
          attribute("gen_ai.usage.input_tokens", usage.inputTokens),
          attribute("gen_ai.usage.output_tokens", usage.outputTokens),
        ]
      : []),
    ...(input ? [attribute(texts, input)] : []),
    ...(output ? [attribute("gen_ai.output.messages", output)] : []),
  ];
}
