/**
 * Whatever is sent: no 5xx, no long wait, and a refused request leaves no trace in the store. What is
 * accepted after all must come back as any JSON parser would read it.
 */
import { Database } from "bun:sqlite";
import { describe, expect, test } from "bun:test";
import { join } from "node:path";
import { deflateRawSync, deflateSync, gzipSync, zstdCompressSync } from "node:zlib";
import fc from "fast-check";
import type { TracePage } from "../../src/backend/views.ts";
import { cpuMs, sendUntilTaken, startServer, type TestServer } from "../helpers.ts";
import {
  spansOf,
  storedOf,
  wirePayload,
  type StoredSpans,
  type WirePayload,
} from "../payload.arbitrary.ts";

const MiB = 2 ** 20;

/** Of the processors for one request, with what the server does beside it: linear work takes a fifth. */
const maxCpuMs = 10_000;

/** JSON with its text kept, so that it can be made wrong in ways that no JavaScript value is. */
type Node = { text: string } | { items: Node[] } | { members: { key: string; value: Node }[] };

function toNode(value: unknown): Node {
  if (Array.isArray(value)) return { items: value.map(toNode) };
  if (typeof value !== "object" || value === null) return { text: JSON.stringify(value) };
  const members = Object.keys(value).map((key) => ({
    key: JSON.stringify(key),
    value: toNode((value as Record<string, unknown>)[key]),
  }));
  return { members };
}

function toText(node: Node): string {
  if ("text" in node) return node.text;
  if ("items" in node) return `[${node.items.map(toText).join(",")}]`;
  return `{${node.members.map(({ key, value }) => `${key}:${toText(value)}`).join(",")}}`;
}

/** Every place where a value stands, so that any can be replaced. */
interface Place {
  get(): Node;
  set(node: Node): void;
  remove(): void;
  /** Puts another value beside this one, in an object under the same key unless given one. */
  insert(node: Node, key?: string): void;
}

function placesOf(node: Node): Place[] {
  if ("text" in node) return [];
  if ("items" in node) {
    const { items } = node;
    return items.flatMap((item, i) => [
      {
        get: () => items[i]!,
        set: (next: Node) => void (items[i] = next),
        remove: () => void items.splice(i, 1),
        insert: (next: Node) => void items.splice(i, 0, next),
      },
      ...placesOf(item),
    ]);
  }
  const { members } = node;
  return members.flatMap((member) => [
    {
      get: () => member.value,
      set: (next: Node) => void (member.value = next),
      remove: () => void members.splice(members.indexOf(member), 1),
      insert: (value: Node, key = member.key) =>
        void members.splice(members.indexOf(member) + 1, 0, { key, value }),
    },
    ...placesOf(member.value),
  ]);
}

const nested = (open: string, close: string, levels: number) =>
  open.repeat(levels) + "0" + close.repeat(levels);

const hostileTexts = [
  ...["null", "true", "0", "-0", "1.0", "1e3", "1.5", "-1", "1e400", "-1e400", "1e-400", "1e21"],
  ...["9007199254740991", "9007199254740992", "9".repeat(400), "NaN", "Infinity", "0x10", "01", ""],
  ...['""', '" "', '"\\u0000"', '"\\ud800"', '"__proto__"', "'a'", "undefined", "/**/", "\0"],
  ...["{}", "[]", "[{}]", "[[]]", "[1,]", '{"a":1,}', '{"__proto__":{"a":1}}', '{"__proto__":1}'],
  ...['{"toString":"a"}', '{"constructor":{"prototype":{"a":1}}}', '{"a":1,"a":2}', '{"":""}'],
  JSON.stringify("a".repeat(129)),
  JSON.stringify("a".repeat(1025)),
  JSON.stringify("a".repeat(1_000_001)),
  JSON.stringify(Object.fromEntries(Array.from({ length: 65 }, (_, i) => [i, ""]))),
  JSON.stringify(Array.from({ length: 201 }, () => 0)),
  nested("[", "]", 90),
  nested("[", "]", 3000),
  nested('{"a":', "}", 200),
  nested('{"__proto__":', "}", 20_000),
];

const hostile = (): fc.Arbitrary<Node> =>
  fc
    .oneof(
      { weight: 4, arbitrary: fc.constantFrom(...hostileTexts) },
      { weight: 1, arbitrary: fc.json() },
    )
    .map((text) => ({ text }));

const keys = ['"spans"', '"x"', '"__proto__"', '"spanId"', '"usage"', '"\\u0000"', '"a', "a", ""];

type Mutation = (root: Node) => void;

const mutation = (): fc.Arbitrary<Mutation> =>
  fc
    .record({
      kind: fc.constantFrom("remove", "replace", "insert", "repeat", "swap", "wrap"),
      at: fc.nat(),
      other: fc.nat(),
      value: hostile(),
      key: fc.constantFrom(...keys),
    })
    .map(({ kind, at, other, value, key }) => (root) => {
      const places = placesOf(root);
      const place = places[at % places.length];
      if (!place) return;
      const second = places[other % places.length]!;
      const before = place.get();
      if (kind === "remove") place.remove();
      else if (kind === "replace") place.set(value);
      else if (kind === "insert") place.insert(value, key);
      else if (kind === "repeat") place.insert(other % 2 === 0 ? before : value);
      else if (kind === "wrap") place.set({ items: [before] });
      else if (!toText(before).includes(toText(second.get()))) {
        // By their texts: a place inside of the other must not make a ring.
        const text = toText(second.get());
        second.set({ text: toText(before) });
        place.set({ text });
      }
    });

/** What happens to bytes on the way, or in a client that is at fault. */
const damage = (): fc.Arbitrary<(bytes: Uint8Array) => Uint8Array> =>
  fc.oneof(
    fc.nat().map((at) => (bytes: Uint8Array) => bytes.subarray(0, at % (bytes.length + 1))),
    fc.tuple(fc.nat(), fc.nat(255)).map(([at, byte]) => (bytes: Uint8Array) => {
      const changed = bytes.slice();
      if (changed.length > 0) changed[at % changed.length] = byte;
      return changed;
    }),
    fc.tuple(fc.nat(), fc.nat(7)).map(([at, bit]) => (bytes: Uint8Array) => {
      const changed = bytes.slice();
      if (changed.length > 0) changed[at % changed.length]! ^= 1 << bit;
      return changed;
    }),
    fc.tuple(fc.nat(), fc.nat(40)).map(
      ([at, length]) =>
        (bytes: Uint8Array) =>
          Buffer.concat([
            bytes.subarray(0, at % (bytes.length + 1)),
            bytes.subarray((at % (bytes.length + 1)) + length),
          ]),
    ),
    fc.constantFrom(
      (bytes: Uint8Array) => Buffer.concat([Buffer.from("\ufeff"), bytes]),
      (bytes: Uint8Array) => Buffer.concat([bytes, bytes]),
      (bytes: Uint8Array) => Buffer.from(Buffer.from(bytes).toString(), "utf16le"),
      (bytes: Uint8Array) => Buffer.concat([bytes, Buffer.from(" \n")]),
    ),
  );

/** Bodies that were valid until one to four things happened to them. */
const mutatedBody = (): fc.Arbitrary<Uint8Array> =>
  fc
    .tuple(
      wirePayload(2, 3),
      fc.array(mutation(), { minLength: 1, maxLength: 3 }),
      fc.oneof(
        { weight: 3, arbitrary: fc.constant([]) },
        { weight: 2, arbitrary: fc.array(damage(), { minLength: 1, maxLength: 2 }) },
      ),
    )
    .map(([payload, mutations, damages]) => {
      const root = toNode(JSON.parse(JSON.stringify(payload)));
      for (const mutate of mutations) mutate(root);
      return damages.reduce<Uint8Array>((bytes, apply) => apply(bytes), Buffer.from(toText(root)));
    });

/** A trace settles by itself a while after it came; the names that it adds then are not looked at. */
function withoutSettling(row: unknown): object {
  return { ...(row as object), isSettled: null, settledStep: null };
}

/** Everything that an accepted request may change and a refused one may not. */
class StoreWatch {
  readonly #server: TestServer;
  readonly #database: Database;

  constructor(server: TestServer) {
    this.#server = server;
    this.#database = new Database(join(server.dataDir, "tealight.db"), { readonly: true });
  }

  async dump(): Promise<unknown> {
    const { traceCount, spanCount, buffered } = (await (
      await this.#server.api("/api/status")
    ).json()) as Record<string, number>;
    const tables = ["projects", "headers", "traces", "spans", "blocks", "runs", "deletions"];
    return {
      counts: { traceCount, spanCount, buffered },
      list: await (await this.#server.api("/api/traces?limit=500")).text(),
      tables: tables.map((table) =>
        this.#database.query(`SELECT * FROM ${table}`).all().map(withoutSettling),
      ),
    };
  }

  /** Deletes all traces, and waits until nothing of them is left to collect. */
  async clear(): Promise<void> {
    const { traces } = (await (
      await this.#server.api("/api/traces?limit=500")
    ).json()) as TracePage;
    for (const { key } of traces)
      await this.#server.api(`/api/traces/~${key}`, { method: "DELETE" });
    while (this.#database.query("SELECT 1 FROM spans LIMIT 1").get()) await Bun.sleep(1);
    while (this.#database.query("SELECT 1 FROM deletions").get()) await Bun.sleep(1);
  }

  async exported(): Promise<StoredSpans> {
    const { traces } = (await (
      await this.#server.api("/api/traces?limit=500")
    ).json()) as TracePage;
    const spans: StoredSpans = new Map();
    for (const { key } of traces) {
      const response = await this.#server.api(`/api/traces/~${key}/export`);
      spansOf((await response.json()) as WirePayload, spans);
    }
    return spans;
  }

  close(): void {
    this.#database.close();
  }
}

function post(server: TestServer, body: Uint8Array, encoding?: string): Promise<Response> {
  return fetch(`${server.url}/ingest`, {
    method: "POST",
    headers: {
      authorization: `Bearer ${server.key}`,
      ...(encoding !== undefined && { "content-encoding": encoding }),
    },
    body: body as Uint8Array<ArrayBuffer>,
  });
}

/** @returns the answer, and what the last attempt took of the processors. */
async function sendMeasured(send: () => Promise<Response>) {
  let startMs = 0;
  const response = await sendUntilTaken(() => {
    startMs = cpuMs();
    return send();
  });
  return { response, tookMs: cpuMs() - startMs };
}

test("arbitrary mutations of valid payloads are refused without a trace, or stored as they read", async () => {
  await using server = await startServer({ unknownFields: "reject" });
  const watch = new StoreWatch(server);
  const answers = { accepted: 0, refused: 0 };
  // Something is there from the start: a refused request must not change that either.
  const [neighbour] = fc.sample(wirePayload(), { numRuns: 1, seed: 1 });
  await server.ingest(neighbour);
  let before = await watch.dump();

  await fc.assert(
    fc.asyncProperty(mutatedBody(), async (body) => {
      const response = await sendUntilTaken(() => post(server, body));
      const text = await response.text();
      expect([202, 400]).toContain(response.status);
      if (response.status === 400) {
        answers.refused++;
        expect(["invalid JSON body", "invalid payload"]).toContain(JSON.parse(text).error);
        expect(text.length).toBeLessThan(32 * 1024);
        expect(await watch.dump()).toEqual(before);
        return;
      }
      answers.accepted++;
      await watch.clear();
      expect((await sendUntilTaken(() => post(server, body))).status).toBe(202);
      const sent = JSON.parse(new TextDecoder().decode(body)) as WirePayload;
      expect(await watch.exported()).toEqual(storedOf(sent));
      before = await watch.dump();
    }),
    { numRuns: 200 },
  );
  console.info(`mutations: ${answers.accepted} stored, ${answers.refused} refused`);
  expect(answers.accepted).toBeGreaterThan(0);
  expect(answers.refused).toBeGreaterThan(0);
  expect(server.bugs).toEqual([]);
  watch.close();
});

const limit = 10 * MiB;
const fill = (text: string, bytes = limit) => text.repeat(Math.floor(bytes / text.length));
const members = (count: number, member: (i: number) => string) =>
  Array.from({ length: count }, (_, i) => member(i)).join(",");
const spanText = (id: string | number, endTime = 1) =>
  `{"spanId":"${id}","spanType":"llm","name":"","startTime":0,"endTime":${endTime}}`;
const inTrace = (spans: string, fields = "") =>
  `{"version":"v1","traces":[{"traceId":"t","traceName":"n"${fields},"spans":[${spans}]}]}`;
const inTraces = (spans: string[], traceId = () => "t") => {
  const traces: string[] = [];
  for (let at = 0; at < spans.length; at += 2000) {
    const part = spans.slice(at, at + 2000).join(",");
    traces.push(`{"traceId":"${traceId()}","traceName":"n","spans":[${part}]}`);
  }
  return `{"version":"v1","traces":[${traces.join(",")}]}`;
};
const numbered = (count: number, endTime?: number) =>
  Array.from({ length: count }, (_, i) => spanText(i, endTime));

const hostileBodies: [title: string, body: () => string | Uint8Array, encoding?: string][] = [
  ["10 MiB of opening brackets", () => fill("[")],
  ["10 MiB of nested objects", () => fill('{"a":')],
  ["10 MiB of nested arrays that close", () => fill("[", limit / 2) + fill("]", limit / 2)],
  ["deep nesting in a payload", () => inTrace(nested("[", "]", 5 * MiB - 100))],
  ["deep nesting in a map", () => inTrace(spanText(1), `,"metadata":${nested('{"a":', "}", MiB)}`)],
  ["10 MiB of quotes", () => fill('"')],
  ["10 MiB of backslashes", () => fill("\\")],
  ["10 MiB of backslashes in a string", () => `"${fill("\\", limit - 2)}"`],
  ["10 MiB of escaped quotes", () => `"${fill('\\"', limit - 2)}"`],
  ["10 MiB of an open string of brackets", () => `"${fill("[", limit - 1)}`],
  ["10 MiB of escaped lone surrogates", () => `"${fill("\\ud800", limit - 2)}"`],
  ["1,000,000 unknown keys", () => `{${members(1_000_000, (i) => `"${i.toString(36)}":0`)}}`],
  ["unknown keys that look like indexes", () => `{${members(950_000, (i) => `"${i}":0`)}}`],
  ["unknown keys in a span", () => inTrace(`{${members(850_000, (i) => `"k${i}":0`)}}`)],
  [
    "a map of 700,000 keys",
    () => inTrace(spanText(1), `,"metadata":{${members(700_000, (i) => `"k${i}":""`)}}`),
  ],
  ["the same key 2,000,000 times", () => `{${fill('"a":0,', limit - 10)}"a":0}`],
  ["3,000,000 empty traces", () => `{"version":"v1","traces":[${fill("{},", limit - 40)}{}]}`],
  ["3,000,000 empty spans", () => inTrace(`${fill("{},", limit - 80)}{}`)],
  ["80,000 spans of which the last is invalid", () => inTraces([...numbered(79_999), "{}"])],
  ["80,000 spans that are all invalid", () => inTraces(numbered(80_000).map(() => '{"spanId":1}'))],
  [
    "80,000 spans of which the last ends too early",
    () => inTraces([...numbered(79_999), spanText("x", -1)]),
  ],
  ["a number of 10 MiB", () => fill("1")],
  ["1,500,000 numbers out of range", () => inTrace(`${fill("1e400,", limit - 80)}0`)],
  ["10 MiB of white space", () => fill(" ")],
  ["10 MiB of NUL", () => fill("\0")],
  ["10 MiB of bytes that are no UTF-8", () => new Uint8Array(limit).fill(0xff)],
  ["UTF-16", () => Buffer.from(inTrace(spanText(1)), "utf16le")],
  ["a body over the limit", () => fill(" ", limit + 1)],
  ["a gzip bomb", () => gzipSync(new Uint8Array(50 * MiB)), "gzip"],
  ["a zstd bomb", () => zstdCompressSync(new Uint8Array(50 * MiB)), "zstd"],
  ["a deflate bomb", () => deflateSync(new Uint8Array(50 * MiB)), "deflate"],
  ["a raw deflate bomb", () => deflateRawSync(new Uint8Array(50 * MiB)), "deflate"],
  ["gzip that is cut off", () => gzipSync(inTrace(spanText(1))).subarray(0, 40), "gzip"],
  ["gzip of nested objects", () => gzipSync(fill('{"a":')), "gzip"],
];

describe("hostile bodies", () => {
  test("are refused without much work, and change nothing", async () => {
    await using server = await startServer({ unknownFields: "reject" });
    const watch = new StoreWatch(server);
    await server.ingest(inTrace(spanText("there before")));
    const before = await watch.dump();
    const most = { title: "", tookMs: 0 };
    for (const [title, body, encoding] of hostileBodies) {
      const text = body();
      const bytes = typeof text === "string" ? Buffer.from(text) : text;
      const { response, tookMs } = await sendMeasured(() => post(server, bytes, encoding));
      const answer = await response.text();
      if (tookMs > most.tookMs) Object.assign(most, { title, tookMs });
      expect({ title, status: response.status }).toEqual({
        title,
        status: /bomb|over the limit/.test(title) ? 413 : 400,
      });
      expect(answer.length).toBeLessThan(32 * 1024);
    }
    expect(await watch.dump()).toEqual(before);
    console.info(
      `${hostileBodies.length} hostile bodies, at most ${Math.round(most.tookMs)} ms of the processors: ${most.title}`,
    );
    expect(most.tookMs).toBeLessThan(maxCpuMs);
    expect(server.bugs).toEqual([]);
    watch.close();
  });

  test("are refused likewise where unknown fields are kept", async () => {
    await using server = await startServer();
    let mostMs = 0;
    for (const [title, body, encoding] of hostileBodies.filter(([title]) =>
      /unknown keys$|nested objects$|empty spans/.test(title),
    )) {
      const bytes = Buffer.from(body() as string);
      const { response, tookMs } = await sendMeasured(() => post(server, bytes, encoding));
      await response.text();
      mostMs = Math.max(mostMs, tookMs);
      expect({ title, status: response.status }).toEqual({ title, status: 400 });
    }
    console.info(
      `hostile bodies with unknown fields kept, at most ${Math.round(mostMs)} ms of the processors`,
    );
    expect(mostMs).toBeLessThan(maxCpuMs);
  });
});

describe("large valid bodies", () => {
  test("of 20,000 spans of one trace are stored, and all of them changed, without much work", async () => {
    await using server = await startServer();
    for (const endTime of [1, 2, 2]) {
      const body = inTraces(numbered(20_000, endTime));
      const { response, tookMs } = await sendMeasured(() => server.ingest(body));
      expect(await response.json()).toEqual({ accepted: 20_000 });
      console.info(`20,000 spans of one trace in ${Math.round(tookMs)} ms of the processors`);
      expect(tookMs).toBeLessThan(maxCpuMs);
    }
    const { traces } = (await (await server.api("/api/traces")).json()) as TracePage;
    expect(traces).toMatchObject([{ spanCount: 20_000, endTime: 2, llmCount: 20_000 }]);
  });

  test("of more spans of one trace than the writer remembers are stored without much work", async () => {
    await using server = await startServer();
    const body = inTraces(numbered(110_000));
    const { response, tookMs } = await sendMeasured(() => server.ingest(body));
    expect(await response.json()).toEqual({ accepted: 110_000 });
    expect((await server.ingest(inTrace(spanText("one more")))).status).toBe(202);
    console.info(`110,000 spans of one trace in ${Math.round(tookMs)} ms of the processors`);
    expect(tookMs).toBeLessThan(5 * maxCpuMs);
    const { traces } = (await (await server.api("/api/traces")).json()) as TracePage;
    expect(traces).toMatchObject([{ spanCount: 110_001 }]);
  });
});
