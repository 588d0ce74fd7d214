import { expect, test } from "bun:test";
import { makeTempDir } from "../helpers.ts";
import { spawnServer } from "../server.process.ts";

test("who sets up an agent is told where to send and with which key, and nobody else is", async () => {
  await using server = await spawnServer(makeTempDir());
  expect((await fetch(`${server.url}/api/setup`)).status).toBe(401);
  const headers = { authorization: `Bearer ${server.token}` };
  const setup = await (await fetch(`${server.url}/api/setup`, { headers })).json();
  expect(setup).toEqual({
    url: `http://localhost:${server.port}`,
    ingestUrl: `http://localhost:${server.port}/ingest`,
    otlpUrl: `http://localhost:${server.port}`,
    otlpGrpcUrl: null,
    otlpAuth: "open",
    apiKey: server.key,
    keyFile: expect.stringMatching(/key$/),
  });
});

test("a key that was revoked is not given out", async () => {
  await using server = await spawnServer(makeTempDir());
  const headers = { authorization: `Bearer ${server.token}` };
  const { keys } = (await (await fetch(`${server.url}/api/keys`, { headers })).json()) as {
    keys: { id: number }[];
  };
  for (const { id } of keys) {
    await fetch(`${server.url}/api/keys/${id}`, { method: "DELETE", headers });
  }
  const setup = await (await fetch(`${server.url}/api/setup`, { headers })).json();
  expect(setup).toMatchObject({ apiKey: null });
});
