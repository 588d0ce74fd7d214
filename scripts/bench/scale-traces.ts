/**
 * The traces of a large store, as a team of agents would have sent them within a month: most of a
 * few spans, few of thousands. The same number of spans gives the same traces.
 *
 * Every text has words of its own, so that no store can keep two as one. One trace in 20 carries whole
 * conversations, the others a line a span, as 10 million spans would else take 100 GB: the texts of
 * 10 million are about 1 GB.
 */
import type { SentSpan } from "../../src/backend/batch.ts";
import type { ImportedSpan, TraceHeader } from "../../src/contract/v1.ts";
import { range, vocabulary } from "./words.ts";

export const agents = range(40).map((n) => `agent-${n + 1}`);
export const tools = range(60).map((n) => `tool_${n + 1}`);
export const models: [provider: string, model: string][] = [
  ["openai", "gpt-4o"],
  ["anthropic", "claude-sonnet-4-5"],
  ["openai", "gpt-4o-mini"],
  ["google", "gemini-2.5-flash"],
  ["anthropic", "claude-haiku-4-5"],
  ["openai", "gpt-4.1"],
  ["google", "gemini-2.5-pro"],
  ["openai", "o3-mini"],
  ["openai", "gpt-5-mini"],
  ["mistral", "mistral-large-latest"],
  ["deepseek", "deepseek-chat"],
  ["anthropic", "claude-opus-4-1"],
];

const dayMs = 86_400_000;
export const daysOfTraces = 30;
/** By night the gaps are twice as long. */
const dayAndNight = 0.35;
const tracesPerSession = 20;
const tracesPerRun = 6;
const customers = 400;
const failures = ["rate limit exceeded", "connection reset", "invalid arguments", "timed out"];

export interface MadeTrace {
  traceId: string;
  /** When its first span started, in epoch ms; each trace later than the one before. */
  startTime: number;
  /** When all of it was received. */
  receivedAt: number;
  spans: SentSpan[];
}

/** Numbers from 0 to below 1, the same for the same seed (mulberry32). */
type Random = () => number;

function randomOf(seed: number): Random {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Common words, 20,000 rarer ones, and one in 30 that stands nowhere else. */
function speakerOf(random: Random): (words: number) => string {
  const rarer = range(20_000).map(() => Math.floor(random() * 36 ** 6).toString(36));
  let salt = 36 ** 5;
  return (words) => {
    let text = `${(salt++).toString(36)}`;
    for (let i = 1; i < words; i++) {
      const dice = random();
      const word =
        dice < 0.75
          ? vocabulary[Math.floor((dice / 0.75) * vocabulary.length)]
          : dice < 0.967
            ? rarer[Math.floor(random() ** 2 * rarer.length)]
            : (salt++).toString(36);
      text += ` ${word}`;
    }
    return text;
  };
}

/** Of `count` things some are used much more than others. */
const skewed = (random: Random, count: number) => Math.floor(random() ** 2 * count);

/** Around `middle`, seldom ten times as much. */
const around = (random: Random, middle: number) =>
  Math.max(1, Math.round(middle * Math.exp(1.6 * (random() + random() + random() - 1.5))));

/** How many spans each trace has: few have hundreds or thousands, one 50,000. */
function* sizesOf(spans: number, random: Random): Generator<number> {
  const large = new Map([[Math.floor(spans / 20), 50_000]]);
  const every = (step: number, size: number) => {
    for (let at = step / 3; at < spans / 7; at += step) large.set(Math.floor(at), size);
  };
  every(2_000, 200);
  every(50_000, 2000);
  let left = spans;
  for (let n = 0; left > 0; n++) {
    const size = Math.min(left, large.get(n) ?? 2 + Math.floor(random() * 5 + random() * 6));
    left -= size;
    yield size;
  }
}

/**
 * @param spans how many in all.
 * @param endsAt epoch ms by which the last has come.
 */
export function* makeTraces(spans: number, endsAt: number): Generator<MadeTrace> {
  const random = randomOf(spans);
  const say = speakerOf(random);
  const sizes = [...sizesOf(spans, random)];
  // Where the gaps are narrow more traces stand, so that the mean gap of traces is less than that of time.
  const meanGapMs = (daysOfTraces * dayMs) / sizes.length / Math.sqrt(1 - dayAndNight ** 2);
  const sessions = range(200).map(() => newSession(random));
  const runs = range(50).map(() => newRun(random));
  let startTime = endsAt - daysOfTraces * dayMs;
  for (const size of sizes) {
    const ofDay = (startTime % dayMs) / dayMs;
    startTime += meanGapMs * 2 * random() * (1 + dayAndNight * Math.cos(2 * Math.PI * ofDay));
    const session = pickOf(sessions, random, tracesPerSession, newSession);
    const run = pickOf(runs, random, tracesPerRun, newRun);
    yield makeTrace(Math.min(Math.floor(startTime), endsAt - 1), size, {
      random,
      say,
      header: {
        agentName: session.agentName,
        traceName: `${session.agentName}, task ${skewed(random, 6) + 1}`,
        ...(random() < 0.7 && { sessionId: session.id }),
        ...(random() < 0.6 && { customer: session.customer }),
        ...(random() < 0.4 && { workflowName: run.workflowName, workflowRunId: run.id }),
        metadata: { env: random() < 0.8 ? "prod" : "staging", version: session.version },
      },
    });
  }
}

function newSession(random: Random) {
  const customer = skewed(random, customers) + 1;
  return {
    id: idOf("session", random),
    agentName: agents[skewed(random, agents.length)]!,
    customer: { id: `customer-${customer}`, name: `Customer ${customer}` },
    version: `1.${Math.floor(random() * 20)}.0`,
  };
}

const newRun = (random: Random) => ({
  id: idOf("run", random),
  workflowName: `workflow-${skewed(random, 25) + 1}`,
});

const idOf = (what: string, random: Random) =>
  `${what}-${Math.floor(random() * 2 ** 48).toString(36)}`;

const attributesOf = (random: Random) =>
  JSON.stringify({
    "server.region": `region-${skewed(random, 8) + 1}`,
    "gen_ai.request.max_tokens": 1024 * (1 + skewed(random, 4)),
  });

const hexOf = (random: Random) =>
  Math.floor(random() * 2 ** 32)
    .toString(16)
    .padStart(8, "0");

/** One of those under way, which may end with that: another begins in its place. */
function pickOf<T>(all: T[], random: Random, uses: number, start: (random: Random) => T): T {
  const at = Math.floor(random() * all.length);
  const picked = all[at]!;
  if (random() < 1 / uses) all[at] = start(random);
  return picked;
}

interface Means {
  random: Random;
  say: (words: number) => string;
  header: TraceHeader;
}

/** An agent that calls models and tools in turn. Long ones have sub-agents of 20 spans each. */
function makeTrace(startTime: number, size: number, { random, say, header }: Means): MadeTrace {
  const traceId = hexOf(random) + hexOf(random) + hexOf(random) + hexOf(random);
  const isWhole = random() < 0.05;
  const outcome = random();
  const status = outcome < 0.02 ? "error" : outcome < 0.025 ? "aborted" : "ok";
  const [provider, modelId] = models[skewed(random, models.length)]!;
  const question = say(isWhole ? 60 : 9);
  const messages = [
    { role: "system", content: `You are ${header.agentName}. ${say(isWhole ? 200 : 1)}` },
    { role: "user", content: question },
  ];
  const spanIdBase = hexOf(random);
  const spanId = (n: number) => spanIdBase + n.toString(16).padStart(8, "0");
  const spans: ImportedSpan[] = [];
  let at = startTime + 1;
  let parent = 0;
  for (let n = 1; n < size; n++) {
    const begun = { spanId: spanId(n), parentSpanId: spanId(parent), startTime: at };
    if (n % 20 === 0 && size > 40) {
      spans.push({
        ...begun,
        parentSpanId: spanId(0),
        spanType: "agent",
        name: "step",
        endTime: at + 30_000,
      });
      parent = n;
      continue;
    }
    const failed = status === "error" && n === size - 1;
    const ending = failed
      ? ({
          status,
          errorMessage: `${failures[skewed(random, failures.length)]}: ${say(3)}`,
        } as const)
      : ({ status: "ok" } as const);
    if (n % 2 === 1) {
      const durationMs = around(random, 2500);
      const inputTokens = around(random, 1800);
      const outputTokens = around(random, 180);
      const answer = say(isWhole ? 110 : 8);
      // What a long conversation repeats costs the builder, not the store.
      const sent =
        isWhole && size <= 40 ? messages : [{ role: "user", content: n === 1 ? question : say(6) }];
      spans.push({
        ...begun,
        spanType: "llm",
        name: `chat ${modelId}`,
        endTime: at + durationMs,
        provider,
        modelId,
        usage: {
          inputTokens,
          outputTokens,
          totalTokens: inputTokens + outputTokens,
          cachedInputTokens: random() < 0.5 ? Math.floor(inputTokens / 2) : 0,
        },
        ttftMs: Math.min(durationMs, around(random, 600)),
        input: JSON.stringify(sent),
        output: answer,
        ...ending,
        ...(isWhole && { x: { attributes: attributesOf(random) } }),
      });
      messages.push({ role: "assistant", content: answer });
      at += durationMs;
      continue;
    }
    const durationMs = around(random, 200);
    const ended = { endTime: at + durationMs, ...ending };
    at += durationMs;
    if (random() < 0.06) {
      const usage = { inputTokens: around(random, 300) };
      const call = { spanType: "embedding", name: "embed", usage } as const;
      spans.push({
        ...begun,
        ...call,
        ...ended,
        provider: "openai",
        modelId: "text-embedding-3-small",
      });
      continue;
    }
    const result = say(isWhole ? 160 : 5);
    const name = tools[skewed(random, tools.length)]!;
    const input = JSON.stringify({ query: say(3), limit: n % 10 });
    spans.push({ ...begun, spanType: "tool", name, input, output: result, ...ended });
    messages.push({ role: "tool", content: result });
  }
  spans.unshift({
    spanId: spanId(0),
    spanType: "agent",
    name: header.agentName!,
    startTime,
    endTime: at + 5,
    status,
    input: question,
    output: say(isWhole ? 60 : 8),
  });
  return {
    traceId,
    startTime,
    receivedAt: at + 50,
    spans: spans.map((span) => ({ span, header })),
  };
}
