/** `--unknown-fields keep`: what a newer client sends beyond v1 lands as attributes. */
import { describe, expect, test } from "bun:test";
import { parsePayload } from "../../src/contract/check.ts";
import { makePayload, makeSpan } from "../helpers.ts";

const parse = (payload: unknown) =>
  parsePayload(typeof payload === "string" ? payload : JSON.stringify(payload), {
    unknownFields: "keep",
  });
const keep = (payload: unknown) => parse(payload).payload;

/** What was kept of a trace or span. */
const kept = ({ x }: { x?: { attributes?: string } }) =>
  x?.attributes === undefined ? null : JSON.parse(x.attributes);

test("an unknown key of a span is kept under its path, and its neighbours are not touched", () => {
  const sent = makePayload({ spans: [makeSpan({ costUsd: 0.5 }), makeSpan({ spanId: "b" })] });
  const [first, second] = keep(sent).traces[0]!.spans;
  expect(kept(first!)).toEqual({ "unknown.costUsd": 0.5 });
  expect(first).not.toHaveProperty("costUsd");
  expect(second).toEqual(makeSpan({ spanId: "b" }) as never);
});

test.each([
  [{ usage: { inputTokens: 1, audioTokens: 2 } }, { "unknown.usage.audioTokens": 2 }],
  [{ rateLimit: { a: "x", b: null } }, { "unknown.rateLimit.a": "x", "unknown.rateLimit.b": null }],
  [
    { chunkJitter: { min: 0, p10: 0, median: 0, avg: 0, p90: 0, max: 0, p99: 9 } },
    { "unknown.chunkJitter.p99": 9 },
  ],
  [{ nested: { a: [1, { b: "c" }] } }, { "unknown.nested": { a: [1, { b: "c" }] } }],
  [
    { one: 1, two: false },
    { "unknown.one": 1, "unknown.two": false },
  ],
])("of a span with %j it keeps %j", (span, attributes) => {
  expect(kept(keep(makePayload({}, span)).traces[0]!.spans[0]!)).toEqual(attributes);
});

test("an unknown key of a trace or its customer is kept with the trace", () => {
  const [trace] = keep(makePayload({ env: "prod", customer: { id: "c", plan: "pro" } })).traces;
  expect(kept(trace!)).toEqual({ "unknown.env": "prod", "unknown.customer.plan": "pro" });
  expect(trace!.customer).toEqual({ id: "c" });
  expect(trace!.spans[0]).not.toHaveProperty("x");
});

test("an unknown key of the payload is kept with each of its traces", () => {
  const { traces } = makePayload();
  const payload = keep({
    version: "v1",
    sdk: "2.0",
    traces: [traces[0], { ...traces[0], traceId: "other", env: "dev" }],
  });
  expect(payload.traces.map(kept)).toEqual([
    { "unknown.payload.sdk": "2.0" },
    { "unknown.payload.sdk": "2.0", "unknown.env": "dev" },
  ]);
  expect(Object.keys(payload).sort()).toEqual(["traces", "version"]);
});

test("an unknown key of the payload that is too large for each of its traces is kept with the first", () => {
  const traces = Array.from({ length: 1000 }, (_, i) => ({
    ...makePayload().traces[0]!,
    traceId: `${i}`,
    env: i,
  }));
  const ofTraces = (sdk: string) => keep({ version: "v1", sdk, traces }).traces.map(kept);
  expect(ofTraces("x".repeat(1000)).every((own) => own["unknown.payload.sdk"])).toBe(true);
  const large = ofTraces("x".repeat(2000));
  expect(large[0]).toHaveProperty(["unknown.payload.sdk"]);
  expect(large.slice(1)).toEqual(traces.slice(1).map(({ env }) => ({ "unknown.env": env })));
});

test("a key with a dot and a path that read alike are both kept", () => {
  const sent = { "usage.audio": 1, usage: { audio: 2 } };
  expect(kept(keep(makePayload({}, sent)).traces[0]!.spans[0]!)).toEqual({
    "unknown.usage.audio": 1,
    "unknown.usage.audio'": 2,
  });
});

test("a payload without unknown keys is the same where unknown keys are refused", () => {
  const text = JSON.stringify(
    makePayload({ metadata: { a: "b" }, customer: { id: "c" } }, { usage: {}, metadata: {} }),
  );
  expect(keep(text)).toStrictEqual(parsePayload(text, { unknownFields: "reject" }).payload);
});

test("the keys of a map are no unknown keys", () => {
  const [trace] = keep(makePayload({ metadata: { anything: "goes" } })).traces;
  expect(trace!.metadata).toEqual({ anything: "goes" });
  expect(kept(trace!)).toBeNull();
});

test("an own __proto__ is kept as data, and pollutes nothing", () => {
  const text = JSON.stringify(makePayload({}, { marker: 1, usage: { marker: 1 } }));
  const hostile = text.replaceAll('"marker":1', '"__proto__":{"polluted":"yes"}');
  const [span] = keep(hostile).traces[0]!.spans;
  expect(span!.x!.attributes).toBe(
    '{"unknown.__proto__":{"polluted":"yes"},"unknown.usage.__proto__":{"polluted":"yes"}}',
  );
  expect(Object.getPrototypeOf(span)).toBe(Object.prototype);
  expect(({} as { polluted?: string }).polluted).toBeUndefined();
});

test("numbers of any size are kept as they were written", () => {
  const numbers = '[12345678901234567890,-1e400,{"n":9007199254740993},1.5e300]';
  const sent = JSON.stringify(makePayload({ seed: 1 }, { ttftMs: 2, usage: { seed: 3 } }))
    .replace('"seed":1', '"seed":18446744073709551615')
    .replace('"ttftMs":2', '"ttftMs":1e300')
    .replace('"seed":3', `"seed":${numbers}`);
  const [trace] = keep(sent).traces;
  expect(trace!.x!.attributes).toBe('{"unknown.seed":18446744073709551615}');
  const [span] = trace!.spans;
  expect(span!.x!.attributes).toBe(`{"unknown.usage.seed":${numbers}}`);
  expect(span!.ttftMs).toBe(1e300);
});

test("names of Object's own are unknown keys like any other", () => {
  const [span] = keep(makePayload({}, { constructor: 1, toString: "x" })).traces[0]!.spans;
  expect(kept(span!)).toEqual({ "unknown.constructor": 1, "unknown.toString": "x" });
});

test("a client's own x is an unknown key, not what an import reads", () => {
  const [span] = keep(makePayload({}, { x: { receivedAt: 1 } })).traces[0]!.spans;
  expect(span!.x).toEqual({ attributes: '{"unknown.x":{"receivedAt":1}}' });
});

test("lone surrogates in kept keys and values come back as they were", () => {
  const [span] = keep(makePayload({}, { "\ud800": "\udc00" })).traces[0]!.spans;
  expect(kept(span!)).toEqual({ "unknown.\ud800": "\udc00" });
});

describe("what is kept is counted", () => {
  test("by object and path, and says what it is likely meant for", () => {
    const span = (more: object) => makeSpan({ usage: { inputtokens: 1 }, ...more });
    const spans = [span({ parent_span_id: "a" }), span({ "Parent-Span-Id": "b" }), makeSpan()];
    const sent = {
      version: "v1",
      Version: 2,
      traces: [{ ...makePayload().traces[0], spans, x: 1 }],
    };
    expect(parse(sent).unknown).toEqual([
      { object: "payload", field: "Version", meant: "version", count: 1 },
      { object: "span", field: "usage.inputtokens", meant: "inputTokens", count: 2 },
      { object: "span", field: "parent_span_id", meant: "parentSpanId", count: 1 },
      { object: "span", field: "Parent-Span-Id", meant: "parentSpanId", count: 1 },
      { object: "trace", field: "x", meant: null, count: 1 },
    ]);
  });

  test("for the first 64 fields each, for the others together, under short names", () => {
    const many = Object.fromEntries(Array.from({ length: 70 }, (_, i) => [`k${i}`, i]));
    const spans = [makeSpan(many), makeSpan({ k0: 1, spanId: "b" })];
    const { unknown } = parse(makePayload({ spans }));
    expect(unknown).toHaveLength(65);
    expect(unknown[0]).toEqual({ object: "span", field: "k0", meant: null, count: 2 });
    expect(unknown.at(-1)).toEqual({ object: null, field: null, meant: null, count: 6 });
    const [long] = parse(makePayload({}, { ["\ud800".repeat(1000)]: 1 })).unknown;
    expect(long!.field).toBe(`${"\ufffd".repeat(128)}…`);
  });

  test("is nothing where all is known", () => {
    expect(parse(makePayload({ metadata: { any: "key" } })).unknown).toEqual([]);
  });
});

describe("all else is checked as ever", () => {
  const refusedAt = (payload: unknown) => {
    try {
      keep(payload);
      return null;
    } catch (cause) {
      return (cause as { issues?: { path: unknown }[] }).issues?.map(({ path }) => path);
    }
  };

  test("known fields, missing fields, and rules across fields", () => {
    expect(refusedAt(makePayload({}, { name: 1, extra: 1 }))).toEqual([
      ["traces", 0, "spans", 0, "name"],
    ]);
    expect(refusedAt(makePayload({ traceName: undefined, extra: 1 }))).toEqual([
      ["traces", 0, "traceName"],
    ]);
    expect(refusedAt(makePayload({ metadata: { k: 1 } }))).toEqual([
      ["traces", 0, "metadata", "k"],
    ]);
    expect(refusedAt({ version: "v1", extra: 1 })).toEqual([["traces"]]);
    for (const value of [null, 1, "x", [], {}, [null], [[]]])
      expect(refusedAt(value)).not.toBeNull();
  });

  test("100 levels of nesting are kept, 101 are refused, in small bodies and large", () => {
    // Payload, traces, trace, spans and span are five levels.
    const at = (levels: number, padding: number) =>
      JSON.stringify(makePayload({}, { input: "x".repeat(padding), unknown: 0 })).replace(
        '"unknown":0',
        `"unknown":${"[".repeat(levels)}${"]".repeat(levels)}`,
      );
    for (const padding of [0, 100_000]) {
      expect(refusedAt(at(95, padding))).toBeNull();
      expect(refusedAt(at(96, padding))).toEqual([[]]);
    }
  });
});

test("an import may send x beside unknown keys", () => {
  const sent = makePayload(
    { x: { attributes: '{"a":1}' } },
    { x: { receivedAt: 5, attributes: '{"b":2}' }, extra: 3 },
  );
  const [trace] = parsePayload(JSON.stringify(sent), {
    unknownFields: "keep",
    imported: true,
  }).payload.traces;
  expect(kept(trace!)).toEqual({ a: 1 });
  expect(trace!.spans[0]!.x!.receivedAt).toBe(5);
  expect(kept(trace!.spans[0]!)).toEqual({ b: 2, "unknown.extra": 3 });
});

test.each(["no JSON", "[1]", "null"])(
  "attributes of an import may be any text: %j",
  (attributes) => {
    const sent = JSON.stringify(makePayload({}, { x: { attributes }, extra: 3 }));
    const { traces } = parsePayload(sent, { unknownFields: "keep", imported: true }).payload;
    expect(kept(traces[0]!.spans[0]!)).toEqual({
      "unknown.x.attributes": attributes,
      "unknown.extra": 3,
    });
  },
);
