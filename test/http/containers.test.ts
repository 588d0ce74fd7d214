/** Containers reach this machine under names of their own: they may send spans under these, and no more. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { networkInterfaces } from "node:os";
import { otlpPathsOf } from "../../src/http/paths.ts";
import { isContainerHost, isLocalPeer } from "../../src/http/peers.ts";
import { makePayload, startServer, type TestServer } from "../helpers.ts";
import { answered, otlpSpan, rejectsOf, send, tracesRequest } from "../otlp/sender.ts";

let server: TestServer;
beforeAll(async () => {
  server = await startServer();
});
afterAll(async () => {
  expect(server.bugs).toEqual([]);
  await server[Symbol.asyncDispose]();
});

const names = ["host.docker.internal", "host.containers.internal", "gateway.docker.internal"];
const hosts = names.flatMap((name) => [name, `${name}:4318`, name.toUpperCase()]);

test.each(hosts)("%s may send spans", async (host) => {
  const request = tracesRequest([otlpSpan()]);
  for (const encoding of ["json", "protobuf"] as const) {
    const answer = send(server, "traces", request, encoding, { host });
    expect(await answered("traces", answer)).toMatchObject({ status: 200, partial: null });
  }
  expect((await server.ingest(makePayload(), { host })).status).toBe(202);
  expect((await server.ingest(makePayload(), { host, authorization: "" })).status).toBe(401);
});

test.each(hosts)("%s may do nothing else, with the operator's token neither", async (host) => {
  for (const path of ["/", "/traces", "/health", "/api/traces", "/api/import", "/api/docs"]) {
    for (const method of ["GET", "POST"]) {
      const response = await server.api(path, { method, headers: { host } });
      expect({ path, status: response.status }).toEqual({ path, status: 403 });
    }
  }
  expect(await (await server.api("/api/traces", { headers: { host } })).json()).toMatchObject({
    code: "forbidden_host",
    hint: expect.stringContaining("containers"),
  });
});

test("a page that has rebound such a name gets as far as any page: nowhere without a key", async () => {
  const host = "host.docker.internal:4318";
  for (const headers of [
    { origin: `http://${host}` },
    { origin: `http://${host}`, "sec-fetch-site": "same-origin" },
    { "sec-fetch-mode": "cors" },
  ] as Record<string, string>[]) {
    const answer = await answered(
      "traces",
      send(server, "traces", {}, "json", { host, ...headers }),
    );
    expect(answer).toMatchObject({ status: 401, error: { code: 16 } });
  }
  const asked = await fetch(`${server.url}/v1/traces`, {
    method: "OPTIONS",
    headers: { host, origin: `http://${host}`, "access-control-request-method": "POST" },
  });
  expect(asked.status).toBe(403);
});

test("who comes from elsewhere is refused", async () => {
  const { app } = server.engine;
  const from = (address: string | null) => ({ requestIP: () => address && { address } });
  const ask = (path: string, address: string | null) =>
    app.fetch(
      new Request(`${server.url}${path}`, {
        method: "POST",
        headers: { host: "host.docker.internal:4318", "content-type": "application/json" },
        body: "{}",
      }),
      from(address) as never,
    );
  for (const path of otlpPathsOf("traces")) {
    expect((await ask(path, "127.0.0.1")).status).toBe(200);
    expect((await ask(path, "::ffff:127.0.0.1")).status).toBe(200);
    for (const address of ["203.0.113.7", "2001:db8::7", null]) {
      expect((await ask(path, address)).status).toBe(403);
    }
  }
  const [reject] = await rejectsOf(server);
  expect(reject).toMatchObject({ status: 403, code: "forbidden_host" });
});

describe("a name", () => {
  test.each([
    "host.docker.internal.evil.com",
    "evil.host.docker.internal",
    "host.docker.internal:",
    "host.docker.internal:4318, evil.com",
    "host.docker.internal.",
    "host-docker-internal",
    "docker.internal",
    "a@host.docker.internal",
    "",
  ])("%j is no container's", (host) => {
    expect(isContainerHost(host)).toBe(false);
  });
});

describe("a peer", () => {
  test("is local on loopback and under this machine's own addresses", () => {
    const own = Object.values(networkInterfaces()).flatMap((list) => list ?? []);
    for (const address of ["127.0.0.1", "127.8.9.1", "::1", "::ffff:127.0.0.1"]) {
      expect(isLocalPeer(address)).toBe(true);
    }
    for (const { address } of own) expect(isLocalPeer(address)).toBe(true);
  });

  test.each(["203.0.113.7", "2001:db8::1", "::ffff:203.0.113.7", "", undefined])(
    "%p is not local",
    (address) => {
      expect(isLocalPeer(address)).toBe(false);
    },
  );
});
