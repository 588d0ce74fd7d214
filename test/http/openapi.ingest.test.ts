/** Where spans come in: what is really answered, held against the document. */
import { expect, test } from "bun:test";
import { gzipSync } from "node:zlib";
import { Ajv2020 } from "ajv/dist/2020.js";
import type { OpenApi } from "../../src/http/openapi.ts";
import { makePayload, makeSpan, startServer } from "../helpers.ts";
import {
  answered,
  bodyOf,
  contentTypes,
  encodings,
  idOf,
  logsRequest,
  metricsRequest,
  otlpLog,
  otlpSpan,
  tracesRequest,
} from "../otlp/sender.ts";

const ajv = new Ajv2020({ strict: false, unicodeRegExp: false });

/** What cannot be brought about from outside at once: a body that stops, a bug. */
const rare = ["408", "500"];

const tooManyBytes = gzipSync(Buffer.alloc(65 * 1024 * 1024));
/** Far more than a key may send in a second: after it nothing is taken for a while. */
const manySpans = Array.from({ length: 500 }, (_, i) => i + 1);

const manyRequests = {
  traces: tracesRequest(manySpans.map((i) => otlpSpan({ spanId: idOf(i) }))),
  logs: logsRequest(manySpans.map((i) => otlpLog({ spanId: idOf(i) }))),
  metrics: metricsRequest(1),
};
const requests = {
  traces: tracesRequest([otlpSpan(), otlpSpan({ spanId: idOf(0) })]),
  logs: logsRequest([otlpLog()]),
  metrics: metricsRequest(1),
};

async function start() {
  const server = await startServer({ otlpAuth: "key", rateLimit: 10, maxBodyBytes: 50_000 });
  const document = (await (await fetch(`${server.url}/api/openapi.json`)).json()) as OpenApi;
  const checkOf = (schema: unknown) =>
    ajv.compile({ ...(schema as object), components: document.components } as object);
  return { server, document, checkOf };
}

test.each(["traces", "logs", "metrics"] as const)(
  "OTLP's %s are answered as the document says, in both encodings, with no other status",
  async (signal) => {
    const { server, document, checkOf } = await start();
    await using _ = server;
    const { responses } = document.paths[`/v1/${signal}`]!.post!;
    const seen = new Set<string>();

    for (const encoding of encodings) {
      const body = bodyOf(signal, requests[signal], encoding);
      const sent: Record<string, [body: Uint8Array | string, headers?: Record<string, string>]> = {
        taken: [body],
        broken: [encoding === "json" ? "{" : "\x0f"],
        stranger: [body, { authorization: "Bearer none" }],
        rebound: [body, { host: "evil.example" }],
        large: [tooManyBytes, { "content-encoding": "gzip" }],
        unknown: [body, { "content-type": "text/plain" }],
        packed: [body, { "content-encoding": "lzma" }],
      };
      const check = async (...[bytes, headers = {}]: (typeof sent)[string]) => {
        const response = await fetch(`${server.url}/v1/${signal}`, {
          method: "POST",
          body: bytes as Uint8Array<ArrayBuffer>,
          headers: {
            "content-type": contentTypes[encoding],
            authorization: `Bearer ${server.key}`,
            ...headers,
          },
        });
        const {
          status,
          encoding: answeredIn,
          error,
        } = await answered(signal, response.clone() as Response);
        seen.add(`${status}`);
        const media = responses[status]?.content[contentTypes[answeredIn]];
        expect([status, answeredIn, media !== undefined]).toEqual([status, answeredIn, true]);
        const schema = media!.schema as { description?: string; contentMediaType?: string };
        if (answeredIn === "json") {
          const isValid = checkOf(closed(schema));
          isValid(await response.json());
          expect([status, isValid.errors ?? null]).toEqual([status, null]);
        } else {
          expect(schema.contentMediaType).toBe(contentTypes.protobuf);
          if (status !== 200) expect(schema.description).toBe("google.rpc.Status");
        }
        // From protobuf, the same two fields.
        if (error) expect(checkOf(document.components.schemas.Status)(error)).toBe(true);
        return status;
      };
      for (const each of Object.values(sent)) await check(...each);
      server.engine.intake.isDraining = true;
      expect(await check(body)).toBe(503);
      server.engine.intake.isDraining = false;
      // Metrics are not stored, and so not limited.
      if (signal === "metrics") seen.add("429");
      else {
        const many = bodyOf(signal, manyRequests[signal], encoding);
        for (let i = 0; i < 5 && (await check(many)) !== 429; i++);
      }
    }
    expect([...seen].sort()).toEqual(Object.keys(responses).filter((s) => !rare.includes(s)));
    expect(server.bugs).toEqual([]);
  },
);

test("ingest v1 is answered as the document says, with no other status", async () => {
  const { server, document, checkOf } = await start();
  await using _ = server;
  const { responses } = document.paths["/ingest"]!.post!;
  const seen = new Set<string>();
  const check = async (payload: unknown, headers: Record<string, string> = {}) => {
    const response = await server.ingest(payload, headers);
    const { status } = response;
    seen.add(`${status}`);
    expect(response.headers.get("content-type")).toBe("application/json");
    const isValid = checkOf(closed(responses[status]!.content["application/json"]!.schema));
    isValid(await response.json());
    expect([status, isValid.errors ?? null]).toEqual([status, null]);
    return status;
  };
  expect(await check(makePayload())).toBe(202);
  expect(await check("{")).toBe(400);
  expect(await check({})).toBe(400);
  expect(await check({}, { authorization: "" })).toBe(401);
  expect(await check({}, { host: "evil.example" })).toBe(403);
  expect(await check(makePayload({ traceName: "x".repeat(50_000) }))).toBe(413);
  server.engine.intake.isDraining = true;
  expect(await check(makePayload())).toBe(503);
  server.engine.intake.isDraining = false;
  const spans = manySpans.map((i) => makeSpan({ spanId: `${i}` }));
  for (let i = 0; i < 5 && (await check(makePayload({ spans }))) !== 429; i++);
  expect([...seen].sort()).toEqual(Object.keys(responses).filter((s) => !rare.includes(s)));
});

/** The schema without room for fields that it does not name. */
function closed(schema: unknown): unknown {
  if (typeof schema !== "object" || schema === null) return schema;
  if (Array.isArray(schema)) return schema.map(closed);
  const entries = Object.entries(schema).map(([name, value]) => [name, closed(value)]);
  return Object.fromEntries([
    ...entries,
    ...("properties" in schema ? [["additionalProperties", false]] : []),
  ]);
}
