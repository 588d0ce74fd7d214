import { expect, test } from "bun:test";
import fc from "fast-check";
import {
  appendEntry,
  readEntries,
  readList,
  writeEntry,
  writeList,
  type Token,
} from "../../src/store/lists.ts";
import { ByteWriter } from "../../src/store/varint.ts";

const perTrace = 2 ** 24;

test("a list's base and tokens come back, whichever traces its pieces are from", () => {
  const trace = fc.nat({ max: 2 ** 29 - 1 });
  const number = fc.oneof(fc.nat(50), fc.nat(perTrace - 1));
  fc.assert(
    fc.property(
      trace,
      number,
      fc.option(fc.record({ span: number, entry: fc.nat(9), tokens: fc.nat(9999) })),
      fc.array(
        fc.oneof(
          number.map((n) => ({ own: n })),
          fc.tuple(fc.oneof(fc.nat(3), trace), number).map(([t, n]) => t * perTrace + n),
          fc.string({ unit: "grapheme", minLength: 1, maxLength: 32 }),
        ),
      ),
      (traceKey, span, base, parts) => {
        const tokens = parts.map((part): Token =>
          typeof part === "object" ? traceKey * perTrace + part.own : part,
        );
        const to = new ByteWriter();
        writeList(to, { span, traceKey }, base, tokens);
        expect(readList(to.toBytes(), { span, traceKey })).toEqual({ base, tokens });
      },
    ),
    { numRuns: 500 },
  );
});

test("entries of a row come back in order, those of former versions among them", () => {
  const [row, list] = [new ByteWriter(), new ByteWriter()];
  list.varint(1234);
  writeEntry(row, { slot: 0, list: Buffer.from("former") });
  appendEntry(row, 5, list);
  writeEntry(row, { slot: 1, list: Buffer.alloc(0) });
  expect(
    readEntries(row.toBytes()).map(({ slot, list }) => [slot, list.toString("latin1")]),
  ).toEqual([
    [0, "former"],
    [5, "\xd2\x09"],
    [1, ""],
  ]);
});
