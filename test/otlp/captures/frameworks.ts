/** What is right for frameworks of agents. */
import {
  anthropic,
  asked,
  brokenCall,
  brokenTool,
  chat,
  failed,
  gemini,
  gpt4o,
  lines,
  offered,
  responses,
  sonnet,
  weather,
  weatherCalls,
  without,
  type Expected,
  type ExpectedCall,
  type ExpectedRun,
} from "./scripted.ts";

const { system, ask, call, look, thought, answer } = lines;

export const frameworks: Expected[] = [
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
        calls: [{ ...failed("gemini-err429"), errorHas: "ResourceExhausted" }],
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
    capture: "genkit",
    runs: [
      {
        trace: "163d1268",
        name: "weatherFlow",
        status: "ok",
        calls: offered(weatherCalls(["gpt-4o", gpt4o], [chat(0), chat(1)], "21 C in Paris")),
        tools: [weather("21 C in Paris")],
        preview: asked,
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
        calls: [
          // What went wrong is said of the run alone.
          {
            model: "gpt-err429",
            usage: null,
            status: ["ok", "error"],
            inputHas: ["Weather?"],
            output: [],
          },
        ],
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
      {
        trace: "4c699784",
        agentName: "Streamer",
        calls: [{ ...failed(null), errorHas: "different event loop" }],
      },
      {
        trace: "dea0e212",
        agentName: "Bad",
        calls: [brokenCall("gpt-5-mini", responses(0))],
        tools: [brokenTool],
      },
      { trace: "21c41247", agentName: "Err", calls: [failed("gpt-err429", ["user Weather?"])] },
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
          ['call weather_broken {"city":"Paris"}'],
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
    capture: "voltagent",
    runs: [voltagent("c055b99a", 1), voltagent("80a6a0af", 2)],
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

function agentCalls(before: string[], step: string, found: string): ExpectedCall[] {
  const [first, second] = weatherCalls("gpt-5-mini", [responses(0), responses(1)], found, before, [
    thought,
    step,
  ]);
  return [first!, { ...second!, output: [thought, answer] }];
}

/**
 * One span for two calls, with the counts of the last. The agent's span has the sum of both, but what a
 * call says of itself is believed before what an agent says of its calls.
 */
function voltagent(trace: string, n: number): ExpectedRun {
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
    totals: responses(n),
    costUsd: n === 1 ? 0.0003016 : 0.0003286,
  };
}
