/** The code to copy for each way of sending traces. */
import type { Setup } from "../../http/setup.ts";

export interface Guide {
  id: string;
  name: string;
  /** Environment variables: label and line to copy. */
  lines: [label: string, line: string][];
  /** Code, or a prompt for a coding agent. */
  snippet: string;
  language: "typescript" | "bash" | "text";
  note?: string;
}

export function guidesOf(setup: Setup): Guide[] {
  const { ingestUrl, otlpUrl, otlpAuth, apiKey, keyFile } = setup;
  const key = apiKey ?? "<your key: see Settings>";
  const ingest: Guide["lines"] = [
    ["Endpoint", `FOGLAMP_INGEST_URL=${ingestUrl}`],
    ["Key", `FOGLAMP_API_KEY=${key}`],
  ];
  const otlp: Guide["lines"] = [
    ["Endpoint", `OTEL_EXPORTER_OTLP_ENDPOINT=${otlpUrl}`],
    ...(otlpAuth === "key"
      ? [["Key", `OTEL_EXPORTER_OTLP_HEADERS=authorization=Bearer%20${key}`] as [string, string]]
      : []),
  ];
  const variables = [...ingest, ...otlp].map(([, line]) => `  ${line}`).join("\n");
  return [
    {
      id: "foglamp",
      name: "Foglamp SDK",
      lines: ingest,
      language: "typescript",
      snippet: `import { registerTelemetry } from "ai";
import { foglamp } from "foglamp";

// Reads FOGLAMP_API_KEY and FOGLAMP_INGEST_URL.
registerTelemetry(foglamp());`,
    },
    {
      id: "ai-sdk",
      name: "AI SDK",
      lines: otlp,
      language: "typescript",
      snippet: `import { NodeSDK } from "@opentelemetry/sdk-node";
import { OTLPTraceExporter } from "@opentelemetry/exporter-trace-otlp-http";
import { generateText } from "ai";

new NodeSDK({ traceExporter: new OTLPTraceExporter() }).start();

await generateText({
  model,
  prompt: "In one sentence, what is a tealight?",
  experimental_telemetry: { isEnabled: true },
});`,
      note: "The exporter reads OTEL_EXPORTER_OTLP_ENDPOINT. AI SDK 4 to 6; version 7 with @ai-sdk/otel.",
    },
    {
      id: "otel",
      name: "OpenTelemetry",
      lines: otlp,
      language: "bash",
      snippet: `${otlp.map(([, line]) => `export ${line}`).join("\n")}
export OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf

# Or let a command have all variables:
tealight run -- node my-agent.js`,
      note: "Supports the GenAI conventions, OpenInference and OpenLLMetry, over HTTP and gRPC.",
    },
    {
      id: "agent",
      name: "Ask your coding agent",
      lines: [],
      language: "text",
      snippet: `Send this project's LLM traces to Tealight, which runs on this machine.
If the project uses the AI SDK with Foglamp, call registerTelemetry(foglamp()) once at start.
Otherwise add an OpenTelemetry trace exporter over OTLP/HTTP and turn the SDK's telemetry on.
Set these variables where the project keeps its environment, and commit no secret:

${variables}

The key is in ${keyFile}. Then run the project once and check that a trace arrived at ${setup.url}.`,
    },
  ];
}
