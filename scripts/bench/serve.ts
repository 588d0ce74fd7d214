/** How it reads, how fast it starts, how much memory it takes. */
import { connections, type Bench } from "./bench.ts";
import type { Job } from "./load.ts";
import { peaks, spawnProduct, startProduct, type Product } from "./product.ts";
import { conversation } from "./sessions.ts";
import { bodyShapes } from "./shapes.ts";
import { formats, median, row, type Row } from "./table.ts";
import { salt } from "./template.ts";
import { range } from "./words.ts";

const { count, ms, mb } = formats;

export async function reads(bench: Bench): Promise<Row[]> {
  const product = await startProduct("reads");
  try {
    const { port, key, token: secret } = product;
    bench.progress(`reads: storing ${count(bench.storedSpans)} spans`);
    const requests = Math.ceil(bench.storedSpans / 350);
    const fill = await bench.load({ port, secret: key, shapes: ["bulk"], connections, requests });
    bench.progress(`reads: stored at ${count(fill.spansPerSecond)} spans/s`);
    const wide = bodyShapes.wide(1);
    for (const n of range(20)) {
      const body = Buffer.from(wide.body);
      salt(wide, body, 0, n);
      await post(product, body);
    }
    // 100 steps of 5 new messages each: the last call carries 500.
    for (const body of conversation(1, 100, 5, 90)) await post(product, body);

    const listed = await get(product, "/api/traces?limit=500");
    const traces = listed.traces.filter((trace: any) => trace.name === "researcher");
    const spans = await Promise.all(
      traces.slice(0, 100).map(async ({ key }: any) => {
        const { spans } = await get(product, `/api/traces/~${key}`);
        return `/api/traces/~${key}/spans/~${spans[key % spans.length].key}`;
      }),
    );
    const times = traces.map(({ startTime }: any) => startTime as number);
    const [from, to] = [Math.min(...times), Math.max(...times)];
    const until = range(20).map((n) => Math.round(from + ((to - from) * (n + 1)) / 20));
    const cases: [what: string, paths: string[]][] = [
      ["list page of 50 traces", until.map((time) => `/api/traces?limit=50&until=${time}`)],
      ["trace skeleton of 200 spans", range(20).map((n) => `/api/traces/wide-${padded(n)}`)],
      ["one span", spans],
      ["one span with 500 messages", [`/api/traces/conversation-1/spans/llm_99`]],
    ];
    const rows: Row[] = [];
    for (const [what, paths] of cases) {
      const job: Job = { port, secret, paths, connections: 1, requests: 300 };
      const p95s: number[] = [];
      // The first time warms up.
      for (const round of range(4)) {
        const { p95 } = await bench.load(job);
        if (round > 0) p95s.push(p95);
      }
      bench.progress(`reads: ${what} p95 ${ms(median(p95s))}`);
      const title = `${what}, ${count(bench.storedSpans)} spans stored: p95`;
      rows.push(row(title, p95s, ms, { below: 10 }));
    }
    return rows;
  } finally {
    await product.stop();
  }
}

const padded = (count: number) => String(count).padStart(9, "0");

async function post({ url, key }: Product, body: Uint8Array<ArrayBuffer>): Promise<void> {
  const headers = { authorization: `Bearer ${key}` };
  const response = await fetch(`${url}/ingest`, { method: "POST", headers, body });
  if (response.status !== 202) throw new Error(`not stored: ${await response.text()}`);
}

async function get({ url, token }: Product, path: string): Promise<any> {
  const response = await fetch(url + path, { headers: { authorization: `Bearer ${token}` } });
  if (response.status !== 200) throw new Error(`${path}: ${await response.text()}`);
  return response.json();
}

/** From the start of the process to the first 202, on a fresh directory. */
export async function start(bench: Bench): Promise<Row[]> {
  const tooks: number[] = [];
  for (const n of range(bench.starts)) {
    tooks.push(await firstAnswer());
    if (n % 5 === 4) bench.progress(`start ${n + 1} of ${bench.starts}: ${ms(tooks.at(-1)!)}`);
  }
  return [row("start to the first 202, empty store", tooks, ms, { below: 50 })];
}

/** @returns how long it took from the start of a process to its first 202, in ms. */
export async function firstAnswer(args: string[] = []): Promise<number> {
  const key = "bench-ingest-key-0123456789";
  const init = {
    method: "POST",
    headers: { authorization: `Bearer ${key}` },
    body: Uint8Array.from(bodyShapes.agent(0).body),
  };
  const port = freePort();
  const startedAt = performance.now();
  const { child, remove } = spawnProduct(
    ["--port", String(port), "--api-key", key, ...args],
    "ignore",
  );
  try {
    let status = 0;
    while (status !== 202 && performance.now() - startedAt < 5000) {
      status = await fetch(`http://127.0.0.1:${port}/ingest`, init).then(
        (response) => response.status,
        () => Bun.sleep(1).then(() => 0),
      );
    }
    if (status !== 202) throw new Error(`not started within 5 s: ${status}`);
    return performance.now() - startedAt;
  } finally {
    child.kill("SIGTERM");
    await child.exited;
    remove();
  }
}

function freePort(): number {
  const server = Bun.serve({ hostname: "127.0.0.1", port: 0, fetch: () => new Response() });
  const { port } = server;
  void server.stop(true);
  return port!;
}

/** To be the last: its peak is that of all sections. */
export async function memory(bench: Bench): Promise<Row[]> {
  const { seconds } = bench;
  const idle: number[] = [];
  const big: Pick<Job, "shapes"> = { shapes: ["many", "few"] };
  await during("memory", async (product, target) => {
    await bench.load({ ...target, shapes: ["agent"], connections: 1, requests: 1 });
    await Bun.sleep(2000);
    idle.push(...[product.memoryBytes()?.now].filter((bytes) => bytes !== undefined));
    bench.progress("memory: under load");
    await bench.load({ ...target, shapes: ["bulk"], connections, seconds });
    await bench.load({ ...target, ...big, connections: 1, seconds });
  });
  const [above] = peaks.toSorted((a, b) => b.bytes - a.bytes);
  for (const { during, bytes } of peaks)
    bench.progress(`memory: peak during ${during} ${mb(bytes)}`);
  await during("many large bodies", async (_, target) => {
    await bench.load({ ...target, ...big, connections, seconds: 2 * seconds });
  });
  const beyond = peaks.at(-1);
  return [
    row("memory idle, after one POST", idle, mb, { below: 90e6 }),
    row(`memory, peak of the above (${above?.during})`, above ? [above.bytes] : [], mb, {
      below: 400e6,
    }),
    row(`memory, peak with ${connections} senders of 10 MiB`, beyond ? [beyond.bytes] : [], mb),
  ];
}

async function during(
  section: string,
  work: (product: Product, target: { port: number; secret: string }) => Promise<void>,
): Promise<void> {
  const product = await startProduct(section);
  try {
    await work(product, { port: product.port, secret: product.key });
  } finally {
    await product.stop();
  }
}
