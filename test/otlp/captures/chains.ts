/** What is right for frameworks that chain calls, under several tracers. */
import {
  anthropic,
  asked,
  brokenCall,
  brokenTool,
  chat,
  embedding,
  failed,
  gpt4o,
  lines,
  offered,
  sonnet,
  weather,
  weatherCalls,
  type Expected,
} from "./scripted.ts";

const { ask, call, look, answer } = lines;

export const chains: Expected[] = [
  {
    capture: "oi-langchain",
    runs: [
      {
        trace: "65132c95",
        name: "weather_agent",
        sessionId: "s-9",
        status: "ok",
        errorCount: 0,
        calls: weatherCalls(gpt4o, [chat(0), chat(1)], "21 C in Paris"),
        tools: [{ name: "get_weather", inputHas: "Paris", output: "result 21 C in Paris" }],
        preview: asked,
      },
      {
        trace: "6023a411",
        name: "weather_agent",
        sessionId: "s-9",
        status: "ok",
        calls: weatherCalls(sonnet, [anthropic(0), anthropic(1)], "21 C in Paris", undefined, [
          look,
          call,
        ]),
        tools: [{ name: "get_weather", inputHas: "Paris", output: "result 21 C in Paris" }],
        preview: asked,
      },
      // The vendor's own spans of the same two calls, which stand in traces of their own.
      { trace: "c465af93", calls: [{ model: sonnet, usage: anthropic(0) }] },
      { trace: "33847ea9", calls: [{ model: sonnet, usage: anthropic(1) }] },
      {
        trace: "29c46d48",
        status: "ok",
        calls: weatherCalls("gpt-4o", [null, null], "21 C in Paris", [ask]),
        tools: [{ name: "get_weather", inputHas: "Paris", output: "result 21 C in Paris" }],
      },
      {
        trace: "4c574747",
        status: "error",
        errorCount: 3,
        calls: [brokenCall(gpt4o, chat(0))],
        tools: [{ name: "weather_broken", inputHas: "Paris", status: "error" }],
      },
      {
        trace: "5b5f683f",
        status: "error",
        errorCount: 3,
        calls: [failed("gpt-4o-err500", ["user Weather?"])],
      },
    ],
  },
  {
    capture: "langsmith-py",
    runs: [
      {
        trace: "df0c00e6",
        name: "weather_agent",
        sessionId: "thread-9",
        status: "ok",
        calls: offered(weatherCalls(["gpt-4o", gpt4o], [chat(0), chat(1)], "21 C in Paris")),
        tools: [weather("21 C in Paris")],
        preview: asked,
      },
      {
        trace: "74cff9c6",
        name: "weather_agent",
        sessionId: "thread-9",
        status: "ok",
        calls: weatherCalls(sonnet, [anthropic(0), anthropic(1)], "21 C in Paris", undefined, [
          look,
          call,
        ]),
        tools: [weather("21 C in Paris")],
        preview: asked,
      },
      // The vendor's own spans of the same two calls, which stand in traces of their own.
      { trace: "a2f36ea0", calls: [{ model: sonnet, usage: anthropic(0) }] },
      { trace: "c135ea7b", calls: [{ model: sonnet, usage: anthropic(1) }] },
      {
        trace: "99ac5663",
        status: "ok",
        // Without `stream_usage` a stream has no counts.
        calls: weatherCalls(["gpt-4o", gpt4o], [null, null], "21 C in Paris", [ask]),
        tools: [weather("21 C in Paris")],
      },
      {
        trace: "c9e0f363",
        status: "error",
        errorCount: 3,
        calls: [
          {
            model: ["gpt-4o", gpt4o],
            usage: chat(0),
            input: ["user Weather?"],
            output: ['call weather_broken {"city":"Paris"}'],
          },
        ],
        tools: [brokenTool],
      },
      {
        trace: "b73cde7c",
        calls: [
          // The sender says OK, and notes the exception.
          {
            model: "gpt-4o-err500",
            usage: null,
            status: ["ok", "error"],
            input: ["user Weather?"],
          },
        ],
      },
      { trace: "9a0597f2", name: "pipeline", sessionId: "t-3", status: "ok", calls: [] },
    ],
  },
  {
    capture: "llamaindex",
    runs: [
      {
        trace: "35497175",
        name: "FunctionAgent.run",
        status: "ok",
        // Streams, of which the instrumentation has no counts.
        calls: weatherCalls("gpt-4o", [null, null], "21 C in Paris"),
        tools: [{ name: "get_weather", inputHas: "Paris", output: "result 21 C in Paris" }],
      },
      {
        trace: "8c57cb90",
        calls: [{ model: "gpt-4o", usage: chat(0), input: ["user Hi"], output: [answer] }],
      },
      { trace: "22d1ebfa", calls: [], embeddings: [{ ...embedding, usage: null }] },
    ],
  },
  {
    capture: "semantic-kernel",
    runs: [
      {
        trace: "4c128d39",
        name: "invoke_agent WeatherAgent",
        agentName: "WeatherAgent",
        status: "ok",
        // Cache and reasoning stand only within the words of a log record.
        calls: weatherCalls(
          ["gpt-4o"],
          [chat(0), chat(1)].map((usage) => ({
            ...usage,
            cachedInputTokens: [null, 1024],
            reasoningTokens: [null, 32],
          })) as never,
          "21 C in Paris",
          undefined,
          ['call P-get_weather {"city":"Paris"}'],
        ),
        tools: [
          {
            name: "P-get_weather",
            input: 'call P-get_weather {"city":"Paris"}',
            output: "result 21 C in Paris",
          },
        ],
        totals: {
          ...chat(0),
          inputTokens: 2500,
          outputTokens: 161,
          cachedInputTokens: [null, 2048],
          reasoningTokens: [null, 64],
        },
        costUsd: [0.00786, 0.0053],
      },
    ],
  },
];
