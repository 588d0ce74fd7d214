import { describe, expect, test } from "bun:test";
import type { ImportedSpan } from "../../src/contract/v1.ts";
import { compareVersions, contentOf, type SpanVersion } from "../../src/contract/version.ts";

const base: ImportedSpan = {
  spanId: "s",
  spanType: "llm",
  name: "call",
  startTime: 1,
  endTime: 2,
};

const versionOf = (more: Partial<ImportedSpan>, rest: Partial<SpanVersion> = {}): SpanVersion => ({
  span: { ...base, ...more },
  header: { traceName: "t" },
  source: "foglamp",
  ...rest,
});

test("the content of a version is canonical JSON of what was sent", () => {
  expect(contentOf(versionOf({ metadata: { b: "é", a: "\ud800", 10: "", 9: "" } }))).toBe(
    '{"header":{"traceName":"t"},"source":"foglamp","span":{"endTime":2,' +
      '"metadata":{"10":"","9":"","a":"\\ud800","b":"é"},' +
      '"name":"call","spanId":"s","spanType":"llm","startTime":1}}',
  );
});

describe("of two versions with the same end", () => {
  test("the one with more bytes is the greater, not the one with more characters", () => {
    const accents = versionOf({ output: "ééé" });
    expect(compareVersions(accents, versionOf({ output: "eeeee" }))).toBeGreaterThan(0);
    expect(compareVersions(versionOf({ output: "eeeee" }), accents)).toBeLessThan(0);
  });

  test("the greater hash decides where both are as long", () => {
    const [x, y] = [versionOf({ output: "x" }), versionOf({ output: "y" })];
    const hash = (version: SpanVersion) =>
      new Bun.CryptoHasher("sha256").update(contentOf(version)).digest("hex");
    expect(Math.sign(compareVersions(x, y))).toBe(hash(x) > hash(y) ? 1 : -1);
    expect(Math.sign(compareVersions(y, x))).toBe(hash(x) > hash(y) ? -1 : 1);
  });

  test.each([
    ["the order of keys", { metadata: { a: "1", b: "2" } }, { metadata: { b: "2", a: "1" } }],
    ["an empty extension", {}, { x: {} }],
    ["when it was received", { x: { receivedAt: 1 } }, { x: { receivedAt: 2 } }],
    ["its source, said as what is taken anyway", {}, { x: { source: "foglamp" } }],
    [
      "log records, which every version gets",
      { x: { events: '[{"type":"event","name":"e"}]' } },
      { x: { events: '[{"type":"event","name":"e"}, {"type":"log"}]', droppedLogsCount: 1 } },
    ],
    ["log records alone", {}, { x: { events: '[{"type":"log"}]' } }],
  ] as [string, Partial<ImportedSpan>, Partial<ImportedSpan>][])(
    "%s is no difference",
    (_, a, b) => {
      expect(compareVersions(versionOf(a), versionOf(b))).toBe(0);
    },
  );

  test.each([
    ["the batch's header", versionOf({}, { header: { traceName: "u" } })],
    ["the source", versionOf({}, { source: "foglamq" })],
    ["an absent status beside ok", versionOf({ status: "ok" })],
    ["a field of `x`", versionOf({ x: { responseId: "r" } })],
    ["events that are no list", versionOf({ x: { events: "no list" } })],
  ])("%s is one", (_, other) => {
    expect(compareVersions(versionOf({}), other)).not.toBe(0);
  });
});
