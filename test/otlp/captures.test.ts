/**
 * What real senders sent to scripted models, sent again in several ways: the same right thing is shown
 * each time. The captures stand beside the repository; without them the tests are skipped.
 */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { startServer, type TestServer } from "../helpers.ts";
import { readCaptures, type Capture } from "./captures/capture.ts";
import { check, checkSpans } from "./captures/check.ts";
import { expected } from "./captures/expected.ts";
import { checkRight } from "./captures/right.ts";
import { readProject, type ShownTrace } from "./captures/shown.ts";
import { waysOf, type Way } from "./captures/ways.ts";

const captures = [...readCaptures("client-captures"), ...readCaptures("otlp-captures")];
const seed = Number(process.env.CAPTURES_SEED ?? Math.floor(Math.random() * 2 ** 31));

if (captures.length === 0) console.log("captures: skipped, ../shared/data is not there");
else console.log(`captures: shuffled with CAPTURES_SEED=${seed}`);

test.skipIf(captures.length === 0)(
  "every capture has an expectation, and every expectation a capture",
  () => {
    const told = [...expected.keys(), ...captures.filter(({ right }) => right).map((c) => c.name)];
    expect(told.sort()).toEqual(captures.map(({ name }) => name).sort());
  },
);

/** Log records may be joined to spans a while after the answer; all captures of a way share it. */
const settleMs = 60_000;

/** As it was shown when it came as captured. */
const first = new Map<string, string[]>();

describe.skipIf(captures.length === 0).each(waysOf(seed))("$name", (way) => {
  let server: TestServer;
  let until = 0;
  beforeAll(async () => {
    server = await startServer();
    await sendAll(server, way);
    until = Date.now() + settleMs;
  });
  afterAll(async () => {
    expect(server.bugs).toEqual([]);
    await server[Symbol.asyncDispose]();
  });

  test.each(captures)("$name", async (capture) => {
    const { shown, wrong } = await readRight(server, capture, until);
    expect(wrong).toEqual([]);
    const lines = summaryOf(shown);
    if (!first.has(capture.name)) first.set(capture.name, lines);
    const others = first.get(capture.name)!;
    expect({
      only: lines.filter((line) => !others.includes(line)).slice(0, 10),
      missing: others.filter((line) => !lines.includes(line)).slice(0, 10),
    }).toEqual({ only: [], missing: [] });
  });
});

/** What is shown, once it is right, or else when the time is up. */
async function readRight(server: TestServer, capture: Capture, until: number) {
  for (;;) {
    const shown = await readProject(server, capture.name);
    const wrong = [...checkSpans(capture, shown), ...differences(capture, shown)];
    if (wrong.length === 0 || Date.now() > until) return { shown, wrong };
    await Bun.sleep(200);
  }
}

function differences({ name, right }: Capture, shown: ShownTrace[]): string[] {
  return right ? checkRight(right, shown) : check(expected.get(name)!, shown);
}

/** Each capture into a project of its own, a few at once. */
async function sendAll(server: TestServer, way: Way): Promise<void> {
  const { send, close } = await way.open(server);
  const waiting = captures.toReversed();
  const sendNext = async (): Promise<void> => {
    const capture = waiting.pop();
    if (!capture) return;
    const key = await keyOf(server, capture.name);
    for (const request of way.requestsOf(capture)) await send(request, key);
    await sendNext();
  };
  await Promise.all(Array.from({ length: 4 }, sendNext));
  await close();
}

async function keyOf(server: TestServer, project: string): Promise<string> {
  const create = async (path: string, body: object) => {
    const response = await server.api(path, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(body),
    });
    expect(response.status).toBe(201);
    return (await response.json()) as { key: { secret: string } };
  };
  await create("/api/projects", { name: project });
  return (await create("/api/keys", { name: "sender", project })).key.secret;
}

/** A line a trace and a span, without what only this server says of it. */
function summaryOf(shown: ShownTrace[]): string[] {
  return shown.flatMap(({ trace, spans }) => {
    const { key, project, receivedAt, lastReceivedAt, ...said } = trace;
    return [
      JSON.stringify(said),
      ...spans.map(({ messages, ...span }) => `${trace.traceId} ${JSON.stringify(span)}`),
    ];
  });
}
