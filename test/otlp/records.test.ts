import { describe, expect, test } from "bun:test";
import { otlp as limits } from "../../src/limits.ts";
import * as json from "../../src/otlp/json.ts";
import * as proto from "../../src/otlp/proto.ts";
import { BadRequest, toInstant, toInteger, toNanosText } from "../../src/otlp/records.ts";
import { MalformedMessage } from "../../src/otlp/wire.ts";
import { fieldOf } from "./bytes.ts";

const repeated = (bytes: Uint8Array, times: number) =>
  Buffer.concat(Array.from({ length: times }, () => bytes));
const inScope = (spans: Uint8Array) => fieldOf(1, fieldOf(2, spans));
const emptySpan = fieldOf(2, Buffer.alloc(0));
const attribute = (key: string) =>
  fieldOf(9, Buffer.concat([fieldOf(1, Buffer.from(key)), fieldOf(2, Buffer.alloc(0))]));

describe("a request that would take up a hundred times its bytes is refused", () => {
  test("in protobuf for its empty spans, though not for half of them", () => {
    const request = (spans: number) => inScope(repeated(emptySpan, spans));
    expect(() => proto.readTraces(request(limits.records))).toThrow(MalformedMessage);
    const [group] = proto.readTraces(request(limits.records / 2));
    expect(group!.records).toHaveLength(limits.records / 2);
  });

  test("in JSON for its empty spans, though not for half of them", () => {
    const request = (spans: number) =>
      `{"resourceSpans":[{"scopeSpans":[{"spans":[${"{},".repeat(spans)}{}]}]}]}`;
    expect(() => json.readTraces(request(limits.records))).toThrow(BadRequest);
    const [group] = json.readTraces(request(limits.records / 2));
    expect(group!.records).toHaveLength(limits.records / 2 + 1);
  });

  test("in protobuf for its events, links, logs and metrics", () => {
    for (const number of [11, 13]) {
      const records = repeated(fieldOf(number, Buffer.alloc(0)), limits.records);
      expect(() => proto.readTraces(inScope(fieldOf(2, records)))).toThrow(MalformedMessage);
    }
    const records = inScope(repeated(emptySpan, limits.records));
    expect(() => proto.readLogs(records)).toThrow(MalformedMessage);
    expect(() => proto.readMetrics(records)).toThrow(MalformedMessage);
  });

  test.each(["10", "999"])("for its maps with the one key %s", (key) => {
    const span = fieldOf(2, attribute(key));
    const spans = inScope(repeated(span, limits.indexKeys + 1));
    expect(() => proto.readTraces(spans)).toThrow("keys that are numbers");
    const item = `{"attributes":[{"key":"${key}"}]}`;
    const text = `{"resourceSpans":[{"scopeSpans":[{"spans":[${`${item},`.repeat(limits.indexKeys)}${item}]}]}]}`;
    expect(() => json.readTraces(text)).toThrow("keys that are numbers");
  });

  test.each(["9", "1000", "a99", "09a"])("but not for its maps with the one key %s", (key) => {
    const span = fieldOf(2, attribute(key));
    const spans = inScope(repeated(span, limits.indexKeys + 1));
    expect(proto.readTraces(spans)[0]!.records).toHaveLength(limits.indexKeys + 1);
  });
});

test.each([
  [0n, 0, 0],
  [1n, 0, 1],
  [999_999n, 0, 999_999],
  [1_000_000n, 1, 0],
  [1_544_712_660_000_123_456n, 1_544_712_660_000, 123_456],
  [2n ** 53n + 1n, 9_007_199_254, 740_993],
  [2n ** 64n - 1n, 18_446_744_073_709, 551_615],
])("%s ns are split exactly", (nanos, ms, rest) => {
  const instant = toInstant(Number(nanos >> 32n), Number(nanos & 0xffff_ffffn));
  expect(instant).toEqual({ ms, nanos: rest });
  expect(toNanosText(instant)).toBe(String(nanos));
});

test.each([
  [0n, 0],
  [-1n, -1],
  [2n ** 53n - 1n, 2 ** 53 - 1],
  [2n ** 53n, "9007199254740992"],
  [2n ** 63n - 1n, "9223372036854775807"],
  [-(2n ** 63n), "-9223372036854775808"],
])("the integer %s stays exact", (integer, expected) => {
  const high = Number(BigInt.asIntN(32, integer >> 32n));
  expect(toInteger(high, Number(integer & 0xffff_ffffn))).toBe(expected);
});
