/** The second half of `expected.ts`. */
import {
  anthropic,
  asked,
  chat,
  embedded,
  lines,
  responses,
  weather,
  weatherCalls,
  without,
  type Expected,
  type ExpectedCall,
  type ExpectedRun,
} from "./scripted.ts";

const { system, ask, call, look, thought, answer } = lines;

const mini = "gpt-4o-mini-2024-07-18";
const gpt4o = "gpt-4o-2024-08-06";
const sonnet = "claude-sonnet-4-5";
const result = "result 21 C";
const image = "media image";
const embedding: ExpectedCall = { model: "text-embedding-3-small", usage: embedded(2) };
const brokenTool = {
  name: "weather_broken",
  input: 'call weather_broken {"city":"Paris"}',
  status: "error",
} as const;
const failed = (model: ExpectedCall["model"], input?: string[]): ExpectedCall => ({
  model,
  usage: null,
  status: "error",
  ...(input ? { input } : {}),
});
const broken = (model: string, usage: ExpectedCall["usage"]): ExpectedCall => ({
  model,
  usage,
  input: ["user Weather?"],
  output: [thought, brokenTool.input],
});

export const expectedMore: Expected[] = [
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
        calls: [broken(gpt4o, chat(0))],
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
    capture: "oi-openai-agents",
    runs: [
      {
        trace: "d8b5e6a8",
        name: "flow",
        agentName: "Weather",
        status: "ok",
        errorCount: 0,
        calls: agentCalls([system, ask], call, "21 C in Paris"),
        tools: [weather("21 C in Paris")],
      },
      {
        trace: "9957b71d",
        agentName: "Triage",
        status: "ok",
        calls: [
          ...agentCalls(
            ["system Route.", ask],
            'call weather_sub {"input":"Paris"}',
            "It is 21 C and sunny in Paris.",
          ),
          ...weatherCalls(
            "gpt-4o",
            [0, 1].map((n) => without(chat(n), "cachedInputTokens", "reasoningTokens")) as never,
            "21 C in Paris",
            ["system Help.", "user Paris"],
          ),
        ],
        tools: [
          {
            name: "weather_sub",
            input: 'call weather_sub {"input":"Paris"}',
            output: "result It is 21 C and sunny in Paris.",
          },
          weather("21 C in Paris"),
        ],
      },
      { trace: "4c699784", agentName: "Streamer", calls: [failed([null])] },
      {
        trace: "dea0e212",
        agentName: "Bad",
        calls: [broken("gpt-5-mini", responses(0))],
        tools: [brokenTool],
      },
      { trace: "21c41247", agentName: "Err", calls: [failed("gpt-err429", ["user Weather?"])] },
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
  {
    capture: "strands",
    runs: [
      {
        trace: "7d9d20c7",
        agentName: "Weather",
        sessionId: "st-s1",
        customerId: "st-u1",
        status: "ok",
        calls: weatherCalls(
          "gpt-4o",
          [without(chat(0), "reasoningTokens"), without(chat(1), "reasoningTokens")],
          "21 C in Paris",
        ),
        tools: [weather("21 C in Paris")],
        preview: asked,
      },
      {
        trace: "87144919",
        agentName: "WeatherA",
        sessionId: "st-s1",
        customerId: "st-u1",
        status: "ok",
        calls: weatherCalls(sonnet, [anthropic(0), anthropic(1)], "21 C in Paris", undefined, [
          look,
          call,
        ]),
        tools: [weather("21 C in Paris")],
        preview: asked,
      },
      {
        trace: "6eb0013e",
        agentName: "Broken",
        errorCount: 1,
        calls: weatherCalls(
          "gpt-4o",
          [without(chat(0), "reasoningTokens"), without(chat(1), "reasoningTokens")],
          "Error: sensor broken",
          ["user Weather?"],
          [brokenTool.input],
        ),
        tools: [{ ...brokenTool, output: "result Error: sensor broken" }],
      },
      {
        trace: "49964a47",
        agentName: "Err",
        status: "error",
        calls: [failed("gpt-4o-err500", ["user Weather?"])],
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
  {
    capture: "voltagent",
    runs: [voltagent("c055b99a", 1, 2700, 181), voltagent("80a6a0af", 2, 2900, 183)],
  },
];

function agentCalls(before: string[], step: string, found: string): ExpectedCall[] {
  const [first, second] = weatherCalls("gpt-5-mini", [responses(0), responses(1)], found, before, [
    thought,
    step,
  ]);
  return [first!, { ...second!, output: [thought, answer] }];
}

/** One span for two calls, with the counts of the last; the agent's span has the sum. */
function voltagent(
  trace: string,
  n: number,
  inputTokens: number,
  outputTokens: number,
): ExpectedRun {
  const totals = {
    ...responses(0),
    ...{ inputTokens, outputTokens, cachedInputTokens: 2048, reasoningTokens: 128 },
  };
  return {
    trace,
    name: "weather-agent",
    agentName: "weather-agent",
    sessionId: "va-c1",
    customerId: "va-u1",
    status: "ok",
    calls: [{ model: "gpt-5-mini", usage: responses(n), inputHas: [system, ask] }],
    tools: [weather('{"t":"21 C"}')],
    preview: asked,
    totals,
    costUsd: n === 1 ? 0.0005762 : 0.0006302,
  };
}
