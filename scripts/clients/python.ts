/** The emitters in Python: programs of scripts/clients/python, each in an environment of its own. */
import { join } from "node:path";
import { question, result, sessionId, system, type Emitter, type Expectation } from "./emitter.ts";
import { installPython, pythonOf } from "./install.ts";
import { answer } from "./models/script.ts";

const programs = join(import.meta.dir, "python");
const exporter = "opentelemetry-exporter-otlp==1.45.2";
const openai = "openai==3.57.0";
const anthropic = "anthropic==2.14.0";

type Definition = Pick<Emitter, "name"> &
  Partial<Pick<Emitter, "protocol" | "env">> & {
    /** Of pip; the first one's version is the emitter's. */
    packages: string[];
    expects: Expectation;
  };

function python({ name, packages, protocol = "http/protobuf", env, expects }: Definition): Emitter {
  return {
    name,
    group: "python",
    version: packages[0]!.split("==")[1]!,
    protocol,
    install: (cache) => installPython(cache, name, packages),
    command: (cache) => [pythonOf(cache, name), join(programs, `${name.replaceAll("-", "_")}.py`)],
    ...(env && { env }),
    expects,
  };
}

/** The newest conventions, with messages on the spans. */
const latestConventions = {
  OTEL_SEMCONV_STABILITY_OPT_IN: "gen_ai_latest_experimental",
  OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT: "SPAN_ONLY",
};

const tool = { name: "get_weather", args: { city: "Oslo" }, result };
/** What most of them send of the conversation. */
const said = { system, question, answer, tool };

export const pythonEmitters: Emitter[] = [
  python({
    name: "langfuse-sdk",
    packages: ["langfuse==5.0.4", openai],
    env: ({ otlpUrl }) => ({
      LANGFUSE_HOST: otlpUrl,
      LANGFUSE_BASE_URL: otlpUrl,
      LANGFUSE_PUBLIC_KEY: "pk-lf-scripted",
      LANGFUSE_SECRET_KEY: "sk-lf-scripted",
    }),
    expects: {
      ...said,
      toolSpan: { args: /Oslo/ },
      counts: { agent: 1, llm: 3, tool: 1 },
      sessionId,
      agentName: "forecaster",
      errors: 1,
    },
  }),
  python({
    name: "logfire-pydantic-ai",
    packages: ["logfire==5.4.0", "pydantic-ai-slim[openai,anthropic,google]==2.62.0"],
    expects: { ...said, counts: { agent: 3, llm: 6, tool: 3 }, agentName: "forecaster" },
  }),
  python({
    name: "oi-openai-anthropic",
    packages: [
      "openinference-instrumentation-openai==0.1.66",
      "openinference-instrumentation-anthropic==3.1.0",
      openai,
      anthropic,
      exporter,
    ],
    expects: { ...said, counts: { llm: 5, embedding: 1, tool: 0 }, sessionId, errors: 1 },
  }),
  python({
    name: "oi-langchain",
    packages: [
      "openinference-instrumentation-langchain==0.1.80",
      "langchain==1.5.0",
      "langchain-openai==1.7.4",
      exporter,
    ],
    expects: {
      ...said,
      toolSpan: { args: /Oslo/ },
      counts: { agent: 1, llm: 2, tool: 1 },
      sessionId,
      agentName: "forecaster",
    },
  }),
  python({
    name: "oi-openai-agents",
    packages: [
      "openinference-instrumentation-openai-agents==2.6.0",
      "openai-agents==0.24.0",
      exporter,
    ],
    expects: {
      ...said,
      counts: { agent: 1, llm: 2, tool: 1 },
      sessionId,
      agentName: "forecaster",
    },
  }),
  python({
    name: "traceloop-sdk",
    packages: ["traceloop-sdk==0.62.4", "openai==2.54.0", "anthropic==0.125.0"],
    expects: {
      ...said,
      toolSpan: { args: /Oslo/ },
      counts: { agent: 1, llm: 4, embedding: 1, tool: 1 },
      agentName: "forecaster",
      sessionId,
    },
  }),
  python({
    name: "langsmith-otel",
    packages: ["langsmith[otel]==0.14.17", "langchain==1.5.0", "langchain-openai==1.7.4", exporter],
    env: () => ({
      LANGSMITH_TRACING: "true",
      LANGSMITH_OTEL_ENABLED: "true",
      LANGSMITH_OTEL_ONLY: "true",
      LANGSMITH_API_KEY: "scripted",
      LANGSMITH_ENDPOINT: "http://127.0.0.1:9",
    }),
    expects: {
      ...said,
      counts: { agent: 1, llm: 2, tool: 1 },
      sessionId,
      agentName: "forecaster",
    },
  }),
  python({
    name: "mlflow-tracing",
    packages: ["mlflow-skinny==3.17.2", openai, "numpy==2.4.6", "pandas==3.1.1", exporter],
    env: ({ otlpUrl }) => ({
      OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: `${otlpUrl}/v1/traces`,
      OTEL_EXPORTER_OTLP_TRACES_PROTOCOL: "http/protobuf",
    }),
    expects: {
      ...said,
      counts: { agent: 1, llm: 2, embedding: 1, tool: 1 },
      agentName: "forecaster",
    },
  }),
  python({
    name: "litellm-otel",
    packages: ["litellm==1.110.2", "opentelemetry-sdk==1.45.2", exporter],
    env: () => ({ LITELLM_LOCAL_MODEL_COST_MAP: "True" }),
    expects: { ...said, counts: { llm: 4, embedding: 1, tool: 0 } },
  }),
  python({
    name: "google-adk",
    packages: ["google-adk==2.13.0", "opentelemetry-exporter-otlp-proto-http==1.44.0"],
    env: () => latestConventions,
    expects: {
      ...said,
      // It adds to the instructions. What it wraps a tool's result in is not shown.
      system: /^You are a weather assistant\./,
      counts: { agent: 1, llm: 2, tool: 1 },
      sessionId,
      agentName: "forecaster",
    },
  }),
  python({
    name: "strands-agents",
    packages: ["strands-agents[anthropic,otel]==1.62.0"],
    expects: {
      ...said,
      counts: { agent: 1, llm: 2, tool: 1 },
      sessionId,
      agentName: "forecaster",
    },
  }),
  python({
    name: "llamaindex-oi",
    packages: [
      "openinference-instrumentation-llama-index==4.6.1",
      "llama-index-core==0.14.25",
      "llama-index-llms-openai==0.8.3",
      exporter,
    ],
    expects: {
      ...said,
      toolSpan: { name: "FunctionTool", args: /Oslo/ },
      counts: { agent: 1, llm: 2, tool: 1 },
      sessionId,
    },
  }),
  python({
    name: "crewai-oi",
    packages: [
      "openinference-instrumentation-crewai==1.1.21",
      "openinference-instrumentation-openai==0.1.66",
      "crewai==1.15.30",
      exporter,
    ],
    expects: {
      system: /You are a weather assistant/,
      question: /What is the weather in Oslo/,
      answer,
      tool: { ...tool, result: /cloudless, 21 degrees/ },
      counts: { agent: 1, llm: 2, tool: 1 },
      agentName: "forecaster",
    },
  }),
  python({
    name: "smolagents-oi",
    packages: [
      "openinference-instrumentation-smolagents==0.1.43",
      "smolagents[openai]==1.26.0",
      exporter,
    ],
    expects: {
      question: /What is the weather in Oslo/,
      tool: { ...tool, result: /cloudless, 21 degrees/ },
      toolSpan: { name: "SimpleTool", args: /Oslo/ },
      lacks: ["cachedInput", "reasoning"],
      counts: { agent: 1, llm: 2, tool: 2 },
    },
  }),
  python({
    name: "openlit-sdk",
    packages: ["openlit==1.45.0", "openai==2.54.0", "anthropic==0.125.0"],
    expects: { ...said, lacks: ["reasoning"], counts: { llm: 4, embedding: 1, tool: 0 } },
  }),
  python({
    name: "semantic-kernel-agent",
    packages: ["semantic-kernel==1.45.0", exporter],
    env: () => ({ SEMANTICKERNEL_EXPERIMENTAL_GENAI_ENABLE_OTEL_DIAGNOSTICS_SENSITIVE: "true" }),
    expects: {
      ...said,
      tool: { ...tool, name: "Weather-get_weather" },
      lacks: ["cachedInput", "reasoning"],
      counts: { agent: 1, llm: 2, tool: 1 },
      agentName: "forecaster",
    },
  }),
  python({
    name: "haystack-agent",
    packages: ["haystack-ai==3.4.1", "opentelemetry-haystack==2.0.0", exporter],
    env: () => ({ HAYSTACK_CONTENT_TRACING_ENABLED: "true" }),
    expects: { ...said, counts: { agent: 1, llm: 2, tool: 1 } },
  }),
  python({
    name: "agno-oi",
    packages: ["openinference-instrumentation-agno==1.0.15", "agno==3.1.10", openai, exporter],
    expects: {
      ...said,
      lacks: ["reasoning"],
      counts: { agent: 1, llm: 2, tool: 1 },
      sessionId,
      agentName: "forecaster",
    },
  }),
  python({
    name: "dspy-oi",
    packages: ["openinference-instrumentation-dspy==0.1.48", "dspy==3.4.1", exporter],
    expects: {
      question: /What is the weather in Oslo/,
      answer: /It is 21 degrees in Oslo/,
      lacks: ["input", "cachedInput", "output", "reasoning"],
      counts: { llm: 2, tool: 1 },
    },
  }),
  python({
    name: "ag2-agent",
    packages: ["ag2[openai]==1.2.1", "opentelemetry-sdk==1.45.2", exporter],
    expects: {
      question,
      answer,
      tool,
      counts: { agent: 1, llm: 2, tool: 1 },
      agentName: "forecaster",
    },
  }),
  python({
    name: "otel-openai-v2",
    packages: [
      "opentelemetry-instrumentation-openai-v2==2.4b0",
      "opentelemetry-util-genai==1.0b0",
      "openai==2.54.0",
      exporter,
    ],
    protocol: "grpc",
    env: () => latestConventions,
    expects: {
      ...said,
      lacks: ["cachedInput", "reasoning"],
      counts: { llm: 3, embedding: 1, tool: 0 },
      errors: 1,
    },
  }),
  python({
    name: "otel-google-genai",
    packages: [
      "opentelemetry-instrumentation-google-genai==1.3b0",
      "google-genai==2.34.0",
      exporter,
    ],
    protocol: "grpc",
    env: () => latestConventions,
    expects: {
      ...said,
      tool: { ...tool, result: /cloudless, 21 degrees/ },
      counts: { llm: 2, tool: 0 },
    },
  }),
  python({
    name: "anthropic-native",
    packages: [anthropic, "opentelemetry-sdk==1.45.2", exporter],
    env: () => ({ ANTHROPIC_OPEN_TELEMETRY_TRACES_CONTENT_MODE: "content" }),
    expects: { ...said, counts: { llm: 2, tool: 0 } },
  }),
];
