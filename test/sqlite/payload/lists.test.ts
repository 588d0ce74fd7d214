import { expect, test } from "bun:test";
import fc from "fast-check";
import { type Token } from "../../../src/backend/texts.ts";
import {
  appendEntry,
  readEntries,
  readList,
  readSlots,
  writeEntry,
  writeList,
} from "../../../src/sqlite/payload/lists.ts";
import { ByteWriter } from "../../../src/varint.ts";

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

test("entries of any slot come back, each counted once, whatever their lists hold", () => {
  const list = fc.uint8Array({ maxLength: 20 }).map((bytes) => Buffer.from(bytes));
  /** As the store writes them: nothing, a list that says nothing, or more than a byte. */
  const superseded = fc.record({
    slot: fc.constant(0),
    list: fc.oneof(
      fc.constantFrom(Buffer.alloc(0), Buffer.from([0])),
      list.filter(({ length }) => length > 1),
    ),
  });
  const entry = fc.oneof(superseded, fc.record({ slot: fc.integer({ min: 1, max: 40 }), list }));
  fc.assert(
    fc.property(fc.array(entry), (entries) => {
      const row = new ByteWriter();
      for (const each of entries) writeEntry(row, each);
      expect(readEntries(row.toBytes())).toEqual(entries);
      expect(readSlots(row.toBytes())).toEqual(
        entries.map(({ slot }) => slot).filter((slot) => slot > 0),
      );
    }),
  );
});

test("entries below slot 8 are the bytes that they always were", () => {
  const row = new ByteWriter();
  writeEntry(row, { slot: 0, list: Buffer.from([0]) });
  writeEntry(row, { slot: 7, list: Buffer.from([5]) });
  writeEntry(row, { slot: 0, list: Buffer.alloc(0) });
  expect([...row.toBytes()]).toEqual([8, 0, 15, 5, 0]);
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
