/** Random steps of a store's life: few ids, names and times, so that versions, parents and ties meet. */
import fc from "fast-check";
import type { Batch, SentSpan } from "../../../src/backend/batch.ts";
import { sortFields, type TraceSort } from "../../../src/backend/traces.ts";
import type { ImportedSpan, TraceHeader } from "../../../src/contract/v1.ts";

/** How often a property is tried. To shrink what fails ends in time to be told, with its seed. */
export const times = (numRuns: number) => ({ numRuns, interruptAfterTimeLimit: 25_000 });

export type Step =
  | { do: "send"; projects: number[]; batches: Sent[][] }
  /** A request that comes once more. */
  | { do: "again"; index: number }
  | { do: "delete" | "pin"; index: number }
  | { do: "reprice"; pico: number }
  | { do: "settle" | "reopen" };

/** A span, and the trace that it came with. */
export interface Sent extends SentSpan {
  traceId: string;
}

const text = (...texts: string[]) => fc.constantFrom(...texts);
const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
const count = fc.constantFrom(0, 1, 10_001, 70_000, Number.MAX_SAFE_INTEGER);

const header: fc.Arbitrary<TraceHeader> = fc.record(
  {
    agentName: text("coder", "Coder two", "eval", "\ud800odd", ""),
    sessionId: text("s1", "s2", ""),
    traceName: text("nightly", "*"),
    workflowName: text("w"),
    workflowRunId: text("r1", "r2"),
    customer: fc.constantFrom({ id: "acme", name: "Acme Corp" }, { id: "zed" }),
    metadata: fc.constantFrom({ env: "prod" }, { env: "dev", "a b": "" }, {}),
  },
  { requiredKeys: [] },
);

const message = (content: string) => ({ role: "user", content });
const messages = fc
  .array(text("alpha beta", "beta gamma", "日本", "alpha ".repeat(30), "x"), { maxLength: 4 })
  .map((contents) => JSON.stringify(contents.map(message)));
const payload = fc.oneof(messages, text("plain gamma", "", '{"path":"alpha","line":7}'));

const x: fc.Arbitrary<NonNullable<ImportedSpan["x"]>> = fc.record(
  {
    attributes: text('{"user.id":42,"tags":["x","y"]}', '{"user.id":"a*b"}'),
    traceAttributes: text('{"zone":1}', '{"zone":2,"env":"test"}'),
    resource: text('{"attributes":{"host":"h1"}}'),
    instrumentation: text("a", "b"),
    responseId: text("chatcmpl-1", "chatcmpl-00112233445566"),
    toolCallId: text("call_1", "call_2"),
    toolCallKey: text("call_id", "tool.call_id"),
    reportedCostUsd: fc.constantFrom(0, 0.25),
  },
  { requiredKeys: [] },
);

const span: fc.Arbitrary<ImportedSpan> = fc
  .record(
    {
      spanId: text("1", "2", "3", "a\ud800"),
      spanType: text("llm", "llm", "tool", "tool", "embedding", "other", "other", "agent"),
      name: text("bash", "read file", "chat", ""),
      startTime: fc.constantFrom(0, 1, 2, 5, minuteMs, hourMs + 1, 24 * hourMs + 1, 2 ** 52),
      durationMs: fc.constantFrom(0, 1, 900, 5000, 5001, 100_000),
      parentSpanId: text("1", "2", "3", "gone"),
      status: text("ok", "error", "aborted"),
      errorMessage: text("Boom", "timeout"),
      modelId: text("m1", "m2", "big"),
      provider: text("p", "q"),
      ttftMs: fc.constantFrom(0, 0.5, 250),
      usage: fc.record(
        { inputTokens: count, outputTokens: count, cachedInputTokens: count },
        { requiredKeys: [] },
      ),
      metadata: fc.constantFrom({ user: "42" }, {}),
      input: payload,
      output: payload,
      systemPrompt: text("be good"),
      x,
    },
    { requiredKeys: ["spanId", "spanType", "name", "startTime", "durationMs"] },
  )
  // A parent of its own is a ring: which of its counts hold is the tally's own test.
  .map(({ durationMs, parentSpanId, ...span }) => ({
    ...span,
    ...(parentSpanId !== undefined && parentSpanId !== span.spanId && { parentSpanId }),
    // The mapping concludes that from the rest of a span.
    ...(span.name === "" && { x: { ...span.x, isRuntime: true } }),
    endTime: span.startTime + durationMs,
  })) as unknown as fc.Arbitrary<ImportedSpan>;

const sent: fc.Arbitrary<Sent> = fc.record({
  traceId: text("a", "b", "c", "d", "e", "f", "A"),
  header,
  span,
});

export const send = fc.record({
  do: fc.constant("send" as const),
  projects: fc.array(fc.constantFrom(1, 1, 2), { minLength: 3, maxLength: 3 }),
  batches: fc.array(fc.array(sent, { minLength: 1, maxLength: 5 }), { minLength: 1, maxLength: 3 }),
});

export const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 8, arbitrary: send },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("again" as const), index: fc.nat(9) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("delete" as const), index: fc.nat(9) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("pin" as const), index: fc.nat(9) }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant("settle" as const) }) },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant("reprice" as const),
      pico: fc.constantFrom(3, 2 ** 52),
    }),
  },
);

export const steps = fc.array(step, { minLength: 1, maxLength: 8 });

/** Spans as they come in one request: of one id in one trace the last. */
export function toBatches(
  { projects, batches }: Extract<Step, { do: "send" }>,
  receivedAt: number,
): Batch[] {
  return batches.map((sent, i) => {
    const traces = [...Map.groupBy(sent, ({ traceId }) => traceId)].map(([traceId, ofTrace]) => ({
      traceId,
      spans: [...new Map(ofTrace.map((one) => [one.span.spanId, one])).values()].map(
        ({ span, header }) => ({ span, header }),
      ),
    }));
    return { projectId: projects[i]!, receivedAt, source: "foglamp", traces };
  });
}

const words = [
  "status:error",
  "status:error,aborted",
  "status:ok",
  "status:ok-with-errors",
  "status:error,ok-with-errors",
  "is:open,stale",
  "is:ended",
  "is:pinned",
  "is:internal",
  "is:ended,internal",
  "agent:coder",
  "agent:coder,eval",
  'agent:"Coder two"',
  "agent:*o*",
  "agent:c*",
  "agent:\ud800*",
  "agent:nobody",
  "session:s1",
  "has:session",
  "workflow:w",
  "run:r*",
  "customer:acme",
  "name:night*",
  "name:GHTL",
  'name:"night"',
  'name:"*"',
  "trace:a,b",
  "trace:a*",
  "project:default",
  "project:other",
  "project:default,other",
  "project:nowhere",
  "source:foglamp",
  "model:m1,m2",
  "model:m*",
  "tool:bash",
  "tool:*a*",
  "provider:p",
  "has:prompt",
  "prompt:nothing",
  "duration:>5s",
  "duration:1..5s",
  "ttft:<1",
  "errors:0",
  "has:errors",
  "spans:>=2",
  "has:cost",
  "cost:>1",
  "tokens:>10k",
  "tokens:<5",
  "input:1",
  "output:>10k",
  "since:2",
  "until:5",
  "meta.env:prod",
  'meta."a b":""',
  "has:meta.env",
  "type:llm",
  "root.type:llm",
  "span:read*",
  "span:EA",
  "error:boo",
  'error:"boom"',
  "root.error:*oo*",
  "attr.user.id:42",
  "root.attr.user.id:42",
  "attr.tags:y",
  "attr.host:h1",
  "attr.user:42",
  "attr.zone:1,2",
  "attr.user.id:*b",
  "BOOM",
  '"Acme C"',
  "read",
  "alpha",
  "m2",
];

export const filter = fc
  .array(
    fc
      .tuple(fc.constantFrom(...words), fc.boolean())
      .map(([word, isNegated]) => (isNegated ? `-${word}` : word)),
    { maxLength: 3 },
  )
  .map((words) => words.join(" "));

export const listQuery = fc.record({
  filter,
  sort: fc.constantFrom(...sortFields.flatMap((field): TraceSort[] => [field, `-${field}`])),
  limit: fc.integer({ min: 1, max: 5 }),
  scope: fc.record(
    { projectId: fc.constantFrom(1, 2), since: fc.nat(6), until: fc.nat(7) },
    { requiredKeys: [] },
  ),
});
export type ListQuery = typeof listQuery extends fc.Arbitrary<infer Q> ? Q : never;
