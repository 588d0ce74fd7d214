/** Who may send OTLP, and into which project: programs of this machine without a key, pages never. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { newSecret } from "../../src/secrets.ts";
import { startServer, type TestServer } from "../helpers.ts";
import {
  answered,
  bodyOf,
  contentTypes,
  countsOf,
  encodings,
  otlpSpan,
  rejectsOf,
  send,
  traceId,
  tracesRequest,
  type Answer,
} from "../otlp/sender.ts";

const allowedOrigin = "https://app.example";
const signals = ["traces", "logs", "metrics"] as const;

let server: TestServer;
let otherKey: string;
beforeAll(async () => {
  server = await startServer({ allowOrigin: [allowedOrigin], apiKey: "a key that was given" });
  const admin = (path: string, body: object) =>
    server.api(path, { method: "POST", body: JSON.stringify(body) });
  await admin("/api/projects", { name: "other" });
  const created = await admin("/api/keys", { name: "of the other", project: "other" });
  otherKey = ((await created.json()) as { key: { secret: string } }).key.secret;
});
afterAll(async () => {
  expect(server.bugs).toEqual([]);
  await server[Symbol.asyncDispose]();
});

/** Sends one span of a trace with these headers. */
function sendAs(
  headers: Record<string, string>,
  to: TestServer = server,
  trace = traceId,
): Promise<Answer> {
  const request = tracesRequest([otlpSpan({ traceId: trace })]);
  return answered("traces", send(to, "traces", request, "json", headers));
}

const missing = { status: 401, error: { code: 16, message: expect.stringMatching(/^missing/) } };
const wrong = { status: 401, error: { code: 16, message: expect.stringMatching(/^invalid or/) } };

let traceCount = 0;

/** The projects that have a trace which was sent with these headers. */
async function projectsAfter(headers: Record<string, string>): Promise<string[]> {
  const trace = (++traceCount).toString(16).padStart(32, "f");
  expect(await sendAs(headers, server, trace)).toMatchObject({ status: 200 });
  const { traces } = (await (await server.api("/api/traces?limit=500")).json()) as {
    traces: { traceId: string; project: string }[];
  };
  return traces.filter(({ traceId }) => traceId === trace).map(({ project }) => project);
}

describe("on loopback", () => {
  test("a program needs no key, and what it sends is the default project's", async () => {
    for (const headers of [{}, { authorization: "" }, { "x-api-key": "" }]) {
      expect(await projectsAfter(headers)).toEqual(["default"]);
    }
  });

  test("a key says into which project, as a Bearer or on its own", async () => {
    const withKey = (key: string): Record<string, string>[] => [
      { authorization: `Bearer ${key}` },
      { authorization: `bearer  ${key}` },
      { "x-api-key": key },
    ];
    for (const headers of withKey(otherKey))
      expect(await projectsAfter(headers)).toEqual(["other"]);
    for (const key of [server.key, "a key that was given"]) {
      for (const headers of withKey(key)) expect(await projectsAfter(headers)).toEqual(["default"]);
    }
  });

  test("another scheme is no key: it falls through to the next, or to none", async () => {
    const basic = { authorization: `Basic ${btoa("user:password")}` };
    expect(await projectsAfter(basic)).toEqual(["default"]);
    expect(await projectsAfter({ ...basic, "x-api-key": otherKey })).toEqual(["other"]);
  });

  test("what an exporter sends for another service is no key", async () => {
    for (const headers of [
      { authorization: "Bearer sk-of-somebody-else" },
      { authorization: "Bearer " + "e30.e30." },
      { "x-api-key": "lsv2_pt_0123" },
      { authorization: "Bearer other", "x-api-key": "another" },
      { authorization: "Basic x" },
      { authorization: `Basic ${btoa("pk-lf-1:sk-lf-1")}` },
      { authorization: "Api-Token dt0c01.x" },
    ] as Record<string, string>[]) {
      expect(await projectsAfter(headers)).toEqual(["default"]);
    }
    const both = { authorization: "Bearer other", "x-api-key": otherKey };
    expect(await projectsAfter(both)).toEqual(["other"]);
  });

  test("a key may be the user or the password, as Langfuse's SDKs send theirs", async () => {
    for (const pair of [`pk-lf-1:${otherKey}`, `${otherKey}:sk-lf-1`, `:${otherKey}`]) {
      expect(await projectsAfter({ authorization: `Basic ${btoa(pair)}` })).toEqual(["other"]);
      expect(await projectsAfter({ authorization: `basic  ${btoa(pair)}` })).toEqual(["other"]);
    }
  });

  test("one of ours that is wrong or revoked is refused although none would do", async () => {
    const unknown = newSecret("fl");
    const created = await server.api("/api/keys", {
      method: "POST",
      body: JSON.stringify({ name: "of one who left" }),
    });
    const { key } = (await created.json()) as { key: { id: number; secret: string } };
    await server.api(`/api/keys/${key.id}`, { method: "DELETE" });
    for (const headers of [
      { authorization: `Bearer ${unknown}` },
      { "x-api-key": unknown },
      { authorization: `Basic ${btoa(`user:${unknown}`)}` },
      { authorization: `Bearer ${key.secret}` },
      { authorization: `Bearer ${server.token}` },
    ] as Record<string, string>[]) {
      expect(await sendAs(headers)).toMatchObject(wrong);
    }
  });

  test.each([
    { origin: "https://evil.example" },
    { origin: "null" },
    { origin: allowedOrigin },
    { origin: "http://localhost:4000" },
    { "sec-fetch-site": "cross-site" },
    { "sec-fetch-site": "same-origin" },
    { "sec-fetch-site": "none" },
    { "sec-fetch-mode": "no-cors" },
    { "Sec-Fetch-Dest": "empty" },
  ] as Record<string, string>[])("a page needs one: %j", async (headers) => {
    for (const signal of signals) {
      const answer = await answered(signal, send(server, signal, {}, "json", headers));
      expect(answer).toMatchObject({ status: 401, error: { code: 16 } });
    }
    expect(await sendAs(headers)).toMatchObject(missing);
    expect(await sendAs({ ...headers, authorization: `Basic ${otherKey}` })).toMatchObject(missing);
    expect(await projectsAfter({ ...headers, "x-api-key": otherKey })).toEqual(["other"]);
  });

  test("what a form or a script may send without asking is no OTLP", async () => {
    const body = bodyOf("traces", tracesRequest([otlpSpan()]), "json");
    for (const type of ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data"]) {
      const response = await fetch(`${server.url}/v1/traces`, {
        method: "POST",
        headers: { "content-type": type, authorization: `Bearer ${server.key}` },
        body,
      });
      expect(response.status).toBe(415);
    }
  });

  test("a host that is not served is refused before all else", async () => {
    for (const host of ["evil.example", `localhost.:${server.port}`, "127.0.0.1"]) {
      for (const key of [{}, { authorization: `Bearer ${server.key}` }]) {
        const response = await send(server, "traces", {}, "protobuf", { host, ...key });
        expect(await answered("traces", response)).toMatchObject({
          status: 403,
          encoding: "protobuf",
          error: { code: 7, message: expect.stringContaining("--allow-host") },
        });
      }
    }
  });

  test("refusals are kept with the name of the key", async () => {
    await using server = await startServer();
    const post = (headers: Record<string, string>) =>
      fetch(`${server.url}/v1/traces`, {
        method: "POST",
        headers: { "content-type": contentTypes.json, ...headers },
        body: "{",
      });
    await post({});
    await post({ "x-api-key": server.key });
    await post({ "x-api-key": newSecret("fl") });
    await post({ origin: "https://evil.example" });
    await post({ host: "evil.example" });
    const rejects = await rejectsOf(server);
    expect(
      rejects.map(({ route, status, code, keyName }) => [route, status, code, keyName]),
    ).toEqual([
      ["/v1/traces", 403, "forbidden_host", null],
      ["/v1/traces", 401, "missing_api_key", null],
      ["/v1/traces", 401, "invalid_api_key", null],
      ["/v1/traces", 400, "invalid_otlp", "default"],
      ["/v1/traces", 400, "invalid_otlp", "none"],
    ]);
    expect(await countsOf(server)).toMatchObject({ invalid_otlp: 2 });
  });
});

describe("where OTLP asks for a key", () => {
  test("nobody gets in without", async () => {
    await using strict = await startServer({ otlpAuth: "key" });
    for (const encoding of encodings) {
      for (const signal of signals) {
        const answer = await answered(signal, send(strict, signal, {}, encoding));
        expect(answer).toMatchObject({ ...missing, encoding });
      }
    }
    expect(await sendAs({ authorization: "Basic x" }, strict)).toMatchObject(missing);
    for (const authorization of ["Bearer wrong", `Basic ${btoa("pk-lf-1:sk-lf-1")}`]) {
      expect(await sendAs({ authorization }, strict)).toMatchObject(wrong);
    }
    for (const headers of [
      { authorization: `Bearer ${strict.key}` },
      { "x-api-key": strict.key },
      { authorization: `Basic ${btoa(`pk-lf-1:${strict.key}`)}` },
      { authorization: `Basic ${btoa(`${strict.key}:sk-lf-1`)}` },
    ] as Record<string, string>[]) {
      expect(await sendAs(headers, strict)).toMatchObject({ status: 200 });
    }
    expect(strict.bugs).toEqual([]);
  });

  test("it does so by itself where other machines can connect", async () => {
    await using wide = await startServer({ host: "0.0.0.0" });
    expect(await sendAs({}, wide)).toMatchObject(missing);
    expect(await sendAs({ "x-api-key": wide.key }, wide)).toMatchObject({ status: 200 });
    await using opened = await startServer({ host: "0.0.0.0", otlpAuth: "open" });
    expect(await sendAs({}, opened)).toMatchObject({ status: 200 });
  });
});

describe("CORS", () => {
  const ask = (origin: string, path = "/v1/traces") =>
    fetch(`${server.url}${path}`, {
      method: "OPTIONS",
      headers: {
        origin,
        "sec-fetch-site": "cross-site",
        "access-control-request-method": "POST",
        "access-control-request-headers": "content-type,x-api-key",
      },
    });

  test.each(signals)(
    "an allowed origin may ask, send %s with a key, and read the answer",
    async (signal) => {
      const asked = await ask(allowedOrigin, `/v1/${signal}`);
      expect(asked.status).toBe(204);
      expect(asked.headers.get("access-control-allow-origin")).toBe(allowedOrigin);
      expect(asked.headers.get("access-control-allow-methods")).toBe("POST");
      const headers = asked.headers.get("access-control-allow-headers")!.split(/, */);
      expect(headers).toEqual(
        expect.arrayContaining(["authorization", "content-type", "x-api-key"]),
      );
      for (const [key, status] of [
        [server.key, 200],
        ["wrong", 401],
      ] as const) {
        const more = { origin: allowedOrigin, "x-api-key": key };
        const sent = await send(server, signal, {}, "json", more);
        expect(sent.status).toBe(status);
        expect(sent.headers.get("access-control-allow-origin")).toBe(allowedOrigin);
        expect(sent.headers.get("vary")).toBe("Origin");
        expect(sent.headers.get("access-control-allow-credentials")).toBeNull();
      }
    },
  );

  test("no other origin may, nor read an answer", async () => {
    for (const origin of ["https://evil.example", "null", `${allowedOrigin}:443`]) {
      const asked = await ask(origin);
      expect(asked.status).toBe(403);
      const sent = await send(server, "traces", {}, "json", { origin, "x-api-key": server.key });
      expect(sent.status).toBe(200);
      for (const { headers } of [asked, sent]) {
        expect([...headers.keys()].filter((name) => /^access-control/.test(name))).toEqual([]);
      }
    }
  });

  test("who is not allowed is told how to be, and is listed", async () => {
    await using closed = await startServer();
    for (const [path, origin] of [
      ["/v1/traces", "http://localhost:5173"],
      ["/api/public/otel/v1/traces", "https://app.example"],
      ["/ingest", "null"],
    ] as const) {
      const asked = await fetch(`${closed.url}${path}`, {
        method: "OPTIONS",
        headers: { origin, "access-control-request-method": "POST" },
      });
      expect(asked.status).toBe(403);
      expect(await asked.text()).toContain(`start the server with --allow-origin ${origin}`);
      const [reject] = await rejectsOf(closed);
      expect(reject).toMatchObject({ route: path, status: 403, code: "forbidden_origin" });
      expect(reject!.message).toContain(origin);
    }
    // What is no origin is not repeated.
    const asked = await fetch(`${closed.url}/v1/traces`, {
      method: "OPTIONS",
      headers: { origin: "<script>", "access-control-request-method": "POST" },
    });
    expect(await asked.text()).not.toContain("script");
  });
});
