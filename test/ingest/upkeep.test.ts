/** The work in the background of a real server: packing and collecting beside senders. */
import { Database } from "bun:sqlite";
import { expect, test } from "bun:test";
import { join } from "node:path";
import type { SpanView } from "../../src/query/views.ts";
import { makePayload, makeSpan, startServer } from "../helpers.ts";
import { problemsOf } from "../store/invariants.ts";

const words = (seed: string, count: number) =>
  Array.from({ length: count }, (_, i) => Bun.hash(`${seed} ${i}`).toString(36)).join(" ");

test("a server packs what an earlier one left and frees what is deleted, while it answers", async () => {
  const first = await startServer();
  const traces = Array.from({ length: 40 }, (_, i) => `trace ${i}`);
  const textOf = (traceId: string) => words(traceId, 400);
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
  let beside = 0;
  const until = async (isDone: () => boolean) => {
    const deadline = performance.now() + 10_000;
    while (!isDone()) {
      expect((await send(server, `beside ${beside++}`)).status).toBe(202);
      expect(performance.now()).toBeLessThan(deadline);
    }
  };
  await until(() => count("blocks WHERE NOT isLoose") > 0 && count("blocks WHERE id <= 40") === 0);
  for (const traceId of traces) {
    const view = (await (await server.api(`/api/traces/${traceId}/spans/s`)).json()) as SpanView;
    expect(view.input).toBe(textOf(traceId));
  }
  for (const traceId of traces.slice(1)) {
    const { status } = await server.api(`/api/traces/${traceId}`, { method: "DELETE" });
    expect(status).toBe(200);
  }
  await until(() => count("deletions") === 0);
  const kept = (await (await server.api("/api/traces/trace%200/spans/s")).json()) as SpanView;
  expect(kept.input).toBe(textOf("trace 0"));
  expect(problemsOf(db, false)).toEqual([]);
  db.close();
}, 30_000);
