import { describe, expect, test } from "bun:test";
import { bytes, fixed32, fixed64, MalformedMessage, Reader, varint } from "../../src/otlp/wire.ts";
import { fieldOf, numberOf, textOf, varintOf } from "./bytes.ts";

const readerOf = (...parts: (Uint8Array | number[])[]) =>
  new Reader(Buffer.concat(parts.map((part) => Buffer.from(part))));

function failureOf(read: () => unknown): string {
  try {
    read();
  } catch (cause) {
    if (cause instanceof MalformedMessage) return cause.message;
    throw cause;
  }
  throw new Error("the message was read");
}

describe("numbers", () => {
  const powers = Array.from({ length: 64 }, (_, bit) => 1n << BigInt(bit));
  const integers = [0n, ...powers.flatMap((power) => [power - 1n, power, power + 1n])];

  test("varints of 64 bits come in two halves, all bits as they were", () => {
    for (const integer of integers) {
      const reader = readerOf(varintOf(integer));
      const low = reader.uint64();
      expect((BigInt(reader.high) << 32n) | BigInt(low)).toBe(integer);
      expect(reader.next()).toBe(0);
    }
  });

  test("so do eight bytes", () => {
    for (const integer of integers) {
      const eight = Buffer.alloc(8);
      eight.writeBigUInt64LE(integer);
      const reader = readerOf(eight);
      const low = reader.fixed64();
      expect((BigInt(reader.high) << 32n) | BigInt(low)).toBe(integer);
    }
  });

  test("the high half of one number does not stay for the next", () => {
    const reader = readerOf(varintOf(2n ** 60n), varintOf(5), varintOf(2n ** 40n), varintOf(300));
    reader.uint64();
    expect([reader.uint64(), reader.high]).toEqual([5, 0]);
    reader.uint64();
    expect([reader.uint64(), reader.high]).toEqual([300, 0]);
  });

  test("a varint may be longer than it needs, up to ten bytes", () => {
    expect(readerOf([0x85, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0]).uint64()).toBe(5);
    expect(readerOf([0x80, 0]).uint64()).toBe(0);
    expect(failureOf(() => readerOf([...Array(10).fill(0x80), 0]).uint64())).toBe(
      "a number of more than 10 bytes, at byte 10",
    );
    expect(failureOf(() => readerOf(Array(1000).fill(0xff)).uint64())).toMatch("more than 10");
  });

  test("bits beyond 32 are cut off where a number has 32, beyond 64 always", () => {
    expect(readerOf(varintOf(2n ** 32n + 7n)).uint32()).toBe(7);
    const reader = readerOf([...Array(9).fill(0xff), 0x7f]);
    expect([reader.uint64(), reader.high]).toEqual([2 ** 32 - 1, 2 ** 32 - 1]);
  });

  test("every varint but 0 is true", () => {
    expect(readerOf([0]).bool()).toBe(false);
    expect(readerOf([1]).bool()).toBe(true);
    expect(readerOf([2]).bool()).toBe(true);
    expect(readerOf(varintOf(2n ** 32n)).bool()).toBe(true);
  });

  test.each([0, -0, 1.5, 5e-324, Number.MAX_VALUE, NaN, Infinity, -Infinity])(
    "the double %p comes as it was",
    (value) => {
      const eight = Buffer.alloc(8);
      eight.writeDoubleLE(value);
      expect(readerOf(eight).double()).toBe(value);
    },
  );

  test("four bytes are a number without sign", () => {
    expect(readerOf([0xff, 0xff, 0xff, 0xff]).fixed32()).toBe(2 ** 32 - 1);
    expect(readerOf([1, 2, 0, 0]).fixed32()).toBe(513);
  });
});

describe("strings and bytes", () => {
  test.each(["", "a", "\0", "é中😀", "\ufeffafter a byte order mark", "x".repeat(100_000)])(
    "text comes as it was: %.20p",
    (text) => {
      const reader = readerOf(textOf(1, text));
      expect(reader.next()).toBe(bytes(1));
      expect(reader.string() === text).toBe(true);
    },
  );

  test.each([
    ["a lone continuation", [0x80], "\ufffd"],
    ["a character cut off", [0x61, 0xe4, 0xb8], "a\ufffd"],
    ["an overlong slash", [0xc0, 0xaf], "\ufffd\ufffd"],
    ["half a surrogate pair", [0xed, 0xa0, 0x80], "\ufffd\ufffd\ufffd"],
    ["a byte that UTF-8 lacks", [0xff, 0x61], "\ufffda"],
  ])("bad UTF-8 becomes U+FFFD: %s", (_, content, text) => {
    expect(readerOf([content.length], content).string()).toBe(text);
  });

  test("ids are hex in lower case, other bytes base64", () => {
    expect(readerOf([3, 0x00, 0xab, 0xff]).hex()).toBe("00abff");
    expect(readerOf([4, 0xfb, 0xff, 0x00, 0x01]).base64()).toBe("+/8AAQ==");
    expect(readerOf([0]).hex()).toBe("");
  });

  test("of a larger buffer only the message's own bytes are read", () => {
    const message = textOf(1, "inside");
    const around = Buffer.concat([Buffer.from("before"), message, Buffer.from("after")]);
    const reader = new Reader(around.subarray(6, 6 + message.length));
    reader.next();
    expect(reader.string()).toBe("inside");
    expect(reader.next()).toBe(0);
  });
});

describe("fields", () => {
  test("tags are numbers to switch on, up to the highest field", () => {
    const highest = 2 ** 29 - 1;
    const tags = [varint(1), fixed64(2), bytes(16), fixed32(highest)];
    for (const tag of tags) expect(readerOf(varintOf(tag)).next()).toBe(tag);
    expect(readerOf([]).next()).toBe(0);
  });

  test.each([
    ["field 0", [0x02]],
    ["an empty tag", [0x00]],
    ["a field beyond 2^29", varintOf(2n ** 32n)],
    ["a field beyond 2^60", varintOf(2n ** 63n)],
  ])("%s is out of range", (_, tag) => {
    expect(failureOf(() => readerOf(tag).next())).toMatch("a field number out of range");
  });

  test("unknown fields of all types are skipped, groups with what they hold", () => {
    const reader = readerOf(
      numberOf(1, 2n ** 63n),
      [...varintOf(fixed64(2)), 1, 2, 3, 4, 5, 6, 7, 8],
      textOf(3, "text"),
      [0x23, ...textOf(9, "in the group"), 0x2b, 0x08, 0x01, 0x2c, 0x24],
      [...varintOf(fixed32(6)), 1, 2, 3, 4],
      numberOf(7, 7),
    );
    for (let tag; (tag = reader.next()) !== varint(7);) reader.skip(tag);
    expect(reader.uint64()).toBe(7);
    expect(reader.next()).toBe(0);
  });

  test.each([
    ["a group without an end", [0x0b, 0x10, 0x01], "a group without an end"],
    ["the end of a group that did not begin", [0x0c], "an unknown wire type"],
    ["the end of another group", [0x0b, 0x14], "an unknown wire type"],
    ["wire type 6", [0x0e], "an unknown wire type"],
    ["wire type 7", [0x0f], "an unknown wire type"],
    ["a varint cut off", [0x08, 0x80], "it ends within a field"],
    ["a varint that is missing", [0x08], "it ends within a field"],
    ["eight bytes that are seven", [0x09, 1, 2, 3, 4, 5, 6, 7], "it ends within a field"],
    ["four bytes that are three", [0x0d, 1, 2, 3], "it ends within a field"],
    ["a length beyond the end", [0x0a, 2, 1], "a length beyond the end of its message"],
    ["a length of 2^32", [0x0a, ...varintOf(2n ** 32n)], "a length beyond the end"],
    ["a length of 2^64 - 1", [0x0a, ...varintOf(2n ** 64n - 1n)], "a length beyond the end"],
  ])("%s is malformed", (_, content, message) => {
    const skipAll = () => {
      const reader = readerOf(content);
      for (let tag; (tag = reader.next());) reader.skip(tag);
    };
    expect(failureOf(skipAll)).toMatch(message);
  });

  test("100,000 groups within groups are too many, and found out at once", () => {
    const reader = readerOf(Array(100_000).fill(0x0b));
    expect(failureOf(() => reader.skip(reader.next()))).toBe(
      "too many levels of nesting, at byte 101",
    );
  });
});

describe("nested messages", () => {
  test("end where their length says, and the outer one goes on", () => {
    const reader = readerOf(fieldOf(1, numberOf(2, 5)), fieldOf(1), numberOf(3, 6));
    reader.next();
    let outer = reader.enter();
    expect([reader.next(), reader.uint64(), reader.next()]).toEqual([varint(2), 5, 0]);
    reader.leave(outer);
    reader.next();
    outer = reader.enter();
    expect(reader.next()).toBe(0);
    reader.leave(outer);
    expect([reader.next(), reader.uint64(), reader.next()]).toEqual([varint(3), 6, 0]);
  });

  test.each([
    ["a string", (reader: Reader) => reader.string()],
    ["an id", (reader: Reader) => reader.hex()],
    ["bytes", (reader: Reader) => reader.base64()],
    ["a message", (reader: Reader) => reader.enter()],
    ["an unknown field", (reader: Reader) => reader.skip(bytes(1))],
  ])("%s cannot reach into the outer message", (_, read) => {
    const reader = readerOf([0x0a, 2, 0x0a, 3], numberOf(15, 1), numberOf(15, 1));
    reader.next();
    reader.enter();
    reader.next();
    expect(failureOf(() => read(reader))).toBe("a length beyond the end of its message, at byte 4");
  });

  test.each([
    ["a varint", [0x80], (reader: Reader) => reader.uint64()],
    ["eight bytes", [1], (reader: Reader) => reader.fixed64()],
    ["four bytes", [1], (reader: Reader) => reader.fixed32()],
    ["a double", [1], (reader: Reader) => reader.double()],
  ])("nor can %s", (_, content, read) => {
    const reader = readerOf([content.length], content, Array(20).fill(1));
    reader.enter();
    expect(failureOf(() => read(reader))).toMatch("it ends within a field");
  });
});
