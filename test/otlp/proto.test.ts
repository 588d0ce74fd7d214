import { describe, expect, test } from "bun:test";
import { readLogs, readMetrics, readTraces } from "../../src/otlp/proto.ts";
import { BadRecord, type Group, type Value } from "../../src/otlp/records.ts";
import { MalformedMessage } from "../../src/otlp/wire.ts";
import { cpuMs } from "../helpers.ts";
import { fieldOf, nestedOf, numberOf, textOf } from "./bytes.ts";
import { good, recordsOf } from "./groups.ts";
import { encode, requests } from "./second.ts";

/** The way to a span's attribute's value, and on into arrays and maps. */
const toValue = [1, 2, 2, 9, 2];
const requestOf = (...span: Uint8Array[]) => fieldOf(1, fieldOf(2, fieldOf(2, ...span)));
const attribute = (key: string, ...value: Uint8Array[]) =>
  fieldOf(9, textOf(1, key), fieldOf(2, ...value));

const spanOf = (...span: Uint8Array[]) => good(readTraces(requestOf(...span))[0]!.records[0]);
const valueOf = (...value: Uint8Array[]): Value =>
  spanOf(attribute("key", ...value)).attributes.key!;

describe("a request", () => {
  test("of no bytes holds nothing", () => {
    expect(readTraces(Buffer.alloc(0))).toEqual([]);
    expect(readLogs(Buffer.alloc(0))).toEqual([]);
    expect(readMetrics(Buffer.alloc(0))).toEqual([]);
  });

  test("gives one group for each scope, with its resource, also one that follows its scopes", () => {
    const service = fieldOf(1, fieldOf(1, textOf(1, "service.name"), fieldOf(2, textOf(1, "s"))));
    const scope = (name: string) => fieldOf(2, fieldOf(1, textOf(1, name)), textOf(3, "url"));
    const groups = readTraces(
      Buffer.concat([fieldOf(1, scope("a"), scope("b"), service, textOf(3, "u")), fieldOf(1)]),
    );
    const resource = { attributes: { "service.name": "s" }, schemaUrl: "u" };
    expect(groups).toEqual(
      ["a", "b"].map((name) => ({
        resource,
        scope: { name, version: "", attributes: {}, schemaUrl: "url" },
        records: [],
      })),
    );
  });

  test("may have its scopes under the number that instrumentation libraries had for a while", () => {
    const library = fieldOf(1, textOf(1, "lib"), textOf(2, "1"));
    const group = fieldOf(1000, library, fieldOf(2, textOf(5, "a")), textOf(3, "url"));
    expect(readTraces(fieldOf(1, group))).toMatchObject([
      { scope: { name: "lib", version: "1", schemaUrl: "url" }, records: [{ name: "a" }] },
    ]);
    const logs = fieldOf(1, fieldOf(1000, library, fieldOf(2, textOf(3, "INFO"))));
    expect(readLogs(logs)).toMatchObject([
      { scope: { name: "lib" }, records: [{ severity: "INFO" }] },
    ]);
  });

  test.each([
    ["at the top", textOf(7, "spans")],
    ["with a number at the top", numberOf(1, 7)],
    ["in a resource", fieldOf(1, textOf(9, "spans"))],
    ["in a scope", fieldOf(1, fieldOf(2, textOf(9, "spans")))],
  ])("of which nothing is known is told: %s", (_, bytes) => {
    for (const read of [readTraces, readLogs, readMetrics]) {
      const record = (read(bytes) as Group<unknown>[]).at(-1)!.records[0];
      expect(record).toBeInstanceOf(BadRecord);
      expect((record as BadRecord).message).toContain("rejected");
    }
  });

  test("that holds nothing but empty frames is not told of", () => {
    const resource = fieldOf(1, fieldOf(1, textOf(1, "service.name")), numberOf(2, 7));
    for (const bytes of [
      fieldOf(1),
      fieldOf(1, resource, fieldOf(2)),
      fieldOf(1, textOf(3, "u")),
    ]) {
      expect(recordsOf(readTraces(bytes))).toEqual([]);
    }
    const withSpan = Buffer.concat([requestOf(textOf(5, "a")), textOf(7, "unknown")]);
    expect(recordsOf(readTraces(withSpan))).toMatchObject([{ name: "a" }]);
  });

  test("that holds metrics is only counted", () => {
    const scopeMetrics = [{ metrics: [{ name: "a" }, {}] }, {}, { metrics: [{}] }];
    const bytes = encode(requests.Metrics, { resourceMetrics: [{ scopeMetrics }, {}] });
    expect(recordsOf(readMetrics(bytes))).toHaveLength(3);
  });
});

describe("a record", () => {
  test("whose message is empty has every field, empty", () => {
    expect(spanOf()).toEqual({
      traceId: "",
      spanId: "",
      parentSpanId: "",
      traceState: "",
      flags: 0,
      name: "",
      kind: 0,
      start: { ms: 0, nanos: 0 },
      end: { ms: 0, nanos: 0 },
      attributes: {},
      events: [],
      links: [],
      statusCode: 0,
      statusMessage: "",
      droppedAttributesCount: 0,
      droppedEventsCount: 0,
      droppedLinksCount: 0,
    });
  });

  test("takes the last of a field that is sent twice, also where that is empty", () => {
    expect(spanOf(textOf(5, "first"), textOf(5, "last")).name).toBe("last");
    expect(spanOf(textOf(5, "first"), textOf(5, "")).name).toBe("");
    expect(spanOf(numberOf(6, 3), numberOf(6, 0)).kind).toBe(0);
  });

  test("joins the parts of a message that is sent in two", () => {
    const span = spanOf(fieldOf(15, numberOf(3, 2)), fieldOf(15, textOf(2, "why")));
    expect(span).toMatchObject({ statusCode: 2, statusMessage: "why" });
  });

  test("skips a known field of another type", () => {
    expect(spanOf(numberOf(5, 1), textOf(6, "CLIENT"), numberOf(9, 1))).toEqual(spanOf());
  });

  test("has its times to the nanosecond, from 0 to the last of 64 bits", () => {
    const times = [0n, 1n, 999_999n, 1_000_000n, 1_795_000_000_123_456_789n, 2n ** 64n - 1n];
    for (const time of times) {
      const startTimeUnixNano = String(time);
      const spans = [{ startTimeUnixNano }];
      const bytes = encode(requests.Spans, { resourceSpans: [{ scopeSpans: [{ spans }] }] });
      const { ms, nanos } = good(readTraces(bytes)[0]!.records[0]).start;
      expect(BigInt(ms) * 1_000_000n + BigInt(nanos)).toBe(time);
      expect(nanos).toBeLessThan(1_000_000);
    }
  });

  test("of a log is timed by when it happened, else by when it was observed", () => {
    const timeOf = (log: object) => {
      const bytes = encode(requests.Logs, {
        resourceLogs: [{ scopeLogs: [{ logRecords: [log] }] }],
      });
      return good(readLogs(bytes)[0]!.records[0]).time;
    };
    expect(timeOf({ observedTimeUnixNano: "2000001" })).toEqual({ ms: 2, nanos: 1 });
    expect(timeOf({ timeUnixNano: "5", observedTimeUnixNano: "2000001" })).toEqual({
      ms: 0,
      nanos: 5,
    });
    expect(timeOf({})).toEqual({ ms: 0, nanos: 0 });
  });
});

describe("a value", () => {
  test("that an attribute lacks, or that holds nothing, is null", () => {
    expect(spanOf(fieldOf(9, textOf(1, "key"))).attributes.key).toBe(null);
    expect(valueOf()).toBe(null);
    expect(valueOf(textOf(99, "of a newer kind"))).toBe(null);
  });

  test("sent as several is the last one", () => {
    expect(valueOf(textOf(1, "a"), numberOf(3, 5))).toBe(5);
    expect(valueOf(numberOf(3, 5), textOf(1, ""))).toBe("");
    expect(valueOf(fieldOf(5, fieldOf(1, numberOf(3, 1))), numberOf(2, 0))).toBe(false);
  });

  test("that is an integer is a number where one is exact, else its digits", () => {
    const integers = [0n, 2n ** 53n - 1n, 2n ** 53n, 2n ** 53n + 1n, 2n ** 63n - 1n];
    for (const integer of integers.flatMap((integer) => [integer, -integer])) {
      const value = valueOf(numberOf(3, BigInt.asUintN(64, integer)));
      expect(value).toBe(Number.isSafeInteger(Number(integer)) ? Number(integer) : String(integer));
    }
    expect(valueOf(numberOf(3, 2n ** 63n))).toBe("-9223372036854775808");
  });

  test("that JSON has no number for is its name", () => {
    const doubleOf = (value: number) => {
      const bytes = Buffer.alloc(9, 0x21);
      bytes.writeDoubleLE(value, 1);
      return valueOf(bytes);
    };
    expect([NaN, Infinity, -Infinity, 0.1].map(doubleOf)).toEqual([
      "NaN",
      "Infinity",
      "-Infinity",
      0.1,
    ]);
  });

  test("may hold others, empty ones too", () => {
    const pair = fieldOf(1, textOf(1, "a"), fieldOf(2, textOf(7, "\0")));
    const array = fieldOf(5, fieldOf(1), fieldOf(1, fieldOf(5)), fieldOf(1, fieldOf(6, pair)));
    expect(valueOf(array)).toEqual([null, [], { a: "AA==" }]);
    expect(valueOf(fieldOf(6))).toEqual({});
  });
});

describe("hostile messages", () => {
  test.each(["__proto__", "constructor", "prototype", "toString", "hasOwnProperty", ""])(
    "a key %p is data, in attributes and in maps",
    (key) => {
      const inner = fieldOf(6, fieldOf(1, textOf(1, key), fieldOf(2, numberOf(3, 7))));
      const { attributes } = spanOf(attribute(key, inner));
      expect(Object.keys(attributes)).toEqual([key]);
      expect(Object.entries(attributes[key]!)).toEqual([[key, 7]]);
      expect(Object.getPrototypeOf(attributes)).toBe(null);
      expect(Object.keys(Object.prototype)).toEqual([]);
    },
  );

  test("values nest as deep as 100 messages, and no deeper", () => {
    const arrays = (depth: number) => nestedOf([...toValue, ...Array(depth).fill([5, 1])].flat());
    const maps = (depth: number) => nestedOf([...toValue, ...Array(depth).fill([6, 1, 2])].flat());
    expect(readTraces(arrays(47))).toHaveLength(1);
    expect(readTraces(maps(31))).toHaveLength(1);
    for (const bomb of [arrays(48), maps(32), arrays(100_000), maps(100_000)]) {
      expect(() => readTraces(bomb)).toThrow(MalformedMessage);
    }
  });

  test.each([
    ["names", (i: number) => `attribute.${i}`],
    ["numbers", (i: number) => String(i)],
    ["numbers far apart, downwards", (i: number) => String((100_000 - i) * 40_000)],
    ["one name", () => "same"],
  ])("100,000 attributes are read in linear time: %s", (_, keyOf) => {
    const attributes = Array.from({ length: 100_000 }, (_, i) =>
      attribute(keyOf(i), numberOf(3, i)),
    );
    const bytes = requestOf(...attributes);
    const startedAt = cpuMs();
    const span = good(readTraces(bytes)[0]!.records[0]);
    expect(cpuMs() - startedAt).toBeLessThan(2000);
    expect(Object.keys(span.attributes)).toHaveLength(
      new Set([...Array(100_000).keys()].map(keyOf)).size,
    );
    expect(span.attributes[keyOf(99_999)]).toBe(99_999);
  });

  test("what is malformed is named by its place, never by its content", () => {
    const message = requestOf(textOf(5, "secret"), Buffer.from([0x2a, 0x7f, 0x73, 0x65]));
    expect(() => readTraces(message)).toThrow(
      /^a length beyond the end of its message, at byte \d+$/,
    );
  });
});
