/**
 * After any series of batches, later versions, deletes, new prices and half-done settling, facets and
 * statistics are those of a plain model that counts the spans that are left.
 */
import { expect, test } from "bun:test";
import fc from "fast-check";
import { createNames } from "../../../src/sqlite/db/names.ts";
import { facetNumber, facets as known } from "../../../src/sqlite/rollups/facets.ts";
import { createTallyReader } from "../../../src/sqlite/spans/facts.ts";
import { Cell, cellSpreads, cellSums, spreadError } from "../../../src/tally/cell.ts";
import { rollupFields } from "../../../src/tally/contribution.ts";
import { sumKnown, type Figure } from "../../../src/tally/figure.ts";
import { countCalls } from "../../tally/calls.model.ts";
import {
  Bench,
  countPlainly,
  isQuiet,
  repeatedRuns,
  run,
  shown,
  statusOf,
  step,
  type Model,
  type Sent,
} from "../stats.model.ts";
import { muchLater } from "../workbench.ts";

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
        const read = cell.percentiles(name, [share])?.[0] ?? null;
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
      const [name] = [...known].find(([, { number }]) => number === field)!;
      const isNumber = ["duration", "cost", "tokens", "errors", "settled", "internal"].includes(
        name,
      );
      return `${traceKey} ${startTime} ${name} ${isNumber ? value : names.get(value)}`;
    });
  const selectTokens = bench.db.query<Record<string, Figure | null>, [number]>(
    "SELECT inputTokens, outputTokens FROM traces WHERE key = ?",
  );
  const selectStep = bench.db.query<{ settledStep: number }, [number]>(
    "SELECT settledStep FROM traces WHERE key = ?",
  );
  const wanted = [...model].flatMap(([id, byId]) => {
    const all = [...byId.values()];
    const spans = all.map(({ span }) => span);
    const [project, traceId] = id.split(" ");
    const key = bench.traceKey(traceId!, Number(project));
    const startTime = Math.min(...spans.map((span) => span.startTime));
    const of = (texts: (string | undefined | null)[], field: string) =>
      [...new Set(texts.filter(Boolean))].map((text) => `${field} ${text}`);
    const { isRepeated, errorCount } = countCalls(spans);
    const calls = spans.filter(
      (span) => (span.spanType === "llm" || span.spanType === "embedding") && !isRepeated(span),
    );
    const priced = all.filter(
      ({ span }) => span.spanType === "llm" && span.modelId === "m1" && !isRepeated(span),
    );
    const status = statusOf(spans);
    const runs = repeatedRuns(spans);
    const repeatedErrors = spans.filter(
      ({ spanId, status }) => status === "error" && runs.get(spanId)?.status === "error",
    );
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
      ...of([status === "ok" ? null : status], "status"),
      `duration ${Math.max(...spans.map(({ endTime }) => endTime)) - startTime}`,
      `cost ${priced.length > 0 ? Number(cost) : -1}`,
      // Which usage counts is the tally's own test.
      `tokens ${sumKnown(...Object.values(selectTokens.get(key)!)) ?? -1}`,
      `errors ${errorCount - repeatedErrors.length}`,
      `settled ${selectStep.get(key)!.settledStep}`,
      `internal ${Number(spans.every(isQuiet))}`,
    ].map((facet) => `${key} ${startTime} ${facet}`);
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

/** Rows say of each call what is decided of all spans that are stored. */
function compareMarks(bench: Bench, model: Model): void {
  const tallyOf = createTallyReader(bench.db, createNames(bench.db));
  for (const id of model.keys()) {
    const [project, traceId] = id.split(" ");
    expect(tallyOf(bench.traceKey(traceId!, Number(project))).takeMarks()).toEqual([]);
  }
}

test("facets, statistics and what rows say of calls follow whatever happens to the spans", () => {
  fc.assert(
    fc.property(fc.array(step, { minLength: 1, maxLength: 14 }), (steps) => {
      using bench = new Bench();
      const model: Model = new Map();
      for (const step of steps) run(bench, model, step);
      bench.settleTraces();
      compare(bench, model);
      compareMarks(bench, model);
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

test("a trace whose row an earlier version wrote is counted anew before it settles", () => {
  using bench = new Bench();
  const usage = { inputTokens: 9, outputTokens: 1 };
  const call = { spanType: "llm", name: "", startTime: 0, endTime: 9, modelId: "m1", usage };
  const sent = [
    { ...call, spanId: "outer" },
    { ...call, spanId: "inner", parentSpanId: "outer" },
  ].map((span) => ({ traceId: "a", agentName: "x", span: span as never }));
  const model: Model = new Map();
  run(bench, model, { do: "send", project: 1, sent });
  bench.settleTraces();
  bench.db.run("UPDATE traces SET isOld = 1, isSettled = 0, settledStep = NULL, llmCount = 2");
  for (const table of ["facets", "rollups", "latest"]) bench.db.run(`DELETE FROM ${table}`);
  bench.db.run("UPDATE spans SET repeats = NULL, shownBy = NULL");
  bench.reopen();
  bench.settleTraces();
  compare(bench, model);
  compareMarks(bench, model);
  expect(bench.db.query("SELECT isOld, llmCount FROM traces").get()).toEqual({
    isOld: 0,
    llmCount: 1,
  });
});
