/** OTLP from senders that are broken or mean: an answer of the specification, and a server that goes on. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import fc from "fast-check";
import type { SpanView } from "../../src/backend/views.ts";
import type { Encoding } from "../../src/otlp/request.ts";
import { makeTempDir, sendUntilTaken, startServer, type TestServer } from "../helpers.ts";
import { fieldOf, nestedOf } from "../otlp/bytes.ts";
import { request } from "../otlp/otlp.arbitrary.ts";
import { encode, requests, type Message } from "../otlp/second.ts";
import {
  answered,
  attributes,
  bodyOf,
  contentTypes,
  encodings,
  idOf,
  logsRequest,
  nanos,
  otlpLog,
  otlpSpan,
  post as postOnce,
  send as sendOnce,
  traceId,
  tracesRequest,
} from "../otlp/sender.ts";
import { spawnServer } from "../server.process.ts";

let server: TestServer;
beforeAll(async () => {
  server = await startServer();
});
afterAll(async () => {
  expect(server.bugs).toEqual([]);
  await server[Symbol.asyncDispose]();
});

const post = (...request: Parameters<typeof postOnce>) =>
  sendUntilTaken(() => postOnce(...request));
const send = (...request: Parameters<typeof sendOnce>) =>
  sendUntilTaken(() => sendOnce(...request));

const signals = ["traces", "logs", "metrics"] as const;

/** Sends bytes as each signal. Whatever they are, they are taken or refused as malformed. */
async function sendAsAll(body: Uint8Array<ArrayBuffer>, encoding: Encoding): Promise<void> {
  for (const signal of signals) {
    const headers = { "content-type": contentTypes[encoding] };
    const { status } = await answered(signal, post(server, signal, body, headers));
    expect([200, 400]).toContain(status);
  }
  expect(server.bugs).toEqual([]);
}

async function spanOf(span: string, trace = traceId): Promise<SpanView> {
  const response = await server.api(`/api/traces/${trace}/spans/${span}`);
  expect(response.status).toBe(200);
  return (await response.json()) as SpanView;
}

/** How many spans the trace's summary counts. */
async function spanCountOf(trace: string): Promise<number> {
  const response = await server.api(`/api/traces/${trace}`);
  return ((await response.json()) as { trace: { spanCount: number } }).trace.spanCount;
}

describe("bytes", () => {
  test("of any kind are taken or refused", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.oneof(
          fc.uint8Array({ maxLength: 300 }),
          fc.json().map((text) => new Uint8Array(Buffer.from(text))),
        ),
        fc.constantFrom(...encodings),
        sendAsAll,
      ),
      { numRuns: 150 },
    );
  });

  test("of any request are taken, and what is stored of them is shown", async () => {
    const requestBytes = fc.oneof(
      ...(["Spans", "Logs", "Metrics"] as const).map((signal) =>
        request(signal).map((message) => encode(requests[signal], message)),
      ),
    );
    await fc.assert(
      fc.asyncProperty(requestBytes, (body) => sendAsAll(new Uint8Array(body), "protobuf")),
      { numRuns: 100 },
    );
    await readAll();
  });

  test("of a request that ends anywhere are taken or refused", async () => {
    for (const encoding of encodings) {
      const whole = bodyOf("traces", tracesRequest([otlpSpan(everyField)]), encoding);
      for (let end = 0; end < whole.length; end += 3) {
        await sendAsAll(new Uint8Array(whole.subarray(0, end)), encoding);
      }
    }
  });

  test("of a request with another byte anywhere are taken or refused", async () => {
    const whole = bodyOf("traces", tracesRequest([otlpSpan(everyField)]), "protobuf");
    for (let at = 0; at < whole.length; at++) {
      const body = new Uint8Array(whole);
      body[at] = [0, 0x7f, 0xff][at % 3]!;
      const headers = { "content-type": contentTypes.protobuf };
      const { status } = await answered("traces", post(server, "traces", body, headers));
      expect([200, 400]).toContain(status);
    }
    await readAll();
  });

  test("of JSON with a value of any type in any place are taken or refused", async () => {
    const valid = JSON.stringify({
      ...tracesRequest([otlpSpan(everyField)]),
      ...logsRequest([otlpLog(everyField)]),
    });
    const places: (string | number)[][] = [];
    const visit = (value: unknown, path: (string | number)[]) => {
      if (path.length > 0) places.push(path);
      if (typeof value !== "object" || value === null) return;
      for (const [key, item] of Object.entries(value)) visit(item, [...path, key]);
    };
    visit(JSON.parse(valid), []);
    const wrong = fc.oneof(
      fc.constantFrom<unknown>(null, true, -1, 1.5, 1e300, "", "x", [], {}, [[]], [null], [{}]),
      fc.jsonValue({ maxDepth: 2 }),
    );
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...places), wrong, async (path, value) => {
        const message = JSON.parse(valid);
        const parent = path.slice(0, -1).reduce((object, key) => object[key], message);
        parent[path.at(-1)!] = value;
        await sendAsAll(new Uint8Array(Buffer.from(JSON.stringify(message))), "json");
      }),
      { numRuns: 200 },
    );
    await readAll();
  });
});

/** Something of everything that a record may have. */
const everyField: Message = {
  parentSpanId: idOf(2),
  traceState: "a=b",
  flags: 257,
  kind: 3,
  status: { code: 2, message: "failed" },
  attributes: [
    ...attributes({ "gen_ai.operation.name": "chat", "gen_ai.prompt.0.content": "hi", n: 1 }),
    { key: "list", value: { arrayValue: { values: [{ boolValue: true }, { doubleValue: 0.5 }] } } },
    { key: "map", value: { kvlistValue: { values: attributes({ "gen_ai.x": "y" }) } } },
    { key: "bytes", value: { bytesValue: "AAEC" } },
  ],
  events: [{ name: "gen_ai.choice", timeUnixNano: nanos(1500), attributes: attributes({ a: 1 }) }],
  links: [{ traceId, spanId: idOf(3), attributes: attributes({ b: "c" }) }],
};

/** Reads whatever is stored, all of it. */
async function readAll(): Promise<void> {
  const read = async (path: string): Promise<any> => {
    const response = await server.api(path);
    expect(response.status).toBe(200);
    return response.json();
  };
  const { traces } = await read("/api/traces?limit=500");
  for (const { key } of traces.slice(0, 50)) {
    const { spans } = await read(`/api/traces/~${key}`);
    for (const span of spans.slice(0, 5)) await read(`/api/traces/~${key}/spans/~${span.key}`);
    expect((await server.api(`/api/traces/~${key}/export?full=1`)).status).toBe(200);
  }
}

describe.each(encodings)("in %s", (encoding) => {
  const most = String(2n ** 64n - 1n);

  test.each([
    ["0", "0", { startTime: 0, startNanos: 0, endTime: 0, endNanos: 0 }],
    // Without a start it began when it ended.
    [
      "0",
      most,
      {
        startTime: 18446744073709,
        endTime: 18446744073709,
        endNanos: 551615,
        isStartMissing: true,
      },
    ],
    [most, most, { startTime: 18446744073709, startNanos: 551615, endTime: 18446744073709 }],
    [most, "0", { startTime: 18446744073709, endTime: 18446744073709, endTimeUnixNano: "0" }],
    ["2000000", "1999999", { startTime: 2, endTime: 2, endNanos: 0, endTimeUnixNano: "1999999" }],
    ["1", "2", { startTime: 0, startNanos: 1, endTime: 0, endNanos: 2 }],
  ])("a span from %s to %s ns is kept to the nanosecond", async (start, end, shown) => {
    const trace = `${encoding === "json" ? "a" : "b"}${start}${end}`
      .padEnd(32, "0")
      .replace(/[^\da-f]/g, "")
      .slice(0, 32);
    const span = otlpSpan({ traceId: trace, startTimeUnixNano: start, endTimeUnixNano: end });
    const answer = await answered(
      "traces",
      send(server, "traces", tracesRequest([span]), encoding),
    );
    expect(answer).toMatchObject({ status: 200, partial: null });
    expect(await spanOf(idOf(1), trace)).toMatchObject(shown);
  });

  test("keys are data, whatever they are called", async () => {
    const keys = ["__proto__", "constructor", "toString", "hasOwnProperty", "", "0", "\0", "a.b"];
    const span = otlpSpan({
      spanId: idOf(20),
      attributes: [
        ...keys.map((key) => ({ key, value: { stringValue: `of ${key}` } })),
        {
          key: "map",
          value: { kvlistValue: { values: attributes({ ["__proto__"]: 0, constructor: 1 }) } },
        },
        { key: "gen_ai.prompt", value: { stringValue: '{"__proto__":{"polluted":1}}' } },
        { key: "metadata.__proto__", value: { stringValue: "x" } },
        { key: "llm.input_messages.0.__proto__.x", value: { stringValue: "x" } },
        { key: "llm.input_messages.__proto__.x", value: { stringValue: "x" } },
      ],
    });
    expect((await send(server, "traces", tracesRequest([span]), encoding)).status).toBe(200);
    const view = await spanOf(idOf(20));
    for (const key of keys) {
      expect(view.attributes).toContain(
        `${JSON.stringify(key)}:"of ${JSON.stringify(key).slice(1, -1)}"`,
      );
    }
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
  });

  test("100,000 attributes of one span are kept", async () => {
    const many = Object.fromEntries(Array.from({ length: 1e5 }, (_, i) => [`key ${i}`, i]));
    const span = otlpSpan({ spanId: idOf(21), attributes: attributes(many) });
    expect((await send(server, "traces", tracesRequest([span]), encoding)).status).toBe(200);
    expect(JSON.parse((await spanOf(idOf(21))).attributes!)).toEqual(many);
  });

  test("20,000 spans of one request are kept", async () => {
    const trace = (encoding === "json" ? "c" : "d").repeat(32);
    const spans = Array.from({ length: 20_000 }, (_, i) =>
      otlpSpan({ traceId: trace, spanId: idOf(i + 1), ...(i > 0 && { parentSpanId: idOf(i) }) }),
    );
    const answer = send(server, "traces", tracesRequest(spans), encoding);
    expect(await answered("traces", answer)).toMatchObject({ status: 200, partial: null });
    expect(await spanCountOf(trace)).toBe(20_000);
  });

  test("nesting without end is refused, or is a text like any other", async () => {
    const levels = 100_000;
    const inJson = (open: string, close: string) =>
      `{"resourceSpans":[{"scopeSpans":[{"spans":[{"attributes":[{"key":"a","value":${open.repeat(levels)}{}${close.repeat(levels)}}]}]}]}]}`;
    // A value, nested by the fields of an array or of a map.
    const inProtobuf = (fields: number[]) =>
      nestedOf([1, 2, 2, 9, 2, ...Array(levels).fill(fields).flat()]);
    const bodies =
      encoding === "json"
        ? [
            inJson('{"arrayValue":{"values":[', "]}}"),
            inJson('{"kvlistValue":{"values":[{"value":', "}]}}"),
            "[".repeat(1e6),
            '{"a":'.repeat(1e6),
          ]
        : [inProtobuf([5, 1]), inProtobuf([6, 1, 2]), Buffer.alloc(1e6, 0x0b)];
    for (const body of bodies) {
      const headers = { "content-type": contentTypes[encoding] };
      const answer = await answered("traces", post(server, "traces", body, headers));
      expect(answer).toMatchObject({ status: 400, error: { code: 3 } });
    }
  });

  test("GET /health answers while a body of 50 MB is taken in", async () => {
    await using other = await spawnServer(makeTempDir());
    const text = "x".repeat(900);
    const spans = Array.from({ length: 50_000 }, (_, i) =>
      otlpSpan({
        spanId: idOf(i + 1),
        attributes: attributes({ "gen_ai.prompt": `${i} ${text}` }),
      }),
    );
    const body = bodyOf("traces", tracesRequest(spans), encoding);
    let isAnswered = false;
    const headers = { "content-type": contentTypes[encoding] };
    const sent = postOnce(other, "traces", body, headers).then(({ status }) => {
      isAnswered = true;
      return status;
    });
    let answers = 0;
    for (; !isAnswered; answers++) {
      expect((await fetch(`${other.url}/health`)).status).toBe(200);
      await Bun.sleep(10);
    }
    // On a slow machine the sender is told to come again.
    expect([200, 503]).toContain(await sent);
    expect(answers).toBeGreaterThan(10);
  });
});

/** Texts that are JSON of 100,000 levels, where a structure may stand. */
const deepTexts = ["[".repeat(1e5) + "]".repeat(1e5), '{"a":'.repeat(1e5) + "1" + "}".repeat(1e5)];

test("a text that is deeply nested JSON is kept as a text", async () => {
  const keys = [
    "gen_ai.system_instructions",
    "gen_ai.output.messages",
    "ai.prompt.tools",
    "ai.response.toolCalls",
    "gen_ai.prompt",
    "metadata",
    "events",
  ];
  for (const text of deepTexts) {
    for (const [i, key] of keys.entries()) {
      const content = attributes({
        "gen_ai.operation.name": "chat",
        "gen_ai.input.messages": "[]",
        [key]: text,
      });
      const span = otlpSpan({ spanId: idOf(30 + i), attributes: content });
      const answer = await answered("traces", send(server, "traces", tracesRequest([span])));
      expect({ key, ...answer }).toMatchObject({ key, status: 200, partial: null });
    }
    // In a log record that waits, it must not keep its span out.
    for (const name of ["gen_ai.user.message", "gen_ai.choice", "gen_ai.content.prompt"]) {
      for (const log of [
        otlpLog({ spanId: idOf(29), eventName: name, attributes: attributes({ content: text }) }),
        otlpLog({
          spanId: idOf(29),
          eventName: name,
          attributes: attributes({ "gen_ai.event.content": text, "gen_ai.prompt": text }),
        }),
      ]) {
        expect((await send(server, "logs", logsRequest([log]))).status).toBe(200);
      }
    }
    expect(
      (await send(server, "traces", tracesRequest([otlpSpan({ spanId: idOf(29) })]))).status,
    ).toBe(200);
  }
  await readAll();
  expect(server.bugs).toEqual([]);
});

test("an event's name may be any value, and its span's neighbours are stored", async () => {
  const map = (values: object[]) => ({ kvlistValue: { values } });
  const name = { key: "event.name", value: map([{ key: "a", value: { intValue: "1" } }]) };
  const odd = [{ key: "events", value: { arrayValue: { values: [map([name])] } } }];
  const spans = [otlpSpan({ spanId: idOf(60), attributes: odd }), otlpSpan({ spanId: idOf(61) })];
  const answer = await answered("traces", send(server, "traces", tracesRequest(spans)));
  expect(answer).toMatchObject({ status: 200, partial: null });
});

test("a large resource is not copied to any number of spans", async () => {
  const resource = { attributes: attributes({ big: "x".repeat(1e6) }) };
  const spans = Array.from({ length: 100 }, (_, n) => otlpSpan({ spanId: idOf(100 + n) }));
  const request = { resourceSpans: [{ resource, scopeSpans: [{ spans }] }] };
  expect((await send(server, "traces", request)).status).toBe(400);
  const few = { resourceSpans: [{ resource, scopeSpans: [{ spans: spans.slice(0, 5) }] }] };
  expect((await send(server, "traces", few)).status).toBe(200);
});

test("a log record of over a million characters is refused, its neighbours are not", async () => {
  const logs = [
    otlpLog({ spanId: idOf(62), attributes: attributes({ big: "x".repeat(1e6) }) }),
    otlpLog({ spanId: idOf(62) }),
  ];
  const answer = await answered("logs", send(server, "logs", logsRequest(logs)));
  expect(answer).toMatchObject({ status: 200, partial: { rejected: 1 } });
});

test("millions of empty records are refused before they fill the memory", async () => {
  await using other = await spawnServer(makeTempDir());
  const before = other.peakMemoryMiB();
  const ids = [fieldOf(1, Buffer.alloc(16, 1)), fieldOf(2, Buffer.alloc(8, 1))];
  const many = (tag: number) => Buffer.alloc(16e6, Buffer.from([tag, 0]));
  const bodies = {
    spans: fieldOf(1, fieldOf(2, many(0x12))),
    events: fieldOf(1, fieldOf(2, fieldOf(2, ...ids, many(0x5a)))),
    links: fieldOf(1, fieldOf(2, fieldOf(2, ...ids, many(0x6a)))),
    scopes: fieldOf(1, many(0x12)),
  };
  for (const [what, body] of Object.entries(bodies)) {
    const headers = { "content-type": contentTypes.protobuf };
    const { status } = await answered("traces", post(other, "traces", body, headers));
    expect({ what, status }).toEqual({ what, status: 400 });
  }
  const json = `{"resourceSpans":[{"scopeSpans":[{"spans":[${"{},".repeat(4e6)}{}]}]}]}`;
  const headers = { "content-type": contentTypes.json };
  expect((await post(other, "traces", json, headers)).status).toBe(400);
  if (before !== null) expect(other.peakMemoryMiB()! - before).toBeLessThan(800);
});
