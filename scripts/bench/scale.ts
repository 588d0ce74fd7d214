/**
 * A store of 1 or 10 million spans (scale-store.ts) behind the product as its users run it: what is read,
 * how fast it starts, how it ingests beside an empty store, and what its senders feel while others search,
 * export and ask for statistics. What is ingested goes into a project of its own, which goes again.
 */
import { Database } from "bun:sqlite";
import { join } from "node:path";
import { connections, type Bench } from "./bench.ts";
import { startHelper } from "./helper.ts";
import type { Job, Load } from "./load.ts";
import { startProduct, type Product } from "./product.ts";
import type { Clients } from "./scale-clients.ts";
import { cases, sideLoad, subjectsOf, type Case, type Subject } from "./scale-requests.ts";
import { openScaleStore, scales, type Scale, type ScaleStore } from "./scale-store.ts";
import { firstAnswer } from "./serve.ts";
import { formats, median, row, type Row } from "./table.ts";
import { range } from "./words.ts";

const { count, ms, times } = formats;

/** A server, and the secret that it wants. */
type Target = Required<Pick<Job, "port" | "secret">>;

/** What a request's arguments are taken from, each used about twice. */
const subjects = 100;
const requests = 200;
/** A case that is slow gets no more time than that a round. */
const caseSeconds = 5;
/** One agent's posts of 7 spans: 1,400 spans a second. */
const postsPerSecond = 200;
const sideClients = 4;

export function isScale(name: string): name is Scale {
  return Object.hasOwn(scales, name);
}

/**
 * @param place where the stores are kept; undefined: among temporary files.
 * @param text of the reads only those with it in their name.
 */
export function scaleSections(scale: Scale, place: string | undefined, text = "") {
  const open = (bench: Bench) => openScaleStore(scale, place, bench.progress);
  const stored = `${count(scales[scale])} spans stored`;

  /** Serves the store while `work` lasts. */
  async function serve<T>(
    bench: Bench,
    section: string,
    work: (product: Product, store: ScaleStore) => Promise<T>,
  ): Promise<T> {
    const store = await open(bench);
    const product = await startProduct(`${section}, ${stored}`, ["--data-dir", store.dir]);
    try {
      await rest(product, store, bench);
      return await work(product, store);
    } finally {
      await product.stop();
    }
  }

  return {
    async build(bench: Bench): Promise<Row[]> {
      const { spans, traces, dir } = await open(bench);
      bench.progress(`${count(spans)} spans in ${count(traces)} traces: ${dir}`);
      return [];
    },

    async start(bench: Bench): Promise<Row[]> {
      await serve(bench, "rest", async () => {});
      const { dir } = await open(bench);
      const tooks: number[] = [];
      for (const _ of range(bench.starts)) tooks.push(await firstAnswer(["--data-dir", dir]));
      return [row(`start to the first 202, ${stored}`, tooks, ms, { below: 200 })];
    },

    reads: (bench: Bench) =>
      serve(bench, "reads", async ({ port, token }, store) => {
        const rows: Row[] = [];
        const from = subjectsOf(store, subjects);
        for (const one of cases.filter(({ what }) => what.includes(text))) {
          rows.push(await read(bench, { port, secret: token }, one, from));
          bench.progress(`${one.what}: ${rows.at(-1)!.figure}`);
        }
        return rows;
      }),

    ingest: (bench: Bench) =>
      serve(bench, "ingest", (large) =>
        withProject(large, async (secret) => {
          const empty = await startProduct("ingest beside a large store");
          try {
            return await compareIngest(bench, stored, [
              { port: empty.port, secret: empty.key },
              { port: large.port, secret },
            ]);
          } finally {
            await empty.stop();
          }
        }),
      ),

    mixed: (bench: Bench) =>
      serve(bench, "mixed", (product, store) =>
        withProject(product, (secret) =>
          besideReaders(bench, stored, product, secret, subjectsOf(store, subjects)),
        ),
      ),
  };
}

/** Of many requests the 50th and the 95th percentile, in the median of several rounds. */
async function read(
  bench: Bench,
  target: Target,
  { what, below, path }: Case,
  from: Subject[],
): Promise<Row> {
  const paths = from.map(path);
  const job: Job = { ...target, paths, connections: 1, requests, seconds: caseSeconds };
  const loads: Load[] = [];
  try {
    // The first time warms up.
    for (const round of range(Math.min(bench.rounds, 3) + 1)) {
      const load = await bench.load(job);
      if (round > 0) loads.push(load);
    }
  } catch (cause) {
    return refused(what, below, cause);
  }
  const shown = row(`${what}: p50; p95`, p95sOf(loads), ms, { below });
  return { ...shown, figure: `${ms(median(loads.map(({ p50 }) => p50)))}; ${shown.figure}` };
}

/** What is not answered is not measured, and the bench fails with it. */
function refused(what: string, below: number, cause: unknown): Row {
  process.exitCode = 1;
  const figure = String(cause).replaceAll(/\s+/g, " ").slice(0, 160);
  return { what, target: `< ${ms(below)}`, figure, isReached: false };
}

const p95sOf = (loads: Load[]) => loads.map(({ p95 }) => p95);
const p99sOf = (loads: Load[]) => loads.map(({ p99 }) => p99);
const ratiosOf = (sample: number[], to: number[]) => sample.map((value, i) => value / to[i]!);

/** The same load on an empty store and a large one, in turn. */
async function compareIngest(
  bench: Bench,
  stored: string,
  targets: [empty: Target, large: Target],
): Promise<Row[]> {
  const loads: [empty: Load[], large: Load[]] = [[], []];
  for (const round of range(bench.rounds + 1)) {
    for (const [at, target] of targets.entries()) {
      const job: Job = { ...target, shapes: ["agent"], connections, seconds: bench.seconds };
      const load = await bench.load(job);
      bench.progress(
        `ingest, round ${round}, ${at === 0 ? "empty" : stored}: ${count(load.spansPerSecond)} spans/s`,
      );
      // The first round warms up.
      if (round > 0) loads[at]!.push(load);
    }
  }
  const [empty, large] = loads;
  const rates = loads.map((some) => some.map(({ spansPerSecond }) => spansPerSecond));
  const what = `POST of 7 spans, ${connections} connections`;
  return [
    row(`${what}: spans/s, empty store`, rates[0]!, count),
    row(`${what}: spans/s, ${stored}`, rates[1]!, count),
    row(`${what}: spans/s, ${stored}, of empty`, ratiosOf(rates[1]!, rates[0]!), times, {
      atLeast: 0.8,
    }),
    row(`${what}: p99, empty store`, p99sOf(empty), ms),
    row(`${what}: p99, ${stored}`, p99sOf(large), ms, { below: 15 }),
    row(`${what}: p99, ${stored}, of empty`, ratiosOf(p99sOf(large), p99sOf(empty)), times, {
      below: 1 / 0.8,
    }),
  ];
}

/** Posts at a steady rate and looks at /health: alone, and beside clients that read without a pause. */
async function besideReaders(
  bench: Bench,
  stored: string,
  { port, token }: Product,
  secret: string,
  subjects: Subject[],
): Promise<Row[]> {
  const { seconds } = bench;
  const posts: Job = {
    port,
    secret,
    shapes: ["agent"],
    connections,
    perSecond: postsPerSecond,
    seconds: 2 * seconds,
  };
  const health: Job = { port, paths: ["/health"], connections: 1, pauseMs: 2, seconds };
  const paths = subjects.map((subject, n) => sideLoad[n % sideLoad.length]!(subject));
  const readers = startHelper("scale-clients.ts");
  const idle: Load[] = [];
  const beside: Load[] = [];
  const healthBeside: Load[] = [];
  try {
    await bench.load({ ...posts, seconds: 1 });
    for (const round of range(Math.min(bench.rounds, 3))) {
      idle.push(await bench.load(posts));
      const job: Clients = {
        port,
        secret: token,
        paths,
        clients: sideClients,
        seconds: 3 * seconds,
      };
      const reading = readers.ask<{ answers: number; bytes: number }>("run", job);
      // A refusal is seen below, after the loads.
      reading.catch(() => {});
      beside.push(await bench.load(posts));
      healthBeside.push(await bench.load(health));
      const { answers, bytes } = await reading;
      bench.progress(
        `mixed, round ${round + 1}: ${answers} answers of ${count(bytes / 1e6)} MB beside, p99 of posts ${ms(beside.at(-1)!.p99)}, idle ${ms(idle.at(-1)!.p99)}`,
      );
    }
  } catch (cause) {
    return [refused(`beside ${sideClients} readers`, 20, cause)];
  } finally {
    readers.stop();
  }
  const what = `POST of 7 spans, ${postsPerSecond} a second, ${stored}`;
  const readersToo = `beside ${sideClients} clients that search, export and ask for statistics`;
  return [
    row(`${what}: p99 idle`, p99sOf(idle), ms),
    row(`${what}, ${readersToo}: p99`, p99sOf(beside), ms),
    row(`${what}, ${readersToo}: p99, of idle`, ratiosOf(p99sOf(beside), p99sOf(idle)), times, {
      below: 2,
    }),
    row(`GET /health ${readersToo}: p99`, p99sOf(healthBeside), ms, { below: 20 }),
  ];
}

/** Lends a key of a project of its own, which goes afterwards with all that came into it. */
async function withProject<T>(product: Product, work: (key: string) => Promise<T>): Promise<T> {
  const project = "bench";
  await dropProject(product, project);
  await ask(product, "POST", "/api/projects", { name: project });
  const { key } = await ask(product, "POST", "/api/keys", { name: project, project });
  try {
    return await work(key.secret);
  } finally {
    await dropProject(product, project);
  }
}

async function dropProject(product: Product, project: string): Promise<void> {
  const { projects } = await ask(product, "GET", "/api/projects");
  if (!projects.some(({ name }: { name: string }) => name === project)) return;
  let isGone = false;
  for (let cursor = ""; !isGone;) {
    const answer = await ask(product, "DELETE", `/api/projects/${project}${cursor}`);
    isGone = answer.projectDeleted;
    cursor = answer.nextCursor ? `?cursor=${encodeURIComponent(answer.nextCursor)}` : "";
  }
}

async function ask(
  { url, token }: Product,
  method: string,
  path: string,
  body?: unknown,
): Promise<any> {
  const response = await fetch(url + path, {
    method,
    headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  if (!response.ok) throw new Error(`${method} ${path}: ${await response.text()}`);
  return response.json();
}

/** Waits until the server has settled, collected, packed and indexed what an earlier run or version left. */
async function rest(product: Product, { dir }: ScaleStore, { progress }: Bench): Promise<void> {
  const db = new Database(join(dir, "tealight.db"), { readonly: true });
  const left = db.query<{ left: number }, []>(
    `SELECT (SELECT count(*) FROM traces WHERE isSettled = 0)
       + (SELECT count(*) FROM blocks WHERE isLoose) + (SELECT count(*) FROM deletions) AS left`,
  );
  for (let polls = 0; ; polls++) {
    const rows = left.get()!.left;
    const { pendingTraces } = await ask(product, "GET", "/api/search/index");
    if (rows + pendingTraces === 0) break;
    if (polls % 10 === 0) {
      progress(`resting: ${rows} to settle, pack or collect, ${pendingTraces} traces to index`);
    }
    await Bun.sleep(1000);
  }
  db.close();
}
