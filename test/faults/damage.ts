/**
 * A server on a store of which a page is overwritten: it starts or says in one line why not, serves what
 * is left, says what is damaged, gives out no text that is not as it was sent, and rests.
 */
import { Database } from "bun:sqlite";
import {
  closeSync,
  openSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";
import type { TracePage } from "../../src/backend/views.ts";
import type { ServerInfo } from "../../src/directory/directory.ts";
import type { Status } from "../../src/http/server.ts";
import { startServer } from "../helpers.ts";
import type { WirePayload, WireSpan } from "../payload.arbitrary.ts";
import { endOf, firstLine, key, startChild, token } from "./faults.ts";
import { Ledger, makeStore, payloadOf, spanOf } from "./stores.ts";

/** What a page is overwritten with. `block`: the compressed texts of the block of that number. */
export const harms = ["zeros", "junk", "block"] as const;

export interface Damage {
  /** In the data directory. */
  file: string;
  page: number;
  harm: (typeof harms)[number];
}

export interface DamageOutcome {
  wrong: string[];
  log: string;
  isRefused: boolean;
  /** Spans that came as they were sent, that came with a note in place of a text, and that did not come. */
  whole: number;
  noted: number;
  missing: number;
  counted: number;
}

const note = "[this text is damaged in the store and cannot be read]";
const pageSizes = { store: 2048, index: 4096 };

export class Damages {
  readonly #dir: string;
  #made: Promise<{ dir: string; ledger: Ledger }> | null = null;

  /** @param dir for stores; who makes it removes it. */
  constructor(dir: string) {
    this.#dir = dir;
  }

  async #store() {
    this.#made ??= (async () => {
      const dir = join(this.#dir, "damaged");
      mkdirSync(dir, { mode: 0o700 });
      const ledger = await makeStore("work", dir);
      // Packs and indexes.
      const server = await startServer({ dataDir: dir });
      await server.api("/api/search?q=question");
      await Bun.sleep(1500);
      await server.stop();
      return { dir, ledger };
    })();
    return this.#made;
  }

  async all(): Promise<Damage[]> {
    const { dir } = await this.#store();
    const pages = (file: string, size: number) =>
      Array.from({ length: statSync(join(dir, file)).size / size }, (_, page) => ({ file, page }));
    const index = readdirSync(join(dir, "search")).map((name) => `search/${name}`);
    const db = new Database(join(dir, "tealight.db"), { readonly: true });
    const blocks = db.query<{ id: number }, []>("SELECT id FROM blocks").all();
    db.close();
    return [
      ...[
        ...pages("tealight.db", pageSizes.store),
        ...index.flatMap((file) => pages(file, pageSizes.index)),
      ].flatMap((place) => (["zeros", "junk"] as const).map((harm) => ({ ...place, harm }))),
      ...blocks.map(({ id }) => ({ file: "tealight.db", page: id, harm: "block" as const })),
    ];
  }

  async run(damage: Damage): Promise<DamageOutcome> {
    const { dir: made, ledger } = await this.#store();
    const dir = mkdtempSync(join(this.#dir, "run-"));
    try {
      cpSync(made, dir, { recursive: true });
      overwrite(dir, damage);
      return await serveDamaged(dir, ledger);
    } finally {
      rmSync(dir, { recursive: true, force: true });
    }
  }
}

function overwrite(dir: string, { file, page, harm }: Damage): void {
  const path = join(dir, file);
  if (harm === "block") {
    const db = new Database(path);
    db.run("UPDATE blocks SET data = randomblob(length(data)) WHERE id = ?", [page]);
    db.close();
    return;
  }
  const size = file === "tealight.db" ? pageSizes.store : pageSizes.index;
  const bytes = Buffer.alloc(size);
  if (harm === "junk") crypto.getRandomValues(bytes);
  const fd = openSync(path, "r+");
  writeSync(fd, bytes, 0, size, page * size);
  closeSync(fd);
}

async function serveDamaged(dataDir: string, ledger: Ledger): Promise<DamageOutcome> {
  const wrong: string[] = [];
  const child = startChild(dataDir);
  const log = child.stderr.text();
  const outcome = { wrong, log: "", isRefused: false, whole: 0, noted: 0, missing: 0, counted: 0 };
  const info = await firstLine(child.stdout);
  if (info) {
    const { port } = JSON.parse(info) as ServerInfo;
    await ask(port, ledger, outcome);
    let tookMs = Infinity;
    // On a busy machine its first work may come as late as this.
    for (let i = 0; tookMs > 350 && i < 20; i++) {
      const before = cpuMs(child.pid);
      await Bun.sleep(500);
      tookMs = cpuMs(child.pid) - before;
    }
    if (tookMs > 350) wrong.push(`it does not rest: ${tookMs} ms of 500`);
    if (child.exitCode !== null) wrong.push("it has ended by itself");
    child.kill("SIGTERM");
  }
  const { code, said } = await endOf(child, log, wrong);
  outcome.log = said;
  outcome.isRefused = info === null;
  if (!info && said.trim().split("\n").length > 2) wrong.push("it does not say in one line why");
  if (info && code !== 0) wrong.push(`it stops with code ${code}`);
  return outcome;
}

function cpuMs(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1]!.split(" ");
  return (Number(fields[11]) + Number(fields[12])) * 10;
}

async function ask(port: number, ledger: Ledger, outcome: DamageOutcome): Promise<void> {
  const { wrong } = outcome;
  let isTold = false;
  async function call<T>(path: string, init: RequestInit = {}): Promise<T | null> {
    const response = await fetch(`http://127.0.0.1:${port}${path}`, {
      ...init,
      headers: { authorization: `Bearer ${path === "/ingest" ? key : token}` },
    }).catch(() => null);
    if (!response) return null;
    const text = await response.text();
    if (response.headers.has("x-tealight-damaged-texts")) isTold = true;
    if (response.status === 503) {
      isTold = true;
      if (!text.includes("store_damaged")) wrong.push(`${path}: ${text.slice(0, 150)}`);
      return null;
    }
    if (response.status === 404) return null;
    if (response.status !== 200 && response.status !== 202) {
      wrong.push(`${response.status} for ${path}: ${text.slice(0, 150)}`);
      return null;
    }
    return JSON.parse(text) as T;
  }

  for (let round = 0; round < 2; round++) {
    await call<TracePage>("/api/traces");
    await call("/api/stats");
    await call("/api/search?q=question");
    for (const [traceId, versions] of ledger.traces) {
      if (ledger.deleted.has(traceId)) continue;
      await call(`/api/traces/${encodeURIComponent(traceId)}`);
      const exported = await call<WirePayload>(`/api/traces/${encodeURIComponent(traceId)}/export`);
      if (round > 0) continue;
      const spans = (exported?.traces ?? []).flatMap(({ spans }) => spans);
      const found = new Map(spans.map((span) => [span.spanId, span]));
      for (const [spanId, { acknowledged }] of versions) {
        judge(traceId, found.get(spanId), spanOf(traceId, spanId, acknowledged), outcome);
      }
    }
    await call("/ingest", {
      method: "POST",
      body: JSON.stringify(payloadOf(`sent ${round}`, ["a", "b"], 1)),
    });
    await call(`/api/traces/stored%20${round + 2}`, { method: "DELETE" });
    await Bun.sleep(300);
  }
  const status = await call<Status>("/api/status");
  outcome.counted = status?.damage.count ?? -1;
  if (isTold && outcome.counted === 0) wrong.push("the status says of no damage");
}

function judge(
  traceId: string,
  span: WireSpan | undefined,
  sent: WireSpan,
  outcome: DamageOutcome,
): void {
  if (!span) outcome.missing++;
  else if (span["input"] === note) outcome.noted++;
  else if (span["input"] === sent["input"]) outcome.whole++;
  else outcome.wrong.push(`${traceId} ${sent.spanId} is not as sent`);
}
