/** `--unknown-fields keep`: what a newer client sends beyond v1 lands as attributes. */
import { describe, expect, test } from "bun:test";
import { parsePayload } from "../../src/contract/check.ts";
import { makePayload, makeSpan } from "../helpers.ts";

const keep = (payload: unknown) =>
  parsePayload(typeof payload === "string" ? payload : JSON.stringify(payload), {
    unknownFields: "keep",
  });

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

test("a payload without unknown keys is the same as through the strict door", () => {
  const text = JSON.stringify(
    makePayload({ metadata: { a: "b" }, customer: { id: "c" } }, { usage: {}, metadata: {} }),
  );
  expect(keep(text)).toStrictEqual(parsePayload(text, { unknownFields: "reject" }));
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
  }).traces;
  expect(kept(trace!)).toEqual({ a: 1 });
  expect(trace!.spans[0]!.x!.receivedAt).toBe(5);
  expect(kept(trace!.spans[0]!)).toEqual({ b: 2, "unknown.extra": 3 });
});
