/** How much a store of agent sessions takes: at once, packed, after deleting half, as they grow. */
import { Database } from "bun:sqlite";
import type { Bench } from "./bench.ts";
import type { Job } from "./load.ts";
import { startProduct, type Product } from "./product.ts";
import { conversation, hasRecordedSessions, sessionsPerReplica } from "./sessions.ts";
import { formats, row, type Row } from "./table.ts";
import { range } from "./words.ts";

const { count, percent, times } = formats;

const name = hasRecordedSessions ? "agent sessions" : "generated sessions";

type Replicas = NonNullable<Job["replicas"]>;

interface Size {
  perSpan: number;
  ofRaw: number;
  bytes: number;
}

export async function storage(bench: Bench): Promise<Row[]> {
  const replicas: Replicas = { first: 0, count: bench.replicas };
  const few: Replicas = { first: 0, count: 3 };
  const atOnce = await sizeOf(bench, [replicas], 8);
  const oneByOne = await sizeOf(bench, [few], 1);
  bench.progress(
    `${name}: ${percent(atOnce.ofRaw)} at once, ${percent(oneByOne.ofRaw)} one by one`,
  );
  const packed = await sizeOf(bench, [replicas], 8, packing);
  bench.progress(`${name}: ${percent(packed.ofRaw)} packed`);
  const ofRest: number[] = [];
  for (const half of ["earlier", "even"] as const) {
    const isDoomed = (replica: number) =>
      half === "even" ? replica % 2 === 0 : replica < bench.replicas / 2;
    const left = await sizeOf(bench, [replicas], 8, async (product) => {
      await packing(product);
      await deleteReplicas(product, isDoomed);
      await packing(product);
    });
    const others = range(bench.replicas).filter((replica) => !isDoomed(replica));
    const parts = others.map((first) => ({ first, count: 1 }));
    const rest = await sizeOf(bench, parts, 8, packing);
    ofRest.push(left.bytes / rest.bytes);
    bench.progress(`${name}: ${half} half deleted, ${times(ofRest.at(-1)!)} of the rest alone`);
  }
  const steps = bench.replicas < 10 ? 500 : 1000;
  const [short, long] = [await grown(steps), await grown(2 * steps)];
  bench.progress(`a conversation of ${2 * steps} steps: ${times(long / short)} one of ${steps}`);
  return [
    row(`${name}: store, bytes per span`, [atOnce.perSpan], count),
    row(`${name}: store, of the raw JSON`, [atOnce.ofRaw], percent, { below: 0.06 }),
    row(`${name}: the same, one request at a time`, [oneByOne.ofRaw], percent, { below: 0.06 }),
    row(`${name}: packed, bytes per span`, [packed.perSpan], count),
    row(`${name}: packed, of the raw JSON`, [packed.ofRaw], percent, { below: 0.04 }),
    row(`${name}: after deleting half, of a fresh store of the rest`, ofRest, times, {
      below: 1.3,
    }),
    row(`a conversation of ${2 * steps} steps, of one of ${steps}`, [long / short], times, {
      below: 2.4,
    }),
  ];
}

/** Loads, lets `settle` do its work, ends the product and weighs what it leaves. */
async function sizeOf(
  bench: Bench,
  parts: Replicas[],
  connections: number,
  settle?: (product: Product) => Promise<void>,
): Promise<Size> {
  const product = await startProduct("storage");
  const { port, key: secret } = product;
  let raw = 0;
  let spans = 0;
  for (const replicas of parts) {
    const load = await bench.load({ port, secret, replicas, connections });
    raw += load.bytes;
    spans += load.requests;
  }
  await settle?.(product);
  const { storeBytes: bytes } = await product.stop();
  return { bytes, perSpan: bytes / spans, ofRaw: bytes / raw };
}

/** Waits until nothing is left to pack or to collect. Traces are packed once they are quiet. */
async function packing({ dataDir }: Product): Promise<void> {
  const db = new Database(`${dataDir}/tealight.db`, { readonly: true });
  const left = db.query<{ left: number }, []>(
    "SELECT (SELECT count(*) FROM blocks WHERE isLoose) + (SELECT count(*) FROM deletions) AS left",
  );
  const free = db.query<{ freelist_count: number }, []>("PRAGMA freelist_count");
  const deadline = performance.now() + 120_000;
  while (left.get()!.left > 0 || free.get()!.freelist_count > 0) {
    if (performance.now() > deadline) throw new Error("the store does not come to rest");
    await Bun.sleep(200);
  }
  db.close();
}

async function deleteReplicas(
  { dataDir, url, token }: Product,
  isDoomed: (replica: number) => boolean,
): Promise<void> {
  const db = new Database(`${dataDir}/tealight.db`, { readonly: true });
  const traces = db
    .query<{ key: number; traceId: string }, []>("SELECT key, traceId FROM traces")
    .all();
  db.close();
  const headers = { authorization: `Bearer ${token}` };
  for (const { key, traceId } of traces) {
    // As sessions.ts names them.
    const number = Number(traceId.split("-").at(-1));
    const replica = hasRecordedSessions ? number : Math.floor(number / sessionsPerReplica);
    if (!isDoomed(replica)) continue;
    const { ok, status } = await fetch(`${url}/api/traces/~${key}`, { method: "DELETE", headers });
    if (!ok) throw new Error(`deleting a trace was answered ${status}`);
  }
}

/** The size of a store of one conversation of 60 words a message. */
async function grown(steps: number): Promise<number> {
  const product = await startProduct("storage");
  const headers = {
    authorization: `Bearer ${product.key}`,
    "content-type": "application/json",
  };
  const bodies = conversation(7, steps, 1, 60);
  for (const at of range(bodies.length)) {
    const init = { method: "POST", headers, body: bodies[at]! };
    const { status } = await fetch(`${product.url}/ingest`, init);
    if (status !== 202) throw new Error(`a step was answered ${status}`);
  }
  return (await product.stop()).storeBytes;
}
