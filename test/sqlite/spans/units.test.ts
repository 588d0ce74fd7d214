/** Units in the store: what is made of records, and how long the records are kept. */
import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { type SentSpan, type TraceSpans } from "../../../src/backend/batch.ts";
import type { LogPiece, PieceFacts } from "../../../src/contract/units.ts";
import { units as limits } from "../../../src/limits.ts";
import { expireUnits, hasExpiredUnits } from "../../../src/sqlite/spans/expiry.ts";
import { createSpanWriter } from "../../../src/sqlite/spans/spans.ts";
import { muchLater, Workbench } from "../workbench.ts";

let bench: Workbench;
beforeEach(() => {
  bench = new Workbench();
  open();
});
afterEach(() => bench[Symbol.dispose]());

/** A writer whose made spans say their records. */
function open(): void {
  bench.spans = createSpanWriter(bench.db, bench.payloads, {
    readLogs: () => ({}),
    makeSpan: ({ kind, spanId, parentSpanId, startMs, endMs, logs }) => ({
      span: {
        spanId,
        spanType: kind === "turn" ? "agent" : kind === "call" ? "llm" : "tool",
        name: kind,
        startTime: startMs,
        endTime: endMs,
        output: logs.join("\n"),
        ...(parentSpanId !== undefined && { parentSpanId }),
        x: { isFromLogs: true },
      },
      header: { sessionId: "s" },
    }),
  });
}

function piece(facts: Partial<PieceFacts> & { startMs: number }, text = ""): LogPiece {
  const whole = {
    agent: "a",
    kind: "call",
    event: "e",
    role: "whole",
    endMs: facts.startMs,
    ...facts,
  };
  const json = JSON.stringify({ type: "log", name: "e", timeUnixNano: `${facts.startMs}`, text });
  return {
    session: "a s",
    traceId: "",
    spanId: "",
    facts: whole as PieceFacts,
    json,
    resource: "{}",
  };
}

function take(traces: TraceSpans[], receivedAt = 1): void {
  bench.transact(() => bench.spans.apply({ projectId: 1, receivedAt, source: "otlp", traces }));
}

const takePieces = (...pieces: LogPiece[]) => take([{ traceId: "", spans: [], pieces }]);

const sent = (spanId: string, id: string, output: string): SentSpan => ({
  span: { spanId, spanType: "llm", name: "sent", startTime: 1, endTime: 2, output },
  header: {},
  claim: { agent: "a", session: "a s", kind: "call", id, startMs: 1, endMs: 2 },
});

function count(table: string): number {
  return bench.db.query<{ n: number }, []>(`SELECT count(*) AS n FROM ${table}`).get()!.n;
}

/** All texts that are stored, by span. */
function outputs(): (string | undefined)[] {
  return bench.db
    .query<{ key: number; lists: Uint8Array }, []>(
      `SELECT spans.key, lists FROM spans JOIN traces ON traces.key = spans.key >> 24 ORDER BY spans.key`,
    )
    .all()
    .map(({ key, lists }) => bench.payloads.get(key, lists).texts.output);
}

const long = (word: string) => Array.from({ length: 400 }, (_, i) => `${word} ${i}`).join("\n");

describe("what is made of records", () => {
  test("goes with its trace once all of it was sent", () => {
    takePieces(piece({ startMs: 5, id: "x" }, long("same")));
    expect(count("traces")).toBe(1);
    take([{ traceId: "t", spans: [sent("1", "x", long("same"))] }]);
    expect(bench.db.query("SELECT traceId FROM traces").values()).toEqual([["t"]]);
    expect(outputs()).toEqual([long("same")]);
  });

  test("leaves the texts of others whole, also when what it leaves is collected", () => {
    const text = long("shared");
    takePieces(
      piece({ startMs: 5, id: "x" }, `${text} made`),
      piece({ startMs: 6, id: "y" }, text),
    );
    take([{ traceId: "t", spans: [sent("1", "other", `${text} sent`)] }]);
    takePieces(piece({ startMs: 7, id: "z" }, `${text} made too`));
    take([{ traceId: "t", spans: [sent("2", "x", `${text} again`), sent("3", "y", text)] }]);
    bench.collect();
    bench.reopen();
    const found = outputs();
    expect(found.filter((output) => output?.startsWith("shared"))).toEqual([
      `${text} sent`,
      `${text} again`,
      text,
    ]);
    expect(found.every((output) => !output?.includes("damaged"))).toBe(true);
  });

  test("is known after a restart", () => {
    takePieces(piece({ startMs: 5, id: "x" }));
    bench.reopen();
    open();
    take([{ traceId: "t", spans: [sent("1", "x", "sent")] }]);
    expect(bench.db.query("SELECT traceId FROM traces").values()).toEqual([["t"]]);
  });

  test("is undone with the transaction that made it", () => {
    takePieces(piece({ startMs: 5, id: "x" }));
    expect(() =>
      bench.transact(() => {
        const pieces = [piece({ startMs: 6, id: "y" })];
        bench.spans.apply({
          projectId: 1,
          receivedAt: 1,
          source: "otlp",
          traces: [{ traceId: "", spans: [], pieces }],
        });
        bench.spans.flush();
        throw new Error("no room");
      }),
    ).toThrow("no room");
    expect(count("logUnits")).toBe(2);
    takePieces(piece({ startMs: 6, id: "y" }));
    expect(count("spans")).toBe(3);
  });

  test("a span's number is not given again while others stand on its trace", () => {
    takePieces(piece({ startMs: 5, id: "x" }), piece({ startMs: 6, id: "y" }));
    take([{ traceId: "t", spans: [sent("1", "x", "sent")] }]);
    takePieces(piece({ startMs: 7, id: "z" }));
    const ids = bench.db.query<{ spanId: string }, []>("SELECT spanId FROM spans").all();
    expect(new Set(ids.map(({ spanId }) => spanId)).size).toBe(ids.length);
    expect(ids).toHaveLength(4);
  });
});

describe("records", () => {
  test("are let go a day after the last of their session, and what was made of them stays", () => {
    takePieces(piece({ startMs: 5, id: "x" }));
    expect(hasExpiredUnits(bench.db, limits.maxAgeMs)).toBe(false);
    expect(hasExpiredUnits(bench.db, muchLater)).toBe(true);
    while (hasExpiredUnits(bench.db, muchLater)) expireUnits(bench.db, muchLater);
    for (const table of ["logPieces", "logUnits", "logSessions"]) expect(count(table)).toBe(0);
    expect(count("spans")).toBe(2);
  });

  test("spans that nobody asked for are forgotten after a day, those that records joined with these", () => {
    take([{ traceId: "t", spans: [sent("1", "x", "sent"), sent("2", "y", "sent")] }]);
    take([{ traceId: "", spans: [], pieces: [piece({ startMs: 2, id: "x" })] }], muchLater);
    while (hasExpiredUnits(bench.db, muchLater)) expireUnits(bench.db, muchLater);
    expect(bench.db.query("SELECT spanId FROM claims").values()).toEqual([["1"]]);
  });

  test("of one session are bounded: the oldest calls stay as they are", () => {
    const all = Array.from({ length: limits.sessionPieces + 1 }, (_, i) =>
      piece({ startMs: i + 1, id: `call ${i}`, prompt: "p" }),
    );
    takePieces(...all);
    expect(count("logPieces")).toBeLessThanOrEqual(limits.sessionPieces);
    takePieces(piece({ startMs: limits.sessionPieces + 10, id: "last", prompt: "p" }));
    expect(count("spans")).toBe(limits.sessionPieces + 3);
  });

  test("that a long session lets go of take nothing away from what was made of them", () => {
    /** A prompt and its calls: each has a record of its start, its answer, and a tool between both. */
    const turn = (prompt: string, fromMs: number, calls: number) => [
      piece({ kind: "turn", startMs: fromMs, prompt, isAnswered: true }, `prompt ${prompt}`),
      ...Array.from({ length: calls }, (_, i) => {
        const [id, startMs] = [`${prompt} ${i}`, fromMs + 10 * i + 1];
        return [
          piece({ startMs, id, prompt, event: "request", role: "start" }, `request ${id}`),
          piece({ startMs: startMs + 1, id, prompt, saysAnswer: true }, `answer ${id}`),
          piece({ kind: "tool", startMs: startMs + 2, id, prompt, isAnswered: true }, `tool ${id}`),
        ];
      }).flat(),
    ];
    const last = 1e6;
    takePieces(...turn("p", 1, 300), ...turn("q", 10_000, 400), ...turn("r", 20_000, 900));
    const before = outputs();
    takePieces(...turn("s", last, 200));
    expect(count("logPieces")).toBeLessThanOrEqual(limits.sessionPieces);
    takePieces(...turn("s", last, 300));
    takePieces(...turn("s", last, 2500));
    takePieces(...turn("s", last, 2501));
    const after = outputs();
    expect(after.slice(0, before.length)).toEqual(before);
    const calls = after.filter((output) => output?.includes("request s "));
    expect(calls.length).toBe(2501);
    for (const call of calls) expect(call).toContain("answer s ");
  });

  test("that are large take their session's room sooner", () => {
    const text = "x".repeat(900_000);
    for (let i = 0; i < 80; i++)
      takePieces(piece({ startMs: i + 1, id: `call ${i}` }, `${i} ${text}`));
    const { length } = bench.db
      .query<{ length: number }, []>("SELECT total(length) AS length FROM logPieces")
      .get()!;
    expect(length).toBeLessThanOrEqual(limits.sessionLength);
    expect(count("spans")).toBe(81);
  });
});
