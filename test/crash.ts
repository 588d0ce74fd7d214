/**
 * Rounds of kill -9 under load with a ledger of what was answered with 202.
 *
 * Each round starts a server on the same store, lets several senders post small and large batches,
 * newer versions of them and the same again, kills the server at a random moment, starts it again and
 * compares what is stored with the ledger. A start packs and collects what the one before left, so
 * that most deaths come amid that.
 */
import { Database } from "bun:sqlite";
import { join } from "node:path";
import type { TracePage, TraceView } from "../src/backend/views.ts";
import { spansOf, type WirePayload, type WireSpan } from "./payload.arbitrary.ts";
import { spawnProcess, spawnServer, type ServerProcess } from "./server.process.ts";
import { problemsOf } from "./sqlite/invariants.ts";

export interface CrashReport {
  rounds: number;
  /** Distinct spans that were answered with 202. */
  acknowledged: number;
  /** Acknowledged spans that are not there, or only in an older version than the acknowledged one. */
  missing: number;
  /** Spans that are there twice. */
  duplicates: number;
  /** What else is not as it should be, in words. */
  wrong: string[];
  slowestStartMs: number;
  /** Deaths by kind. */
  deaths: Record<Death, number>;
  requests: number;
  /** Deaths that left packed blocks, and deaths that left something to collect. */
  amidUpkeep: { packed: number; collecting: number };
  /** Batches of which nothing was acknowledged, by whether they are there after the death. */
  unanswered: { stored: number; gone: number };
}

type Death = "under load" | "while stopping" | "while starting";

/** Spans that are sent together. Their texts follow from ids and version, and are never kept here. */
interface Batch {
  id: string;
  traceId: string;
  count: number;
  textLength: number;
  /** The newest version that was sent, and that was answered with 202; 0 for none. */
  sent: number;
  acknowledged: number;
}

/** Deleted traces, by whether that was answered. If not, it may have happened or not. */
type Deleted = Map<string, boolean>;

const senders = 6;
const startTime = 1_700_000_000_000;
/** A batch of this size is one part, and thus one transaction: it is there whole or not at all. */
const wholeUpTo = 20;

/**
 * @param dataDir empty, or with a store that earlier rounds of this kind left.
 * @param onRound is called after each with the report so far.
 */
export async function crashRounds(
  dataDir: string,
  rounds: number,
  onRound: (report: CrashReport) => void = () => {},
): Promise<CrashReport> {
  const report: CrashReport = {
    rounds: 0,
    acknowledged: 0,
    missing: 0,
    duplicates: 0,
    wrong: [],
    slowestStartMs: 0,
    deaths: { "under load": 0, "while stopping": 0, "while starting": 0 },
    requests: 0,
    amidUpkeep: { packed: 0, collecting: 0 },
    unanswered: { stored: 0, gone: 0 },
  };
  const batches: Batch[] = [];
  const deleted: Deleted = new Map();

  for (let round = 1; round <= rounds; round++) {
    if (round % 4 === 0) await killWhileStarting(dataDir, report);
    await using server = await start(dataDir, report);
    const used = await load(server, round, batches, deleted, report);
    inspect(dataDir, report);
    await using survivor = await start(dataDir, report);
    await compare(survivor, used, batches, deleted, report);
    if (round === rounds) {
      const all = new Set(batches.map(({ traceId }) => traceId));
      await compare(survivor, all, batches, deleted, report);
      await compareTotals(survivor, report);
    }
    report.rounds = round;
    report.acknowledged = batches
      .filter(({ acknowledged }) => acknowledged > 0)
      .reduce((sum, { count }) => sum + count, 0);
    onRound(report);
  }
  return report;
}

/** Looks into the store as the death left it. */
function inspect(dataDir: string, report: CrashReport): void {
  const db = new Database(join(dataDir, "tealight.db"));
  report.wrong.push(...problemsOf(db, false));
  const { packed, deletions } = db
    .query<{ packed: number; deletions: number }, []>(
      `SELECT (SELECT count(*) FROM blocks WHERE NOT isLoose) AS packed,
         (SELECT count(*) FROM deletions) + (SELECT count(*) FROM revisions) AS deletions`,
    )
    .get()!;
  if (packed > 0) report.amidUpkeep.packed++;
  if (deletions > 0) report.amidUpkeep.collecting++;
  db.close();
}

async function start(dataDir: string, report: CrashReport): Promise<ServerProcess> {
  const server = await spawnServer(dataDir);
  report.slowestStartMs = Math.max(report.slowestStartMs, server.startMs);
  return server;
}

async function killWhileStarting(dataDir: string, report: CrashReport): Promise<void> {
  const child = spawnProcess(dataDir);
  await Bun.sleep(Math.random() * 150);
  child.kill("SIGKILL");
  await child.exited;
  report.deaths["while starting"]++;
}

/** Loads the server until it is dead. @returns the traces that were written to. */
async function load(
  server: ServerProcess,
  round: number,
  batches: Batch[],
  deleted: Deleted,
  report: CrashReport,
): Promise<Set<string>> {
  const used = new Set<string>();
  const earlier = batches.filter(({ traceId }) => !deleted.has(traceId));
  let isDead = false;

  async function sender(number: number): Promise<void> {
    // Each batch has one sender at a time, so that the order of its versions is known.
    const own = earlier.filter((_, i) => i % senders === number).slice(-200);
    const retries = own.filter(({ acknowledged }) => acknowledged === 0);
    while (!isDead) {
      const dice = Math.random();
      let batch = retries.pop();
      if (!batch && own.length > 0 && dice < 0.4)
        batch = own[Math.floor(Math.random() * own.length)];
      if (!batch) own.push((batch = makeBatch(`${round}-${number}-${own.length}`, round)));
      if (deleted.has(batch.traceId)) continue;
      if (batch.sent === 0) batches.push(batch);
      // A newer version, the same again, or a batch's first.
      if (batch.sent === 0 || dice < 0.15) batch.sent++;
      used.add(batch.traceId);
      const version = batch.sent;
      report.requests++;
      const response = await post(server, batch, version);
      if (response === "dead") return;
      if (response.status === 202) batch.acknowledged = Math.max(batch.acknowledged, version);
      else if (response.status === 503) await Bun.sleep(20);
      else report.wrong.push(`${response.status} for a valid batch: ${await response.text()}`);
    }
  }

  async function deleteOne(): Promise<void> {
    // A trace of which nothing was acknowledged may not be there.
    const stored = earlier.filter(({ acknowledged }) => acknowledged > 0);
    const candidates = [...new Set(stored.map(({ traceId }) => traceId))].filter(
      (traceId) => !used.has(traceId) && Number(traceId.split("-")[0]) < round - 2,
    );
    const traceId = candidates[Math.floor(Math.random() * candidates.length)];
    if (traceId === undefined) return;
    // From here on nobody sends to it any more, so it stays gone.
    deleted.set(traceId, false);
    await fetch(`${server.url}/api/traces/${traceId}`, {
      method: "DELETE",
      headers: { authorization: `Bearer ${server.token}` },
    }).then(
      ({ status }) => {
        if (status === 200) deleted.set(traceId, true);
        else report.wrong.push(`${status} for a deletion`);
      },
      () => {},
    );
  }

  const working = [...Array.from({ length: senders }, (_, i) => sender(i))];
  await Bun.sleep(30 + Math.random() * 350);
  working.push(deleteOne());
  await Bun.sleep(Math.random() * 100);
  if (Math.random() < 0.25) {
    server.signal("SIGTERM");
    await Bun.sleep(Math.random() * 60);
    report.deaths["while stopping"]++;
  } else report.deaths["under load"]++;
  server.signal("SIGKILL");
  await server.exited;
  isDead = true;
  await Promise.all(working);
  return used;
}

function makeBatch(id: string, round: number): Batch {
  const isLarge = Math.random() < 0.15;
  return {
    id,
    // Few traces, so that several senders write to each at one time.
    traceId: `${round}-${Math.floor(Math.random() * 5)}`,
    count: isLarge
      ? 300 + Math.floor(Math.random() * 900)
      : 1 + Math.floor(Math.random() * wholeUpTo),
    // Some bodies are above 1 MiB, which take another way.
    textLength: Math.random() < 0.3 ? 2000 : 50,
    sent: 0,
    acknowledged: 0,
  };
}

/** Said at the start of each call of each trace, so that traces share pieces. */
const instructions = { role: "system", content: "what every call begins with ".repeat(10) };

function spanOf({ id, traceId, textLength }: Batch, i: number, version: number): WireSpan {
  const spanId = `${id}-${i}`;
  const said = `${spanId} version ${version} `.padEnd(textLength, "text ");
  const question = { role: "user", content: `the question of ${traceId} `.repeat(5) };
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

async function post(
  server: ServerProcess,
  batch: Batch,
  version: number,
): Promise<Response | "dead"> {
  const spans = Array.from({ length: batch.count }, (_, i) => spanOf(batch, i, version));
  try {
    return await fetch(`${server.url}/ingest`, {
      method: "POST",
      headers: { authorization: `Bearer ${server.key}` },
      body: JSON.stringify({
        version: "v1",
        traces: [{ traceId: batch.traceId, traceName: "crash", spans }],
      }),
    });
  } catch {
    return "dead";
  }
}

async function read<T>(server: ServerProcess, path: string): Promise<T | null> {
  const response = await fetch(`${server.url}${path}`, {
    headers: { authorization: `Bearer ${server.token}` },
  });
  if (response.status === 404) return null;
  if (response.status !== 200) throw new Error(`${response.status} for ${path}`);
  return (await response.json()) as T;
}

/** Compares these traces with the ledger, span by span and text by text. */
async function compare(
  server: ServerProcess,
  traceIds: Set<string>,
  batches: Batch[],
  deleted: Deleted,
  report: CrashReport,
): Promise<void> {
  const byTrace = Map.groupBy(batches, ({ traceId }) => traceId);
  const wrong = (problem: string) => void report.wrong.push(problem);
  for (const traceId of traceIds) {
    const exported = await read<WirePayload>(server, `/api/traces/${traceId}/export`);
    if (deleted.has(traceId)) {
      if (exported && deleted.get(traceId)) wrong(`${traceId} is back after its deletion`);
      continue;
    }
    const stored = new Map<string, WireSpan>();
    for (const { spans } of exported?.traces ?? []) {
      for (const span of spans) {
        if (stored.has(span.spanId)) report.duplicates++;
        stored.set(span.spanId, span);
      }
    }
    let known = 0;
    let versions = 0;
    for (const batch of byTrace.get(traceId)!) {
      let found = 0;
      for (let i = 0; i < batch.count; i++) {
        const span = stored.get(`${batch.id}-${i}`);
        const version = span ? span.endTime - startTime : 0;
        if (version < batch.acknowledged) report.missing++;
        if (!span) continue;
        found++;
        versions += version;
        if (version > batch.sent) wrong(`${span.spanId} was never sent in version ${version}`);
        if (!Bun.deepEquals(span, spanOf(batch, i, version)))
          wrong(`${span.spanId} is not as sent`);
      }
      known += found;
      if (batch.count <= wholeUpTo && found !== 0 && found !== batch.count)
        wrong(`${batch.id} is there by half: ${found} of ${batch.count}`);
      if (batch.acknowledged === 0) report.unanswered[found > 0 ? "stored" : "gone"]++;
    }
    if (known !== stored.size) wrong(`${traceId} holds spans that were never sent`);
    if (!exported) continue;
    const view = await read<TraceView>(server, `/api/traces/${traceId}`);
    const { spanCount, llmCount, inputTokens, outputTokens } = view!.trace;
    const totals = JSON.stringify([
      view!.spans.length,
      spanCount,
      llmCount,
      inputTokens,
      outputTokens,
    ]);
    const expected = JSON.stringify([known, known, known, known, versions]);
    if (totals !== expected) wrong(`${traceId} shows ${totals} instead of ${expected}`);
  }
}

/** Compares what the status says with what the list shows, and the list with the exports. */
async function compareTotals(server: ServerProcess, report: CrashReport): Promise<void> {
  let traceCount = 0;
  let spanCount = 0;
  let cursor: string | null = null;
  do {
    const query: string = cursor === null ? "" : `&cursor=${cursor}`;
    const page = await read<TracePage>(server, `/api/traces?limit=500${query}`);
    for (const summary of page!.traces) {
      const exported = await read<WirePayload>(server, `/api/traces/~${summary.key}/export`);
      const { size } = spansOf(exported!);
      if (size !== summary.spanCount) report.wrong.push(`${summary.traceId} counts wrong`);
      traceCount++;
      spanCount += size;
    }
    cursor = page!.nextCursor;
  } while (cursor !== null);
  const status = await read<{ traceCount: number; spanCount: number }>(server, "/api/status");
  if (status!.traceCount !== traceCount || status!.spanCount !== spanCount)
    report.wrong.push(`the status says ${status!.spanCount} spans, the traces hold ${spanCount}`);
}
