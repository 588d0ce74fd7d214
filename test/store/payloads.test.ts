import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import type { Database } from "bun:sqlite";
import { rmSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { openReader, openWriter } from "../../src/store/open.ts";
import { createPayloadReader, createPayloadWriter } from "../../src/store/payloads.ts";
import { makeTempDir } from "../helpers.ts";
import { wireText } from "../payload.arbitrary.ts";

const dir = makeTempDir();
const path = join(dir, "tealight.db");
let db: Database;
let reader: Database;

beforeAll(() => {
  db = openWriter(path, "process");
  reader = openReader(path);
});
afterAll(() => {
  reader.close();
  db.close();
  rmSync(dir, { recursive: true });
});

const count = () => (db.query("SELECT count(*) AS n FROM payloads").get() as { n: number }).n;

describe("the payload store", () => {
  test("gives any text back exactly, to the writer and to a reader", () => {
    const writer = createPayloadWriter(db);
    const fromReader = createPayloadReader(reader);
    fc.assert(
      fc.property(fc.oneof(wireText(2000), fc.json()), (text) => {
        const ref = writer.put(text);
        expect(writer.get(ref)).toBe(text);
        expect(fromReader.get(ref)).toBe(text);
      }),
      { numRuns: 300 },
    );
  });

  test("keeps texts apart until each is released", () => {
    const writer = createPayloadWriter(db);
    const before = count();
    const [a, b] = [writer.put("same"), writer.put("same")];
    writer.release(a);
    expect(writer.get(b)).toBe("same");
    expect(() => writer.get(a)).toThrow("missing");
    writer.release(b);
    expect(count()).toBe(before);
  });

  test("gives no two texts one reference, also after a rollback and a restart", () => {
    const writer = createPayloadWriter(db);
    const kept = writer.put("kept");
    db.run("BEGIN");
    const undone = writer.put("undone");
    db.run("ROLLBACK");
    const next = writer.put("next");
    const restarted = createPayloadWriter(db).put("after a restart");
    expect(new Set([kept, undone, next, restarted]).size).toBe(4);
    expect([kept, next, restarted].map((ref) => writer.get(ref))).toEqual([
      "kept",
      "next",
      "after a restart",
    ]);
    expect(() => writer.get(undone)).toThrow("missing");
  });
});
