/**
 * After any series of batches, later versions, deletes, new prices and half-done settling, facets and
 * statistics are those of a plain model that counts the spans that are left.
 */
import { expect, test } from "bun:test";
import fc from "fast-check";
import type { ImportedSpan } from "../../src/contract/v1.ts";
import { Cell, cellSpreads, cellSums, spreadError } from "../../src/store/cell.ts";
import { rollupFields } from "../../src/store/contribution.ts";
import { facetFields, facetNumber } from "../../src/store/facets.ts";
import { levelMs } from "../../src/store/rollup.ts";
import { createSpanWriter } from "../../src/store/spans.ts";
import { muchLater, Workbench } from "./workbench.ts";

type Sent = { traceId: string; agentName: string; sessionId?: string; span: ImportedSpan };
type Step =
  | { do: "send"; project: number; sent: Sent[] }
  | { do: "delete"; project: number; traceId: string }
  | { do: "settle" }
  | { do: "reprice"; pico: number }
  | { do: "reopen" };

const hourMs = 3_600_000;
const traceId = fc.constantFrom("a", "b", "c", "d");
const time = fc.constantFrom(0, 1, 59_999, 60_000, hourMs, 24 * hourMs + 1, 2 ** 52);
const count = fc.constantFrom(0, 1, 70_000, Number.MAX_SAFE_INTEGER);

/** No span stands above another: which of two counts is the tally's own test. */
const span: fc.Arbitrary<ImportedSpan> = fc
  .record(
    {
      spanId: fc.constantFrom("1", "2", "3", "4"),
      spanType: fc.constantFrom("llm", "tool", "embedding", "other", "agent"),
      name: fc.constantFrom("bash", "read", ""),
      startTime: time,
      durationMs: fc.constantFrom(0, 1, 3, 900, 100_000),
      status: fc.constantFrom("ok", "error", "aborted"),
      modelId: fc.constantFrom("m1", "m2"),
      provider: fc.constantFrom("p"),
      ttftMs: fc.constantFrom(0, 0.5, 250),
      usage: fc.record({ inputTokens: count, outputTokens: count }, { requiredKeys: [] }),
    },
    { requiredKeys: ["spanId", "spanType", "name", "startTime", "durationMs"] },
  )
  .map(({ durationMs, ...rest }) => ({ ...rest, endTime: rest.startTime + durationMs }) as never);

const sent: fc.Arbitrary<Sent> = fc.record(
  { traceId, agentName: fc.constantFrom("x", "y"), sessionId: fc.constantFrom("s", "t"), span },
  { requiredKeys: ["traceId", "agentName", "span"] },
);
const project = fc.constantFrom(1, 2);
const step: fc.Arbitrary<Step> = fc.oneof(
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
type Model = Map<string, Map<string, Sent & { pico: number }>>;

class Bench extends Workbench {
  pico = 5;

  override open(): void {
    super.open();
    const costOf = (span: ImportedSpan) =>
      span.spanType === "llm" && span.modelId === "m1"
        ? { price: String(this.pico), amount: BigInt(this.pico) }
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

function run(bench: Bench, model: Model, step: Step): void {
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
          if (known && known.span.endTime > one.span.endTime) continue;
          const { agentName: a, sessionId: s, span } = known ?? one;
          const isSame =
            known &&
            JSON.stringify([a, s, span]) ===
              JSON.stringify([one.agentName, one.sessionId, one.span]);
          if (!isSame) stored.set(spanId, { ...one, pico: bench.pico });
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
function shown(spans: Sent[], field: "agentName" | "sessionId"): string | null {
  return (
    spans
      .filter((one) => one[field])
      .sort((a, b) => a.span.endTime - b.span.endTime || (a.span.spanId < b.span.spanId ? -1 : 1))
      .at(-1)?.[field] ?? null
  );
}

/** Sums by level, field, bucket, value and project, as plain numbers and lists of durations. */
type Plain = { sums: Record<string, bigint>; durations: Record<string, number[]> };

function countPlainly(model: Model): Map<string, Plain> {
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
    const statuses = all.map(({ span }) => span.status);
    // All spans are roots here.
    const status = statuses.includes("aborted")
      ? "aborted"
      : statuses.includes("error")
        ? "error"
        : "ok";
    const trace = (to: Plain) => {
      add(to, "traces", 1);
      if (status === "error") add(to, "failedTraces", 1);
      if (status === "aborted") add(to, "abortedTraces", 1);
    };
    for (const [field, value] of ofTrace) {
      at(field, value, startTime, (to) => {
        trace(to);
        spread(to, "traceDuration", endTime - startTime);
      });
    }
    const seen = new Set<string>();
    for (const { span, pico } of all) {
      const durationMs = span.endTime - span.startTime;
      const request = (to: Plain) => {
        add(to, "requests", 1);
        if (span.status === "error") add(to, "errors", 1);
        if (span.status === "aborted") add(to, "aborted", 1);
        spread(to, "latency", durationMs);
        if (span.ttftMs !== undefined) spread(to, "ttft", span.ttftMs);
      };
      const isCall = span.spanType === "llm" || span.spanType === "embedding";
      const use = (to: Plain) => {
        for (const [name, value] of Object.entries(span.usage ?? {})) {
          add(to, name, value as number);
          add(to, `${name}Reporters`, 1);
        }
        if (!isCall) return;
        add(to, "priceableSpanCount", 1);
        if (span.spanType === "llm" && span.modelId === "m1") {
          add(to, "pricedSpanCount", 1);
          add(to, "cost", pico);
        }
        const tokens = span.usage?.outputTokens ?? 0;
        const ms = Math.round(
          durationMs - ((span.ttftMs ?? 0) < durationMs ? (span.ttftMs ?? 0) : 0),
        );
        if (tokens > 0 && ms > 0) {
          add(to, "generatedTokens", tokens);
          add(to, "generationMs", ms);
        }
      };
      at("type", span.spanType, span.startTime, request);
      if (span.spanType === "tool") {
        at("tool", span.name || null, span.startTime, request);
        if (span.name) seen.add(`tool ${span.name}`);
      }
      if (!isCall && Object.keys(span.usage ?? {}).length === 0) continue;
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

function readCells(bench: Bench): Map<string, Cell> {
  const names = bench.names();
  const rows = bench.db
    .query<
      {
        level: number;
        field: number;
        bucket: number;
        value: number;
        projectId: number;
        cell: Uint8Array;
      },
      []
    >("SELECT * FROM rollups")
    .all();
  return new Map(
    rows.map(({ level, field, bucket, value, projectId, cell: bytes }) => {
      const cell = new Cell();
      cell.mergeBytes(bytes);
      const text = value === 0 ? null : names.get(value)!;
      return [[level, rollupFields[field], bucket, text, projectId].join(" "), cell];
    }),
  );
}

function compare(bench: Bench, model: Model): void {
  const plain = countPlainly(model);
  const stored = readCells(bench);
  const used = [...plain]
    .filter(([, { sums, durations }]) => sums || durations)
    .map(([key]) => key);
  expect([...stored.keys()].sort()).toEqual(used.sort());
  for (const [key, cell] of stored) {
    const { sums, durations } = plain.get(key)!;
    for (const name of cellSums)
      expect([key, name, cell.sum(name)]).toEqual([key, name, sums[name] ?? 0n]);
    for (const name of cellSpreads) {
      const sorted = (durations[name] ?? []).sort((a, b) => a - b);
      for (const share of [0.5, 0.95, 0.99]) {
        const right = sorted[Math.max(1, Math.ceil(share * sorted.length)) - 1] ?? null;
        const read = cell.percentile(name, share);
        if (right === null) expect(read).toBeNull();
        else
          expect(Math.abs(read! - right)).toBeLessThanOrEqual(
            Math.max(0.1, right * spreadError * 1.0001),
          );
      }
    }
  }
  const names = bench.names();
  const facets = bench.db
    .query<{ field: number; value: number; startTime: number; traceKey: number }, []>(
      "SELECT field, value, startTime, traceKey FROM facets",
    )
    .all()
    .map(({ field, value, startTime, traceKey }) => {
      const name = facetFields[field]!;
      const isNumber = ["duration", "cost", "tokens", "errors", "settled"].includes(name);
      return `${traceKey} ${startTime} ${name} ${isNumber ? value : names.get(value)}`;
    });
  const wanted = [...model].flatMap(([id, byId]) => {
    const all = [...byId.values()];
    const spans = all.map(({ span }) => span);
    const [project, traceId] = id.split(" ");
    const startTime = Math.min(...spans.map((span) => span.startTime));
    const of = (texts: (string | undefined | null)[], field: string) =>
      [...new Set(texts.filter(Boolean))].map((text) => `${field} ${text}`);
    const calls = spans.filter(({ spanType }) => spanType === "llm" || spanType === "embedding");
    const priced = all.filter(({ span }) => span.spanType === "llm" && span.modelId === "m1");
    const statuses = spans.map(({ status }) => status);
    const cost = priced.reduce((sum, { pico }) => sum + BigInt(pico), 0n);
    return [
      ...of([shown(all, "agentName")], "agent"),
      ...of([shown(all, "sessionId")], "session"),
      ...of(
        calls.map(({ modelId }) => modelId),
        "model",
      ),
      ...of(
        spans.map(({ provider }) => provider),
        "provider",
      ),
      ...of(
        spans.filter(({ spanType }) => spanType === "tool").map(({ name }) => name),
        "tool",
      ),
      "source foglamp",
      ...of(
        [statuses.includes("aborted") ? "aborted" : statuses.includes("error") && "error"].map(
          (s) => s || null,
        ),
        "status",
      ),
      `duration ${Math.max(...spans.map(({ endTime }) => endTime)) - startTime}`,
      `cost ${priced.length > 0 ? Number(cost) : -1}`,
      "tokens -1",
      `errors ${statuses.filter((status) => status === "error").length}`,
      `settled ${muchLater}`,
    ].map((facet) => `${bench.traceKey(traceId!, Number(project))} ${startTime} ${facet}`);
  });
  expect(facets.sort()).toEqual(wanted.sort());
  const latest = bench.db
    .query<{ value: number; projectId: number; startTime: number; traceKey: number }, [number]>(
      "SELECT value, projectId, startTime, traceKey FROM latest WHERE field = ?",
    )
    .all(facetNumber("session"))
    .map(({ value, ...rest }) => ({ session: names.get(value)!, ...rest }));
  const newest = new Map<string, (typeof latest)[number]>();
  for (const [id, byId] of model) {
    const [project, traceId] = id.split(" ");
    const all = [...byId.values()];
    const session = shown(all, "sessionId");
    if (session === null) continue;
    const trace = {
      session,
      projectId: Number(project),
      startTime: Math.min(...all.map(({ span }) => span.startTime)),
      traceKey: bench.traceKey(traceId!, Number(project)),
    };
    const known = newest.get(`${project} ${session}`);
    const isNewer =
      !known ||
      trace.startTime > known.startTime ||
      (trace.startTime === known.startTime && trace.traceKey > known.traceKey);
    if (isNewer) newest.set(`${project} ${session}`, trace);
  }
  const byKey = (a: { traceKey: number }, b: { traceKey: number }) => a.traceKey - b.traceKey;
  expect(latest.sort(byKey)).toEqual([...newest.values()].sort(byKey));
}

test("facets and statistics follow whatever happens to the spans", () => {
  fc.assert(
    fc.property(fc.array(step, { minLength: 1, maxLength: 14 }), (steps) => {
      using bench = new Bench();
      const model: Model = new Map();
      for (const step of steps) run(bench, model, step);
      bench.settleTraces();
      compare(bench, model);
    }),
    { numRuns: 60 },
  );
});

test("what a rolled back transaction would have settled is settled later", () => {
  using bench = new Bench();
  const model: Model = new Map();
  const one: Sent = {
    traceId: "a",
    agentName: "x",
    span: { spanId: "1", spanType: "llm", name: "", startTime: 5, endTime: 9 } as never,
  };
  run(bench, model, { do: "send", project: 1, sent: [one] });
  expect(() =>
    bench.transact(() => {
      bench.spans.settling.step(muchLater);
      throw new Error("the disk is full");
    }),
  ).toThrow("full");
  expect(bench.count("facets")).toBe(0);
  bench.settleTraces();
  compare(bench, model);
});
