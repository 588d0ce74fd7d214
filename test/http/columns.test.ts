/** What a list shows of keys that are the senders' own. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { makePayload, makeSpan, startServer, type TestServer } from "../helpers.ts";

let server: TestServer;
beforeAll(async () => {
  server = await startServer();
  const spanOf = (i: number, more: Record<string, unknown> = {}) =>
    makeSpan({ spanId: `s${i}`, startTime: 1_000 + i, endTime: 2_000 + i, ...more });
  const send = async (payload: unknown) => {
    const body = JSON.stringify(payload);
    expect((await server.api("/api/import", { method: "POST", body })).status).toBe(202);
  };
  await send(
    makePayload({
      traceId: "one",
      metadata: { env: "prod", "a b": "x", long: "y".repeat(500) },
      spans: [
        spanOf(0, { parentSpanId: "root", x: { attributes: '{"user.id":"child","depth":1}' } }),
        spanOf(1, {
          spanId: "root",
          x: { attributes: '{"user.id":42,"tags":["a","b"],"none":null}' },
        }),
      ],
    }),
  );
  await send(makePayload({ traceId: "two", spans: [spanOf(10)] }));
  // What only a span in the middle of many says is not looked for.
  const many = Array.from({ length: 100 }, (_, i) =>
    spanOf(100 + i, {
      parentSpanId: "p",
      ...([5, 50].includes(i) && { x: { attributes: `{"at":"${i}","only${i}":true}` } }),
    }),
  );
  await send(makePayload({ traceId: "many", spans: many }));
});
afterAll(() => server[Symbol.asyncDispose]());

const list = async (columns: string, more = "") => {
  const response = await server.api(`/api/traces?columns=${encodeURIComponent(columns)}${more}`);
  return { status: response.status, body: (await response.json()) as any };
};
const columnsOf = async (columns: string, traceId: string) => {
  const { body } = await list(columns, `&filter=trace:${traceId}`);
  return body.traces[0].columns;
};

test("metadata and attributes come with the traces, by the key as it was asked for", async () => {
  expect(await columnsOf('meta.env,attr.user.id,attr.tags,meta."a b"', "one")).toEqual({
    "meta.env": "prod",
    // The root's before another span's.
    "attr.user.id": "42",
    "attr.tags": "a, b",
    'meta."a b"': "x",
  });
});

test("what a trace does not have, and null, is absent", async () => {
  expect(await columnsOf("meta.nope,attr.none,attr.depth,root.attr.depth", "one")).toEqual({
    "attr.depth": "1",
  });
  expect(await columnsOf("meta.env,attr.user.id", "two")).toEqual({});
});

test("values are cut, and attributes looked for in the first and last spans alone", async () => {
  expect((await columnsOf("meta.long", "one"))["meta.long"]).toBe("y".repeat(200));
  expect(await columnsOf("attr.at,attr.only5,attr.only50", "many")).toEqual({
    "attr.at": "5",
    "attr.only5": "true",
  });
});

test("a list that is not asked for any has none", async () => {
  const { traces } = (await (await server.api("/api/traces")).json()) as any;
  expect(traces.some((trace: object) => "columns" in trace)).toBe(false);
});

test.each([
  ["agent", "agent is no key of the sender"],
  ["meta", "meta needs a name"],
  ["mta.env", "there is no key mta"],
  ["root.meta.env", "root. does not go with meta"],
  ["meta.a,", "there is no key"],
  ["meta.a b", "a blank stands in a key"],
  [Array.from({ length: 9 }, (_, i) => `meta.${i}`).join(","), "there are more than 8 keys"],
])("%s is refused with a reason", async (columns, reason) => {
  const { status, body } = await list(columns);
  expect(status).toBe(400);
  expect(body.error).toContain(reason);
});
