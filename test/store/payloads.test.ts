import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import type { Database } from "bun:sqlite";
import { rmSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { openReader, openWriter } from "../../src/store/open.ts";
import {
  createPayloadReader,
  createPayloadWriter,
  payloadFields,
} from "../../src/store/payloads.ts";
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

const absent = {
  input: undefined,
  output: undefined,
  toolCatalog: undefined,
  sources: undefined,
  attributes: undefined,
};

describe("the payload store", () => {
  test("gives any texts back exactly, to the writer and to a reader, and absent ones as absent", () => {
    const writer = createPayloadWriter(db);
    const fromReader = createPayloadReader(reader);
    const text = fc.option(fc.oneof(wireText(2000), fc.json()), { nil: undefined });
    const texts = fc.record(Object.fromEntries(payloadFields.map((field) => [field, text])));
    fc.assert(
      fc.property(fc.nat(100), texts, (spanKey, sent) => {
        writer.put(spanKey, { ...absent, ...sent });
        const present = Object.fromEntries(
          Object.entries(sent).filter(([, value]) => value !== undefined),
        );
        expect(writer.get(spanKey)).toStrictEqual(present);
        expect(fromReader.get(spanKey)).toStrictEqual(present);
      }),
      { numRuns: 300 },
    );
  });

  test("keeps nothing for a span without texts", () => {
    const writer = createPayloadWriter(db);
    writer.release(0, 1000);
    writer.put(1, absent);
    writer.put(2, { ...absent, output: "" });
    writer.put(3, { ...absent, output: "replaced" });
    writer.put(3, absent);
    expect(count()).toBe(1);
    expect(writer.get(2)).toStrictEqual({ output: "" });
  });

  test("releases the texts of a range of spans and of no other", () => {
    const writer = createPayloadWriter(db);
    for (const key of [1, 2, 3, 4]) writer.put(key, { ...absent, input: "same" });
    writer.release(2, 3);
    expect([1, 2, 3, 4].map((key) => writer.get(key).input)).toEqual([
      "same",
      undefined,
      undefined,
      "same",
    ]);
  });
});
