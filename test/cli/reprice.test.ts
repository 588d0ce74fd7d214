import { afterAll, describe, expect, test } from "bun:test";
import { endIdleServers, makePayload, makeSpan, type TestServer } from "../helpers.ts";
import {
  borrowAnnouncedServer,
  expectFailure,
  makeDataDir,
  readApi,
  standIn,
  startAnnouncedServer,
  tealight,
  tealightOnTerminal,
} from "./command.ts";

afterAll(endIdleServers);

const usage = { inputTokens: 200_000, outputTokens: 50_000 };
/** $0.50 + $0.50 by the list. */
const call = { provider: "openai", modelId: "gpt-4o", usage };

/** Two calls in a trace by the list, and one of a model that no list has. */
async function sendCalls(server: TestServer): Promise<void> {
  const spans = [makeSpan(call), makeSpan({ ...call, spanId: "span-2" })];
  const local = { ...call, provider: "ollama", modelId: "my-model" };
  for (const payload of [
    makePayload({ traceId: "listed", spans }),
    makePayload({ traceId: "local" }, local),
  ]) {
    expect((await server.ingest(payload)).status).toBe(202);
  }
}

async function costsOf(server: TestServer): Promise<Record<string, string | null>> {
  const { traces } = await readApi(server, "/api/traces");
  return Object.fromEntries(traces.map((trace: any) => [trace.traceId, trace.costUsd]));
}

const setLocal = ["prices", "set", "my-model", "--input", "1", "--output", "1"];

describe("reprice", () => {
  test("applies the prices to what is stored, and says what changed", async () => {
    await using server = await borrowAnnouncedServer();
    const run = (...args: string[]) => tealight(server.dataDir, args);
    expect((await run("reprice")).stdout).toBe("no calls match\n");
    await sendCalls(server);
    expect((await run("reprice")).stdout).toBe("nothing changed: 3 calls, $2.00\n");
    await run(...setLocal);
    expect(await run("reprice", "--dry-run")).toEqual({
      exitCode: 0,
      stdout: "would reprice 1 of 3 calls in 1 trace: $2.00 → $2.25\n",
      stderr: "",
    });
    expect(await costsOf(server)).toEqual({ listed: "2", local: null });
    expect(await run("reprice")).toEqual({
      exitCode: 0,
      stdout: "repriced 1 of 3 calls in 1 trace: $2.00 → $2.25\n",
      stderr: "",
    });
    expect(await costsOf(server)).toEqual({ listed: "2", local: "0.25" });
    await run("prices", "set", "gpt-4o", "--input", "0.000001", "--output", "0");
    // All digits: 2 × 200,000 × $0.000001 per million.
    expect((await run("reprice")).stdout).toBe(
      "repriced 2 of 3 calls in 1 trace: $2.25 → $0.2500004\n",
    );
  });

  test("takes filters", async () => {
    await using server = await borrowAnnouncedServer();
    const run = (...args: string[]) => tealight(server.dataDir, args);
    await sendCalls(server);
    await run("projects", "create", "p");
    await run("prices", "set", "*", "--free");
    const countOf = async (...filter: string[]) => {
      const { stdout } = await run("reprice", "--dry-run", "--json", ...filter);
      return JSON.parse(stdout).spanCount;
    };
    expect(await countOf()).toBe(3);
    expect(await countOf("--provider", "oll*")).toBe(1);
    expect(await countOf("--model", "gpt-*", "--until", "1970-01-02")).toBe(2);
    expect(await countOf("--since", "1001")).toBe(0);
    expect(await countOf("--project", "default")).toBe(3);
    expect(await countOf("--project", "p")).toBe(0);
    expectFailure(await run("reprice", "--project", "nope"), 3, "no such project");
    expectFailure(await run("reprice", "--since", "yesterday"), 2, "invalid since");
    expectFailure(await run("reprice", "--model", ""), 2, "invalid body");
  });

  test("--json prints the status at its end", async () => {
    await using server = await borrowAnnouncedServer();
    await sendCalls(server);
    await tealight(server.dataDir, setLocal);
    const { stdout, stderr } = await tealight(server.dataDir, ["reprice", "--json"]);
    expect(stderr).toBe("");
    const status = JSON.parse(stdout);
    expect(status).toMatchObject({ isDryRun: false, changedSpanCount: 1, afterUsd: "2.25" });
    expect(status.finishedAt).toBeNumber();
    expect(status).toEqual(await readApi(server, "/api/reprice"));
  });

  test("shows its progress on a terminal alone", async () => {
    await using server = await borrowAnnouncedServer();
    await sendCalls(server);
    const { exitCode, output } = await tealightOnTerminal(server.dataDir, ["reprice"]);
    expect(exitCode).toBe(0);
    expect(output).toContain("\r\u001b[K0 of 2 traces");
    // The line is taken back before the result.
    expect(output).toEndWith("\r\u001b[Knothing changed: 3 calls, $2.00\r\n");
  });

  test("acts without a server, and is done when it ends", async () => {
    await using home = makeDataDir();
    // More than one step takes on.
    const lines = Array.from({ length: 250 }, (_, i) =>
      JSON.stringify(makePayload({ traceId: `t${i}` }, call)),
    );
    await tealight(home.dir, ["import", "-"], { input: lines.join("\n") });
    await tealight(home.dir, ["prices", "set", "gpt-4o", "--free"]);
    expect(await tealight(home.dir, ["reprice"])).toEqual({
      exitCode: 0,
      stdout: "repriced 250 of 250 calls in 250 traces: $250.00 → $0.00\n",
      stderr: "",
    });
    await using server = await startAnnouncedServer({ dataDir: home.dir });
    const { traces } = await readApi(server, "/api/traces?limit=500");
    expect(traces).toHaveLength(250);
    expect(traces.every((trace: any) => trace.costUsd === "0")).toBe(true);
  });

  /** What becomes of a run is told by the status after it began. */
  const started = { startedAt: 1, finishedAt: null, traceCount: 1, doneTraceCount: 0 };
  const later: [what: string, answer: () => Response][] = [
    ["another run", () => Response.json({ ...started, startedAt: 2, finishedAt: 3 })],
    ["no run", () => Response.json(null)],
  ];
  for (const [what, answer] of later) {
    test(`takes ${what} that the server tells of for no result of its own`, async () => {
      await using home = makeDataDir();
      using _ = standIn(home.dir, ({ method }) =>
        method === "POST" ? Response.json(started, { status: 202 }) : answer(),
      );
      expectFailure(
        await tealight(home.dir, ["reprice"]),
        1,
        "what became of it is unknown: another run took its place",
      );
    });
  }
});
