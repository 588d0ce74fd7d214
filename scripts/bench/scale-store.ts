/**
 * A store of 1 or 10 million spans to measure on. Made once through the store's own writer, without
 * HTTP, in a directory beside its own that is renamed when it is whole; used again by later runs.
 *
 * Trace by trace it is what the server would have written: priced, with previews, settled, packed and
 * indexed. Only the disk is treated otherwise, as a build that is killed begins anew: no sync, a long log,
 * and a page cache that holds the indexes, whose random places would else be read and written each time.
 */
import type { Database } from "bun:sqlite";
import { existsSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openDataDirectory } from "../../src/directory/directory.ts";
import { noPrices, openPricer } from "../../src/ingest/pricer.ts";
import { inputPreview, outputPreview } from "../../src/messages/preview.ts";
import { sha256 } from "../../src/secrets.ts";
import { ensureDefaults } from "../../src/sqlite/accounts/accounts.ts";
import { closeWriter, openWriter } from "../../src/sqlite/db/open.ts";
import { applyPacking, compressPacking, planPacking } from "../../src/sqlite/payload/pack.ts";
import { createPayloadWriter, type PayloadWriter } from "../../src/sqlite/payload/payloads.ts";
import { createSpanWriter } from "../../src/sqlite/spans/spans.ts";
import { storeFiles } from "../../src/sqlite/storage/files.ts";
import { contents } from "../../src/sqlite/storage/lock.ts";
import { startHelper } from "./helper.ts";
import { makeTraces, type MadeTrace } from "./scale-traces.ts";

/** To be raised whenever the traces change. */
const formatVersion = 1;

export const scales = { "1m": 1_000_000, "10m": 10_000_000 };
export type Scale = keyof typeof scales;

/** What a store says of itself. */
export interface ScaleStore {
  dir: string;
  spans: number;
  traces: number;
  /** The last trace had come by then; the first started 30 days before. Epoch ms. */
  endsAt: number;
}

/** The facts of so many spans stay in the writer's memory until they are settled (limits.ts). */
const spansPerTransaction = 10_000;
/** Compressing is for another core: about so many spans fill a packed block. */
const spansPerPacking = 2_000;
const everyTraceIsQuiet = Number.MAX_SAFE_INTEGER;

/** @param parent where the stores of all scales are, by default a directory for temporary files. */
export async function openScaleStore(
  scale: Scale,
  parent: string | undefined,
  progress: (line: string) => void,
): Promise<ScaleStore> {
  const place = parent ?? join(tmpdir(), "tealight-scale");
  const dir = join(place, `${scale}-${formatVersion}`);
  const note = join(dir, "scale.json");
  if (!existsSync(note)) {
    const building = `${dir}.part`;
    rmSync(building, { recursive: true, force: true });
    const made = await build(building, scales[scale], progress);
    writeFileSync(join(building, "scale.json"), JSON.stringify(made));
    renameSync(building, dir);
  }
  return { dir, ...JSON.parse(readFileSync(note, "utf8")) };
}

async function build(
  dir: string,
  spans: number,
  progress: (line: string) => void,
): Promise<Omit<ScaleStore, "dir">> {
  const directory = openDataDirectory(dir, contents);
  const { storePath, searchDir } = storeFiles(dir);
  const db = openWriter(storePath, "process");
  for (const setting of [
    "synchronous = OFF",
    "cache_size = -3000000",
    "wal_autocheckpoint = 200000",
  ])
    db.run(`PRAGMA ${setting}`);
  const index = startHelper("scale-index.ts");
  await index.ask("open", { storePath, searchDir });
  const payloads = createPayloadWriter(db);
  const { costOf } = await openPricer(noPrices, []);
  const previews = { input: inputPreview, output: outputPreview };
  const writer = createSpanWriter(db, payloads, undefined, costOf, previews);
  const pack = createPacker(db, payloads, transact);
  // An hour ago, as the last traces take their time.
  const endsAt = Date.now() - 3_600_000;

  function transact(work: () => void): void {
    db.run("BEGIN IMMEDIATE");
    work();
    writer.flush();
    db.run("COMMIT");
    writer.committed();
  }

  /** As the server would have by then, few in one millisecond; what ends later is settled later. */
  function settle(nowMs: number): void {
    transact(() => {
      for (let at = nowMs; writer.settling.hasWork(nowMs); at++) writer.settling.step(at);
    });
  }

  const startedAt = performance.now();
  let traces = 0;
  let stored = 0;
  let shownAt = startedAt;
  transact(() => ensureDefaults(db, sha256(directory.key), endsAt));
  for (const some of inParts(makeTraces(spans, endsAt), spansPerTransaction)) {
    transact(() => {
      for (const { traceId, receivedAt, spans } of some) {
        writer.apply({ projectId: 1, receivedAt, source: "foglamp", traces: [{ traceId, spans }] });
        traces++;
        stored += spans.length;
      }
    });
    settle(some.at(-1)!.startTime);
    await pack(some.reduce((sum, { spans }) => sum + spans.length, 0) / spansPerPacking);
    if (performance.now() - shownAt < 5000) continue;
    shownAt = performance.now();
    const seconds = (shownAt - startedAt) / 1000;
    const rate = stored / seconds;
    progress(
      `building: ${(stored / 1e6).toFixed(2)} of ${spans / 1e6} million spans, ` +
        `${Math.round(rate)} spans/s, ${Math.ceil((spans - stored) / rate)} s left`,
    );
  }
  settle(Date.now());
  await pack(Infinity);
  progress("building: indexing the rest");
  await index.ask("finish");
  index.stop();
  closeWriter(db);
  directory.release();
  return { spans: stored, traces, endsAt };
}

/** Groups traces until they have so many spans together. */
function* inParts(all: Iterable<MadeTrace>, spans: number): Generator<MadeTrace[]> {
  let part: MadeTrace[] = [];
  let size = 0;
  for (const trace of all) {
    part.push(trace);
    size += trace.spans.length;
    if (size < spans) continue;
    yield part;
    part = [];
    size = 0;
  }
  if (part.length > 0) yield part;
}

/** @returns what packs so many blocks, or as many as there are. */
function createPacker(
  db: Database,
  payloads: PayloadWriter,
  transact: (work: () => void) => void,
): (blocks: number) => Promise<void> {
  return async (blocks) => {
    for (let packed = 0; packed < blocks; packed++) {
      const packing = planPacking(db, payloads, everyTraceIsQuiet);
      if (!packing) return;
      const data = await compressPacking(packing);
      transact(() => applyPacking(db, payloads, packing, data));
    }
  };
}
