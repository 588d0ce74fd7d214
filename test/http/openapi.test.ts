import { afterAll, expect, test } from "bun:test";
import { Validator } from "@seriousme/openapi-schema-validator";
import { Ajv2020 } from "ajv/dist/2020.js";
import type { SpanView } from "../../src/backend/views.ts";
import { viewerPaths } from "../../src/http/viewer.ts";
import { borrowServer, endIdleServers, makePayload, type TestServer } from "../helpers.ts";

afterAll(endIdleServers);

interface Operation {
  operationId: string;
  security: object[];
  parameters?: { name: string; in: string; required: boolean }[];
  responses: Record<string, { content: Record<string, { schema: object }> }>;
}

interface Document {
  openapi: string;
  paths: Record<string, Record<string, Operation>>;
  components: { schemas: Record<string, object> };
}

const ajv = new Ajv2020({ strict: false, unicodeRegExp: false });

async function documentOf(server: TestServer): Promise<Document> {
  return (await (await fetch(`${server.url}/api/openapi.json`)).json()) as Document;
}

test("the document is OpenAPI 3.1", async () => {
  await using server = await borrowServer();
  const { valid, errors } = await new Validator().validate((await documentOf(server)) as never);
  expect(errors).toBeUndefined();
  expect(valid).toBe(true);
});

test("the document has each route that is served, under a name of its own", async () => {
  await using server = await borrowServer();
  const { paths } = await documentOf(server);
  const documented = Object.entries(paths).flatMap(([path, operations]) =>
    Object.keys(operations).map((method) => `${method.toUpperCase()} ${path}`),
  );
  const served = server.engine.app.routes
    .filter(({ path }) => !viewerPaths.has(path))
    .map(({ method, path }) => `${method} ${path.replace(/:(\w+)/g, "{$1}")}`);
  expect(documented.sort()).toEqual(served.sort());
  const names = Object.values(paths).flatMap((of) => Object.values(of).map((o) => o.operationId));
  expect(new Set(names).size).toBe(names.length);
});

test("whoever needs no token is told no data, and all else needs one", async () => {
  await using server = await borrowServer();
  for (const [path, { get }] of Object.entries((await documentOf(server)).paths)) {
    if (!get) continue;
    const { status } = await fetch(`${server.url}${path.replaceAll(/[{}]/g, "")}`);
    expect([path, status]).toEqual([path, get.security.length === 0 ? 200 : 401]);
  }
});

/** The name of the one image that the span was sent. */
async function contentIn({ api }: TestServer): Promise<string> {
  const answer = await api("/api/traces/trace-1/spans/span-1/messages");
  return /"content":"(\w+)"/.exec(await answer.text())![1]!;
}

test("what every GET route answers has the shape that the document gives it", async () => {
  await using server = await borrowServer();
  const image = { type: "image", data: "iVBORw0KGgo=", mimeType: "image/png" };
  const said = [{ role: "user", content: [{ type: "text", text: "question" }, image] }];
  const texts = { input: JSON.stringify(said), output: "answer", systemPrompt: "Help." };
  await server.ingest(makePayload({ sessionId: "s", agentName: "agent" }, texts));
  await server.api("/api/reprice", { method: "POST", body: "{}" });
  const values: Record<string, string> = {
    trace: "trace-1",
    span: "span-1",
    field: "input",
    agent: "agent",
    content: await contentIn(server),
  };
  const { key } = (await (await server.api("/api/traces/trace-1/spans/span-1")).json()) as SpanView;
  const needed: Record<string, string> = {
    q: "question",
    spans: String(key),
    ...{ a: "trace-1", b: "trace-1", spanA: "span-1", spanB: "span-1", from: "1", to: "1" },
  };
  for (const [path, { get }] of Object.entries((await documentOf(server)).paths)) {
    if (!get || get.responses["200"]!.content["text/event-stream"]) continue;
    const query = (get.parameters ?? [])
      .filter((parameter) => parameter.in === "query" && parameter.required)
      .map(({ name }) => `${name}=${needed[name]}`);
    const filled = path.replace(/{(\w+)}/g, (_, name: string) => values[name]!);
    const response = await server.api(`${filled}?${query.join("&")}`);
    expect([path, response.status]).toEqual([path, 200]);
    const type = response.headers.get("content-type")!.split(";")[0]!;
    const media = get.responses["200"]!.content[type];
    if (!media || type !== "application/json") continue;
    const check = ajv.compile(closed(media.schema) as object);
    check(await response.json());
    expect([path, check.errors ?? null]).toEqual([path, null]);
  }
});

test("so does what changes something, and every refusal", async () => {
  await using server = await borrowServer();
  const document = await documentOf(server);
  await server.ingest(makePayload({ sessionId: "s" }));
  const check = async (method: string, path: string, body?: unknown, filled = path) => {
    const response = await server.api(filled, {
      method,
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    const { responses } = document.paths[path]![method.toLowerCase()]!;
    const answer = responses[response.status];
    expect([method, path, response.status, answer !== undefined]).toEqual([
      method,
      path,
      response.status,
      true,
    ]);
    const isError = response.status >= 400;
    const schema = isError
      ? document.components.schemas.Error!
      : Object.values(answer!.content)[0]!.schema;
    const json = await response.json();
    const isValid = ajv.compile(isError ? schema : (closed(schema) as object));
    isValid(json);
    expect([method, path, isValid.errors ?? null]).toEqual([method, path, null]);
    return { status: response.status, json: json as any };
  };
  const status = async (...args: Parameters<typeof check>) => (await check(...args)).status;

  expect(await status("POST", "/api/projects", { name: "p" })).toBe(201);
  expect(await status("POST", "/api/projects", { name: "p" })).toBe(409);
  expect(await status("POST", "/api/projects", { title: "p" })).toBe(400);
  expect(await status("PATCH", "/api/projects/{project}", { name: "q" }, "/api/projects/p")).toBe(
    200,
  );
  expect(await status("DELETE", "/api/projects/{project}", undefined, "/api/projects/q")).toBe(200);
  expect(await status("DELETE", "/api/projects/{project}", undefined, "/api/projects/q")).toBe(404);
  const { key } = (await check("POST", "/api/keys", { name: "k" })).json;
  expect(await status("DELETE", "/api/keys/{key}", undefined, `/api/keys/${key.id}`)).toBe(200);
  const price = { model: "m", prices: { input: "1" } };
  const { rule } = (await check("POST", "/api/prices", price)).json;
  expect(rule.id).toBeDefined();
  const rulePath = `/api/prices/${rule.id}`;
  expect(await status("DELETE", "/api/prices/{rule}", undefined, rulePath)).toBe(200);
  expect(await status("DELETE", "/api/prices/book")).toBe(200);
  expect(await status("POST", "/api/reprice", {})).toBe(202);
  expect(await status("POST", "/api/search/rebuild")).toBe(202);
  expect(
    await status("POST", "/api/traces/{trace}/pin", undefined, "/api/traces/trace-1/pin"),
  ).toBe(200);
  expect(
    await status("DELETE", "/api/sessions/{session}", undefined, "/api/sessions/s?dryRun=1"),
  ).toBe(200);
  expect(await status("DELETE", "/api/traces")).toBe(400);
  expect(await status("DELETE", "/api/traces", undefined, "/api/traces?filter=is:open")).toBe(200);
  expect(await status("GET", "/api/traces", undefined, "/api/traces?filter=x:y")).toBe(400);
  expect(await status("GET", "/api/traces", undefined, "/api/traces?cursor=x")).toBe(400);
  expect(await status("DELETE", "/api/traces/{trace}", undefined, "/api/traces/trace-1")).toBe(200);
  expect(await status("GET", "/api/traces/{trace}", undefined, "/api/traces/trace-1")).toBe(404);
  expect(await status("GET", "/api/traces/{trace}", undefined, "/api/traces/%ff")).toBe(400);
});

/** The schema without room for fields that it does not name, although clients have to bear such. */
function closed(schema: unknown): unknown {
  if (typeof schema !== "object" || schema === null) return schema;
  if (Array.isArray(schema)) return schema.map(closed);
  const entries = Object.entries(schema).map(([name, value]) => [name, closed(value)]);
  const isNamed = "properties" in schema && Object.keys(schema.properties as object).length > 0;
  return { ...(isNamed && { additionalProperties: false }), ...Object.fromEntries(entries) };
}
