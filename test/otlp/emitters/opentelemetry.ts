/**
 * The OpenTelemetry SDK as its users set it up, by each protocol of OTLP: an agent's run by the
 * semantic conventions. The second model call has its messages in logs instead of attributes.
 */
import { context, SpanKind, SpanStatusCode, trace, type Tracer } from "@opentelemetry/api";
import { OTLPLogExporter as JsonLogExporter } from "@opentelemetry/exporter-logs-otlp-http";
import { OTLPLogExporter as ProtoLogExporter } from "@opentelemetry/exporter-logs-otlp-proto";
import { OTLPMetricExporter } from "@opentelemetry/exporter-metrics-otlp-proto";
import { OTLPTraceExporter as GrpcTraceExporter } from "@opentelemetry/exporter-trace-otlp-grpc";
import { OTLPTraceExporter as JsonTraceExporter } from "@opentelemetry/exporter-trace-otlp-http";
import { OTLPTraceExporter as ProtoTraceExporter } from "@opentelemetry/exporter-trace-otlp-proto";
import { CompressionAlgorithm } from "@opentelemetry/otlp-exporter-base";
import { resourceFromAttributes } from "@opentelemetry/resources";
import { BatchLogRecordProcessor, LoggerProvider } from "@opentelemetry/sdk-logs";
import { MeterProvider, PeriodicExportingMetricReader } from "@opentelemetry/sdk-metrics";
import { withTracing, type Target } from "./sdk.ts";

export interface SdkTarget extends Target {
  /** With `grpc` the endpoint is the gRPC server's URL, and only traces go there. */
  protocol: "http/json" | "http/protobuf" | "grpc";
  gzip?: boolean;
}

type Logger = ReturnType<LoggerProvider["getLogger"]>;

const resource = resourceFromAttributes({ "service.name": "weather-service" });

export async function emitOpenTelemetry(target: SdkTarget): Promise<void> {
  const { endpoint, protocol } = target;
  const compression = target.gzip ? CompressionAlgorithm.GZIP : CompressionAlgorithm.NONE;
  const options = { url: `${endpoint}/v1/traces`, compression };
  if (protocol === "grpc") {
    const exporter = new GrpcTraceExporter({ url: endpoint, compression });
    await withTracing("weather-service", exporter, () => runAgent());
    return;
  }
  const isJson = protocol === "http/json";
  const exporter = isJson ? new JsonTraceExporter(options) : new ProtoTraceExporter(options);
  const LogExporter = isJson ? JsonLogExporter : ProtoLogExporter;
  const logs = new LoggerProvider({
    resource,
    processors: [
      new BatchLogRecordProcessor({
        exporter: new LogExporter({ url: `${endpoint}/v1/logs`, compression }),
      }),
    ],
  });
  await withTracing("weather-service", exporter, async () => {
    await runAgent(logs.getLogger("weather-service.events"));
    await logs.shutdown();
    await countTokens(endpoint);
  });
}

async function runAgent(logger?: Logger): Promise<void> {
  const tracer = trace.getTracer("weather-service.agent", "0.4.2");
  const links = [
    {
      context: {
        traceId: "0af7651916cd43dd8448eb211c80319c",
        spanId: "b7ad6b7169203331",
        traceFlags: 1,
      },
      attributes: { "link.reason": "follows" },
    },
  ];
  const attributes = {
    "gen_ai.operation.name": "invoke_agent",
    "gen_ai.provider.name": "openai",
    "gen_ai.agent.name": "weather-agent",
    "gen_ai.conversation.id": "session-1",
    "user.id": "user-1",
    "app.attempt": 2,
    "app.ratio": 0.25,
    "app.is_beta": true,
    "app.tags": ["weather", "test"],
    "app.scores": [1, 2, 3],
  };
  await tracer.startActiveSpan(
    "invoke_agent weather-agent",
    { kind: SpanKind.INTERNAL, attributes, links },
    async (span) => {
      callModel(tracer);
      await Bun.sleep(3);
      callTool(tracer);
      await Bun.sleep(3);
      failTool(tracer);
      await Bun.sleep(3);
      callModelAgain(tracer, logger);
      span.end();
    },
  );
}

const modelCall = {
  "gen_ai.operation.name": "chat",
  "gen_ai.provider.name": "openai",
  "gen_ai.request.model": "gpt-4.1",
  "gen_ai.response.model": "gpt-4.1-2025-04-14",
  "gen_ai.conversation.id": "session-1",
};

function callModel(tracer: Tracer): void {
  const attributes = {
    ...modelCall,
    "gen_ai.request.temperature": 0.5,
    "gen_ai.response.id": "resp-1",
    "gen_ai.response.finish_reasons": ["tool_calls"],
    "gen_ai.response.time_to_first_chunk": 0.25,
    "gen_ai.usage.input_tokens": 100,
    "gen_ai.usage.cache_read.input_tokens": 60,
    "gen_ai.usage.cache_write.input_tokens": 10,
    "gen_ai.usage.output_tokens": 20,
    "gen_ai.usage.reasoning.output_tokens": 8,
    "gen_ai.system_instructions": JSON.stringify([
      { type: "text", content: "You are a weather assistant." },
    ]),
    "gen_ai.input.messages": JSON.stringify([
      { role: "user", parts: [{ type: "text", content: "What is the weather in Oslo?" }] },
    ]),
    "gen_ai.output.messages": JSON.stringify([
      {
        role: "assistant",
        parts: [{ type: "tool_call", id: "call-1", name: "weather", arguments: { city: "Oslo" } }],
        finish_reason: "tool_calls",
      },
    ]),
    "gen_ai.tool.definitions": JSON.stringify([
      {
        type: "function",
        name: "weather",
        description: "Current weather of a city",
        parameters: { type: "object", properties: { city: { type: "string" } } },
      },
    ]),
  };
  tracer.startSpan("chat gpt-4.1", { kind: SpanKind.CLIENT, attributes }).end();
}

function callTool(tracer: Tracer): void {
  const attributes = {
    "gen_ai.operation.name": "execute_tool",
    "gen_ai.tool.name": "weather",
    "gen_ai.tool.type": "function",
    "gen_ai.tool.call.id": "call-1",
    "gen_ai.tool.call.arguments": '{"city":"Oslo"}',
    "gen_ai.tool.call.result": '{"city":"Oslo","celsius":21}',
  };
  tracer.startSpan("execute_tool weather", { attributes }).end();
}

function failTool(tracer: Tracer): void {
  const error = new TypeError("No such city");
  const span = tracer.startSpan("execute_tool forecast", {
    attributes: {
      "gen_ai.operation.name": "execute_tool",
      "gen_ai.tool.name": "forecast",
      "gen_ai.tool.call.id": "call-2",
      "error.type": "TypeError",
    },
  });
  span.recordException(error);
  span.setStatus({ code: SpanStatusCode.ERROR, message: error.message });
  span.end();
}

function callModelAgain(tracer: Tracer, logger?: Logger): void {
  const attributes = {
    ...modelCall,
    "gen_ai.usage.input_tokens": 150,
    "gen_ai.usage.cache_read.input_tokens": 90,
    "gen_ai.usage.output_tokens": 30,
  };
  const span = tracer.startSpan("chat gpt-4.1", { kind: SpanKind.CLIENT, attributes });
  context.with(trace.setSpan(context.active(), span), () => {
    logger?.emit({
      eventName: "gen_ai.user.message",
      attributes: { "gen_ai.system": "openai" },
      body: { role: "user", content: "And now?" },
    });
    logger?.emit({
      eventName: "gen_ai.choice",
      attributes: { "gen_ai.system": "openai" },
      body: {
        index: 0,
        finish_reason: "stop",
        message: { role: "assistant", content: "It is 21 degrees in Oslo." },
      },
    });
  });
  span.end();
}

async function countTokens(endpoint: string): Promise<void> {
  const provider = new MeterProvider({
    resource,
    readers: [
      new PeriodicExportingMetricReader({
        exporter: new OTLPMetricExporter({ url: `${endpoint}/v1/metrics` }),
      }),
    ],
  });
  provider
    .getMeter("weather-service")
    .createHistogram("gen_ai.client.token.usage", { unit: "{token}" })
    .record(100, { "gen_ai.token.type": "input" });
  await provider.shutdown();
}
