/** What every emitter needs around it: a tracer provider that exports to one server, and its end. */
import { context, diag, DiagLogLevel, trace, type TracerProvider } from "@opentelemetry/api";
import { AsyncLocalStorageContextManager } from "@opentelemetry/context-async-hooks";
import { OTLPTraceExporter } from "@opentelemetry/exporter-trace-otlp-proto";
import { resourceFromAttributes } from "@opentelemetry/resources";
import {
  BasicTracerProvider,
  BatchSpanProcessor,
  type SpanExporter,
} from "@opentelemetry/sdk-trace-base";

/** Where an emitter sends. */
export interface Target {
  /** The base URL of an OTLP/HTTP server, without `/v1/traces`. */
  endpoint: string;
}

/**
 * Runs `emit` with a tracer provider that is also the global one, and resolves when all its spans
 * are exported. Throws when an export failed.
 */
export async function withTracing(
  serviceName: string,
  exporter: SpanExporter,
  emit: (provider: TracerProvider) => Promise<void>,
): Promise<void> {
  const complaints: string[] = [];
  const complain = (...parts: unknown[]) => complaints.push(parts.map(String).join(" "));
  const ignore = () => {};
  diag.setLogger(
    { error: complain, warn: complain, info: ignore, debug: ignore, verbose: ignore },
    DiagLogLevel.WARN,
  );
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  const provider = new BasicTracerProvider({
    resource: resourceFromAttributes({ "service.name": serviceName, "service.version": "1.2.3" }),
    spanProcessors: [new BatchSpanProcessor(exporter)],
  });
  trace.setGlobalTracerProvider(provider);
  try {
    await emit(provider);
  } finally {
    await provider.shutdown();
    trace.disable();
    context.disable();
    diag.disable();
  }
  if (complaints.length > 0) throw new Error(complaints.join("\n"));
}

export function exportTo({ endpoint }: Target): SpanExporter {
  return new OTLPTraceExporter({ url: `${endpoint}/v1/traces` });
}
