/** The decoders against another one, and against whatever a stranger may send. */
import { expect, test } from "bun:test";
import fc from "fast-check";
import * as json from "../../src/otlp/json.ts";
import * as proto from "../../src/otlp/proto.ts";
import { BadRequest, type Group } from "../../src/otlp/records.ts";
import { MalformedMessage } from "../../src/otlp/wire.ts";
import { recordsOf, understood } from "./groups.ts";
import { jsonOf, picks, request, scramble } from "./otlp.arbitrary.ts";
import { encode, logsOf, requests, tracesOf, type Message, type Signal } from "./second.ts";

const signals = Object.keys(requests) as Signal[];

const ours = {
  Spans: proto.readTraces,
  Logs: proto.readLogs,
  Metrics: proto.readMetrics,
};
const oursOfJson = { Spans: json.readTraces, Logs: json.readLogs, Metrics: json.readMetrics };
const theirs = {
  Spans: tracesOf,
  Logs: logsOf,
  Metrics: ({ resourceMetrics }: Message) =>
    resourceMetrics
      .flatMap(({ scopeMetrics }: Message) => scopeMetrics)
      .reduce((sum: number, { metrics }: Message) => sum + metrics.length, 0),
};

/** What both decoders make of a request; of metrics only their number. */
function shown(groups: Group<unknown>[], signal: Signal): string {
  const known = understood(groups);
  return show(signal === "Metrics" ? recordsOf(known).length : known);
}

/** Records as text: maps as lists of pairs, so that `__proto__` shows, and -0 apart from 0. */
function show(records: unknown): string {
  return JSON.stringify(
    records,
    (_, value) => {
      if (Object.is(value, -0)) return "-0";
      const isMap = typeof value === "object" && value && Object.getPrototypeOf(value) === null;
      return isMap ? { map: Object.entries(value) } : value;
    },
    1,
  );
}

/** Reads the bytes as each of the three requests. Anything but MalformedMessage is a bug. */
function readAll(message: Uint8Array): unknown[] {
  return signals.map((signal) => {
    try {
      return ours[signal](message);
    } catch (cause) {
      if (cause instanceof MalformedMessage) return cause.message;
      throw cause;
    }
  });
}

function readAllJson(text: string): void {
  for (const signal of signals) {
    try {
      oursOfJson[signal](text);
    } catch (cause) {
      if (!(cause instanceof BadRequest)) throw cause;
    }
  }
}

test.each(signals)("of any message protobufjs reads the same records: %s", (signal) => {
  const type = requests[signal];
  fc.assert(
    fc.property(request(signal), picks(), (message, pick) => {
      const plain = encode(type, message);
      expect(shown(ours[signal](plain), signal)).toBe(show(theirs[signal](type.decode(plain))));
      const bytes = scramble(plain, type, pick);
      expect(shown(ours[signal](bytes), signal)).toBe(show(theirs[signal](type.decode(bytes))));
    }),
    { numRuns: 250 },
  );
});

test.each(signals)("JSON and protobuf are read as the same records: %s", (signal) => {
  const type = requests[signal];
  fc.assert(
    fc.property(request(signal), picks(), (message, pick) => {
      const bytes = encode(type, message);
      const text = jsonOf(type.decode(bytes), type, pick);
      expect(shown(oursOfJson[signal](text), signal)).toBe(shown(ours[signal](bytes), signal));
    }),
    { numRuns: 250 },
  );
});

test("random bytes are a message or malformed", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => void readAll(bytes)),
    { numRuns: 2500 },
  );
});

test("a message with some bits flipped is a message or malformed", () => {
  fc.assert(
    fc.property(
      fc.constantFrom(...signals).chain((signal) => request(signal).map((m) => ({ signal, m }))),
      fc.array(fc.nat(), { minLength: 1, maxLength: 5 }),
      ({ signal, m }, flips) => {
        const bytes = encode(requests[signal], m);
        if (bytes.length === 0) return;
        for (const flip of flips) {
          const bit = flip % (bytes.length * 8);
          bytes[bit >> 3]! ^= 1 << (bit & 7);
        }
        readAll(bytes);
      },
    ),
    { numRuns: 1000 },
  );
});

test("a message cut off anywhere but between two of its resources is malformed", () => {
  fc.assert(
    fc.property(request("Spans"), (message) => {
      const bytes = encode(requests.Spans, message);
      const whole = new Set([0]);
      for (const resource of message.resourceSpans ?? []) {
        const before = Math.max(...whole);
        whole.add(before + encode(requests.Spans, { resourceSpans: [resource] }).length);
      }
      const read = Array.from({ length: bytes.length + 1 }, (_, length) => length).filter(
        (length) => typeof readAll(bytes.subarray(0, length))[0] !== "string",
      );
      expect(read).toEqual([...whole]);
    }),
    { numRuns: 30 },
  );
});

test("any JSON is a request or a bad one", () => {
  const names = fc.constantFrom(
    ...["resourceSpans", "scopeSpans", "spans", "resourceLogs", "scopeLogs", "logRecords"],
    ...["resource", "scope", "attributes", "key", "value", "body", "events", "links", "status"],
    ...["stringValue", "intValue", "doubleValue", "arrayValue", "kvlistValue", "values"],
    ...["traceId", "startTimeUnixNano", "kind", "flags", "__proto__", "constructor"],
  );
  const { value } = fc.letrec((tie) => ({
    value: fc.oneof(
      { maxDepth: 12, depthSize: "medium" },
      fc.oneof(fc.string(), fc.double(), fc.bigInt().map(String), fc.constant(null)),
      fc.array(tie("value"), { maxLength: 3 }),
      fc.dictionary(names, tie("value"), { maxKeys: 4, noNullPrototype: true }),
    ),
  }));
  fc.assert(
    fc.property(value, (value) => readAllJson(JSON.stringify(value))),
    { numRuns: 1200 },
  );
});

test("a request in JSON with one of its values replaced is a request or a bad one", () => {
  const strange = [null, {}, [], [[]], "", "x", -1, 1.5, 1e300, 2 ** 53, true];
  fc.assert(
    fc.property(
      fc.constantFrom("Spans", "Logs").chain((s) => request(s).map((m) => ({ s, m }))),
      fc.nat(),
      fc.constantFrom(...strange),
      ({ s, m }, at, strange) => {
        const type = requests[s];
        const whole = JSON.parse(jsonOf(type.decode(encode(type, m)), type, () => 1));
        let seen = 0;
        const count = (JSON.stringify(whole).match(/[{[,]/g) ?? []).length;
        const text = JSON.stringify(whole, (_, value) => (seen++ === at % count ? strange : value));
        readAllJson(text);
      },
    ),
    { numRuns: 1200 },
  );
});

test("any text is a request or a bad one", () => {
  fc.assert(fc.property(fc.string({ unit: fc.constantFrom(...'{}[]",:0e-\\ \n') }), readAllJson), {
    numRuns: 2000,
  });
});
