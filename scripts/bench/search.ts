/** How large the index of the search is, how fast it is built, and what it answers how fast. */
import { connections, type Bench } from "./bench.ts";
import type { Job } from "./load.ts";
import { startProduct, type Product } from "./product.ts";
import { formats, median, row, type Row } from "./table.ts";
import { range, speaker } from "./words.ts";

const { ms, percent, count } = formats;

/** Characters of text that no two messages share. */
const quickLength = 10e6;
const length = 200e6;
const tracesPerPost = 50;

interface Stored {
  /** A word that one message has, and some words that stand side by side. */
  rare: string[];
  phrases: string[];
}

export async function search(bench: Bench): Promise<Row[]> {
  const product = await startProduct("search");
  try {
    const ingest: Job = { port: product.port, secret: product.key, shapes: ["agent"], connections };
    const { seconds } = bench;
    await bench.load({ ...ingest, seconds });
    const alone = await bench.load({ ...ingest, perSecond: 200, seconds: 3 * seconds });
    const wanted = bench.replicas < 10 ? quickLength : length;
    const stored = await fill(product, wanted);
    bench.progress(`search: stored ${count(wanted / 1e6)} MB of text`);
    const startedAt = performance.now();
    const before = await status(product);
    const beside = await bench.load({ ...ingest, perSecond: 200, seconds: 3 * seconds });
    await untilReady(product);
    const { bytes, uniqueTextBytes } = await status(product);
    const tookSeconds = (performance.now() - startedAt) / 1000;
    const rate = (uniqueTextBytes - before.uniqueTextBytes) / 1e6 / tookSeconds;
    bench.progress(
      `search: indexed at ${rate.toFixed(1)} MB/s, ${percent(bytes / uniqueTextBytes)}`,
    );

    const cases: [what: string, words: string[]][] = [
      ["a word that one message has", stored.rare],
      ["a phrase of four words", stored.phrases],
      ["a word that most messages have", ["people", "again", "though", "enough", "house"]],
      ["three characters", stored.rare.map((word) => word.slice(0, 3))],
      ["nothing there", range(20).map((n) => `qqzz${n}xyx`)],
      ["two characters", ["th", "qz", "9x", "日本"]],
    ];
    const rows: Row[] = [];
    for (const [what, words] of cases) {
      const paths = words.map((word) => `/api/search?q=${encodeURIComponent(word)}`);
      const job: Job = { ...ingest, secret: product.token, paths, connections: 1 };
      const p95s: number[] = [];
      for (const _ of range(3)) p95s.push((await bench.load({ ...job, requests: 40 })).p95);
      bench.progress(`search: ${what} p95 ${ms(median(p95s))}`);
      rows.push(row(`search, ${what}: p95`, p95s, ms, { below: 200 }));
    }
    return [
      row("search index, of the unique text", [bytes / uniqueTextBytes], percent, { below: 1 }),
      row("search index: MB of text a second", [rate], (value) => value.toFixed(1)),
      row("200 posts/s while it is built: p99, of alone", [beside.p99 / alone.p99], formats.times, {
        below: 2,
      }),
      ...rows,
    ];
  } finally {
    await product.stop();
  }
}

/** Conversations of five calls, each message with words of its own. */
async function fill({ url, key }: Product, wanted: number): Promise<Stored> {
  const stored: Stored = { rare: [], phrases: [] };
  const headers = { authorization: `Bearer ${key}`, "content-type": "application/json" };
  const say = speaker(1);
  const salted = (seed: number) => {
    const salt = Bun.hash(String(seed)).toString(36);
    const text = `${say(60)} ${salt} ${say(60)}`;
    if (seed % 997 === 0) {
      stored.rare.push(salt.slice(0, 8));
      stored.phrases.push(`"${text.split(" ").slice(58, 62).join(" ")}"`);
    }
    return text;
  };
  let messages = 0;
  let sent = 0;
  for (let trace = 0; sent < wanted;) {
    const traces = range(tracesPerPost).map(() => {
      const history: { role: string; content: string }[] = [];
      const startTime = 1.7e12 + 1000 * trace;
      const spans = range(5).map((step) => {
        history.push({ role: "user", content: salted(messages++) });
        const input = JSON.stringify(history);
        const reply = { role: "assistant", content: salted(messages++) };
        history.push(reply);
        sent += history.at(-2)!.content.length + reply.content.length;
        const [spanId, output] = [`s${step}`, JSON.stringify(reply)];
        return {
          spanId,
          spanType: "llm",
          name: "chat",
          startTime,
          endTime: startTime + 5,
          input,
          output,
        };
      });
      return { traceId: `search-${trace++}`, agentName: "talker", spans };
    });
    const body = JSON.stringify({ version: "v1", traces });
    const response = await fetch(`${url}/ingest`, { method: "POST", headers, body });
    if (response.status !== 202) throw new Error(`not stored: ${await response.text()}`);
  }
  return stored;
}

async function status({ url, token }: Product): Promise<any> {
  const headers = { authorization: `Bearer ${token}` };
  const response = await fetch(`${url}/api/search/index`, { headers });
  if (response.status !== 200) throw new Error(`no index: ${await response.text()}`);
  return response.json();
}

async function untilReady(product: Product): Promise<void> {
  const deadline = performance.now() + 600_000;
  while ((await status(product)).pendingTraces > 0) {
    if (performance.now() > deadline) throw new Error("the index does not come to an end");
    await Bun.sleep(200);
  }
}
