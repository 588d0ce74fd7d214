/** The payload store against a model: whatever happens in whatever order, texts stay exact. */
import { expect, test } from "bun:test";
import fc from "fast-check";
import type { Payloads } from "../../src/contract/fields.ts";
import { createCollector } from "../../src/sqlite/payload/collect.ts";
import { applyPacking, compressPacking, planPacking } from "../../src/sqlite/payload/pack.ts";
import { wireText } from "../payload.arbitrary.ts";
import { problemsOf } from "./invariants.ts";
import { muchLater, Workbench } from "./workbench.ts";

/** Messages that repeat from trace to trace, long enough to be pieces, and some that are not. */
const vocabulary = Array.from({ length: 12 }, (_, i) =>
  JSON.stringify({
    role: i % 2 ? "user" : "assistant",
    content: `message ${i} ${"word ".repeat(i * i)}`,
  }),
);

const message = () => fc.oneof(fc.constantFrom(...vocabulary), fc.json({ maxDepth: 2 }));
const glue = () => fc.constantFrom(",", ", ", ",\n  ");

function conversation() {
  return fc
    .tuple(fc.array(message(), { maxLength: 12 }), glue(), fc.nat(40), fc.boolean())
    .map(([messages, separator, cutOff, isObject]) => {
      const list = `[${messages.join(separator)}]`;
      const text = isObject ? `{"model":"m","messages":${list},"tools":[${vocabulary[11]}]}` : list;
      // Client libraries cut long payloads off.
      return cutOff < 5 ? text.slice(0, -cutOff * 7) : text;
    });
}

const text = () => fc.oneof({ weight: 3, arbitrary: conversation() }, wireText(300));
const texts = () =>
  fc.record(
    {
      ...{ input: text(), output: text(), attributes: text() },
      ...{ systemPrompt: text(), traceAttributes: text() },
    },
    { requiredKeys: [] },
  );

/** Texts that each fill a block, so that a trace can have more blocks than a step collects. */
const large = Array.from({ length: 12 }, (_, i) =>
  Array.from({ length: 5000 }, (_, j) => Bun.hash(`${i} ${j}`).toString(36)).join(" "),
);
const largeSpans = () =>
  fc
    .shuffledSubarray(large, { minLength: 9 })
    .map((outputs) => Object.fromEntries(outputs.map((output, i) => [`${i}`, { output }])));

const trace = () => fc.constantFrom("a", "b", "c", "d");
const span = () => fc.constantFrom("1", "2", "3", "4", "5");

const action = () =>
  fc.oneof(
    {
      weight: 8,
      arbitrary: fc.record({
        kind: fc.constant("put" as const),
        trace: trace(),
        project: fc.constantFrom(1, 2),
        spans: fc.dictionary(span(), texts(), { minKeys: 1, maxKeys: 4 }),
        isRolledBack: fc.nat(6).map((dice) => dice === 0),
      }),
    },
    {
      weight: 1,
      arbitrary: fc.record({
        kind: fc.constant("put" as const),
        trace: trace(),
        project: fc.constant(1),
        spans: largeSpans(),
        isRolledBack: fc.constant(false),
      }),
    },
    {
      weight: 2,
      arbitrary: fc.record({
        kind: fc.constant("delete" as const),
        trace: trace(),
        project: fc.constantFrom(1, 2),
      }),
    },
    {
      weight: 4,
      arbitrary: fc.record({
        kind: fc.constant("collect" as const),
        steps: fc.integer({ min: 1, max: 5 }),
        isRolledBack: fc.nat(3).map((dice) => dice === 0),
      }),
    },
    { weight: 2, arbitrary: fc.record({ kind: fc.constant("pack" as const) }) },
    // Of what the store holds it knows all, some or nothing.
    {
      weight: 2,
      arbitrary: fc.record({
        kind: fc.constant("reopen" as const),
        learns: fc.constantFrom(0, 1, Infinity),
      }),
    },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant("learn" as const) }) },
    // As when others need the memory.
    { weight: 2, arbitrary: fc.record({ kind: fc.constant("forget" as const), trace: trace() }) },
    // A packing that waits for its compression while other things happen.
    { weight: 2, arbitrary: fc.record({ kind: fc.constant("plan" as const) }) },
    {
      weight: 2,
      arbitrary: fc.record({
        kind: fc.constant("apply" as const),
        isRolledBack: fc.nat(3).map((dice) => dice === 0),
      }),
    },
  );

const undone = new Error("undone");

test("texts stay exact and garbage goes, whatever is sent, deleted, packed, undone, reopened", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(action(), { minLength: 5, maxLength: 40 }), async (actions) => {
      using bench = new Workbench();
      const model = new Map<string, Map<string, Payloads>>();
      let collector = createCollector(bench.db, bench.payloads);
      let planned: { packing: NonNullable<ReturnType<typeof planPacking>>; data: Buffer } | null =
        null;
      let version = 1;
      const transact = (isRolledBack: boolean, work: () => void) => {
        const change = () =>
          bench.transact(() => {
            work();
            if (isRolledBack) throw undone;
          });
        if (isRolledBack) expect(change).toThrow(undone);
        else change();
      };
      for (const step of actions) {
        if (step.kind === "put") {
          const endTime = version++;
          const sent = Object.fromEntries(
            Object.entries(step.spans).map(([id, texts]) => [id, { ...texts, endTime }]),
          );
          transact(step.isRolledBack, () => bench.put(step.trace, sent, step.project));
          if (step.isRolledBack) continue;
          const id = `${step.project}${step.trace}`;
          if (!model.has(id)) model.set(id, new Map());
          for (const [spanId, texts] of Object.entries(step.spans)) {
            model.get(id)!.set(spanId, texts);
          }
        } else if (step.kind === "delete") {
          if (model.delete(`${step.project}${step.trace}`)) bench.delete(step.trace, step.project);
        } else if (step.kind === "collect") {
          for (let left = step.steps; left > 0 && collector.hasWork(muchLater); left--) {
            transact(step.isRolledBack && left === 1, () => collector.step());
          }
        } else if (step.kind === "pack") {
          await bench.packOnce();
        } else if (step.kind === "plan") {
          const packing = planPacking(bench.db, bench.payloads, muchLater);
          planned = packing && { packing, data: await compressPacking(packing) };
        } else if (step.kind === "apply") {
          const { packing, data } = planned ?? {};
          planned = null;
          if (packing) {
            transact(step.isRolledBack, () =>
              applyPacking(bench.db, bench.payloads, packing, data!),
            );
          }
        } else if (step.kind === "learn") {
          bench.payloads.learnStep();
        } else if (step.kind === "forget") {
          for (const project of [1, 2]) {
            if (model.has(`${project}${step.trace}`)) {
              bench.payloads.close(bench.traceKey(step.trace, project));
            }
          }
        } else {
          bench.reopen(step.learns);
          collector = createCollector(bench.db, bench.payloads);
          planned = null;
        }
        expect(problemsOf(bench.db, false)).toEqual([]);
      }
      const check = () => {
        for (const [id, spans] of model) {
          const read = bench.read(id.slice(1), Number(id[0]));
          expect(read).toStrictEqual(Object.fromEntries(spans));
        }
      };
      check();
      await bench.settle();
      check();
      expect(problemsOf(bench.db, true)).toEqual([]);
      expect(bench.count("traces")).toBe(model.size);
      if (model.size === 0) {
        for (const table of ["spans", "blocks", "runs", "loans", "borrowings", "deletions"]) {
          expect(bench.count(table)).toBe(0);
        }
      }
    }),
    { numRuns: 75 },
  );
});
