/**
 * Hours of use in short: `bun scripts/soak.ts [minutes=30] [idle minutes=10]` drives the executable (one
 * of the sources as they are, or the one that TEALIGHT_BINARY names) with 500 spans a second, three live views
 * and a client that searches, prints every minute what it needs, then leaves it alone and prints that again.
 */
import { readFileSync, rmSync } from "node:fs";
import type { IndexStatus } from "../src/backend/search.ts";
import type { Status } from "../src/http/server.ts";
import { makeTempDir } from "../test/helpers.ts";
import { spawnServer } from "../test/server.process.ts";
import { bodyShapes } from "./bench/shapes.ts";
import { salt } from "./bench/template.ts";

const spansPerSecond = 500;
const liveViews = 3;
const searchEveryMs = 1000;

const [minutes = 30, idleMinutes = 10] = process.argv.slice(2).map(Number);
if (!(minutes > 0) || !(idleMinutes >= 0) || process.argv.length > 4) {
  console.error("usage: bun scripts/soak.ts [minutes] [idle minutes]");
  process.exit(2);
}

const dataDir = makeTempDir();
const server = await spawnServer(dataDir);
const operator = { headers: { authorization: `Bearer ${server.token}` } };
const stopping = new AbortController();

/** Of this minute. */
let posts: number[] = [];
let searches: number[] = [];
/** Of all minutes. */
let failures = 0;
let events = 0;
let sent = 0;

const template = bodyShapes.agent(1);
const bytes = Buffer.from(template.body);
let salts = Math.floor(Math.random() * 1e9);

async function post(): Promise<void> {
  salts = salt(template, bytes, 0, salts);
  const body = Buffer.from(bytes);
  const startedAt = performance.now();
  const response = await fetch(`${server.url}/ingest`, {
    method: "POST",
    headers: { authorization: `Bearer ${server.key}`, "content-type": "application/json" },
    body,
  }).catch(() => null);
  await response?.arrayBuffer();
  if (!response || response.status >= 500) failures++;
  posts.push(performance.now() - startedAt);
  sent++;
}

async function watch(): Promise<void> {
  while (!stopping.signal.aborted) {
    try {
      const { body } = await fetch(`${server.url}/api/live`, {
        ...operator,
        signal: stopping.signal,
      });
      for await (const _ of body!) events++;
    } catch {
      // It ends by itself only where the server does, and that shows in the posts.
    }
  }
}

async function searching(): Promise<void> {
  const words = ["the", "agent", "error", "hello world", "xyzzy"];
  for (let turn = 0; !stopping.signal.aborted; turn++) {
    const q = words[turn % words.length]!;
    const startedAt = performance.now();
    const response = await fetch(`${server.url}/api/search?q=${encodeURIComponent(q)}`, operator);
    await response.arrayBuffer();
    if (response.status >= 500) failures++;
    searches.push(performance.now() - startedAt);
    await Bun.sleep(searchEveryMs);
  }
}

function quantile(values: number[], share: number): string {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted.length === 0
    ? "-"
    : sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))]!.toFixed(1);
}

const mb = (count: number) => `${(count / 2 ** 20).toFixed(0)} MB`;

/** What is the process's own, and what of it is mapped from files, of which the system takes back at need. */
function memory(): string {
  const status = readFileSync(`/proc/${server.pid}/status`, "utf8");
  const field = (name: string) =>
    1024 * Number(new RegExp(`^${name}:\\s+(\\d+)`, "m").exec(status)![1]);
  return `${mb(field("VmRSS"))} (${mb(field("RssAnon"))} own)`;
}

async function report(minute: number, what: string): Promise<void> {
  const answer = await fetch(`${server.url}/api/status`, operator);
  const status = (await answer.json()) as Status;
  const index = await fetch(`${server.url}/api/search/index`, operator);
  const { pendingTraces } = (await index.json()) as IndexStatus;
  const line = [
    `${minute} min ${what}`,
    `memory ${memory()}`,
    `store ${mb(status.storeBytes + status.logBytes)}`,
    `${sent * template.spans} spans`,
    `posts p50 ${quantile(posts, 0.5)} p99 ${quantile(posts, 0.99)} ms`,
    `search p50 ${quantile(searches, 0.5)} p99 ${quantile(searches, 0.99)} ms`,
    `${failures} failed`,
    `${status.stalls} stalls`,
    `${pendingTraces} traces to index`,
    `${events} events`,
  ];
  console.log(line.join(", "));
  [posts, searches] = [[], []];
}

try {
  await report(0, "start");
  const readers = [searching(), ...Array.from({ length: liveViews }, watch)];
  const everyMs = (1000 * template.spans) / spansPerSecond;
  const startedAt = performance.now();
  const underWay = new Set<Promise<void>>();
  for (let due = startedAt, minute = 1; minute <= minutes; due += everyMs) {
    await Bun.sleep(Math.max(0, due - performance.now()));
    const one = post().finally(() => underWay.delete(one));
    underWay.add(one);
    if (due - startedAt >= minute * 60_000) await report(minute++, "load");
  }
  stopping.abort();
  await Promise.allSettled([...underWay, ...readers]);
  for (let minute = 1; minute <= idleMinutes; minute++) {
    await Bun.sleep(60_000);
    await report(minute, "idle");
  }
  server.signal("SIGTERM");
  process.exitCode = (await server.exited) || failures > 0 ? 1 : 0;
  const log = await server.log;
  if (log) console.log(log);
} finally {
  await server[Symbol.asyncDispose]();
  rmSync(dataDir, { recursive: true, force: true });
}
