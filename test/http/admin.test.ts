/** Projects and keys over HTTP. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { makePayload, startServer, type TestServer } from "../helpers.ts";

let server: TestServer;
beforeAll(async () => {
  server = await startServer();
});
afterAll(async () => {
  expect(server.bugs).toEqual([]);
  await server[Symbol.asyncDispose]();
});

interface Key {
  id: number;
  name: string;
  project: string;
  createdAt: number;
  lastUsedAt: number | null;
  revokedAt: number | null;
}
interface Project {
  name: string;
  createdAt: number;
}

interface Answer {
  status: number;
  [field: string]: unknown;
}

async function call(method: string, path: string, body?: unknown, to = server): Promise<Answer> {
  const response = await to.api(path, {
    method,
    ...(body !== undefined && { body: typeof body === "string" ? body : JSON.stringify(body) }),
  });
  expect(response.headers.get("content-type")).toBe("application/json");
  return { status: response.status, ...((await response.json()) as Record<string, unknown>) };
}

const keysOf = async (to = server) => (await call("GET", "/api/keys", undefined, to)).keys as Key[];
const projectsOf = async (to = server) =>
  (await call("GET", "/api/projects", undefined, to)).projects as Project[];

async function makeKey(body: object, to = server): Promise<Key & { secret: string }> {
  const answer = await call("POST", "/api/keys", body, to);
  expect(answer.status).toBe(201);
  return answer.key as Key & { secret: string };
}

const wrongBodies: [body: string, where: string][] = [
  ["", "JSON"],
  ["no JSON", "JSON"],
  ["null", "body"],
  ["[]", "body"],
  ['"x"', "body"],
  ["{}", "name"],
  ['{"name":""}', "name"],
  ['{"name":null}', "name"],
  ['{"name":1}', "name"],
  ['{"name":["x"]}', "name"],
  [JSON.stringify({ name: "x".repeat(65) }), "name"],
  ['{"name":"a\\u0000b"}', "name"],
  ['{"name":"a\\nb"}', "name"],
  ['{"name":"\\u001b[31mred"}', "name"],
  ['{"name":"\\u007f"}', "name"],
  ['{"name":"\\u009b31m"}', "name"],
  ['{"name":"\\ud800"}', "name"],
  ['{"name":"x\\udc00y"}', "name"],
  ['{"name":"x","colour":"s3cret-marker"}', "colour"],
  ['{"name":"x","__proto__":"s3cret-marker"}', "__proto__"],
];

/** Sends every body that is wrong, and expects a 400 that says where and repeats nothing. */
async function expectWrongBodiesRefused(method: string, path: string): Promise<void> {
  for (const [body, where] of wrongBodies) {
    const answer = await call(method, path, body);
    expect(answer).toMatchObject({ status: 400, code: "bad_request" });
    expect(`${answer.error} ${answer.hint}`).toContain(where);
    expect(JSON.stringify(answer)).not.toContain("s3cret-marker");
  }
  const large = JSON.stringify({ name: "x".repeat(70_000) });
  expect(await call(method, path, large)).toMatchObject({ status: 413 });
}

describe("projects", () => {
  test("begin with the default one", async () => {
    await using fresh = await startServer();
    expect(await projectsOf(fresh)).toEqual([{ name: "default", createdAt: expect.any(Number) }]);
  });

  test("are created, listed in order, and there after a restart", async () => {
    const before = await startServer();
    const startedAt = Date.now();
    for (const name of ["second", "third 例え😀", "a/b", "~c", "%41", "x".repeat(64)]) {
      const answer = await call("POST", "/api/projects", { name }, before);
      expect(answer).toEqual({ status: 201, project: { name, createdAt: expect.any(Number) } });
      expect((answer.project as Project).createdAt).toBeWithin(startedAt, Date.now() + 1);
    }
    const listed = await projectsOf(before);
    expect(listed.map(({ name }) => name)).toEqual([
      "default",
      "second",
      "third 例え😀",
      "a/b",
      "~c",
      "%41",
      "x".repeat(64),
    ]);
    await before.stop();
    await using after = await startServer({ dataDir: before.dataDir });
    expect(await projectsOf(after)).toEqual(listed);
  });

  test("have each a name of their own", async () => {
    await call("POST", "/api/projects", { name: "taken" });
    const before = await projectsOf();
    for (const name of ["taken", "default"]) {
      expect(await call("POST", "/api/projects", { name })).toMatchObject({
        status: 409,
        code: "conflict",
        hint: expect.any(String),
      });
      if (name !== "taken")
        expect(await call("PATCH", "/api/projects/taken", { name })).toMatchObject({ status: 409 });
    }
    expect(await projectsOf()).toEqual(before);
    expect(await call("POST", "/api/projects", { name: "Taken" })).toMatchObject({ status: 201 });
  });

  test("are renamed with their traces and keys", async () => {
    await call("POST", "/api/projects", { name: "old name" });
    const { secret, id } = await makeKey({ name: "of it", project: "old name" });
    const send = () =>
      server.ingest(makePayload({ traceId: "renamed" }), { authorization: `Bearer ${secret}` });
    expect((await send()).status).toBe(202);
    const answer = await call("PATCH", "/api/projects/old%20name", { name: "new/name" });
    expect(answer).toMatchObject({ status: 200, project: { name: "new/name" } });
    expect((await projectsOf()).map(({ name }) => name)).not.toContain("old name");
    expect((await keysOf()).find((key) => key.id === id)).toMatchObject({ project: "new/name" });
    expect((await send()).status).toBe(202);
    expect(await call("GET", "/api/traces?project=new/name")).toMatchObject({
      status: 200,
      traces: [{ traceId: "renamed", project: "new/name" }],
    });
    expect(await call("GET", "/api/traces?project=old%20name")).toMatchObject({ status: 404 });
    // Back again, and to the name it has.
    for (const name of ["old name", "old name"]) {
      const [from] = (await projectsOf()).filter((project) => /name/.test(project.name));
      const path = `/api/projects/${encodeURIComponent(from!.name)}`;
      expect(await call("PATCH", path, { name })).toMatchObject({ status: 200, project: { name } });
    }
  });

  test("the default one may be renamed and stays the default", async () => {
    await using fresh = await startServer();
    expect(await call("PATCH", "/api/projects/default", { name: "mine" }, fresh)).toMatchObject({
      status: 200,
    });
    expect((await fresh.ingest(makePayload())).status).toBe(202);
    expect(await call("GET", "/api/traces/trace-1", undefined, fresh)).toMatchObject({
      trace: { project: "mine" },
    });
    expect(await makeKey({ name: "k" }, fresh)).toMatchObject({ project: "mine" });
  });

  test("that are not there cannot be renamed", async () => {
    for (const name of ["none", "~1", "%00"])
      expect(await call("PATCH", `/api/projects/${name}`, { name: "x" })).toMatchObject({
        status: 404,
        error: "no such project",
      });
    expect(await call("PATCH", "/api/projects/%ff", { name: "x" })).toMatchObject({ status: 400 });
  });

  test("refuse bodies that are wrong, and stay as they are", async () => {
    const before = await projectsOf();
    await expectWrongBodiesRefused("POST", "/api/projects");
    await expectWrongBodiesRefused("PATCH", "/api/projects/default");
    expect(await projectsOf()).toEqual(before);
  });
});

describe("keys", () => {
  test("begin with the default project's, whose secret is in a file", async () => {
    await using fresh = await startServer();
    expect(await keysOf(fresh)).toEqual([
      {
        id: expect.any(Number),
        name: "default",
        project: "default",
        createdAt: expect.any(Number),
        lastUsedAt: null,
        revokedAt: null,
      },
    ]);
    expect(readFileSync(join(fresh.dataDir, "key"), "utf8").trim()).toBe(fresh.key);
  });

  test("are created with a secret that is shown once and never stored", async () => {
    await using fresh = await startServer();
    await call("POST", "/api/projects", { name: "other" }, fresh);
    const key = await makeKey({ name: "ci", project: "other" }, fresh);
    expect(key).toEqual({
      id: expect.any(Number),
      name: "ci",
      project: "other",
      createdAt: expect.any(Number),
      lastUsedAt: null,
      revokedAt: null,
      secret: expect.stringMatching(/^fl_[\w-]{32}$/),
    });
    const { secret, ...shown } = key;
    expect((await keysOf(fresh)).at(-1)).toEqual(shown);
    const second = await makeKey({ name: "ci", project: "other" }, fresh);
    expect(second.secret).not.toBe(secret);
    expect(second.id).not.toBe(key.id);
    const body = makePayload({ traceId: "t" });
    expect((await fresh.ingest(body, { authorization: `Bearer ${secret}` })).status).toBe(202);
    expect(await call("GET", "/api/traces/t", undefined, fresh)).toMatchObject({
      trace: { project: "other" },
    });
    await fresh.engine.intake.writeNotes();
    for (const file of readdirSync(fresh.dataDir)) {
      const path = join(fresh.dataDir, file);
      if (existsSync(path)) expect(readFileSync(path).includes(secret)).toBe(false);
    }
  });

  test("belong to the default project unless another is named", async () => {
    expect(await makeKey({ name: "k" })).toMatchObject({ project: "default" });
    expect(await call("POST", "/api/keys", { name: "k", project: "none" })).toMatchObject({
      status: 404,
      error: "no such project",
    });
    expect(await call("POST", "/api/keys", { name: "k", project: 1 })).toMatchObject({
      status: 400,
      hint: expect.stringContaining("project"),
    });
  });

  test("show when they were last used, also after a restart", async () => {
    const before = await startServer();
    const used = await makeKey({ name: "used" }, before);
    const unused = await makeKey({ name: "unused" }, before);
    const startedAt = Date.now();
    await before.ingest(makePayload(), { authorization: `Bearer ${used.secret}` });
    const lastUses = async (to: TestServer) => {
      const keys = await keysOf(to);
      return [used.id, unused.id].map((id) => keys.find((key) => key.id === id)!.lastUsedAt);
    };
    const [lastUsedAt, never] = await lastUses(before);
    expect(lastUsedAt).toBeWithin(startedAt, Date.now() + 1);
    expect(never).toBeNull();
    // What was not written down yet is not forgotten when keys change.
    await makeKey({ name: "another" }, before);
    expect(await lastUses(before)).toEqual([lastUsedAt!, null]);
    await before.stop();
    await using after = await startServer({ dataDir: before.dataDir });
    expect(await lastUses(after)).toEqual([lastUsedAt!, null]);
  });

  test("are revoked for good, once or twice", async () => {
    const before = await startServer();
    const { id, secret } = await makeKey({ name: "k" }, before);
    const send = async (to: TestServer) =>
      (await to.ingest(makePayload(), { authorization: `Bearer ${secret}` })).status;
    expect(await send(before)).toBe(202);
    const first = await call("DELETE", `/api/keys/${id}`, undefined, before);
    expect(first).toMatchObject({ status: 200, key: { id } });
    expect((first.key as Key).revokedAt).toBeNumber();
    expect(await send(before)).toBe(401);
    while (Date.now() <= (first.key as Key).revokedAt!) await Bun.sleep(1);
    expect(await call("DELETE", `/api/keys/${id}`, undefined, before)).toEqual(first);
    expect((await before.ingest(makePayload())).status).toBe(202);
    await before.stop();
    await using after = await startServer({ dataDir: before.dataDir });
    expect(await send(after)).toBe(401);
    expect((await keysOf(after)).find((key) => key.id === id)).toMatchObject({
      revokedAt: (first.key as Key).revokedAt,
    });
  });

  test("the default one can be revoked, too, and stays so", async () => {
    const before = await startServer();
    const [key] = await keysOf(before);
    await call("DELETE", `/api/keys/${key!.id}`, undefined, before);
    expect((await before.ingest(makePayload())).status).toBe(401);
    await before.stop();
    await using after = await startServer({ dataDir: before.dataDir });
    expect((await after.ingest(makePayload())).status).toBe(401);
    expect(await keysOf(after)).toHaveLength(1);
  });

  test("that are not there cannot be revoked", async () => {
    for (const id of ["0", "999999", "9007199254740991"])
      expect(await call("DELETE", `/api/keys/${id}`)).toMatchObject({
        status: 404,
        error: "no such key",
      });
    for (const id of [
      "x",
      "-1",
      "1.5",
      "1e0",
      "0x1",
      "%201",
      "%ff",
      "default",
      "99999999999999999",
    ])
      expect(await call("DELETE", `/api/keys/${id}`)).toMatchObject({ status: 400 });
    const [key] = await keysOf();
    expect(key!.revokedAt).toBeNull();
  });

  test("refuse bodies that are wrong, and stay as they are", async () => {
    const before = await keysOf();
    await expectWrongBodiesRefused("POST", "/api/keys");
    expect(await keysOf()).toEqual(before);
  });
});

describe("administration", () => {
  test("at the same time gives each caller its own", async () => {
    const names = Array.from({ length: 20 }, (_, i) => `at once ${i}`);
    const keys = await Promise.all(names.map((name) => makeKey({ name })));
    expect(keys.map(({ name }) => name)).toEqual(names);
    expect(new Set(keys.map(({ secret }) => secret)).size).toBe(20);
    const one = { name: "one of them" };
    const answers = await Promise.all(names.map(() => call("POST", "/api/projects", one)));
    expect(answers.map(({ status }) => status).sort()).toEqual([201, ...Array(19).fill(409)]);
  });

  test("the status tells what is stored and how, and no secret", async () => {
    await using fresh = await startServer();
    await fresh.ingest(makePayload());
    const status = await call("GET", "/api/status", undefined, fresh);
    const text = JSON.stringify(status);
    expect(status).toMatchObject({
      status: 200,
      version: expect.stringMatching(/^\d+\.\d+\.\d+/),
      pid: process.pid,
      dataDir: fresh.dataDir,
      durability: "process",
      buffered: 0,
      traceCount: 1,
      spanCount: 1,
      rejects: {},
      storage: "ok",
      freeBytes: expect.any(Number),
      storeBytes: expect.any(Number),
      memoryBytes: expect.any(Number),
      sqliteVersion: expect.stringMatching(/^3\./),
    });
    expect(text).not.toContain(fresh.key);
    expect(text).not.toContain(fresh.token);
  });

  test("a shutdown that is asked for is answered at once", async () => {
    const response = await server.api("/api/shutdown", { method: "POST" });
    expect(response.status).toBe(202);
    expect(await response.json()).toEqual({ status: "shutting down" });
  });
});
