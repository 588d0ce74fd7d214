/**
 * Many senders of 10 MiB bodies in a process of their own, so that making them does not delay what the
 * test measures: `bun senders.process.ts <url> <key> <senders> <seconds> plain|gzip`. Prints how many
 * answers there were by status, and which statuses came with Retry-After.
 */
import { gzipSync } from "node:zlib";

const [url, key, senders, seconds, kind] = process.argv.slice(2) as [string, string, ...string[]];
const isCompressed = kind === "gzip";

/** 300 steps of an agent whose inputs are 33 KB each; another trace for each salt. */
function makeBody(salt: number): Uint8Array<ArrayBuffer> {
  const spans = Array.from({ length: 300 }, (_, i) => ({
    spanId: `${i}`,
    spanType: "llm",
    name: "step",
    startTime: 0,
    endTime: 1,
    input: `${salt} says some words in step ${i}. `.repeat(1100).slice(0, 33_000),
  }));
  const traces = [{ traceId: `large ${salt}`, traceName: "large", spans }];
  const body = Buffer.from(JSON.stringify({ version: "v1", traces }));
  return new Uint8Array(isCompressed ? gzipSync(body, { level: 1 }) : body);
}

// A few, since 64 of them would be 640 MiB here.
const bodies = Array.from({ length: 6 }, (_, salt) => makeBody(salt));
const until = Date.now() + Number(seconds) * 1000;
const counts: Record<string, number> = {};
const withRetryAfter: Record<string, number> = {};

async function send(number: number): Promise<void> {
  while (Date.now() < until) {
    const response = await fetch(url, {
      method: "POST",
      headers: {
        authorization: `Bearer ${key}`,
        ...(isCompressed && { "content-encoding": "gzip" }),
      },
      body: bodies[number % bodies.length]!,
    }).catch((cause: { code?: string }) => cause.code ?? "failed");
    const outcome = typeof response === "string" ? response : String(response.status);
    counts[outcome] = (counts[outcome] ?? 0) + 1;
    if (typeof response === "string") continue;
    await response.arrayBuffer();
    if (response.headers.has("retry-after"))
      withRetryAfter[outcome] = (withRetryAfter[outcome] ?? 0) + 1;
    // Sooner than it was asked to: an impatient sender.
    if (response.status === 503) await Bun.sleep(100);
  }
}

await Promise.all(Array.from({ length: Number(senders) }, (_, number) => send(number)));
console.log(JSON.stringify({ counts, withRetryAfter }));
