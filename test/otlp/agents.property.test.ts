/**
 * An agent's log records and spans come in any order, in pieces, again, from several processes. Whatever
 * the order, the same traces are shown, and every token counts once.
 */
import { afterAll, beforeAll, expect, test } from "bun:test";
import fc from "fast-check";
import type { SpanView, TracePage, TraceView } from "../../src/backend/views.ts";
import { startServer, type TestServer } from "../helpers.ts";
import {
  claudeCode,
  codex,
  copilot,
  geminiCli,
  qwenCode,
  requestOf,
  sessionId,
  type Record,
  type Session,
} from "./agents.ts";
import type { Message } from "./second.ts";
import { encodings, send } from "./sender.ts";

let server: TestServer;
beforeAll(async () => {
  server = await startServer();
});
afterAll(async () => {
  expect(server.bugs).toEqual([]);
  await server[Symbol.asyncDispose]();
});

const sessions: { [name: string]: () => Session } = {
  "Claude Code": claudeCode,
  "Claude Code without trace ids": () => claudeCode(false),
  "Claude Code without any ids": () => claudeCode(false, false),
  Codex: codex,
  "Codex without trace ids": () => codex(false),
  "Gemini CLI": geminiCli,
  "Gemini CLI without trace ids": () => geminiCli(false),
  "Qwen Code": qwenCode,
  "Qwen Code without trace ids": () => qwenCode(false),
  Copilot: copilot,
};

/** Which of the records come at all: spans may be off, or some of them lost. */
const sent = ({ logs, spans }: Session): fc.Arbitrary<Record[]> =>
  fc.oneof<fc.Arbitrary<Record[]>[]>(
    fc.constant([...logs]),
    fc.constant([...logs, ...spans]),
    fc.subarray(spans).map((some) => [...logs, ...some]),
    fc.subarray([...logs, ...spans], { minLength: 1 }).map((some) => [...some]),
  );

const arrival = (records: Record[]): fc.Arbitrary<Record[][]> =>
  fc
    .tuple(
      fc.shuffledSubarray(records, { minLength: records.length }),
      fc.array(fc.tuple(fc.nat(), fc.nat()), { maxLength: 8 }),
      fc.infiniteStream(fc.integer({ min: 0, max: 3 })),
    )
    .map(([shuffled, repeats, cuts]) => {
      const all = [...shuffled];
      for (const [from, to] of repeats) {
        all.splice(to % (all.length + 1), 0, shuffled[from % shuffled.length]!);
      }
      const parts: Record[][] = [];
      for (const record of all) {
        const last = parts.at(-1);
        const isCut = cuts.next().value === 0;
        if (last && !isCut && last[0]!.signal === record.signal) last.push(record);
        else parts.push([record]);
      }
      return parts;
    });

/** @param session its id: what is left of another example's, without a trace, is none of this one's. */
async function shownAfter(requests: Record[][], session: string, atOnce: boolean): Promise<string> {
  const sending = requests.map((records, i) => async () => {
    const encoding = encodings[i % encodings.length]!;
    const request = JSON.parse(
      JSON.stringify(requestOf(records)).replaceAll(sessionId, session),
    ) as Message;
    const response = await send(server, records[0]!.signal, request, encoding);
    expect(response.status).toBe(200);
  });
  if (atOnce) await Promise.all(sending.map((start) => start()));
  else for (const start of sending) await start();
  return JSON.stringify(await takeAll(), null, 1);
}

/** All traces, less what depends on the order of arrival; and then they are deleted. */
async function takeAll() {
  const { traces } = (await read("/api/traces?limit=100")) as TracePage;
  const found: unknown[] = [];
  for (const summary of traces.toSorted((a, b) => (a.traceId < b.traceId ? -1 : 1))) {
    const path = `/api/traces/~${summary.key}`;
    const { trace, spans } = (await read(path)) as TraceView;
    const whole: unknown[] = [];
    for (const { key } of spans.toSorted((a, b) => (a.spanId < b.spanId ? -1 : 1))) {
      const view = (await read(`${path}/spans/~${key}`)) as SpanView;
      const { key: _, traceKey: __, receivedAt: ___, ...span } = view;
      whole.push(span);
    }
    const { key: _, receivedAt: __, lastReceivedAt: ___, ...rest } = trace;
    found.push({ trace: rest, spans: whole });
    await server.api(path, { method: "DELETE" });
  }
  return found;
}

async function read(path: string): Promise<unknown> {
  const response = await server.api(path);
  expect(response.status).toBe(200);
  return response.json();
}

test.each(Object.entries(sessions))(
  "%s: any order, any parts and any repetition show the same",
  async (_name, session) => {
    await fc.assert(
      fc.asyncProperty(
        sent(session()).chain((records) => fc.tuple(fc.constant(records), arrival(records))),
        fc.boolean(),
        async ([records, requests], atOnce) => {
          const inOrder = records.map((record) => [record]);
          const session = crypto.randomUUID();
          const expected = await shownAfter(inOrder, session, false);
          expect(await shownAfter(requests, session, atOnce)).toBe(expected);
        },
      ),
      { numRuns: 5 },
    );
  },
);
