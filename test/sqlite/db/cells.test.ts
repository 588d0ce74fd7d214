import { Database } from "bun:sqlite";
import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { fromCell, toCell, type Cell } from "../../../src/sqlite/db/cells.ts";
import { toFigure } from "../../../src/tally/figure.ts";
import { maxCount, wireText } from "../../payload.arbitrary.ts";

function openTable() {
  const db = new Database(":memory:");
  db.run("CREATE TABLE t (id INTEGER PRIMARY KEY, text TEXT NOT NULL UNIQUE)");
  return {
    db,
    insert: db.query<{ id: number }, [Cell]>("INSERT INTO t (text) VALUES (?) RETURNING id"),
    select: db.query<{ text: Cell }, [number]>("SELECT text FROM t WHERE id = ?"),
    find: db.query<{ id: number }, [Cell]>("SELECT id FROM t WHERE text = ?"),
  };
}

describe("text in a cell", () => {
  test("comes back as it was, whatever its code units", () => {
    const { insert, select, db } = openTable();
    fc.assert(
      fc.property(wireText(300), (text) => {
        const { id } = insert.get(toCell(text))!;
        expect(fromCell(select.get(id)!.text)).toBe(text);
        db.run("DELETE FROM t");
      }),
      { numRuns: 1000 },
    );
  });

  test("is found again, and never taken for a different one", () => {
    const { insert, find, db } = openTable();
    const similar = fc
      .array(fc.constantFrom("a", "\0", "\ud83d", "\ude00", "😀", "\ufffd", "\ufeff", "=\xd8"), {
        maxLength: 4,
      })
      .map((pieces) => pieces.join(""));
    fc.assert(
      fc.property(fc.uniqueArray(fc.oneof(similar, wireText(20)), { maxLength: 12 }), (texts) => {
        const ids = texts.map((text) => insert.get(toCell(text))!.id);
        expect(texts.map((text) => find.get(toCell(text))!.id)).toEqual(ids);
        db.run("DELETE FROM t");
      }),
      { numRuns: 500 },
    );
  });

  test("that has the bytes of another's cell is still another text", () => {
    const { insert, find } = openTable();
    // Not well-formed, yet as UTF-16 its bytes 41 D8 80 00 are the UTF-8 of the text after it.
    const twins = ["\ud841\u0080", "A\u0600\0"];
    expect(Buffer.from(twins[0]!, "utf16le").toString()).toBe(twins[1]!);
    for (const twin of twins) insert.get(toCell(twin));
    expect(twins.map((twin) => find.get(toCell(twin))!.id)).toEqual([1, 2]);
  });
});

describe("a figure", () => {
  test("is a number up to the largest exact one, and beyond it decimal text", () => {
    expect(toFigure(0n)).toBe(0);
    expect(toFigure(BigInt(maxCount))).toBe(maxCount);
    expect(toFigure(BigInt(maxCount) + 1n)).toBe("9007199254740992");
    expect(toFigure(4000n * BigInt(maxCount))).toBe("36028797018963964000");
  });

  test("keeps its value and its kind in a cell without a type", () => {
    const db = new Database(":memory:");
    db.run("CREATE TABLE t (total)");
    const insert = db.query("INSERT INTO t VALUES (?)");
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: 2n ** 80n }), (total) => {
        insert.run(toFigure(total));
        const { total: back } = db.query("SELECT total FROM t").get() as { total: string | number };
        expect(back).toBe(toFigure(total));
        expect(BigInt(back)).toBe(total);
        db.run("DELETE FROM t");
      }),
    );
  });
});
