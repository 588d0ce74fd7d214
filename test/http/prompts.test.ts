/** The versions of an agent's system prompt over HTTP, and what is masked in it. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import type { Completion } from "../../src/backend/completion.ts";
import type { TracePage } from "../../src/backend/views.ts";
import { maskPrompt } from "../../src/messages/mask.ts";
import type { PromptDiff, PromptVersions } from "../../src/query/prompts.ts";
import { makePayload, startServer, type TestServer } from "../helpers.ts";

let server: TestServer;
beforeAll(async () => {
  server = await startServer();
});
afterAll(async () => {
  expect(server.bugs).toEqual([]);
  await server[Symbol.asyncDispose]();
});

async function send(
  traceId: string,
  startTime: number,
  span: Record<string, unknown>,
  agentName = "coder",
): Promise<void> {
  const payload = makePayload(
    { traceId, agentName },
    { spanType: "agent", startTime, endTime: startTime + 10, ...span },
  );
  expect((await server.ingest(payload)).status).toBe(202);
}

async function get<T>(path: string): Promise<T> {
  const response = await server.api(path);
  expect([path, response.status]).toEqual([path, 200]);
  return (await response.json()) as T;
}

test("a filter finds the traces of one version, and completes and refuses like any other", async () => {
  const day = 86_400_000;
  await send("f1", 10 * day, { systemPrompt: "One of 5." }, "filtered");
  await send("f2", 10 * day + 5, { systemPrompt: "Two." }, "filtered");
  await send("f3", 12 * day, { systemPrompt: "One of 7.", status: "error" }, "filtered");
  await send("f4", 12 * day, {}, "filtered");
  const { versions } = await get<PromptVersions>("/api/agents/filtered/prompts");
  const one = versions.find(({ number }) => number === 1)!;
  expect(one.days).toEqual([
    { startTime: 10 * day, traceCount: 1, failedCount: 0 },
    { startTime: 12 * day, traceCount: 1, failedCount: 1 },
  ]);
  const found = async (filter: string) => {
    const found: string[] = [];
    let cursor: string | null = "";
    // On a busy machine a page may end before anything was looked at.
    while (cursor !== null) {
      const query = new URLSearchParams({ filter, ...(cursor && { cursor }) });
      const page: TracePage = await get<TracePage>(`/api/traces?${query}`);
      found.push(...page.traces.map(({ traceId }) => traceId));
      cursor = page.nextCursor;
    }
    return found;
  };
  expect(await found(`prompt:${one.id}`)).toEqual(["f3", "f1"]);
  expect(await found(`agent:filtered -prompt:${one.id}`)).toEqual(["f4", "f2"]);
  expect(await found("agent:filtered has:prompt")).toEqual(["f3", "f2", "f1"]);
  expect(await found(`prompt:${one.id} status:ok`)).toEqual(["f1"]);
  const asked = `/api/complete?filter=prompt:${one.id.slice(0, 4)}`;
  let completion: Completion;
  do completion = await get<Completion>(asked);
  while (completion.partial);
  expect(completion.items).toMatchObject([{ text: one.id, count: 2 }]);
});

describe("the versions of an agent's prompt", () => {
  test("are told apart by what somebody changed, and numbered by first use", async () => {
    const prompt = (date: string, rule: string) => `You are a coder. Today is ${date}. ${rule}`;
    await send("p1", 1000, { systemPrompt: prompt("2026-01-05", "Be brief.") });
    await send("p2", 2000, { systemPrompt: prompt("2026-01-06", "Be brief."), status: "error" });
    await send("p3", 3000, { systemPrompt: prompt("2026-01-07", "Be kind."), endTime: 3500 });
    // As a message of the first model call.
    const input = [
      { role: "system", content: prompt("2026-02-01", "Be brief.") },
      { role: "user", content: "hello" },
    ];
    await send("p4", 4000, { spanType: "llm", input: JSON.stringify(input) });
    await send("p5", 5000, {});
    await send("p6", 6000, { systemPrompt: "Another's." }, "another");
    const found = await get<PromptVersions>("/api/agents/coder/prompts");
    expect(found).toMatchObject({ traceCount: 5, withoutPromptCount: 1, partial: false });
    expect(found.versions).toMatchObject([
      { number: 2, traceCount: 1, failedCount: 0, medianDurationMs: 500, costUsd: null },
      {
        ...{ number: 1, traceCount: 3, failedCount: 1, errorCount: 1, medianDurationMs: 10 },
        firstUse: { traceId: "p1", startTime: 1000 },
        lastUse: { traceId: "p4", startTime: 4000 },
      },
    ]);
    const [young, old] = found.versions;
    expect([young!.length, old!.length]).toEqual([46, 47]);
    expect(old!.days).toEqual([{ startTime: 0, traceCount: 3, failedCount: 1 }]);
    const newest = await get<PromptVersions>("/api/agents/coder/prompts?limit=3");
    expect(newest).toMatchObject({ traceCount: 3, partial: true });
    expect(newest.versions.map(({ id }) => id).sort()).toEqual([young!.id, old!.id].sort());

    const path = "/api/agents/coder/prompts/diff";
    const { diff, to } = await get<PromptDiff>(`${path}?from=1&to=${young!.id}`);
    expect(to.number).toBe(2);
    const texts = diff.parts.flatMap((part) =>
      "text" in part ? `${part.change} ${part.text}` : [],
    );
    expect(texts).toContain("onlyA brief");
    expect(texts).toContain("onlyB kind");
    expect((await server.api(`${path}?from=1&to=9`)).status).toBe(404);
  });

  test("follow a trace that changes after it was looked at", async () => {
    await send("q1", 1000, { systemPrompt: "One rule." }, "changing");
    const before = await get<PromptVersions>("/api/agents/changing/prompts");
    await send("q1", 1000, { systemPrompt: "Other rules.", endTime: 2000 }, "changing");
    const after = await get<PromptVersions>("/api/agents/changing/prompts");
    expect(after.versions.length).toBe(1);
    expect(after.versions[0]!.id).not.toBe(before.versions[0]!.id);
  });

  test("of an agent that nobody knows are none", async () => {
    expect(await get<PromptVersions>("/api/agents/no%20one/prompts")).toEqual({
      versions: [],
      traceCount: 0,
      withoutPromptCount: 0,
      partial: false,
    });
  });
});

describe("a masked prompt", () => {
  test.each([
    ["Today is 2026-01-05T10:00:00Z.", "Today is 2025-12-31T23:59:59.123+02:00."],
    ["It is Monday, January 5, 2026, 10:15 AM", "It is Wed, Mar 12th, 2025, 9:01 PM"],
    ["Date: 5 Jan 2026", "Date: 12 December 2025"],
    ["Work in /home/ann/app/src.", "Work in /Users/bob/x.y/main"],
    ["Work in C:\\Users\\ann", "Work in D:\\code\\app"],
    [
      "Session 550e8400-e29b-41d4-a716-446655440000",
      "Session 123e4567-e89b-12d3-a456-426614174000",
    ],
    ["id toolu_01A09q90qw90lq917835lq9", "id toolu_02B19q91qw91lq918836lr8"],
    ["commit 3fa9c1d", "commit 00bb77e"],
    ["You have 12,345 tokens and 3 tries", "You have 9 tokens and 1.5 tries"],
  ])("%s is the same as %s", (a, b) => {
    expect(maskPrompt(a)).toBe(maskPrompt(b));
  });

  test("keeps every word that says something", () => {
    const text = "You may use either/or logic, self-contained-functions, and March on.";
    expect(maskPrompt(text)).toBe(text);
    expect(maskPrompt("Be brief.")).not.toBe(maskPrompt("Be kind."));
  });

  test("of a megabyte is done at once, whatever is in it", () => {
    for (const part of ["a-", "1-", "/", "deadbeef", "1.", "0a", " Mon, ", "a1-"]) {
      maskPrompt(part.repeat(1_000_000 / part.length));
    }
  });
});
