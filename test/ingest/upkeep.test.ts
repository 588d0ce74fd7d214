/** The work in the background of a real server: packing and collecting beside senders. */
import { Database } from "bun:sqlite";
import { expect, test } from "bun:test";
import { join } from "node:path";
import type { SpanView } from "../../src/backend/views.ts";
import { readIndex } from "../../src/sqlite/payload/blocks.ts";
import { traceKeyOf } from "../../src/tally/numbers.ts";
import { makePayload, makeSpan, startServer } from "../helpers.ts";
import { problemsOf } from "../sqlite/invariants.ts";

const words = (seed: string, count: number) =>
  Array.from({ length: count }, (_, i) => Bun.hash(`${seed} ${i}`).toString(36)).join(" ");

test("a server packs what an earlier one left and frees what is deleted, while it answers", async () => {
  const first = await startServer();
  const traces = Array.from({ length: 40 }, (_, i) => `trace ${i}`);
  // Every eighth needs blocks of its own.
  const textOf = (traceId: string) => words(traceId, traceId.endsWith("7") ? 7000 : 400);
  const send = (server: typeof first, traceId: string) =>
    server.ingest(
      makePayload({ traceId, spans: [makeSpan({ spanId: "s", input: textOf(traceId) })] }),
    );
  for (const traceId of traces) expect((await send(first, traceId)).status).toBe(202);
  await first.stop();

  await using server = await startServer({ dataDir: first.dataDir });
  const db = new Database(join(server.dataDir, "tealight.db"), { readonly: true });
  const count = (from: string) =>
    (db.query(`SELECT count(*) AS n FROM ${from}`).get() as { n: number }).n;
  expect(count("blocks")).toBe(40);
  const read = async (traceId: string) =>
    ((await (await server.api(`/api/traces/${traceId}/spans/s`)).json()) as SpanView).input;
  const readAll = () => Promise.all(traces.map(read));
  expect(await readAll()).toEqual(traces.map(textOf));
  let beside = 0;
  const until = async (isDone: () => boolean) => {
    while (!isDone()) {
      expect((await send(server, `beside ${beside++}`)).status).toBe(202);
    }
  };
  await until(() => count("blocks WHERE NOT isLoose") > 0 && count("blocks WHERE id <= 40") === 0);
  expect(await readAll()).toEqual(traces.map(textOf));
  /** The traces of which pieces live. Dead ones' bytes go once their block is at rest. */
  const owners = () =>
    new Set(
      db
        .query<{ pieces: Uint8Array }, []>("SELECT pieces FROM blocks")
        .all()
        .flatMap(({ pieces }) => readIndex(pieces).pieces)
        .flatMap(({ key, hash }) => (hash ? traceKeyOf(key) : [])),
    );
  const keyOf = (traceId: string) =>
    db.query<{ key: number }, [string]>("SELECT key FROM traces WHERE traceId = ?").get(traceId)!
      .key;
  const [kept, ...doomed] = traces.map(keyOf);
  expect(owners().isSupersetOf(new Set(doomed))).toBe(true);
  for (const traceId of traces.slice(1)) {
    const { status } = await server.api(`/api/traces/${traceId}`, { method: "DELETE" });
    expect(status).toBe(200);
    expect((await server.api(`/api/traces/${traceId}/spans/s`)).status).toBe(404);
  }
  await until(() => owners().isDisjointFrom(new Set(doomed)));
  await until(() => count("deletions") === 0);
  expect(owners().has(kept!)).toBe(true);
  expect(await read("trace 0")).toBe(textOf("trace 0"));
  expect(problemsOf(db, false)).toEqual([]);
  expect(server.bugs).toEqual([]);
  db.close();
});
