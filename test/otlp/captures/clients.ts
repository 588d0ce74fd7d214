/** What is right for instrumented clients of models, proxies and tracing SDKs. */
import {
  anthropic,
  chat,
  embedding,
  failed,
  gpt4o,
  lines,
  mini,
  offered,
  responses,
  sonnet,
  weather,
  weatherCalls,
  without,
  type Expected,
} from "./scripted.ts";

const { system, ask, call, look, thought, answer, result } = lines;
const image = "media image";

export const clients: Expected[] = [
  {
    capture: "anthropic-sdk-native",
    runs: [
      { trace: "8935b193", calls: [{ model: "claude-opus-4-5", usage: anthropic(0) }] },
      {
        trace: "22a7e4cd",
        status: "error",
        calls: [{ ...failed("claude-err500"), errorHas: "api_error" }],
      },
    ],
  },
  {
    capture: "langfuse-py",
    runs: [
      {
        trace: "1f39f82a",
        name: "weather_agent",
        sessionId: "lf-s1",
        customerId: "lf-u1",
        errorCount: 1,
        calls: [
          ...offered(weatherCalls(mini, [chat(0), chat(1)], "{'temp': '21 C'}")),
          {
            model: mini,
            usage: chat(1),
            input: [system, ask, call, "result {'temp': '21 C'}"],
            output: [answer],
            ttftMs: 161,
          },
          failed("gpt-4o-err429", [system, ask, call, "result {'temp': '21 C'}"]),
          {
            model: "gpt-5-mini",
            usage: responses(0),
            input: [system, ask],
            output: [thought, answer],
          },
        ],
        embeddings: [embedding],
        tools: [{ name: "get_weather", inputHas: "Paris", output: 'result {"temp":"21 C"}' }],
      },
      {
        trace: "83df1193",
        name: "manual",
        calls: [
          {
            model: sonnet,
            // The details of Langfuse are parts that add up.
            usage: {
              ...anthropic(0),
              inputTokens: 100 + 2000 + 300,
              outputTokens: 20,
            },
            input: ["user hi"],
            output: ["assistant hello"],
            reportedCostUsd: 0.03,
          },
        ],
      },
    ],
  },
  {
    capture: "litellm",
    runs: [
      {
        trace: "bfed5a19",
        customerId: "ll-u1",
        status: "ok",
        calls: [
          {
            model: mini,
            usage: chat(0),
            input: [system, ask],
            output: [call],
            offers: ["get_weather"],
            reportedCostUsd: 0.0001512,
          },
        ],
      },
      {
        trace: "9d495e74",
        calls: [
          {
            model: mini,
            usage: chat(1),
            input: [system, ask, call, "result 21 C"],
            output: [answer],
            reportedCostUsd: 0.0001668,
          },
        ],
      },
      {
        trace: "7d022659",
        calls: [{ model: sonnet, usage: anthropic(0), input: [system, ask], output: [look, call] }],
      },
      {
        trace: "b7e6edeb",
        calls: [{ model: sonnet, usage: anthropic(0), input: [system, ask], output: [answer] }],
      },
      { trace: "9c07e2ef", calls: [], embeddings: [embedding] },
      {
        trace: "5a9aef37",
        status: "error",
        calls: [failed("gpt-4o-err429", [system, ask, call, "result 21 C"])],
      },
      {
        trace: "46c654eb",
        calls: [
          {
            model: "gpt-5-mini",
            usage: responses(0),
            input: [ask],
            output: [thought, answer],
            reportedCostUsd: 0.0002746,
          },
        ],
      },
    ],
  },
  {
    capture: "logfire",
    runs: [
      {
        trace: "01a22c7b",
        name: ["request ann", "request {user}"],
        sessionId: ["conv-77", "01a22c7c-0ebd-74eb-99da-4ef97502593a"],
        status: "ok",
        calls: [
          ...weatherCalls(gpt4o, [chat(0), chat(1)], "21 C in Paris"),
          ...weatherCalls(
            sonnet,
            [anthropic(0), anthropic(1)],
            "21 C in Paris",
            [ask],
            [look, call],
          ),
        ],
        tools: [weather("21 C in Paris"), weather("21 C in Paris")],
      },
    ],
  },
  {
    capture: "mlflow",
    runs: [
      {
        trace: "b21c714b",
        name: "weather_agent",
        errorCount: 1,
        calls: [
          // The reasoning stands in the raw answer alone.
          ...offered(
            weatherCalls(
              mini,
              [
                { ...chat(0), reasoningTokens: [32, null] },
                { ...chat(1), reasoningTokens: [32, null] },
              ],
              "21 C",
            ),
          ),
          failed("gpt-4o-err429", [system, ask, call, "result 21 C"]),
        ],
        embeddings: [embedding],
        tools: [weather("21 C")],
      },
    ],
  },
  {
    capture: "oi-openai-anthropic",
    runs: [
      {
        trace: "32d271b8",
        name: "openai",
        sessionId: "sess-1",
        customerId: "user-1",
        errorCount: 1,
        calls: [
          ...weatherCalls(mini, [chat(0), chat(1)], "21 C", [system, ask, image]),
          {
            model: mini,
            usage: chat(1),
            input: [system, ask, image, call, result],
            output: [answer],
          },
          // The model stands in the invocation's parameters alone.
          failed(["gpt-4o-err429", null], [system, ask, image, call, result]),
          {
            model: "gpt-5-mini",
            usage: responses(0),
            input: [system, ask],
            output: [thought, call],
          },
          { model: "gpt-5-mini", usage: responses(0), input: [ask], output: [thought, answer] },
        ],
        embeddings: [embedding],
      },
      {
        trace: "5e662408",
        name: "anthropic",
        errorCount: 1,
        calls: [
          { model: sonnet, usage: anthropic(0), input: [system, ask], output: [look, call] },
          {
            model: sonnet,
            usage: anthropic(1),
            input: [system, ask, look, call, result],
            output: ["thinking Hmm, weather.", answer],
          },
          ...[1, 1].map((n) => ({
            model: sonnet,
            usage: anthropic(n),
            input: [ask, look, call, result],
            output: [answer],
          })),
          failed("claude-err500", ["user x"]),
        ],
      },
    ],
  },
  {
    capture: "openlit",
    runs: [
      {
        trace: "7e25c569",
        name: "openai",
        // The sender leaves out the reasoning, and the assistant's call in the second request.
        calls: [
          {
            model: mini,
            usage: without(chat(0), "reasoningTokens"),
            input: [system, ask],
            output: [call],
          },
          ...[1, 1].map((n) => ({
            model: mini,
            usage: without(chat(n), "reasoningTokens"),
            input: [system, ask, result],
            output: [answer],
          })),
          failed("gpt-4o-err429"),
          { model: "gpt-5-mini", usage: responses(0), input: [system, ask], output: [answer] },
        ],
        embeddings: [embedding],
      },
      {
        trace: "671bcfc1",
        name: "anthropic",
        calls: [
          { model: sonnet, usage: anthropic(0), input: [system, ask], output: [look, call] },
          {
            model: sonnet,
            usage: anthropic(1),
            input: [system, ask, look, call, result],
            output: ["?thinking Hmm, weather.", answer],
          },
          // Of the stream the sender lost the cache.
          {
            model: sonnet,
            usage: {
              ...without(anthropic(1), "cachedInputTokens", "cacheWriteInputTokens"),
              inputTokens: 130,
            },
            input: [ask, look, call, result],
            output: [answer],
          },
          failed(["claude-err500", null]),
        ],
      },
    ],
  },
  {
    capture: "traceloop",
    runs: [
      {
        trace: "a2ade52a",
        sessionId: "tl-s1",
        customerId: "tl-u1",
        errorCount: 2,
        calls: [
          ...weatherCalls(mini, [chat(0), chat(1)], "21 C in Paris"),
          {
            model: mini,
            usage: without(chat(1), "reasoningTokens"),
            input: [system, ask, call, "result 21 C in Paris"],
            output: [answer],
          },
          failed("gpt-4o-err429", ["user x"]),
          {
            model: "gpt-5-mini",
            usage: responses(0),
            input: [system, ask],
            output: [answer, thought],
          },
        ],
        embeddings: [embedding],
        tools: [
          { name: "get_weather", inputHas: "Paris", output: "result 21 C in Paris" },
          { name: "broken", inputHas: "x", status: "error" },
        ],
      },
      {
        trace: "5ddfea4f",
        sessionId: "tl-s1",
        customerId: "tl-u1",
        errorCount: 1,
        calls: [
          { model: sonnet, usage: anthropic(0), input: [system, ask], output: [look, call] },
          {
            model: sonnet,
            usage: anthropic(1),
            input: [system, ask, look, call, result],
            output: ["thinking Hmm, weather.", answer],
          },
          // Of the stream the two instrumentations count 61 and 62.
          {
            model: sonnet,
            usage: { ...anthropic(1), outputTokens: [61, 62] },
            input: [ask, look, call, result],
            output: [answer],
          },
          failed("claude-err500", ["user x"]),
        ],
        totals: {
          ...anthropic(0),
          inputTokens: 7280,
          cachedInputTokens: 6000,
          cacheWriteInputTokens: 900,
          outputTokens: [182, 183],
        },
        costUsd: [0.009045, 0.00906],
      },
    ],
  },
];
