/** Stores that a server with a fault starts on, and what must be in them. */
import { Database } from "bun:sqlite";
import { join } from "node:path";
import { startServer, type TestServer } from "../helpers.ts";
import type { WireSpan } from "../payload.arbitrary.ts";

export const scenarios = ["new", "work", "old"] as const;
export type Scenario = (typeof scenarios)[number];

/** Of each span its newest version that was acknowledged and the newest that was sent; 0 for none. */
export interface Versions {
  acknowledged: number;
  sent: number;
}

/** What was sent, by trace and span. */
export class Ledger {
  readonly traces = new Map<string, Map<string, Versions>>();
  /** Traces that were to be deleted, by whether that was answered. */
  readonly deleted = new Map<string, boolean>();

  copy(): Ledger {
    const copy = new Ledger();
    for (const [traceId, spans] of this.traces) {
      copy.traces.set(traceId, new Map([...spans].map(([id, versions]) => [id, { ...versions }])));
    }
    for (const [traceId, isSure] of this.deleted) copy.deleted.set(traceId, isSure);
    return copy;
  }

  note(traceId: string, spanIds: string[], version: number, isAcknowledged: boolean): void {
    if (!this.traces.has(traceId)) this.traces.set(traceId, new Map());
    const spans = this.traces.get(traceId)!;
    for (const id of spanIds) {
      const versions = spans.get(id) ?? { acknowledged: 0, sent: 0 };
      versions.sent = Math.max(versions.sent, version);
      if (isAcknowledged) versions.acknowledged = Math.max(versions.acknowledged, version);
      spans.set(id, versions);
    }
  }
}

export const startTime = 1_700_000_000_000;
const words = (seed: string, count: number) =>
  Array.from({ length: count }, (_, i) => Bun.hash(`${seed} ${i}`).toString(36)).join(" ");
const instructions = { role: "system", content: words("what every call begins with", 200) };

/** A word that is in a span's text alone. */
export const wordOf = (traceId: string, spanId: string, version: number) =>
  `w${Bun.hash(`${traceId} ${spanId} ${version}`).toString(36)}`;

/** A span, each time the same. */
export function spanOf(traceId: string, spanId: string, version: number): WireSpan {
  const question = { role: "user", content: words(`the question of ${traceId}`, 100) };
  const said = `${wordOf(traceId, spanId, version)} ${words(`${spanId} ${version}`, 60)}`;
  return {
    spanId,
    spanType: "llm",
    name: "call",
    startTime,
    endTime: startTime + version,
    usage: { inputTokens: 1, outputTokens: version },
    input: JSON.stringify([instructions, question, { role: "user", content: said }]),
  };
}

export function payloadOf(traceId: string, spanIds: string[], version: number) {
  const spans = spanIds.map((id) => spanOf(traceId, id, version));
  return { version: "v1", traces: [{ traceId, traceName: "faults", spans }] };
}

/** Makes the store of a scenario in an empty directory. */
export async function makeStore(scenario: Scenario, dataDir: string): Promise<Ledger> {
  const ledger = new Ledger();
  if (scenario === "new") return ledger;
  if (scenario === "old") {
    await makeOldStore(join(dataDir, "tealight.db"), ledger);
    return ledger;
  }
  const server = await startServer({ dataDir });
  for (let i = 0; i < 6; i++) await store(server, ledger, `stored ${i}`, ["a", "b", "c"], 1);
  await Bun.sleep(3500);
  // What is left for the upkeep of the next server: to settle, to collect and to pack.
  for (let i = 6; i < 9; i++) await store(server, ledger, `stored ${i}`, ["a", "b", "c"], 1);
  await store(server, ledger, "stored 1", ["b"], 2);
  await server.api("/api/traces/stored%200", { method: "DELETE" });
  ledger.deleted.set("stored 0", true);
  await server.stop();
  return ledger;
}

async function store(
  server: TestServer,
  ledger: Ledger,
  traceId: string,
  spanIds: string[],
  version: number,
): Promise<void> {
  const { status } = await server.ingest(payloadOf(traceId, spanIds, version));
  if (status !== 202) throw new Error(`${status} without a fault`);
  ledger.note(traceId, spanIds, version, true);
}

const firstSchema = join(import.meta.dir, "../../src/sqlite/db/migrations/0001_init.sql");

/** As the first version of the schema had it. */
async function makeOldStore(path: string, ledger: Ledger): Promise<void> {
  const db = new Database(path, { create: true });
  db.run("PRAGMA auto_vacuum = INCREMENTAL");
  db.run(`PRAGMA application_id = ${0x5465614c}`);
  db.run("PRAGMA journal_mode = WAL");
  db.run(await Bun.file(firstSchema).text());
  db.run("PRAGMA user_version = 1");
  db.run("INSERT INTO projects (name, createdAt) VALUES ('default', 0)");
  db.run("INSERT INTO names (text) VALUES ('call')");
  db.run(`INSERT INTO headers (hash, json) VALUES (x'00', '{"traceName":"faults"}')`);
  for (let trace = 1; trace <= 3; trace++) {
    const traceId = `old ${trace}`;
    const spanIds = ["a", "b", "c"];
    db.run(
      `INSERT INTO traces (key, projectId, traceId, source, receivedAt, lastReceivedAt, startTime,
         endTime, status, rootCount, spanCount, llmCount, toolCount, errorCount, models, traceName,
         inputTokens, outputTokens)
       VALUES (?, 1, ?, 'foglamp', 1, 1, ?, ?, 'ok', 3, 3, 3, 0, 0, '[]', 'faults', 3, 3)`,
      [trace, traceId, startTime, startTime + 1],
    );
    for (const [i, spanId] of spanIds.entries()) {
      const key = trace * 2 ** 24 + i;
      db.run(
        `INSERT INTO spans (key, spanId, spanType, startTime, durationMs, receivedAt, sourceId,
           headerId, nameId, inputTokens, outputTokens)
         VALUES (?, ?, 1, ?, 1, 1, 1, 1, 1, 1, 1)`,
        [key, spanId, startTime],
      );
      db.run("INSERT INTO payloads (spanKey, input) VALUES (?, ?)", [
        key,
        spanOf(traceId, spanId, 1).input as string,
      ]);
    }
    ledger.note(traceId, spanIds, 1, true);
  }
  db.close();
}
