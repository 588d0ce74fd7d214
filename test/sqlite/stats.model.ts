/**
 * A plain model of a store's statistics: it keeps the last version of each span and counts anew at each
 * question. With it go random steps, and a store that takes the same steps.
 */
import fc from "fast-check";
import type { ImportedSpan } from "../../src/contract/v1.ts";
import { levelMs } from "../../src/sqlite/rollups/rollup.ts";
import { createSpanWriter } from "../../src/sqlite/spans/spans.ts";
import { factsOf } from "../../src/tally/spanfacts.ts";
import { ToolRuns } from "../../src/tally/toolruns.ts";
import { wins, type Content } from "../backend/model/rules.ts";
import { countCalls } from "../tally/calls.model.ts";
import { internalIn } from "../tally/internal.model.ts";
import { muchLater, Workbench } from "./workbench.ts";

export type Sent = { traceId: string; agentName: string; sessionId?: string; span: ImportedSpan };
export type Step =
  | { do: "send"; project: number; sent: Sent[] }
  | { do: "delete"; project: number; traceId: string }
  | { do: "settle" }
  | { do: "reprice"; pico: number }
  | { do: "reopen" };

const hourMs = 3_600_000;
const traceId = fc.constantFrom("a", "b", "c", "d");
const time = fc.constantFrom(0, 1, 59_999, 60_000, hourMs, 24 * hourMs + 1, 2 ** 52);
const count = fc.constantFrom(0, 1, 70_000, Number.MAX_SAFE_INTEGER);

const span: fc.Arbitrary<ImportedSpan> = fc
  .record(
    {
      spanId: fc.constantFrom("1", "2", "3", "4"),
      spanType: fc.constantFrom("llm", "tool", "tool", "embedding", "other", "other", "agent"),
      name: fc.constantFrom("bash", "read", ""),
      startTime: time,
      durationMs: fc.constantFrom(0, 1, 3, 900, 100_000),
      status: fc.constantFrom("ok", "error", "aborted"),
      modelId: fc.constantFrom("m1", "m2"),
      provider: fc.constantFrom("p"),
      ttftMs: fc.constantFrom(0, 0.5, 250),
      usage: fc.record({ inputTokens: count, outputTokens: count }, { requiredKeys: [] }),
      parentSpanId: fc.constantFrom("1", "2", "missing"),
      x: fc.record(
        {
          instrumentation: fc.constantFrom("a", "b"),
          isRuntime: fc.constant(true),
          toolCallId: fc.constantFrom("call_1", "call_2"),
          toolCallKey: fc.constantFrom("call_id", "tool.call_id"),
          responseId: fc.constantFrom("chatcmpl-1", "chatcmpl-00112233445566"),
        },
        { requiredKeys: [] },
      ),
    },
    { requiredKeys: ["spanId", "spanType", "name", "startTime", "durationMs"] },
  )
  .map(({ durationMs, modelId, ...rest }) => {
    // A call of OTLP without a model may have that of a span above: inherit.test.ts looks at that.
    const mayInherit = rest.x?.instrumentation !== undefined && rest.usage !== undefined;
    const named = modelId ?? (mayInherit ? "m2" : undefined);
    const endTime = rest.startTime + durationMs;
    return { ...rest, ...(named && { modelId: named }), endTime } as never;
  });

const sent: fc.Arbitrary<Sent> = fc.record(
  { traceId, agentName: fc.constantFrom("x", "y"), sessionId: fc.constantFrom("s", "t"), span },
  { requiredKeys: ["traceId", "agentName", "span"] },
);
const project = fc.constantFrom(1, 2);
export const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({
      do: fc.constant("send" as const),
      project,
      sent: fc.array(sent, { minLength: 1, maxLength: 5 }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("delete" as const), project, traceId }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("settle" as const) }) },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant("reprice" as const),
      pico: fc.constantFrom(5, 2 ** 52),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("reopen" as const) }) },
);

/** Trace by project and id: the last version of each span, by its id. */
export type Model = Map<string, Map<string, Sent & { pico: number }>>;

export class Bench extends Workbench {
  pico = 5;

  override open(): void {
    super.open();
    const costOf = (span: ImportedSpan) =>
      span.spanType === "llm" && span.modelId === "m1"
        ? { price: String(this.pico), amount: BigInt(this.pico), isEstimated: false }
        : null;
    this.spans = createSpanWriter(this.db, this.payloads, undefined, costOf);
  }

  settleTraces(steps = Infinity): void {
    for (let i = 0; i < steps && this.spans.settling.hasWork(muchLater); i++) {
      this.transact(() => this.spans.settling.step(muchLater));
    }
  }

  names(): Map<number, string> {
    const rows = this.db
      .query<{ id: number; text: string }, []>("SELECT id, text FROM names")
      .all();
    return new Map(rows.map(({ id, text }) => [id, text]));
  }
}

function contentOf({ span, agentName, sessionId }: Sent): Content {
  const header = { agentName, ...(sessionId && { sessionId }) };
  return { sent: span, header, source: "foglamp" };
}

export function run(bench: Bench, model: Model, step: Step): void {
  if (step.do === "settle") return bench.settleTraces(1);
  if (step.do === "reopen") return bench.reopen();
  if (step.do === "send") {
    const byTrace = Map.groupBy(step.sent, ({ traceId }) => traceId);
    bench.transact(() => {
      for (const [traceId, ofTrace] of byTrace) {
        // As parsing does: of one id in one batch the last.
        const spans = new Map(ofTrace.map((one) => [one.span.spanId, one]));
        bench.spans.apply({
          projectId: step.project,
          receivedAt: 1,
          source: "foglamp",
          traces: [
            {
              traceId,
              spans: [...spans.values()].map(({ span, agentName, sessionId }) => ({
                span,
                header: { agentName, ...(sessionId && { sessionId }) },
              })),
            },
          ],
        });
        const id = `${step.project} ${traceId}`;
        if (!model.has(id)) model.set(id, new Map());
        const stored = model.get(id)!;
        for (const [spanId, one] of spans) {
          const known = stored.get(spanId);
          if (known && !wins(contentOf(one), contentOf(known))) continue;
          stored.set(spanId, { ...one, pico: bench.pico });
        }
      }
    });
    return;
  }
  if (step.do === "delete") {
    const id = `${step.project} ${step.traceId}`;
    if (model.delete(id)) bench.delete(step.traceId, step.project);
    return;
  }
  bench.pico = step.pico;
  for (const [id, spans] of model) {
    const [project, traceId] = id.split(" ");
    const key = bench.traceKey(traceId!, Number(project));
    bench.transact(() => bench.spans.reprice(key, () => true, false));
    for (const one of spans.values()) one.pico = step.pico;
  }
}

/** The value of the span that ended last and has one. */
export function shown(spans: Sent[], field: "agentName" | "sessionId"): string | null {
  return (
    spans
      .filter((one) => one[field])
      .sort((a, b) => a.span.endTime - b.span.endTime || (a.span.spanId < b.span.spanId ? -1 : 1))
      .at(-1)?.[field] ?? null
  );
}

/** A root's, or where none failed the last model call's. */
export function statusOf(spans: ImportedSpan[]): "ok" | "error" | "aborted" {
  const statuses = spans
    .filter(({ parentSpanId }) => parentSpanId === undefined)
    .map(({ status }) => status);
  if (statuses.includes("aborted")) return "aborted";
  const lastCall = spans
    .filter(({ spanType }) => spanType === "llm")
    .sort((a, b) => a.endTime - b.endTime || (a.spanId < b.spanId ? -1 : 1))
    .at(-1);
  return statuses.includes("error") || lastCall?.status === "error" ? "error" : "ok";
}

/** Whether it says no more than that a program ran. */
export function isQuiet({ x, spanType, status = "ok", usage }: ImportedSpan): boolean {
  return x?.isRuntime === true && spanType === "other" && status === "ok" && usage === undefined;
}

/** Of each span that repeats a tool's run the one that counts; which these are is the runs' own test. */
export function repeatedRuns(spans: ImportedSpan[]): Map<string, ImportedSpan> {
  const byId = new Map(spans.map((span) => [span.spanId, span]));
  const facts = new Map(
    spans.map((span) => [
      span.spanId,
      factsOf(span, {
        key: 0,
        header: {},
        texts: { input: undefined, output: undefined },
        cost: null,
      }),
    ]),
  );
  const runs = new ToolRuns(facts);
  for (const one of facts.values()) runs.add(one);
  runs.decide();
  const repeated = [...facts.values()].flatMap((one): [string, ImportedSpan][] => {
    const counting = runs.repeatedBy(one);
    return counting ? [[one.spanId, byId.get(counting.spanId)!]] : [];
  });
  return new Map(repeated);
}

/** Sums by level, field, bucket, value and project, as plain numbers and lists of durations. */
export type Plain = { sums: Record<string, bigint>; durations: Record<string, number[]> };

export function countPlainly(model: Model): Map<string, Plain> {
  const cells = new Map<string, Plain>();
  for (const [id, byId] of model) {
    const project = id.split(" ")[0]!;
    const all = [...byId.values()];
    const at = (
      field: string,
      value: string | null,
      timeMs: number,
      count: (to: Plain) => void,
    ) => {
      levelMs.forEach((unit, level) => {
        if (level === 0 && ["run", "session", "customer"].includes(field)) return;
        const key = [level, field, Math.floor(timeMs / unit), value, project].join(" ");
        if (!cells.has(key)) cells.set(key, { sums: {}, durations: {} });
        count(cells.get(key)!);
      });
    };
    const add = (to: Plain, name: string, by: number | bigint) =>
      (to.sums[name] = (to.sums[name] ?? 0n) + BigInt(by));
    const spread = (to: Plain, name: string, ms: number) => (to.durations[name] ??= []).push(ms);
    const ofTrace: [string, string | null][] = [
      ["all", null],
      ["agent", shown(all, "agentName")],
      ["workflow", null],
      ["run", null],
      ["session", shown(all, "sessionId")],
      ["customer", null],
    ];
    const startTime = Math.min(...all.map(({ span }) => span.startTime));
    const endTime = Math.max(...all.map(({ span }) => span.endTime));
    if (all.every(({ span }) => isQuiet(span))) {
      at("all", null, startTime, (to) => add(to, "internalTraces", 1));
      continue;
    }
    const ofAll = all.map(({ span }) => span);
    const internal = internalIn(ofAll, isQuiet);
    const runs = repeatedRuns(ofAll);
    const status = statusOf(ofAll);
    const trace = (to: Plain) => {
      add(to, "traces", 1);
      if (status === "error") add(to, "failedTraces", 1);
      if (status === "aborted") add(to, "abortedTraces", 1);
      if (ofAll.some((span) => span.status === "error")) add(to, "tracesWithErrors", 1);
    };
    for (const [field, value] of ofTrace) {
      at(field, value, startTime, (to) => {
        trace(to);
        spread(to, "traceDuration", endTime - startTime);
      });
    }
    const seen = new Set<string>();
    const calls = countCalls(all.map(({ span }) => span));
    for (const { span, pico } of all) {
      const isCall = span.spanType === "llm" || span.spanType === "embedding";
      if (internal.includes(span.spanId) || (isCall && calls.isRepeated(span))) continue;
      const isRun = !runs.has(span.spanId);
      const usage = calls.usageOf(span);
      const ttftMs = span.ttftMs ?? calls.ttftOf(span);
      const durationMs = span.endTime - span.startTime;
      const request = (to: Plain) => {
        add(to, "requests", 1);
        if (span.status === "error") add(to, "errors", 1);
        if (span.status === "aborted") add(to, "aborted", 1);
        spread(to, "latency", durationMs);
        if (ttftMs !== undefined) spread(to, "ttft", ttftMs);
      };
      const use = (to: Plain) => {
        for (const [name, value] of Object.entries(usage ?? {})) {
          add(to, name, value as number);
          add(to, `${name}Reporters`, 1);
        }
        if (!calls.countsWhole(span)) return;
        add(to, "priceableSpanCount", 1);
        if (span.spanType === "llm" && span.modelId === "m1") {
          add(to, "pricedSpanCount", 1);
          add(to, "cost", pico);
        }
        if (!isCall) return;
        const tokens = usage?.outputTokens ?? 0;
        const ms = Math.round(durationMs - ((ttftMs ?? 0) < durationMs ? (ttftMs ?? 0) : 0));
        if (tokens > 0 && ms > 0) {
          add(to, "generatedTokens", tokens);
          add(to, "generationMs", ms);
        }
      };
      if (isRun) at("type", span.spanType, span.startTime, request);
      if (span.spanType === "tool" && isRun) {
        at("tool", span.name || null, span.startTime, request);
        if (span.name) seen.add(`tool ${span.name}`);
      }
      if (!isCall && Object.keys(usage ?? {}).length === 0) continue;
      at("type", span.spanType, span.startTime, use);
      const ofCall: [string, string | null][] = [
        ["model", span.modelId ?? null],
        ["provider", span.provider ?? null],
        ...ofTrace,
      ];
      if (span.modelId) seen.add(`model ${span.modelId}`);
      if (span.provider) seen.add(`provider ${span.provider}`);
      for (const [field, value] of ofCall) {
        at(field, value, span.startTime, (to) => {
          if (isCall) request(to);
          use(to);
        });
      }
    }
    for (const one of seen) at(one.split(" ")[0]!, one.split(" ")[1]!, startTime, trace);
  }
  return cells;
}
