import { expect, test } from "bun:test";
import fc from "fast-check";
import { DamagedText } from "../../../src/backend/texts.ts";
import {
  crcOf,
  hashBytes,
  readIndex,
  runsOf,
  unpack,
  writeIndex,
} from "../../../src/sqlite/payload/blocks.ts";

const piece = () =>
  fc.record({
    key: fc.maxSafeNat(),
    length: fc.nat(4_000_000),
    isUtf16: fc.boolean(),
    hash: fc.option(fc.uint8Array({ minLength: hashBytes, maxLength: hashBytes })),
  });

test("an index comes back, dead pieces among the others", () => {
  fc.assert(
    fc.property(fc.array(piece()), fc.nat(2 ** 32 - 1), (pieces, crc) => {
      const { pieces: read, dataCrc } = readIndex(Uint8Array.from(writeIndex(pieces, crc)));
      expect(dataCrc).toBe(crc);
      expect(
        read.map((piece) => ({ ...piece, hash: piece.hash && Uint8Array.from(piece.hash) })),
      ).toEqual(pieces);
    }),
  );
});

test("pieces of consecutive keys are one run", () => {
  const keys = [5, 6, 7, 9, 10, 3];
  const pieces = keys.map((key) => ({ key, length: 1, isUtf16: false, hash: null }));
  expect(runsOf(pieces)).toEqual([
    { key: 5, count: 3 },
    { key: 9, count: 2 },
    { key: 3, count: 1 },
  ]);
});

test("a flipped bit is noticed wherever it is", () => {
  const bytes = Buffer.from("a piece and another piece");
  const data = Bun.zstdCompressSync(bytes);
  const hash = new Uint8Array(hashBytes).fill(7);
  const pieces = [7, 18].map((length, i) => ({ key: i, length, isUtf16: false, hash }));
  const index = Uint8Array.from(writeIndex(pieces, crcOf(data)));
  expect(unpack({ id: 1, pieces: index, data }).bytes.toString()).toBe(bytes.toString());
  for (const [part, length] of [
    ["pieces", index.length],
    ["data", data.length],
  ] as const) {
    for (let bit = 0; bit < length * 8; bit++) {
      const row = { id: 1, pieces: index.slice(), data: Uint8Array.from(data) };
      row[part][bit >> 3]! ^= 1 << (bit & 7);
      expect(() => unpack(row)).toThrow(DamagedText);
    }
  }
});
