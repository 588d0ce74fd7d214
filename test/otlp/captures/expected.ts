/**
 * What is right for the captures of libraries and frameworks: from what the scripted models said, and
 * from what the sender put into the capture. Where a sender leaves something out, so does the entry.
 */
import {
  anthropic,
  asked,
  chat,
  embedded,
  gemini,
  lines,
  responses,
  weather,
  weatherCalls,
  type Expected,
  type ExpectedCall,
} from "./scripted.ts";

const { system, ask, call, look, thought, answer } = lines;

const mini = "gpt-4o-mini-2024-07-18";
const gpt4o = "gpt-4o-2024-08-06";
const sonnet = "claude-sonnet-4-5";
const embedding: ExpectedCall = { model: "text-embedding-3-small", usage: embedded(2) };
const brokenTool = {
  name: "weather_broken",
  input: 'call weather_broken {"city":"Paris"}',
  status: "error",
} as const;
const failed = (model: string | readonly (string | null)[], input?: string[]): ExpectedCall => ({
  model,
  usage: null,
  status: "error",
  ...(input ? { input } : {}),
});
/** Streams of LangChain without `stream_usage` have no counts. */
const uncounted = weatherCalls(["gpt-4o", gpt4o], [null, null], "21 C in Paris", [ask]);

export const expected: Expected[] = [
  {
    capture: "adk",
    runs: [
      {
        trace: "3d092230",
        name: "invoke_workflow weather_agent",
        agentName: "weather_agent",
        sessionId: "adk-s1",
        status: "ok",
        errorCount: 0,
        calls: [0, 1].map((n) => ({ model: "gemini-2.5-flash", usage: gemini(n) })),
        tools: [{ name: "get_weather" }],
      },
      {
        trace: "00a31552",
        agentName: "broken_agent",
        sessionId: "adk-s1",
        status: "error",
        errorCount: 3,
        calls: [{ model: "gemini-2.5-flash", usage: gemini(0) }],
        tools: [{ name: "weather_broken", status: "error" }],
      },
      {
        trace: "47ff0f15",
        agentName: "err_agent",
        sessionId: "adk-s1",
        status: "error",
        errorCount: 3,
        calls: [failed("gemini-err429")],
      },
    ],
  },
  {
    capture: "ag2",
    runs: [
      {
        trace: "0e62247f",
        name: "invoke_agent weather_agent",
        agentName: "weather_agent",
        status: "ok",
        errorCount: 0,
        calls: weatherCalls(gpt4o, [chat(0), chat(1)], "21 C", [ask]),
        tools: [weather("21 C")],
        preview: asked,
      },
    ],
  },
  {
    capture: "anthropic-sdk-native",
    runs: [
      { trace: "8935b193", calls: [{ model: "claude-opus-4-5", usage: anthropic(0) }] },
      { trace: "22a7e4cd", status: "error", calls: [failed("claude-err500")] },
    ],
  },
  {
    capture: "genkit",
    runs: [
      {
        trace: "163d1268",
        name: "weatherFlow",
        status: "ok",
        calls: weatherCalls(["gpt-4o", gpt4o], [chat(0), chat(1)], "21 C in Paris"),
        tools: [weather("21 C in Paris")],
        preview: asked,
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
          ...weatherCalls(mini, [chat(0), chat(1)], "{'temp': '21 C'}"),
          {
            model: mini,
            usage: chat(1),
            input: [system, ask, call, "result {'temp': '21 C'}"],
            output: [answer],
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
    capture: "langsmith-py",
    runs: [
      {
        trace: "df0c00e6",
        name: "weather_agent",
        sessionId: "thread-9",
        status: "ok",
        calls: weatherCalls(["gpt-4o", gpt4o], [chat(0), chat(1)], "21 C in Paris"),
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
        calls: uncounted,
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
        calls: [{ model: "gpt-4o-err500", usage: null, input: ["user Weather?"], output: [] }],
      },
      { trace: "9a0597f2", name: "pipeline", sessionId: "t-3", status: "ok", calls: [] },
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
    capture: "mastra",
    runs: [
      ...(["7515abad", "08e9262a"] as const).map((trace, i) => ({
        trace,
        name: "invoke_agent Weather Agent",
        agentName: "Weather Agent",
        sessionId: i === 0 ? "ma-s1" : null,
        ...(i === 0 ? { customerId: "ma-u1" } : {}),
        status: "ok" as const,
        calls: mastraCalls("get_weather", ask),
        tools: [weather('{"t":"21 C"}')],
        preview: asked,
      })),
      {
        trace: "e1c66994",
        agentName: "Broken",
        errorCount: 1,
        calls: mastraCalls("weather_broken", "user Weather?"),
        tools: [brokenTool],
      },
      {
        trace: "2eff9685",
        agentName: "Err",
        status: "error",
        calls: [{ model: "gpt-err429", usage: null, inputHas: ["Weather?"], output: [] }],
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
          ...weatherCalls(
            mini,
            [
              { ...chat(0), reasoningTokens: [32, null] },
              { ...chat(1), reasoningTokens: [32, null] },
            ],
            "21 C",
          ),
          failed("gpt-4o-err429", [system, ask, call, "result 21 C"]),
        ],
        embeddings: [embedding],
        tools: [weather("21 C")],
      },
    ],
  },
];

/** What a step is sent after the first is a note of the sender's. */
function mastraCalls(tool: string, question: string): ExpectedCall[] {
  const model = "gpt-5-mini";
  const step = `call ${tool} {"city":"Paris"}`;
  return [
    { model, usage: responses(0), input: [system, question], output: [thought, step] },
    {
      model,
      usage: responses(1),
      inputHas: [system, question, `[tool-result: ${tool}]`],
      output: [thought, answer],
    },
  ];
}
