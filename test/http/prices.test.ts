/** Rules, list prices and repricing over HTTP, told from what calls cost before and after. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import type { PriceListing } from "../../src/ingest/pricer.ts";
import type { RepriceStatus } from "../../src/ingest/reprice.ts";
import { maxPriceBookBytes } from "../../src/limits.ts";
import { bundled } from "../../src/pricing/book.ts";
import type { PriceRule } from "../../src/pricing/rules.ts";
import {
  borrowServer,
  endIdleServers,
  makePayload,
  startServer,
  type TestServer,
} from "../helpers.ts";

afterAll(endIdleServers);

interface Answer {
  status: number;
  [field: string]: any;
}

async function call(
  server: TestServer,
  method: string,
  path: string,
  body?: unknown,
): Promise<Answer> {
  const response = await server.api(path, {
    method,
    ...(body !== undefined && { body: typeof body === "string" ? body : JSON.stringify(body) }),
  });
  expect(response.headers.get("content-type")).toBe("application/json");
  return { status: response.status, ...((await response.json()) as object) };
}

const usage = { inputTokens: 1000, cachedInputTokens: 400, outputTokens: 100 };
/** 600 × $2.50 + 400 × $1.25 + 100 × $10, per million. */
const listPrice = "0.003";

async function send(server: TestServer, traceId: string, span: object = {}, trace: object = {}) {
  const payload = makePayload(
    { traceId, ...trace },
    { provider: "openai", modelId: "gpt-4o", usage, ...span },
  );
  expect((await server.ingest(payload)).status).toBe(202);
}

/** What each trace cost, by its id. */
async function costsOf(server: TestServer): Promise<Record<string, string | null>> {
  const { traces } = await call(server, "GET", "/api/traces");
  return Object.fromEntries(
    traces.map(({ traceId, costUsd }: { traceId: string; costUsd: string | null }) => [
      traceId,
      costUsd,
    ]),
  );
}

async function setPrice(server: TestServer, body: object): Promise<PriceRule> {
  const answer = await call(server, "POST", "/api/prices", body);
  expect(answer.status).toBe(201);
  return answer.rule;
}

async function rulesOf(server: TestServer): Promise<PriceRule[]> {
  return (await call(server, "GET", "/api/prices")).rules;
}

/** Begins, and waits for the end. */
async function reprice(server: TestServer, body: object = {}): Promise<RepriceStatus> {
  const started = await call(server, "POST", "/api/reprice", body);
  expect(started).toMatchObject({ status: 202, startedAt: expect.any(Number) });
  while (true) {
    const { status, ...now } = await call(server, "GET", "/api/reprice");
    expect({ status, startedAt: now.startedAt }).toEqual({
      status: 200,
      startedAt: started.startedAt,
    });
    if (now.finishedAt !== null) return now as RepriceStatus;
    await Bun.sleep(5);
  }
}

function bookOf(input: number, output: number): string {
  const match = { equals: "gpt-4o" };
  const prices = { input_mtok: input, output_mtok: output };
  return JSON.stringify([{ id: "openai", models: [{ id: "gpt-4o", match, prices }] }]);
}

describe("rules", () => {
  test("there are none at first, and list prices hold", async () => {
    await using server = await borrowServer();
    expect(await call(server, "GET", "/api/prices")).toEqual({
      status: 200,
      ...bundled,
      rules: [],
    });
    await send(server, "listed");
    await send(server, "local", { provider: "ollama", modelId: "my-model" });
    expect(await costsOf(server)).toEqual({ listed: listPrice, local: null });
  });

  test("hold for what comes in from their answer on", async () => {
    await using server = await borrowServer();
    await send(server, "before");
    const prices = { input: "1", output: "2.5" };
    const startedAt = Date.now();
    const rule = await setPrice(server, { provider: "openai", model: "gpt-4o", prices });
    expect(rule).toEqual({
      id: expect.any(String),
      provider: "openai",
      model: "gpt-4o",
      prices,
      createdAt: expect.any(Number),
    });
    expect(rule.createdAt).toBeWithin(startedAt, Date.now() + 1);
    await send(server, "after");
    // 1,000 × $1 + 100 × $2.50, per million.
    expect(await costsOf(server)).toEqual({ before: listPrice, after: "0.00125" });
    const { receipt } = await call(server, "GET", "/api/traces/after/spans/span-1");
    expect(receipt).toMatchObject({ source: `rule ${rule.id}`, missing: [] });
  });

  test("make a local model free, or known for any provider and model", async () => {
    await using server = await borrowServer();
    await setPrice(server, { model: "my-*", prices: { input: "0", output: "0" } });
    await send(server, "free", { provider: "ollama", modelId: "my-model" });
    await send(server, "unknown", { provider: "ollama", modelId: "other" });
    expect(await costsOf(server)).toEqual({ free: "0", unknown: null });
    const rule = await setPrice(server, { prices: { request: "0.5" } });
    expect(rule).toMatchObject({ provider: "*", model: "*" });
    await send(server, "any", { provider: "ollama", modelId: "other", usage: { requestCount: 3 } });
    expect(await costsOf(server)).toMatchObject({ any: "1.5" });
  });

  test("are listed with the newest first, and there after a restart", async () => {
    const before = await startServer();
    const first = await setPrice(before, { model: "a", prices: { input: "1" } });
    const second = await setPrice(before, { model: "b", prices: { input: "1" } });
    expect(await rulesOf(before)).toEqual([second, first]);
    await before.stop();
    await using after = await startServer({ dataDir: before.dataDir });
    expect(await rulesOf(after)).toEqual([second, first]);
    await send(after, "a", { modelId: "a", usage: { inputTokens: 3, outputTokens: 0 } });
    expect(await costsOf(after)).toEqual({ a: "0.000003" });
  });

  test("take the place of one for the same patterns", async () => {
    await using server = await borrowServer();
    await setPrice(server, { model: "a", prices: { input: "1" } });
    const other = await setPrice(server, { provider: "x", model: "a", prices: { input: "2" } });
    const newer = await setPrice(server, { model: "a", prices: { output: "3" } });
    expect(await rulesOf(server)).toEqual([newer, other]);
  });

  test("are removed, and leave the list prices", async () => {
    await using server = await borrowServer();
    const { id } = await setPrice(server, { prices: { input: "1", output: "1" } });
    const removed = await call(server, "DELETE", `/api/prices/${id}`);
    expect(removed).toEqual({ status: 200, removed: 1 });
    expect(await rulesOf(server)).toEqual([]);
    await send(server, "t");
    expect(await costsOf(server)).toEqual({ t: listPrice });
    expect(await call(server, "DELETE", `/api/prices/${id}`)).toMatchObject({ status: 404 });
  });

  test("that are not there cannot be removed, whatever else a number may look like", async () => {
    await using server = await borrowServer();
    const { id } = await setPrice(server, { prices: { input: "1" } });
    for (const other of ["0", "99", "x", `${id}.0`, `${id}e0`, `0x${id}`, `%20${id}`, `-${id}`]) {
      expect(await call(server, "DELETE", `/api/prices/${other}`)).toMatchObject({
        status: 404,
        error: "no such rule",
        hint: expect.any(String),
      });
    }
    expect(await call(server, "DELETE", "/api/prices/%ff")).toMatchObject({ status: 400 });
    expect(await rulesOf(server)).toHaveLength(1);
  });

  test("of the configuration hold and are listed, and only the file removes them", async () => {
    const rule: PriceRule = {
      id: "config:1",
      provider: "*",
      model: "gpt-4o",
      prices: { input: "1", output: "0" },
      createdAt: 1,
    };
    await using server = await startServer({ priceRules: [rule] });
    expect(await rulesOf(server)).toEqual([rule]);
    await send(server, "t");
    expect(await costsOf(server)).toEqual({ t: "0.001" });
    for (const id of ["config:1", "config%3A1"])
      expect(await call(server, "DELETE", `/api/prices/${id}`)).toMatchObject({
        status: 400,
        code: "bad_request",
        hint: expect.any(String),
      });
    const { id } = await setPrice(server, { model: "gpt-*", prices: { input: "2", output: "0" } });
    expect((await rulesOf(server)).map((rule) => rule.id)).toEqual([id, "config:1"]);
  });

  test("refuse bodies that are wrong, and stay as they are", async () => {
    await using server = await borrowServer();
    const prices = { input: "1" };
    const wrong: [body: unknown, where: string][] = [
      ["", "JSON"],
      ["null", "body"],
      [[], "body"],
      [{}, "prices"],
      [{ model: "m" }, "prices"],
      [{ prices: {} }, "prices"],
      [{ prices: null }, "prices"],
      [{ prices: { input: 1 } }, "prices.input"],
      [{ prices: { input: "-1" } }, "prices.input"],
      [{ prices: { input: "1e3" } }, "prices.input"],
      [{ prices: { input: "01" } }, "prices.input"],
      [{ prices: { input: "1\n" } }, "prices.input"],
      [{ prices: { input: "0.0000000000001" } }, "prices.input"],
      [{ prices: { inputs: "1" } }, "prices.inputs"],
      [{ prices: { tiers: [] } }, "prices.tiers"],
      [{ prices, model: "" }, "model"],
      [{ prices, model: 1 }, "model"],
      [{ prices, provider: "x".repeat(129) }, "provider"],
      [{ prices, model: "x".repeat(257) }, "model"],
      [{ prices, id: "config:1" }, "id"],
      [{ prices, createdAt: 1 }, "createdAt"],
    ];
    for (const [body, where] of wrong) {
      const answer = await call(server, "POST", "/api/prices", body);
      expect({ body, ...answer }).toMatchObject({ body, status: 400, code: "bad_request" });
      expect(`${answer.error} ${answer.hint}`).toContain(where);
    }
    const large = { prices, model: "x".repeat(70_000) };
    expect(await call(server, "POST", "/api/prices", large)).toMatchObject({ status: 413 });
    expect(await rulesOf(server)).toEqual([]);
    expect(server.bugs).toEqual([]);
  });
});

describe("list prices", () => {
  test("of a newer file hold for new calls, also after a restart, until the bundled are back", async () => {
    const before = await startServer();
    const brought: Answer = await call(before, "PUT", "/api/prices/book", bookOf(1, 2));
    expect(brought).toEqual({
      status: 200,
      source: expect.not.stringContaining(bundled.source),
      sourceDate: new Date().toISOString().slice(0, 10),
      rules: [],
    });
    await send(before, "a");
    expect(await costsOf(before)).toEqual({ a: "0.0012" });
    await before.stop();
    await using after = await startServer({ dataDir: before.dataDir });
    expect(await call(after, "GET", "/api/prices")).toEqual(brought);
    await send(after, "b");
    expect(await call(after, "DELETE", "/api/prices/book")).toEqual({
      status: 200,
      ...bundled,
      rules: [],
    });
    await send(after, "c");
    expect(await costsOf(after)).toEqual({ a: "0.0012", b: "0.0012", c: listPrice });
    // There is no book to remove: as asked for.
    expect(await call(after, "DELETE", "/api/prices/book")).toMatchObject({ status: 200 });
  });

  test("take a file in chunks of unknown number, with a byte order mark", async () => {
    await using server = await borrowServer();
    const bytes = Buffer.from(`\ufeff${bookOf(1, 2)}`);
    const body = new ReadableStream({
      start(controller) {
        for (const byte of bytes) controller.enqueue(new Uint8Array([byte]));
        controller.close();
      },
    });
    expect((await server.api("/api/prices/book", { method: "PUT", body })).status).toBe(200);
    await send(server, "t");
    expect(await costsOf(server)).toEqual({ t: "0.0012" });
  });

  test("refuse what is none, and stay as they are", async () => {
    await using server = await borrowServer();
    const wrong = [
      "",
      "null",
      "{}",
      "[]",
      "no JSON",
      "[1]",
      '[{"id":"openai"}]',
      bookOf(-1, 1),
      bookOf(1, 1).replace('"equals"', '"regex"').replace('"gpt-4o"}', '"("}'),
    ];
    for (const body of wrong) {
      expect({ body, ...(await call(server, "PUT", "/api/prices/book", body)) }).toMatchObject({
        body,
        status: 400,
        code: "bad_request",
        error: expect.any(String),
      });
    }
    const latin = await server.api("/api/prices/book", {
      method: "PUT",
      body: Buffer.from('["\xe9"]', "latin1"),
    });
    expect(latin.status).toBe(400);
    const listing: Answer = await call(server, "GET", "/api/prices");
    expect(listing as Answer & PriceListing).toMatchObject(bundled);
    await send(server, "t");
    expect(await costsOf(server)).toEqual({ t: listPrice });
    expect(server.bugs).toEqual([]);
  });

  test("refuse a file that is too large, declared or not, and give the room back", async () => {
    await using server = await borrowServer();
    const put = (body: NonNullable<RequestInit["body"]>) =>
      server.api("/api/prices/book", { method: "PUT", body });
    // Four of them fill the room for large bodies, if each kept its own.
    for (let round = 0; round < 7; round++) {
      expect((await put(" ".repeat(maxPriceBookBytes))).status).toBe(400);
    }
    expect((await put(" ".repeat(maxPriceBookBytes + 1))).status).toBe(413);
    const MiB = new Uint8Array(1 << 20);
    let chunks = 0;
    const endless = new ReadableStream({
      pull(controller) {
        // The answer may come while this end still sends.
        if (++chunks > 64) controller.close();
        else controller.enqueue(MiB);
      },
    });
    const status = await put(endless).then(
      (response) => response.status,
      () => "cut",
    );
    expect([413, "cut"]).toContain(status);
    expect(await call(server, "PUT", "/api/prices/book", bookOf(1, 2))).toMatchObject({
      status: 200,
    });
  });
});

describe("repricing", () => {
  test("has no status before the first run", async () => {
    await using server = await startServer();
    const response = await server.api("/api/reprice");
    expect({ status: response.status, body: await response.json() }).toEqual({
      status: 200,
      body: null,
    });
  });

  test("applies the prices to what is stored and says what changed", async () => {
    await using server = await borrowServer();
    await send(server, "a");
    await send(server, "local", { provider: "ollama", modelId: "my-model" });
    await send(server, "tool", { spanType: "tool" });
    await setPrice(server, { model: "my-model", prices: { input: "1", output: "10" } });
    expect(await costsOf(server)).toEqual({ a: listPrice, local: null, tool: listPrice });
    const status = await reprice(server);
    expect(status).toEqual({
      isDryRun: false,
      startedAt: expect.any(Number),
      finishedAt: expect.any(Number),
      traceCount: 3,
      doneTraceCount: 3,
      spanCount: 3,
      changedSpanCount: 1,
      changedTraceCount: 1,
      beforeUsd: "0.006",
      afterUsd: "0.008",
    });
    expect(await costsOf(server)).toEqual({ a: listPrice, local: "0.002", tool: listPrice });
    const { receipt, costUsd } = await call(server, "GET", "/api/traces/local/spans/span-1");
    expect(costUsd).toBe("0.002");
    expect(receipt.source).toStartWith("rule ");
    // Once more there is nothing to do.
    expect(await reprice(server)).toMatchObject({
      changedSpanCount: 0,
      changedTraceCount: 0,
      beforeUsd: "0.008",
      afterUsd: "0.008",
    });
  });

  test("takes a cost away where no price is known any more", async () => {
    await using server = await borrowServer();
    const { id } = await setPrice(server, { model: "my-model", prices: { input: "1" } });
    await send(server, "t", { provider: "ollama", modelId: "my-model" });
    expect(await costsOf(server)).toEqual({ t: "0.001" });
    await call(server, "DELETE", `/api/prices/${id}`);
    expect(await reprice(server)).toMatchObject({ beforeUsd: "0.001", afterUsd: "0" });
    expect(await costsOf(server)).toEqual({ t: null });
  });

  test("with dryRun says the same and changes nothing", async () => {
    await using server = await borrowServer();
    await send(server, "t");
    await setPrice(server, { prices: { input: "0", output: "0" } });
    const dry = await reprice(server, { dryRun: true });
    expect(dry).toMatchObject({ isDryRun: true, changedSpanCount: 1, afterUsd: "0" });
    expect(await costsOf(server)).toEqual({ t: listPrice });
    const { isDryRun, startedAt, finishedAt, ...real } = await reprice(server, { dryRun: false });
    expect(dry).toMatchObject(real);
    expect(await costsOf(server)).toEqual({ t: "0" });
  });

  const at = (text: string) => {
    const startTime = Date.parse(text);
    return { startTime, endTime: startTime + 1 };
  };
  const filters: [filter: Record<string, unknown>, changed: string[]][] = [
    [{}, ["openai", "azure", "mini", "other"]],
    [{ project: "p" }, ["other"]],
    [{ provider: "openai" }, ["openai", "mini", "other"]],
    [{ provider: "OpenAI*" }, ["openai", "mini", "other"]],
    [{ model: "gpt-4o" }, ["openai", "azure", "other"]],
    [{ model: "*mini" }, ["mini"]],
    [{ provider: "azure", model: "*mini" }, []],
    [{ since: "2026-02-01" }, ["mini", "other"]],
    [{ since: Date.parse("2026-02-01") }, ["mini", "other"]],
    [{ until: String(Date.parse("2026-02-01")) }, ["openai", "azure"]],
    [{ since: "2026-01-02", until: "2026-03-01T00:00:00Z" }, ["azure", "mini"]],
  ];
  describe("of a filter", () => {
    let server: TestServer;
    beforeAll(async () => {
      server = await startServer();
      await call(server, "POST", "/api/projects", { name: "p" });
      await send(server, "openai", at("2026-01-01"));
      await send(server, "azure", { ...at("2026-01-02"), provider: "azure" });
      await send(server, "mini", { ...at("2026-02-01"), modelId: "gpt-4o-mini" });
      const span = { ...at("2026-03-01"), provider: "openai", modelId: "gpt-4o", usage };
      const imported = makePayload({ traceId: "other" }, span);
      expect((await call(server, "POST", "/api/import?project=p", imported)).status).toBe(202);
    });
    afterAll(() => server[Symbol.asyncDispose]());

    test.each(filters)("%j leaves the rest alone", async (filter, changed) => {
      const { id } = await setPrice(server, { prices: { input: "0", output: "0" } });
      expect((await reprice(server, filter)).changedSpanCount).toBe(changed.length);
      const free = Object.entries(await costsOf(server)).filter(([, cost]) => cost === "0");
      expect(free.map(([traceId]) => traceId).sort()).toEqual(changed.toSorted());
      // As it was before.
      await call(server, "DELETE", `/api/prices/${id}`);
      expect((await reprice(server)).changedSpanCount).toBe(changed.length);
    });
  });

  test("runs once at a time, beside what comes in", async () => {
    await using server = await borrowServer();
    for (let i = 0; i < 20; i++) await send(server, `t${i}`);
    await setPrice(server, { prices: { input: "1", output: "1" } });
    const start = () => call(server, "POST", "/api/reprice", {});
    const [one, two] = await Promise.all([start(), start(), send(server, "meanwhile")]);
    expect([one.status, two.status].sort()).toEqual([202, 409]);
    const refused = one.status === 409 ? one : two;
    expect(refused).toMatchObject({ code: "conflict", hint: expect.any(String) });
    while ((await call(server, "GET", "/api/reprice")).finishedAt === null) await Bun.sleep(5);
    const costs = await costsOf(server);
    expect(Object.keys(costs)).toHaveLength(21);
    expect(new Set(Object.values(costs))).toEqual(new Set(["0.0011"]));
    expect((await start()).status).toBe(202);
  });

  test("refuses what is no filter, and begins nothing", async () => {
    await using server = await startServer();
    const wrong: [body: unknown, status: number, where: string][] = [
      ["", 400, "JSON"],
      [[], 400, "body"],
      [{ project: "none" }, 404, "no such project"],
      [{ project: 1 }, 400, "project"],
      [{ since: "yesterday" }, 400, "invalid since"],
      [{ since: -1 }, 400, "invalid since"],
      [{ since: 1.5 }, 400, "invalid since"],
      [{ since: null }, 400, "invalid since"],
      [{ until: [1] }, 400, "invalid until"],
      [{ provider: "" }, 400, "provider"],
      [{ model: "x".repeat(257) }, 400, "model"],
      [{ dryRun: "yes" }, 400, "dryRun"],
      [{ dryrun: true }, 400, "dryrun"],
    ];
    for (const [body, status, where] of wrong) {
      const answer = await call(server, "POST", "/api/reprice", body);
      expect({ body, ...answer }).toMatchObject({ body, status });
      expect(`${answer.error} ${answer.hint}`).toContain(where);
    }
    expect(await (await server.api("/api/reprice")).json()).toBeNull();
    expect(server.bugs).toEqual([]);
  });
});
