import { Validator } from "@seriousme/openapi-schema-validator";
import { Ajv2020 } from "ajv/dist/2020.js";
import { expect, test } from "bun:test";
import { makePayload, startServer, type TestServer } from "../helpers.ts";

interface Operation {
  operationId: string;
  security: object[];
  parameters?: { name: string; in: string; required: boolean }[];
  responses: Record<string, { content: Record<string, { schema: object }> }>;
}

interface Document {
  openapi: string;
  paths: Record<string, Record<string, Operation>>;
}

const ajv = new Ajv2020({ strict: false, unicodeRegExp: false });

async function documentOf(server: TestServer): Promise<Document> {
  return (await (await fetch(`${server.url}/api/openapi.json`)).json()) as Document;
}

test("the document is OpenAPI 3.1", async () => {
  await using server = await startServer();
  const { valid, errors } = await new Validator().validate((await documentOf(server)) as never);
  expect(errors).toBeUndefined();
  expect(valid).toBe(true);
});

test("the document has each route that is served, under a name of its own", async () => {
  await using server = await startServer();
  const { paths } = await documentOf(server);
  const documented = Object.entries(paths).flatMap(([path, operations]) =>
    Object.keys(operations).map((method) => `${method.toUpperCase()} ${path}`),
  );
  const served = server.engine.app.routes.map(
    ({ method, path }) => `${method} ${path.replace(/:(\w+)/g, "{$1}")}`,
  );
  expect(documented.sort()).toEqual(served.sort());
  const names = Object.values(paths).flatMap((of) => Object.values(of).map((o) => o.operationId));
  expect(new Set(names).size).toBe(names.length);
});

test("whoever needs no token is told no data, and all else needs one", async () => {
  await using server = await startServer();
  for (const [path, { get }] of Object.entries((await documentOf(server)).paths)) {
    if (!get) continue;
    const { status } = await fetch(`${server.url}${path.replaceAll(/[{}]/g, "")}`);
    expect([path, status]).toEqual([path, get.security.length === 0 ? 200 : 401]);
  }
});

test("what every GET route answers has the shape that the document gives it", async () => {
  await using server = await startServer();
  await server.ingest(makePayload({ sessionId: "s" }, { input: "question", output: "answer" }));
  await server.api("/api/reprice", { method: "POST", body: "{}" });
  const values: Record<string, string> = { trace: "trace-1", span: "span-1", field: "input" };
  const needed: Record<string, string> = { q: "question" };
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

/** The schema without room for fields that it does not name, although clients have to bear such. */
function closed(schema: unknown): unknown {
  if (typeof schema !== "object" || schema === null) return schema;
  if (Array.isArray(schema)) return schema.map(closed);
  const entries = Object.entries(schema).map(([name, value]) => [name, closed(value)]);
  const isNamed = "properties" in schema && Object.keys(schema.properties as object).length > 0;
  return { ...(isNamed && { additionalProperties: false }), ...Object.fromEntries(entries) };
}
