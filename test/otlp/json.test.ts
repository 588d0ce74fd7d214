import { describe, expect, test } from "bun:test";
import { otlp as limits } from "../../src/limits.ts";
import { readLogs, readMetrics, readTraces } from "../../src/otlp/json.ts";
import {
  BadRecord,
  BadRequest,
  type LogRecord,
  type SpanRecord,
  type Value,
} from "../../src/otlp/records.ts";
import { cpuMs } from "../helpers.ts";
import { good, recordsOf } from "./groups.ts";

const inSpans = (...spans: string[]) =>
  `{"resourceSpans":[{"scopeSpans":[{"spans":[${spans.join()}]}]}]}`;
const inLogs = (log: string) => `{"resourceLogs":[{"scopeLogs":[{"logRecords":[${log}]}]}]}`;
const inValue = (value: string) => `{"attributes":[{"key":"key","value":${value}}]}`;

const spanOf = (span: string): SpanRecord => good(readTraces(inSpans(span))[0]!.records[0]);
const logOf = (log: string): LogRecord => good(readLogs(inLogs(log))[0]!.records[0]);
const valueOf = (value: string): Value => spanOf(inValue(value)).attributes.key!;

function reasonOf(span: string): string {
  const [record] = readTraces(inSpans(span))[0]!.records;
  if (record instanceof BadRecord) return record.message;
  throw new Error("the record was read");
}

describe("a request", () => {
  test("that is an empty object holds nothing", () => {
    expect(readTraces("{}")).toEqual([]);
    expect(readLogs('{"resourceLogs":null}')).toEqual([]);
    expect(recordsOf(readMetrics('{"resourceMetrics":[{},{"scopeMetrics":[{}]}]}'))).toEqual([]);
  });

  test("gives one group for each scope, with its resource", () => {
    const text = JSON.stringify({
      resourceSpans: [
        {
          resource: { attributes: [{ key: "service.name", value: { stringValue: "s" } }] },
          schemaUrl: "u",
          scopeSpans: [{ scope: { name: "a", version: "1" } }, { schemaUrl: "v" }],
        },
      ],
    });
    const resource = { attributes: { "service.name": "s" }, schemaUrl: "u" };
    const attributes = {};
    expect(readTraces(text)).toEqual([
      { resource, scope: { name: "a", version: "1", attributes, schemaUrl: "" }, records: [] },
      { resource, scope: { name: "", version: "", attributes, schemaUrl: "v" }, records: [] },
    ]);
  });

  test("that holds metrics is only counted", () => {
    const text = '{"resourceMetrics":[{"scopeMetrics":[{"metrics":[{},{}]}]}]}';
    expect(recordsOf(readMetrics(text))).toHaveLength(2);
  });

  test("may have the names of the .proto file at any level, mixed with others", () => {
    const text = JSON.stringify({
      resource_spans: [
        {
          resource: { attributes: [{ key: "my_key", value: { string_value: "my_value" } }] },
          schema_url: "u",
          scopeSpans: [
            {
              spans: [
                {
                  trace_id: "0A",
                  spanId: "0b",
                  parent_span_id: "0c",
                  trace_state: "a=b",
                  start_time_unix_nano: "1795000000123456789",
                  status: { code: "STATUS_CODE_ERROR" },
                  attributes: [
                    { key: "a", value: { kvlist_value: { values: [{ key: "int_value" }] } } },
                    { key: "b", value: { array_value: { values: [{ bool_value: true }] } } },
                    { key: "c", value: { stringValue: '{"trace_id": {"int_value": 1}}' } },
                    { key: "d", value: { bytes_value: "AA==" } },
                  ],
                  dropped_attributes_count: 2,
                  events: [{ time_unix_nano: 7, dropped_attributes_count: 3 }],
                  links: [{ trace_id: "0d", span_id: "0e" }],
                },
              ],
            },
          ],
        },
      ],
    });
    const [group] = readTraces(text);
    expect(group!.resource).toEqual({ attributes: { my_key: "my_value" }, schemaUrl: "u" });
    expect(good(group!.records[0])).toMatchObject({
      traceId: "0a",
      spanId: "0b",
      parentSpanId: "0c",
      traceState: "a=b",
      start: { ms: 1795000000123, nanos: 456789 },
      statusCode: 2,
      attributes: {
        a: { int_value: null },
        b: [true],
        c: '{"trace_id": {"int_value": 1}}',
        d: "AA==",
      },
      droppedAttributesCount: 2,
      events: [{ time: { ms: 0, nanos: 7 }, droppedAttributesCount: 3 }],
      links: [{ traceId: "0d", spanId: "0e" }],
    });
    const numbers = text.replace('"1795000000123456789"', "1795000000123456789");
    expect(readTraces(numbers)).toEqual(readTraces(text));
    const logs = readLogs(
      '{"resource_logs":[{"scope_logs":[{"log_records":[{"severity_text":"INFO","observed_time_unix_nano":1795000000123456789,"event_name":"e"}]}]}]}',
    );
    expect(recordsOf(logs)).toMatchObject([
      { severity: "INFO", time: { ms: 1795000000123, nanos: 456789 }, eventName: "e" },
    ]);
  });

  test("may have its scopes as the instrumentation libraries that they were", () => {
    const library = { name: "lib", version: "1" };
    const spans = [{ name: "a" }, { name: "b" }];
    for (const [field, scope] of [
      ["instrumentationLibrarySpans", { instrumentationLibrary: library }],
      ["instrumentation_library_spans", { instrumentation_library: library }],
      ["instrumentationLibrarySpans", { scope: library }],
    ] as const) {
      const [group] = readTraces(
        JSON.stringify({ resourceSpans: [{ [field]: [{ ...scope, spans }] }] }),
      );
      expect(group!.scope).toMatchObject(library);
      expect(recordsOf([group!])).toMatchObject(spans);
    }
    for (const field of ["logs", "logRecords", "log_records"]) {
      const old = { instrumentationLibrary: library, [field]: [{ severityText: "INFO" }] };
      const logs = readLogs(
        JSON.stringify({ resourceLogs: [{ instrumentationLibraryLogs: [old] }] }),
      );
      expect(logs).toMatchObject([{ scope: library, records: [{ severity: "INFO" }] }]);
    }
  });

  test("may stand beside others, one a line, and lines of other signals are told", () => {
    const lines = [
      inSpans('{"name":"a"}'),
      "",
      inSpans('{"name":"b"}', '{"name":7}'),
      inLogs("{}"),
      '{"foo":1}',
      "{}",
    ];
    for (const text of [lines.join("\n"), `${lines.join("\r\n")}\r\n`]) {
      const records = readTraces(text).flatMap(({ records }) => records);
      expect(
        records.map((record) => (record instanceof BadRecord ? record.message : record.name)),
      ).toEqual([
        "a",
        "b",
        "name: expected a string",
        "a line of resourceLogs, not resourceSpans",
        expect.stringContaining("rejected"),
      ]);
    }
    for (const [text, message] of [
      ["{}\n{", "the body is not complete JSON"],
      ["{}\n7", "invalid JSON"],
      ["{} {}", "invalid JSON"],
      ["\n\n", "the body is empty"],
    ] as const) {
      expect(() => readTraces(text)).toThrow(new BadRequest(message));
    }
  });

  test.each([
    '{"foo":1}',
    '{"batch":[{"type":"trace-create","body":{}}]}',
    '[{"traceId":"01","id":"02","name":"a"}]',
    '{"data":[{"traceID":"01","spans":[{}]}]}',
    '{"spans":[{"name":"a"}]}',
    '{"scopeSpans":[{"spans":[{"name":"a"}]}]}',
    '{"resourceSpans":[{"spans":[{"name":"a"}]}]}',
    '{"resourceSpans":[{"resource":{},"scopeSpans":[{"records":[{"name":"a"}]}]}]}',
    '{"traceId":"01","spanId":"02","name":"a"}',
  ])("of another format is told: %s", (text) => {
    const [record, ...more] = readTraces(text).flatMap(({ records }) => records);
    expect(record).toBeInstanceOf(BadRecord);
    expect((record as BadRecord).message).toContain("rejected");
    expect(more).toEqual([]);
  });

  test("that holds a record is not told of what else is in it", () => {
    const text = `${inSpans('{"name":"a"}').slice(0, -1)},"foo":1}`;
    expect(recordsOf(readTraces(text))).toMatchObject([{ name: "a" }]);
  });

  test.each([
    ["", "the body is empty"],
    ["{", "the body is not complete JSON"],
    ['{"resourceSpans":[{"schemaUrl":"cut \\"', "the body is not complete JSON"],
    ["{a}", "invalid JSON"],
    ["null", "the request: expected an object"],
    ["[]", "the request: expected an object"],
    ['"secret"', "the request: expected an object"],
    ['{"resourceSpans":{}}', "resourceSpans: expected an array"],
    ['{"resourceSpans":[7]}', "resourceSpans[0]: expected an object"],
    ['{"resourceSpans":[{},{"resource":[]}]}', "resourceSpans[1].resource: expected an object"],
    [
      '{"resourceSpans":[{"resource":{"attributes":"secret"}}]}',
      "resourceSpans[0].resource.attributes: expected an array",
    ],
    [
      '{"resourceSpans":[{"scopeSpans":[{},{"scope":{"name":1}}]}]}',
      "resourceSpans[0].scopeSpans[1].scope.name: expected a string",
    ],
    [
      '{"resourceSpans":[{"scopeSpans":[{"spans":"secret"}]}]}',
      "resourceSpans[0].scopeSpans[0].spans: expected an array",
    ],
  ])("%s is bad: %s", (text, reason) => {
    expect(() => readTraces(text)).toThrow(new BadRequest(reason));
  });
});

describe("a record", () => {
  test("without fields, or with null for each, has every field, empty", () => {
    const empty = {
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
    };
    expect(spanOf("{}")).toEqual(empty);
    const names = ["traceId", "kind", "startTimeUnixNano", "attributes", "events", "status"];
    expect(spanOf(`{${names.map((name) => `"${name}":null`)}}`)).toEqual(empty);
  });

  test("may have ids in either case", () => {
    expect(spanOf('{"traceId":"00ABcdEF","spanId":"aB"}')).toMatchObject({
      traceId: "00abcdef",
      spanId: "ab",
    });
  });

  test.each([
    ['{"kind":3}', 3],
    ['{"kind":"3"}', 3],
    ['{"kind":"SPAN_KIND_CLIENT"}', 3],
    ['{"kind":"CLIENT"}', 3],
    ['{"kind":"SPAN_KIND_UNSPECIFIED"}', 0],
    ['{"kind":99}', 99],
  ])("has its kind by number or by name: %s", (span, kind) => {
    expect(spanOf(span).kind).toBe(kind);
  });

  test.each([
    ["UNSPECIFIED", 0],
    ["TRACE", 1],
    ["SEVERITY_NUMBER_DEBUG", 5],
    ["SEVERITY_NUMBER_INFO2", 10],
    ["FATAL4", 24],
  ])("has its severity by name too: %s", (name, number) => {
    expect(logOf(`{"severityNumber":"${name}"}`).severityNumber).toBe(number);
  });

  test.each(["0", "1", "999999", "1000000", "1795000000123456789", "18446744073709551615"])(
    "has its time to the nanosecond, as a string or a number: %s",
    (time) => {
      for (const json of [`"${time}"`, time]) {
        const { ms, nanos } = spanOf(`{"endTimeUnixNano": ${json}}`).end;
        expect(BigInt(ms) * 1_000_000n + BigInt(nanos)).toBe(BigInt(time));
      }
    },
  );

  test("of a log is timed by when it happened, else by when it was observed", () => {
    const observed = '"observedTimeUnixNano":2000001';
    expect(logOf(`{${observed}}`).time).toEqual({ ms: 2, nanos: 1 });
    expect(logOf(`{${observed},"timeUnixNano":"0"}`).time).toEqual({ ms: 2, nanos: 1 });
    expect(logOf(`{${observed},"timeUnixNano":5}`).time).toEqual({ ms: 0, nanos: 5 });
  });

  test.each([
    ["7", "a record: expected an object"],
    ['{"traceId":"secret"}', "traceId: expected an id in hex"],
    ['{"traceId":"ifpG6+hdLTZgw/zRFZLilA=="}', "traceId: expected an id in hex, not in base64"],
    ['{"spanId":"ifpG6-hdLTY="}', "spanId: expected an id in hex, not in base64"],
    ['{"traceId":7}', "traceId: expected a string"],
    ['{"name":["secret"]}', "name: expected a string"],
    ['{"kind":"secret"}', "kind: no such name"],
    ['{"kind":-1}', "kind: expected a number of 32 bits"],
    ['{"status":"secret"}', "status: expected an object"],
    ['{"status":{"code":1.5}}', "status.code: expected a number of 32 bits"],
    ['{"flags":4294967296}', "flags: expected a number of 32 bits"],
    ['{"startTimeUnixNano":-1}', "startTimeUnixNano: expected nanoseconds of 64 bits"],
    ['{"startTimeUnixNano":"secret"}', "startTimeUnixNano: expected nanoseconds of 64 bits"],
    [
      '{"endTimeUnixNano":18446744073709551616}',
      "endTimeUnixNano: expected nanoseconds of 64 bits",
    ],
    ['{"events":[7]}', "an event: expected an object"],
    ['{"links":{}}', "links: expected an array"],
    ['{"attributes":[7]}', "attributes: expected an object"],
    ['{"attributes":[{"key":7}]}', "an attribute's key: expected a string"],
    ['{"attributes":[{"key":"secret","value":7}]}', "a value: expected an object"],
    [inValue('{"stringValue":7}'), "stringValue: expected a string"],
    [inValue('{"intValue":1.5}'), "intValue: expected an integer of 64 bits"],
    [inValue('{"intValue":1e400}'), "intValue: expected an integer of 64 bits"],
    [inValue('{"intValue":""}'), "intValue: expected an integer of 64 bits"],
    [inValue('{"intValue":"9223372036854775808"}'), "intValue: expected an integer of 64 bits"],
    [inValue('{"intValue":-9223372036854775809}'), "intValue: expected an integer of 64 bits"],
    [inValue('{"boolValue":"true"}'), "boolValue: expected a boolean"],
    [inValue('{"doubleValue":"secret"}'), "doubleValue: expected a number"],
    [inValue('{"doubleValue":1e400}'), "doubleValue: expected a number"],
    [inValue('{"arrayValue":[]}'), "arrayValue: expected an object"],
    [inValue('{"kvlistValue":{"values":[7]}}'), "kvlistValue: expected an object"],
    [inValue('{"bytesValue":"not base64"}'), "bytesValue: expected base64"],
  ])("%s is bad, the reason names the field and no value: %s", (span, reason) => {
    expect(reasonOf(span)).toBe(reason);
  });

  test("that is bad leaves the ones beside it", () => {
    const [group] = readTraces(inSpans('{"name":"a"}', '{"name":7}', '{"name":"b"}'));
    expect(group!.records.map((r) => (r instanceof BadRecord ? "bad" : r.name))).toEqual([
      "a",
      "bad",
      "b",
    ]);
  });
});

describe("a value", () => {
  test.each<[string, Value]>([
    ['{"stringValue":""}', ""],
    ['{"boolValue":false}', false],
    ['{"intValue":0}', 0],
    ['{"intValue":"-7"}', -7],
    ['{"intValue":-0}', 0],
    ['{"intValue":"-0"}', 0],
    ['{"intValue":9007199254740991}', 9007199254740991],
    ['{"intValue": 9007199254740993 }', "9007199254740993"],
    ['{"intValue":"9223372036854775807"}', "9223372036854775807"],
    ['{"intValue":-9223372036854775808}', "-9223372036854775808"],
    ['{"intValue":1e18}', "1000000000000000000"],
    ['{"doubleValue":0.1}', 0.1],
    ['{"doubleValue":"0.1"}', 0.1],
    ['{"doubleValue":"NaN"}', "NaN"],
    ['{"doubleValue":"-Infinity"}', "-Infinity"],
    ['{"bytesValue":"+/8AAQ=="}', "+/8AAQ=="],
    ['{"bytesValue":"-_8AAQ"}', "+/8AAQ=="],
    ['{"arrayValue":{}}', []],
    ['{"arrayValue":{"values":[{},null,{"intValue":1}]}}', [null, null, 1]],
    ['{"kvlistValue":{"values":[{"key":"a"}]}}', { a: null }],
    ["{}", null],
    ["null", null],
    ['{"ofANewerKind":1}', null],
    ['{"stringValue":null,"intValue":null,"doubleValue":2}', 2],
  ])("%s is %j", (json, value) => {
    expect(valueOf(json)).toEqual(value);
  });

  test("that is text about numbers stays as it is", () => {
    const text = '{"intValue": 9007199254740993, "timeUnixNano":1795000000123456789}';
    expect(valueOf(JSON.stringify({ stringValue: text }))).toBe(text);
  });

  test("may nest as deep as text does that was let through", () => {
    const depth = 30;
    const value = `${'{"arrayValue":{"values":['.repeat(depth)}{}${"]}}".repeat(depth)}`;
    let inner = valueOf(value);
    for (let i = 0; i < depth; i++) inner = (inner as Value[])[0]!;
    expect(inner).toBe(null);
  });
});

/** Quadratic work on these inputs takes minutes; linear work 0.3 s. */
const hangMs = 3000;

describe("hostile JSON", () => {
  test.each(["__proto__", "constructor", "toString", ""])("a key %p is data", (key) => {
    const pair = `{"key":"${key}","value":{"intValue":7}}`;
    const map = `{"kvlistValue":{"values":[${pair}]}}`;
    const { attributes } = spanOf(`{"attributes":[{"key":"${key}","value":${map}}]}`);
    expect(Object.keys(attributes)).toEqual([key]);
    expect(Object.entries(attributes[key]!)).toEqual([[key, 7]]);
    expect(Object.getPrototypeOf(attributes)).toBe(null);
  });

  test("a member named __proto__ gives no fields to what it stands in", () => {
    expect(spanOf('{"__proto__":{"name":"not the span\'s"}}').name).toBe("");
    expect(Object.keys(Object.prototype)).toEqual([]);
  });

  test("100,000 attributes are read in linear time", () => {
    const pairs = Array.from(
      { length: 100_000 },
      (_, i) => `{"key":"attribute.${i}","value":{"intValue":"${i}"}}`,
    );
    const startedAt = cpuMs();
    const { attributes } = spanOf(`{"attributes":[${pairs}]}`);
    expect(cpuMs() - startedAt).toBeLessThan(hangMs);
    expect(attributes["attribute.99999"]).toBe(99_999);
  });

  test.each([
    ["names", "a".repeat(5_000_000)],
    ["quotes", '\\"'.repeat(2_500_000)],
    ["half names", '\\"UnixNano'.repeat(500_000)],
    ["digits", `\\"intValue\\":${"1".repeat(5_000_000)}`],
  ])("the search for long integers is linear in %s", (_, content) => {
    const startedAt = cpuMs();
    expect(spanOf(`{"name":"${content}"}`).name).not.toBe("");
    expect(cpuMs() - startedAt).toBeLessThan(hangMs);
  });

  test.each([
    ["names of the .proto file", "a_b".repeat(1_500_000)],
    ["halves of such names", '\\"a_b\\"'.repeat(500_000)],
  ])("so is the one for %s", (_, content) => {
    const startedAt = cpuMs();
    expect(spanOf(`{"name":${JSON.stringify(content)}}`).name).toBe(content);
    expect(cpuMs() - startedAt).toBeLessThan(hangMs);
  });

  test("so is the reading of line breaks and of lines", () => {
    expect(() => readTraces("\n".repeat(8_000_000))).toThrow(BadRequest);
    expect(() => readTraces("{}\n".repeat(limits.records + 1))).toThrow(BadRequest);
  });

  test("so it is in digits and spaces after the name of an integer", () => {
    const startedAt = cpuMs();
    const digits = "1".repeat(3_000_000);
    const spaces = " ".repeat(3_000_000);
    expect(() => readTraces(`{"intValue":${digits}x`)).toThrow(BadRequest);
    expect(() => readTraces(`{"intValue":${spaces}x`)).toThrow(BadRequest);
    expect(() => readTraces(`{"intValue"${spaces}:${digits}${spaces}x`)).toThrow(BadRequest);
    expect(cpuMs() - startedAt).toBeLessThan(hangMs);
  });
});
