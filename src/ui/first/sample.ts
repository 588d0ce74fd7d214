/** A sample trace in the ingest v1 format, for a look at the viewer before sending your own. */

interface Span {
  spanId: string;
  parentSpanId?: string;
  spanType: "agent" | "llm" | "tool" | "embedding";
  name: string;
  startTime: number;
  endTime: number;
  [field: string]: unknown;
}

const system =
  "You look after a small web shop. Use the tools you are given, and say what you did in two sentences.";
const question = "Why did the checkout fail for two customers this morning, and can you repair it?";

/** @param now the end time of the trace in epoch ms. */
export function sampleTrace(now: number) {
  const start = now - 31_000;
  const at = (seconds: number) => Math.round(start + seconds * 1000);
  const spans: Span[] = [];
  const messages: unknown[] = [
    { role: "system", content: system },
    { role: "user", content: question },
  ];

  function call(number: number, from: number, to: number, reply: object, thinking?: string): void {
    const content = [
      ...(thinking ? [{ type: "thinking", thinking }] : []),
      ...(Array.isArray(reply) ? reply : [reply]),
    ];
    const message = { role: "assistant", content };
    const inputTokens = Math.round(JSON.stringify(messages).length / 4) + 380;
    spans.push({
      spanId: `call_${number}`,
      parentSpanId: "root",
      spanType: "llm",
      name: "chat",
      startTime: at(from),
      endTime: at(to),
      provider: "anthropic",
      modelId: "claude-sonnet-4-5",
      ttftMs: 620 + number * 40,
      usage: {
        inputTokens,
        outputTokens: Math.round(JSON.stringify(message).length / 4),
        cachedInputTokens: number === 1 ? 0 : Math.round(inputTokens * 0.8),
      },
      input: JSON.stringify(messages),
      output: JSON.stringify([message]),
    });
    messages.push(message);
  }
  function tool(
    id: string,
    name: string,
    from: number,
    to: number,
    input: object,
    output: string,
    errorMessage?: string,
  ): void {
    spans.push({
      spanId: `tool_${id}`,
      parentSpanId: "root",
      spanType: "tool",
      name,
      startTime: at(from),
      endTime: at(to),
      status: errorMessage ? "error" : "ok",
      ...(errorMessage && { errorMessage }),
      input: JSON.stringify(input),
      output,
      metadata: { "gen_ai.tool.call.id": id },
    });
    messages.push({
      role: "user",
      content: [
        {
          type: "tool_result",
          tool_use_id: id,
          content: errorMessage ?? output,
          ...(errorMessage && { is_error: true }),
        },
      ],
    });
  }
  const use = (id: string, name: string, input: object) => ({ type: "tool_use", id, name, input });
  const say = (text: string) => ({ type: "text", text });

  const logs = { service: "checkout", since: "06:00" };
  call(
    1,
    0.1,
    3.4,
    [say("I look at the logs of the checkout first."), use("c1", "read_logs", logs)],
    "Two customers only: not an outage. The logs will name the orders.",
  );
  tool(
    "c1",
    "read_logs",
    3.4,
    4.6,
    logs,
    "06:12 order 4821 failed: currency XAF has 0 decimals, got 1250.50\n06:47 order 4830 failed: currency XAF has 0 decimals, got 980.25\n06:48 order 4831 paid\n",
  );
  const help = { question: "Where are amounts rounded?" };
  call(2, 4.7, 7.9, [
    say("Both orders are in XAF, which has no decimals. A helper looks for the place."),
    use("c2", "explore", help),
  ]);
  tool("c2", "explore", 8, 17.2, help, "src/money.ts: `round(amount)` always keeps two decimals.");
  const edit = {
    path: "src/money.ts",
    old: "return Number(amount.toFixed(2));",
    new: "return Number(amount.toFixed(decimalsOf(currency)));",
  };
  call(3, 17.3, 21.1, [
    say("`round` keeps two decimals for every currency. I change that."),
    use("c3", "edit", edit),
  ]);
  tool("c3", "edit", 21.1, 21.4, edit, "", "decimalsOf is not imported in src/money.ts");
  const again = {
    ...edit,
    new: `${edit.new}\n// and at the top: import { decimalsOf } from "./currencies.ts";`,
  };
  call(4, 21.5, 25, [say("The import is missing. Once more, with it."), use("c4", "edit", again)]);
  tool("c4", "edit", 25, 25.3, again, "1 file changed, tests pass");
  call(
    5,
    25.4,
    30.8,
    say(
      "Both orders were paid in **XAF**, which has no decimals, while `round` in `src/money.ts` kept two. It now asks each currency how many it has; the tests pass.",
    ),
  );

  const explorer = { parentSpanId: "tool_c2", status: "ok" };
  spans.push(
    {
      ...explorer,
      spanId: "helper",
      spanType: "agent",
      name: "explorer",
      startTime: at(8.1),
      endTime: at(17.1),
    },
    {
      spanId: "helper_call",
      parentSpanId: "helper",
      spanType: "llm",
      name: "chat",
      startTime: at(8.2),
      endTime: at(11.5),
      provider: "anthropic",
      modelId: "claude-haiku-4-5",
      ttftMs: 310,
      usage: { inputTokens: 640, outputTokens: 58 },
      input: JSON.stringify([{ role: "user", content: help.question }]),
      output: JSON.stringify([
        { role: "assistant", content: "I search for every place that rounds." },
      ]),
    },
    ...Array.from({ length: 8 }, (_, n): Span => ({
      spanId: `search_${n}`,
      parentSpanId: "helper",
      spanType: "tool",
      name: "search",
      startTime: at(11.6 + n * 0.62),
      endTime: at(12.1 + n * 0.62),
      input: JSON.stringify({
        pattern: [
          "toFixed",
          "round(",
          "Math.floor",
          "decimals",
          "cents",
          "amount *",
          "/ 100",
          "currency",
        ][n],
      }),
      output: n === 0 ? "src/money.ts:14" : "no match",
    })),
    {
      spanId: "root",
      spanType: "agent",
      name: "shopkeeper",
      startTime: at(0),
      endTime: now,
      status: "ok",
      input: question,
      output: "Both orders were paid in XAF …",
    },
  );
  return {
    version: "v1",
    traces: [
      {
        traceId: `sample-${now}`,
        traceName: "why did the checkout fail?",
        agentName: "shopkeeper",
        sessionId: "sample",
        metadata: { env: "sample" },
        spans,
      },
    ],
  };
}
