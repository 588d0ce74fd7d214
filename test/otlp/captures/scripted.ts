/** What the scripted models of the captures said, and the form in which a capture's expectation is written. */

/** A value, or any of several that are right. */
export type Any<T> = T | readonly T[];

export interface Usage {
  inputTokens: Any<number | null>;
  cachedInputTokens: Any<number | null>;
  cacheWriteInputTokens: Any<number | null>;
  outputTokens: Any<number | null>;
  reasoningTokens: Any<number | null>;
}

/** A model call or an embedding. Lines as in `shown.ts`; `?` before one: it may be absent. */
export interface ExpectedCall {
  model: Any<string | null>;
  /** Null where the capture has no counts. */
  usage: Usage | null;
  input?: string[];
  output?: string[];
  /** Texts in any line of the input. */
  inputHas?: string[];
  status?: Any<"ok" | "error">;
  errorHas?: string;
  /** Names of tools that the model was offered. */
  offers?: string[];
  /** To the millisecond. */
  ttftMs?: number;
  reportedCostUsd?: number;
}

export interface ExpectedTool {
  name: string;
  input?: string;
  output?: string;
  inputHas?: string;
  outputHas?: string;
  status?: "error";
  errorHas?: string;
}

/** One trace, or all traces of one session. */
export interface ExpectedRun {
  /** The trace's id, or so much of it as tells it from others. */
  trace?: string;
  /** Without `trace`, what the run is found by. */
  sessionId?: Any<string | null>;
  customerId?: string;
  name?: Any<string>;
  agentName?: string;
  status?: "ok" | "error";
  errorCount?: number;
  /** Every model call, each once. */
  calls: ExpectedCall[];
  embeddings?: ExpectedCall[];
  tools?: ExpectedTool[];
  /** Stands in the input of some span. */
  asks?: string;
  /** What the user asked last and what it came to, as a list of traces shows them. */
  preview?: [string, string];
  /** The totals, where they are not the sum of the calls. */
  totals?: Usage;
  /** Of the totals; else the sum of the calls' costs. */
  costUsd?: Any<number | null>;
}

export interface Expected {
  capture: string;
  runs: ExpectedRun[];
  /** All traces; without it as many as `runs`. Null where it is the product's choice. */
  traceCount?: number | null;
}

/** USD per million tokens: fresh input, read from the cache, written to it, output. */
const prices: Record<string, [number, number, number, number]> = {
  "gpt-4o": [2.5, 1.25, 0, 10],
  "gpt-4o-2024-08-06": [2.5, 1.25, 0, 10],
  "gpt-4o-mini-2024-07-18": [0.15, 0.075, 0, 0.6],
  "gpt-5-mini": [0.25, 0.025, 0, 2],
  "claude-opus-4-5": [5, 0.5, 6.25, 25],
  "claude-sonnet-4-5": [3, 0.3, 3.75, 15],
  "gemini-2.5-flash": [0.3, 0.03, 0, 2.5],
  "text-embedding-3-small": [0.02, 0, 0, 0],
};

export function firstOf<T>(value: Any<T>): T {
  return Array.isArray(value) ? value[0] : (value as T);
}

export function anyOf<T>(value: Any<T>): readonly T[] {
  return Array.isArray(value) ? value : [value as T];
}

/** By hand, from the first of each value's alternatives; null where no price or no count is known. */
export function costOf(model: Any<string | null>, usage: Usage | null): number | null {
  const price = prices[firstOf(model) ?? ""];
  if (!price || !usage) return null;
  const [fresh, read, write, output] = price;
  const count = (key: keyof Usage) => firstOf(usage[key]) ?? 0;
  const cached = count("cachedInputTokens");
  const written = count("cacheWriteInputTokens");
  const rest = count("inputTokens") - cached - written;
  return (
    (rest * fresh + cached * read + written * write + count("outputTokens") * output) / 1_000_000
  );
}

const unsaid = [null, 0] as const;

function usageOf(input: number, cached: number, output: number, reasoning: number): Usage {
  return {
    inputTokens: input,
    cachedInputTokens: cached,
    cacheWriteInputTokens: unsaid,
    outputTokens: output,
    reasoningTokens: reasoning,
  };
}

/** OpenAI's chat completions at call n of a run, from 0. */
export const chat = (n: number) => usageOf(1200 + 100 * n, 1024, 80 + n, 32);

/** OpenAI's Responses. */
export const responses = (n: number) => usageOf(1300 + 100 * n, 1024, 90 + n, 64);

/** Gemini; its thoughts belong to the output. */
export const gemini = (n: number) => usageOf(1500 + 10 * n, 1000, 70 + n + 50, 50);

/** Anthropic, the cache within the input. */
export const anthropic = (n: number): Usage => ({
  ...usageOf(2420 + 10 * n, 2000, 60 + n, 0),
  cacheWriteInputTokens: 300,
  reasoningTokens: unsaid,
});

/** Embeddings of so many texts. */
export const embedded = (texts: number): Usage => ({
  ...usageOf(9 * texts, 0, 0, 0),
  cachedInputTokens: unsaid,
  outputTokens: unsaid,
  reasoningTokens: unsaid,
});

/** The counts without those that the sender leaves out. */
export function without(usage: Usage, ...keys: (keyof Usage)[]): Usage {
  return { ...usage, ...Object.fromEntries(keys.map((key) => [key, unsaid])) };
}

export const lines = {
  system: "system Be brief.",
  ask: "user Weather in Paris?",
  call: 'call get_weather {"city":"Paris"}',
  look: "assistant Let me look.",
  thought: "?thinking The user wants weather.",
  answer: "assistant It is 21 C and sunny in Paris.",
  result: "result 21 C",
};

export const asked: [string, string] = ["Weather in Paris?", "It is 21 C and sunny in Paris."];

/** The calls, each with the scripted tool on offer. */
export function offered(calls: ExpectedCall[]): ExpectedCall[] {
  return calls.map((call) => ({ ...call, offers: ["get_weather"] }));
}

/** The scripted tool, with what it came to. */
export const weather = (output: string): ExpectedTool => ({
  name: "get_weather",
  input: lines.call,
  output: `result ${output}`,
});

/** The two calls of the scripted scenario: the model asks for the tool, then answers. */
export function weatherCalls(
  model: Any<string>,
  usages: [Usage | null, Usage | null],
  result: string,
  before: string[] = [lines.system, lines.ask],
  first: string[] = [lines.call],
): [ExpectedCall, ExpectedCall] {
  const second = [...before, ...first, `result ${result}`];
  return [
    { model, usage: usages[0], input: before, output: first },
    { model, usage: usages[1], input: second, output: [lines.answer] },
  ];
}

export const mini = "gpt-4o-mini-2024-07-18";
export const gpt4o = "gpt-4o-2024-08-06";
export const sonnet = "claude-sonnet-4-5";

export const embedding: ExpectedCall = { model: "text-embedding-3-small", usage: embedded(2) };

/** A call that a scripted error answered. */
export function failed(model: ExpectedCall["model"], input?: string[]): ExpectedCall {
  return { model, usage: null, status: "error", errorHas: "mock", ...(input ? { input } : {}) };
}

/** The scripted tool that throws. */
export const brokenTool: ExpectedTool = {
  name: "weather_broken",
  input: 'call weather_broken {"city":"Paris"}',
  status: "error",
  errorHas: "sensor broken",
};

/** The call that asks for it. */
export function brokenCall(model: Any<string>, usage: Usage): ExpectedCall {
  return {
    model,
    usage,
    input: ["user Weather?"],
    output: [lines.thought, 'call weather_broken {"city":"Paris"}'],
  };
}
