/** The same 1,000 model calls of 2 KB each in three encodings: ingest v1, OTLP as JSON and protobuf. */
import { marker, salted, type Template } from "./template.ts";
import { range, speaker } from "./words.ts";

const traces = 10;
const spansPerTrace = 100;
const spans = traces * spansPerTrace;

export const callShapes = { nativeCalls, jsonCalls, protobufCalls };

/** One model call with 1 KB of input and 1 KB of output. */
function call(seed: number, trace: number, n: number) {
  const say = speaker(seed * spans + trace * spansPerTrace + n);
  const message = (role: string) => {
    const content = `${marker} ${say(200)}`.slice(0, 960);
    return JSON.stringify([{ role, parts: [{ type: "text", content }] }]);
  };
  return {
    input: message("user"),
    output: message("assistant"),
    startMs: 1_750_000_000_000 + n * 10,
    inputTokens: 800 + n,
    outputTokens: 200 + n,
  };
}

/** Digits, and so hex of a trace's id as well as bytes of one. */
const traceId = (trace: number, length: number) => marker + String(trace).padStart(length - 9, "0");
const spanId = (n: number, length: number) => String(n + 1).padStart(length, "0");

function nativeCalls(seed: number): Template {
  const sent = range(traces).map((trace) => {
    const calls = range(spansPerTrace).map((n) => {
      const { startMs, inputTokens, outputTokens, ...texts } = call(seed, trace, n);
      return {
        spanId: spanId(n, 16),
        ...(n > 0 && { parentSpanId: spanId(0, 16) }),
        spanType: "llm",
        name: "chat gpt-4o",
        startTime: startMs,
        endTime: startMs + 5,
        status: "ok",
        provider: "openai",
        modelId: "gpt-4o",
        usage: { inputTokens, outputTokens },
        ...texts,
        metadata: { env: "prod" },
      };
    });
    const header = { agentName: "researcher", sessionId: "session-1" };
    return JSON.stringify({ traceId: traceId(trace, 32), ...header, spans: calls });
  });
  return salted('{"version":"v1","traces":[', sent, ",", "]}", spans);
}

function attributesOf(seed: number, trace: number, n: number): Record<string, string | number> {
  const { input, output, inputTokens, outputTokens } = call(seed, trace, n);
  return {
    "gen_ai.operation.name": "chat",
    "gen_ai.provider.name": "openai",
    "gen_ai.request.model": "gpt-4o",
    "gen_ai.agent.name": "researcher",
    "gen_ai.conversation.id": "session-1",
    "gen_ai.usage.input_tokens": inputTokens,
    "gen_ai.usage.output_tokens": outputTokens,
    "gen_ai.input.messages": input,
    "gen_ai.output.messages": output,
    "ai.telemetry.metadata.env": "prod",
  };
}

function jsonCalls(seed: number): Template {
  const sent = range(traces).map((trace) =>
    range(spansPerTrace)
      .map((n) => {
        const { startMs } = call(seed, trace, n);
        return JSON.stringify({
          traceId: traceId(trace, 32),
          spanId: spanId(n, 16),
          ...(n > 0 && { parentSpanId: spanId(0, 16) }),
          name: "chat gpt-4o",
          kind: 3,
          startTimeUnixNano: `${startMs}000000`,
          endTimeUnixNano: `${startMs + 5}000000`,
          attributes: Object.entries(attributesOf(seed, trace, n)).map(([key, value]) => ({
            key,
            value: typeof value === "string" ? { stringValue: value } : { intValue: value },
          })),
          status: {},
        });
      })
      .join(","),
  );
  const head = '{"resourceSpans":[{"scopeSpans":[{"scope":{"name":"bench"},"spans":[';
  return { ...salted(head, sent, ",", "]}]}]}", spans), otlp: { contentType: "application/json" } };
}

/** Fields of protobuf, as Latin-1: a number, a text or a message, and eight bytes. */
const varint = (value: number): string =>
  value < 128
    ? String.fromCharCode(value)
    : String.fromCharCode((value % 128) | 128) + varint(Math.floor(value / 128));
const number = (field: number, value: number) => varint(field * 8) + varint(value);
const bytes = (field: number, value: string) =>
  varint(field * 8 + 2) + varint(value.length) + value;
const fixed64 = (field: number, value: bigint) => {
  const eight = Buffer.alloc(8);
  eight.writeBigUInt64LE(value);
  return varint(field * 8 + 1) + eight.toString("latin1");
};

function protobufCalls(seed: number): Template {
  const sent = range(traces).map((trace) =>
    range(spansPerTrace)
      .map((n) => {
        const { startMs } = call(seed, trace, n);
        const attributes = Object.entries(attributesOf(seed, trace, n)).map(([key, value]) => {
          const any = typeof value === "string" ? bytes(1, value) : number(3, value);
          return bytes(9, bytes(1, key) + bytes(2, any));
        });
        const span = [
          bytes(1, traceId(trace, 16)),
          bytes(2, spanId(n, 8)),
          n > 0 ? bytes(4, spanId(0, 8)) : "",
          bytes(5, "chat gpt-4o"),
          number(6, 3),
          fixed64(7, BigInt(startMs) * 1_000_000n),
          fixed64(8, BigInt(startMs + 5) * 1_000_000n),
          ...attributes,
        ];
        return bytes(2, span.join(""));
      })
      .join(""),
  );
  // The messages around them begin with the length of all: the whole less what it holds is the head.
  const held = sent.join("");
  const whole = bytes(1, bytes(2, bytes(1, bytes(1, "bench")) + held));
  const head = whole.slice(0, whole.length - held.length);
  return {
    ...salted(head, sent, "", "", spans),
    otlp: { contentType: "application/x-protobuf" },
  };
}
