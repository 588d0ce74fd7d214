import { expect, test } from "bun:test";
import { randomBytes } from "node:crypto";
import { statSync } from "node:fs";
import type { AnswerOf } from "../../src/api.ts";
import { storeFiles } from "../../src/sqlite/storage/files.ts";
import { makePayload, makeSpan, startServer, type TestServer } from "../helpers.ts";

type Storage = AnswerOf<"GET /api/storage">;

const storageOf = async (server: TestServer) =>
  (await (await server.api("/api/storage")).json()) as Storage;

/** What no compression makes smaller. */
const noise = (length: number) => randomBytes((length * 3) / 4).toString("base64");

const measured = async (server: TestServer) => {
  for (;;) {
    const storage = await storageOf(server);
    if (storage.measuredAt !== null) return storage;
  }
};

test("the parts of the store add up to its file, and name what is large", async () => {
  await using server = await startServer();
  const large = makeSpan({ input: noise(800_000) });
  await server.ingest(
    makePayload({ traceId: "large", agentName: "writer", traceName: "book", spans: [large] }),
  );
  const small = Array.from({ length: 50 }, (_, i) =>
    makeSpan({ spanId: `s${i}`, input: noise(100) }),
  );
  await server.ingest(makePayload({ traceId: "small", agentName: "clerk", spans: small }));
  await server.api("/api/projects", { method: "POST", body: '{"name":"evals"}' });
  const body = JSON.stringify(makePayload({ traceId: "other", agentName: "clerk" }));
  await server.api("/api/import?project=evals", { method: "POST", body });
  expect((await server.ingest("no JSON")).status).toBe(400);

  const { parts, largest } = await measured(server);
  const { texts, spans, summaries, refusals, other, free } = parts;
  expect(texts).toBeGreaterThan(600_000);
  expect(Math.min(spans!, summaries!, refusals!, other!)).toBeGreaterThan(0);
  // The file grows when its log is written back; until then the log has what is missing.
  const { storePath } = storeFiles(server.dataDir);
  const sum = texts! + spans! + summaries! + refusals! + other! + free!;
  expect(sum).toBeGreaterThanOrEqual(statSync(storePath).size);
  expect(parts.log).toBe(statSync(`${storePath}-wal`).size);
  expect(largest!.traces[0]).toMatchObject({
    traceId: "large",
    project: "default",
    name: "book",
    spanCount: 1,
  });
  expect(largest!.traces[0]!.bytes).toBeGreaterThan(600_000);
  expect(largest!.agents.map(({ agent, traceCount }) => [agent, traceCount])).toEqual([
    ["writer", 1],
    ["clerk", 2],
  ]);
  expect(largest!.projects.map(({ project, spanCount }) => [project, spanCount])).toEqual([
    ["default", 51],
    ["evals", 1],
  ]);
});

test("asking again and again does not measure again and again", async () => {
  await using server = await startServer();
  await server.ingest(makePayload());
  const { measuredAt } = await measured(server);
  await server.ingest(makePayload({ traceId: "later" }));
  const again = await storageOf(server);
  // A machine that is busy for longer than the rest has it measured anew.
  if (Date.now() - measuredAt! < 5_000) expect(again.measuredAt).toBe(measuredAt);
});
