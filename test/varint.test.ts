import { expect, test } from "bun:test";
import fc from "fast-check";
import { ByteReader, ByteWriter, fromZigzag, toZigzag } from "../src/varint.ts";

const whole = () => fc.oneof(fc.nat(300), fc.maxSafeNat());

test("numbers up to 2^53 - 1, texts and bytes come back as they were written", () => {
  fc.assert(
    fc.property(fc.array(whole()), fc.string({ unit: "grapheme" }), (numbers, text) => {
      const to = new ByteWriter(1);
      for (const number of numbers) to.varint(number);
      to.text(text, Buffer.byteLength(text));
      const from = new ByteReader(to.toBytes());
      expect(numbers.map(() => from.varint())).toEqual(numbers);
      expect(from.isAtEnd).toBe(text === "");
      expect(from.raw(Buffer.byteLength(text)).toString()).toBe(text);
      expect(from.isAtEnd).toBe(true);
    }),
  );
});

test("a writer begins anew when it is cleared, and takes what another holds", () => {
  const [one, two] = [new ByteWriter(), new ByteWriter(1)];
  one.varint(300);
  two.varint(7);
  two.append(one);
  one.clear();
  one.varint(1);
  expect([...two.view()]).toEqual([7, 0xac, 0x02]);
  expect([...one.toBytes()]).toEqual([1]);
});

test("bytes that end too early are an error", () => {
  expect(() => new ByteReader(Buffer.from([0x80, 0x80])).varint()).toThrow("end");
  expect(() => new ByteReader(Buffer.from([1, 2])).raw(3)).toThrow("end");
});

test("small numbers of either sign stay small", () => {
  expect([0, -1, 1, -2, 2].map(toZigzag)).toEqual([0, 1, 2, 3, 4]);
  fc.assert(
    fc.property(fc.integer({ min: -(2 ** 51), max: 2 ** 51 }), (value) => {
      expect(fromZigzag(toZigzag(value))).toBe(value);
    }),
  );
});
