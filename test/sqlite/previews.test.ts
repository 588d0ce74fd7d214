/** Whose input and output stand for a trace, whatever comes first, comes again or was forgotten. */
import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import fc from "fast-check";
import { type SentSpan } from "../../src/backend/batch.ts";
import { inputPreview, outputPreview } from "../../src/messages/preview.ts";
import { createSpanWriter } from "../../src/sqlite/spans/spans.ts";
import { Workbench } from "./workbench.ts";

type Sent = Partial<SentSpan["span"]> & { spanId: string };

/** A store whose traces have previews; counts how many were made. */
class Previewing extends Workbench {
  made = 0;

  override open(learns = Infinity): void {
    super.open(learns);
    const count = (text: string | null) => {
      this.made++;
      return text;
    };
    this.spans = createSpanWriter(this.db, this.payloads, undefined, undefined, {
      input: (text) => count(inputPreview(text)),
      output: (text) => count(outputPreview(text)),
    });
  }

  send(...sent: Sent[]): void {
    this.transact(() => this.sendInto(sent));
  }

  sendInto(sent: Sent[]): void {
    const spans = sent.map((span) => ({
      span: { spanType: "llm" as const, name: "call", startTime: 0, endTime: 1, ...span },
      header: { traceName: "t" },
    }));
    this.spans.apply({
      projectId: 1,
      receivedAt: 1,
      source: "foglamp",
      traces: [{ traceId: "t", spans }],
    });
  }

  shown(): { input: string | null; output: string | null } {
    return this.db
      .query<{ input: string | null; output: string | null }, []>(
        "SELECT inputPreview AS input, outputPreview AS output FROM traces",
      )
      .get()!;
  }
}

let store: Previewing;
beforeEach(() => {
  store = new Previewing();
});
afterEach(() => store[Symbol.dispose]());

const root = (more: Partial<Sent>): Sent => ({ spanId: "root", spanType: "agent", ...more });
const call = (spanId: string, more: Partial<Sent>): Sent => ({
  spanId,
  parentSpanId: "root",
  ...more,
});

describe("the previews of a trace", () => {
  test("are of its model calls while no root has texts: the first input, the last output", () => {
    store.send(call("b", { startTime: 5, endTime: 9, input: "later", output: "last" }));
    expect(store.shown()).toEqual({ input: "later", output: "last" });
    store.send(call("a", { startTime: 1, endTime: 3, input: "first", output: "earlier" }));
    expect(store.shown()).toEqual({ input: "first", output: "last" });
    store.send(call("t", { spanType: "tool", startTime: 0, endTime: 10, input: "x", output: "y" }));
    store.send(root({ startTime: 0, endTime: 20 }));
    expect(store.shown()).toEqual({ input: "first", output: "last" });
  });

  test("are of its root once that has come, each by itself", () => {
    store.send(call("a", { input: "of the call", output: "of the call" }));
    store.send(root({ startTime: 9, endTime: 9, output: "of the root" }));
    expect(store.shown()).toEqual({ input: "of the call", output: "of the root" });
  });

  test("are made of what was said", () => {
    store.send(root({ input: '[{"role":"user","content":"Oslo?"}]', output: '"21"' }));
    expect(store.shown()).toEqual({ input: "Oslo?", output: "21" });
  });

  test("follow a later version of the span, also one without texts", () => {
    store.send(root({ endTime: 1, input: "a", output: "a" }));
    store.send(root({ endTime: 2, input: "b", output: "b" }));
    expect(store.shown()).toEqual({ input: "b", output: "b" });
    store.send(root({ endTime: 1, input: "c", output: "c" }));
    expect(store.shown()).toEqual({ input: "b", output: "b" });
    store.send(root({ endTime: 3, output: "d" }));
    expect(store.shown()).toEqual({ input: null, output: "d" });
  });

  test("stay when the store is opened again, and are read from it where another span speaks", () => {
    store.send(root({ endTime: 5, input: "of the root", output: "of the root" }));
    store.send(
      call("a", { startTime: 3, endTime: 4, input: "of the call", output: "of the call" }),
    );
    store.reopen();
    store.send(call("b", { startTime: 4, endTime: 6, input: "x", output: "x" }));
    expect(store.shown()).toEqual({ input: "of the root", output: "of the root" });
    store.send(root({ parentSpanId: "none", endTime: 6 }));
    expect(store.shown()).toEqual({ input: "of the call", output: "x" });
  });

  test("are made for traces that an earlier version stored, when something comes", () => {
    store.send(root({ input: "a", output: "b" }));
    store.db.run("UPDATE traces SET inputPreview = NULL, outputPreview = NULL");
    store.reopen();
    store.send(call("c", { startTime: 3, input: "x" }));
    expect(store.shown()).toEqual({ input: "a", output: "b" });
  });

  test("are looked at once for each span that speaks, not once for each that comes", () => {
    store.send(root({ input: "a", output: "b", startTime: 0, endTime: 99 }));
    for (let i = 0; i < 20; i++)
      store.send(call(`c${i}`, { startTime: i, endTime: i, input: "x" }));
    expect(store.made).toBe(2);
  });
});

/** Versions of a few spans, all of them with ends of their own, so that no order matters. */
const versions = fc
  .array(
    fc.record(
      {
        spanId: fc.constantFrom("a", "b", "c", "d"),
        parentSpanId: fc.constantFrom("a", "b", "missing"),
        spanType: fc.constantFrom("llm", "llm", "agent", "tool"),
        startTime: fc.integer({ min: 0, max: 3 }),
        input: fc.constantFrom("x", "y", " "),
        output: fc.constantFrom("x", "y", " "),
      },
      { requiredKeys: ["spanId", "spanType", "startTime"] },
    ),
    { minLength: 1, maxLength: 8 },
  )
  .map((spans) =>
    spans.map((span, i) => ({
      ...span,
      // The same text would hide whose it is.
      ...(span.input !== undefined && span.input !== " " && { input: `${span.input}${i}` }),
      ...(span.output !== undefined && span.output !== " " && { output: `${span.output}${i}` }),
      endTime: 10 + i,
    })),
  );

/** As the rule reads: of the last version of each span, a root's first, else a model call's. */
function model(sent: Sent[]) {
  const last = new Map<string, Sent>();
  for (const span of sent) {
    if (span.endTime! >= (last.get(span.spanId)?.endTime ?? 0)) last.set(span.spanId, span);
  }
  const spans = [...last.values()];
  const of = (field: "input" | "output", order: (a: Sent, b: Sent) => number) => {
    const having = spans.filter((span) => span[field] !== undefined).sort(order);
    const speaker =
      having.find(({ parentSpanId }) => parentSpanId === undefined) ??
      having.find(({ spanType }) => spanType === "llm");
    return speaker?.[field]!.trim() || null;
  };
  const byId = (a: Sent, b: Sent) => (a.spanId < b.spanId ? -1 : 1);
  return {
    input: of("input", (a, b) => a.startTime! - b.startTime! || byId(a, b)),
    output: of("output", (a, b) => b.endTime! - a.endTime! || byId(b, a)),
  };
}

test("any order, any repetition, any loss of memory leaves the same previews", () => {
  fc.assert(
    fc.property(
      versions,
      fc.infiniteStream(fc.nat()),
      fc.array(fc.constantFrom("send", "send together", "reopen", "roll back"), { maxLength: 12 }),
      (sent, chance, steps) => {
        using fresh = new Previewing();
        const next = () => sent[chance.next().value % sent.length]!;
        for (const step of steps) {
          if (step === "reopen") fresh.reopen();
          else if (step === "roll back") {
            expect(() =>
              fresh.transact(() => {
                fresh.sendInto([next(), next()].slice(0, 1));
                throw new Error("undone");
              }),
            ).toThrow("undone");
          } else if (step === "send") fresh.send(next());
          else fresh.transact(() => [next(), next()].forEach((span) => fresh.sendInto([span])));
        }
        for (const span of sent) fresh.send(span as Sent);
        expect(fresh.shown()).toEqual(model(sent as Sent[]));
      },
    ),
    { numRuns: 60 },
  );
});
