/** Whatever a newer client adds, wherever it stands: kept once, readable, exported, and imported back. */
import { Database } from "bun:sqlite";
import { expect, test } from "bun:test";
import { join } from "node:path";
import fc from "fast-check";
import type { TracePage } from "../../src/backend/views.ts";
import { startServer, type TestServer } from "../helpers.ts";
import {
  spansOf,
  storedOf,
  wirePayload,
  wireText,
  type StoredSpans,
  type WirePayload,
  type WireSpan,
} from "../payload.arbitrary.ts";

type Fields = Record<string, unknown>;

const oddNames = [
  "__proto__",
  "constructor",
  "toJSON",
  "x",
  "parent_span_id",
  "a.b",
  "",
  "\0",
  "0",
];
const name = () =>
  fc.oneof(
    fc.constantFrom(...oddNames),
    wireText(40).map((text) => `new ${text}`),
  );
const value = () =>
  fc.oneof(
    { weight: 9, arbitrary: fc.jsonValue() },
    fc.constantFrom(JSON.parse('{"__proto__":{"polluted":1}}'), "é".repeat(20_000)),
  );
const more = () => fc.dictionary(name(), value(), { maxKeys: 2 });

/** Unknown fields for each object of a payload, in the order in which they are met. */
const additions = () =>
  fc.record({ payload: more(), trace: more(), customer: more(), span: more(), nested: more() });

const nested = ["usage", "rateLimit", "chunkJitter"];

function put(object: Fields, fields: Fields): void {
  for (const [name, value] of Object.entries(fields))
    Object.defineProperty(object, name, { value, enumerable: true });
}

const underPath = (path: string, fields: Fields): Fields =>
  Object.fromEntries(Object.entries(fields).map(([name, value]) => [`${path}${name}`, value]));

interface Sent {
  body: string;
  /** By span as an export tells them, and by trace as often as they were sent. */
  ofSpans: Map<string, Fields>;
  ofTraces: Map<string, string[]>;
}

const asJson = (value: unknown) => JSON.stringify(value);
const sorted = (fields: Fields) =>
  asJson(Object.fromEntries(Object.entries(fields).sort(([a], [b]) => (a < b ? -1 : 1))));

/** Adds the fields to a copy of the payload, and says where they must be found. */
function extend(payload: WirePayload, added: Record<string, Fields>): Sent {
  const copy = JSON.parse(asJson(payload)) as WirePayload;
  const ofSpans = new Map<string, Fields>();
  const entries: { traceId: string; spans: WireSpan[]; fields: Fields }[] = [];
  const last = new Map<string, WireSpan>();
  const idOf = (traceId: string, { spanId }: WireSpan) => asJson([traceId, spanId]);
  put(copy as unknown as Fields, added.payload!);
  for (const trace of copy.traces) {
    put(trace as unknown as Fields, added.trace!);
    if (trace.customer) put(trace.customer as Fields, added.customer!);
    const fields = {
      ...underPath("unknown.payload.", added.payload!),
      ...underPath("unknown.", added.trace!),
      ...(trace.customer && underPath("unknown.customer.", added.customer!)),
    };
    entries.push({ traceId: trace.traceId, spans: trace.spans, fields });
    for (const span of trace.spans) {
      put(span, added.span!);
      const own = underPath("unknown.", added.span!);
      for (const field of nested.filter((field) => span[field])) {
        put(span[field] as Fields, added.nested!);
        Object.assign(own, underPath(`unknown.${field}.`, added.nested!));
      }
      ofSpans.set(idOf(trace.traceId, span), own);
      last.set(idOf(trace.traceId, span), span);
    }
  }
  const ofTraces = new Map<string, string[]>();
  for (const { traceId, spans, fields } of entries) {
    if (!spans.some((span) => last.get(idOf(traceId, span)) === span)) continue;
    const known = ofTraces.get(traceId) ?? [];
    if (Object.keys(fields).length > 0) known.push(sorted(fields));
    ofTraces.set(traceId, known.sort());
  }
  return { body: asJson(copy), ofSpans, ofTraces };
}

async function keysOf(server: TestServer): Promise<number[]> {
  const page = (await (await server.api("/api/traces?limit=500")).json()) as TracePage;
  return page.traces.map(({ key }) => key);
}

async function documents(server: TestServer, query: string): Promise<WirePayload[]> {
  const keys = await keysOf(server);
  return Promise.all(
    keys.map(async (key) => (await server.api(`/api/traces/~${key}/export${query}`)).json() as any),
  );
}

async function exported(server: TestServer, query = ""): Promise<StoredSpans> {
  const spans: StoredSpans = new Map();
  for (const document of await documents(server, query)) spansOf(document, spans);
  return spans;
}

async function clear(server: TestServer): Promise<void> {
  for (const key of await keysOf(server))
    await server.api(`/api/traces/~${key}`, { method: "DELETE" });
}

test("unknown fields of any name and value are kept, re-sent, exported and imported", async () => {
  await using server = await startServer();
  await using other = await startServer({ unknownFields: "reject" });
  await fc.assert(
    fc.asyncProperty(wirePayload(3, 4), additions(), async (payload, added) => {
      await Promise.all([clear(server), clear(other)]);
      const { body, ofSpans, ofTraces } = extend(payload, added);
      expect((await server.ingest(body)).status).toBe(202);
      expect(await exported(server)).toEqual(storedOf(payload));
      const full = await exported(server, "?full=1");
      const seen = new Map([...ofTraces.keys()].map((traceId) => [traceId, [] as string[]]));
      for (const [id, { traceId, span }] of full) {
        const { attributes = "{}", traceAttributes } = span.x as Record<string, string>;
        expect(sorted(JSON.parse(attributes))).toBe(sorted(ofSpans.get(id)!));
        if (traceAttributes !== undefined)
          seen.get(traceId)!.push(sorted(JSON.parse(traceAttributes)));
      }
      for (const texts of seen.values()) texts.sort();
      expect(seen).toEqual(ofTraces);

      expect((await server.ingest(body)).status).toBe(202);
      expect(await exported(server, "?full=1")).toEqual(full);
      for (const document of await documents(server, "?full=1")) {
        const imported = await other.api("/api/import", { method: "POST", body: asJson(document) });
        expect(imported.status).toBe(202);
      }
      expect(await exported(other, "?full=1")).toEqual(full);
    }),
    { numRuns: 15 },
  );
  expect(server.bugs).toEqual([]);
  const store = new Database(join(server.dataDir, "tealight.db"), { readonly: true });
  const interned = "SELECT count(*) AS count FROM headers WHERE json LIKE '%unknown.%'";
  expect(store.query(interned).get()).toEqual({ count: 0 });
  store.close();
  expect(({} as Fields).polluted).toBeUndefined();
});
