import { describe, expect, test } from "bun:test";
import { truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { maxPriceBookBytes } from "../../src/limits.ts";
import { bundled } from "../../src/pricing/book.ts";
import { makePayload } from "../helpers.ts";
import { expectFailure, makeDataDir, readApi, startAnnouncedServer, tealight } from "./command.ts";

const hint = "  hint: this holds for new calls; `tealight reprice` applies it to what is stored\n";
const bundledLine = `list prices: ${bundled.source} of ${bundled.sourceDate}\n`;

/** The cells of each line. */
function cellsOf(table: string): string[][] {
  return table
    .trimEnd()
    .split("\n")
    .map((line) => line.trim().split(/ {2,}/));
}

describe("prices", () => {
  test("list says where the list prices are from, and which rules come before them", async () => {
    await using server = await startAnnouncedServer();
    const prices = (...args: string[]) => tealight(server.dataDir, ["prices", ...args]);
    expect(await prices("list")).toEqual({ exitCode: 0, stdout: bundledLine, stderr: "" });
    await prices("set", "gpt-4o", "--provider", "openai", "--output", "10", "--input", "2.50");
    await prices("set", "llama*", "--free");
    const { stdout, stderr, exitCode } = await prices("list");
    expect({ stderr, exitCode }).toEqual({ stderr: "", exitCode: 0 });
    expect(cellsOf(stdout)).toEqual([
      ["id", "provider", "model", "prices"],
      ["2", "*", "llama*", "free"],
      ["1", "openai", "gpt-4o", "input $2.50, output $10"],
      [`for all else: ${bundledLine.trim()}`],
    ]);
    const listed = JSON.parse((await prices("list", "--json")).stdout);
    expect(listed).toEqual(await readApi(server, "/api/prices"));
    expect(listed.rules).toHaveLength(2);
  });

  test("list moves no cursor, whatever a pattern holds", async () => {
    await using server = await startAnnouncedServer();
    const model = "a\u001b[2J\nb";
    const set = await tealight(server.dataDir, ["prices", "set", model, "--free"]);
    expect(set.stdout).toBe("rule 1: a�[2J�b: free\n");
    const { stdout } = await tealight(server.dataDir, ["prices", "list"]);
    expect(stdout).toContain("a�[2J�b");
    expect(stdout).not.toContain("\u001b");
  });

  test("set takes each kind of price, and new calls cost that", async () => {
    await using server = await startAnnouncedServer();
    const given = {
      input: "1",
      "cache-read": "0.1",
      "cache-write": "1.25",
      "cache-write-1h": "2",
      "audio-input": "3",
      output: "8",
      reasoning: "9",
      image: "0.04",
      search: "0.01",
      request: "0.002",
    };
    const options = Object.entries(given).flatMap(([kind, usd]) => [`--${kind}`, usd]);
    const set = ["prices", "set", "m", "--provider", "p", ...options];
    expect(await tealight(server.dataDir, set)).toEqual({
      exitCode: 0,
      stdout:
        "rule 1: m of p: input $1, audio-input $3, cache-read $0.1, cache-write $1.25, " +
        "cache-write-1h $2, output $8, reasoning $9, " +
        "image $0.04, search $0.01, request $0.002\n",
      stderr: hint,
    });
    const again = await tealight(server.dataDir, [...set, "--json"]);
    expect(again.stderr).toBe("");
    const { cacheRead, cacheWrite, cacheWrite1h } = JSON.parse(again.stdout).rule.prices;
    expect([cacheRead, cacheWrite, cacheWrite1h]).toEqual(["0.1", "1.25", "2"]);
    const usage = {
      inputTokens: 1_300_000,
      cachedInputTokens: 100_000,
      cacheWriteInputTokens: 200_000,
      outputTokens: 150_000,
      reasoningTokens: 50_000,
      imageCount: 2,
      webSearchCount: 3,
    };
    await server.ingest(makePayload({}, { provider: "p", modelId: "m", usage }));
    // 1 + 0.01 + 0.25 + 0.8 + 0.45 + 0.08 + 0.03 + 0.002
    expect((await readApi(server, "/api/traces/trace-1")).trace.costUsd).toBe("2.622");
  });

  test("remove takes a rule away", async () => {
    await using server = await startAnnouncedServer();
    const prices = (...args: string[]) => tealight(server.dataDir, ["prices", ...args]);
    await prices("set", "a", "--free");
    await prices("set", "b", "--free");
    expect(await prices("remove", "1")).toEqual({
      exitCode: 0,
      stdout: "rule 1 is removed\n",
      stderr: hint,
    });
    expectFailure(await prices("remove", "1"), 3, "no such rule");
    expectFailure(await prices("remove", "../traces"), 3, "no such rule");
    expectFailure(await prices("remove", "config:1"), 3, "no such rule");
    expect(await prices("remove", "2", "--json")).toEqual({
      exitCode: 0,
      stdout: '{"removed":1}\n',
      stderr: "",
    });
    expect((await prices("list")).stdout).toBe(bundledLine);
  });

  test("update takes a newer file, and goes back", async () => {
    await using server = await startAnnouncedServer();
    const update = (...args: string[]) => tealight(server.dataDir, ["prices", "update", ...args]);
    const file = join(server.dataDir, "data.json");
    const model = { id: "new", match: { equals: "new" }, prices: { input_mtok: 1 } };
    writeFileSync(file, `\ufeff${JSON.stringify([{ id: "openai", models: [model] }])}`);
    const updated = await update("--file", file);
    expect(updated).toMatchObject({ exitCode: 0, stderr: hint });
    expect(updated.stdout).toMatch(/^list prices: genai-prices, .* of \d{4}-\d\d-\d\d\n$/);
    const usage = { inputTokens: 1 };
    await server.ingest(makePayload({}, { provider: "openai", modelId: "new", usage }));
    expect((await readApi(server, "/api/traces/trace-1")).trace.costUsd).toBe("0.000001");
    expect(await update("--bundled")).toEqual({ exitCode: 0, stdout: bundledLine, stderr: hint });
    const { stdout, stderr } = await update("--bundled", "--json");
    expect(stderr).toBe("");
    expect(JSON.parse(stdout)).toEqual({ ...bundled, rules: [] });
  });

  test("update refuses what is no price data, and stays as it was", async () => {
    await using server = await startAnnouncedServer();
    const update = (...args: string[]) => tealight(server.dataDir, ["prices", "update", ...args]);
    const file = join(server.dataDir, "data.json");
    expectFailure(await update("--file", file), 3, "no such file: ");
    expectFailure(await update("--file", server.dataDir), 3, "no such file: ");
    writeFileSync(file, '{"prices":[]}');
    expectFailure(await update("--file", file), 2, "this is no price data of genai-prices");
    writeFileSync(file, "input: 1\n");
    expectFailure(await update("--file", file), 2, "invalid JSON");
    truncateSync(file, maxPriceBookBytes + 1);
    expectFailure(await update("--file", file), 1, `${file} is too large`);
    expect(await readApi(server, "/api/prices")).toMatchObject(bundled);
  });

  test("are changed without a server, for the next one to find", async () => {
    await using home = makeDataDir();
    const prices = (...args: string[]) => tealight(home.dir, ["prices", ...args]);
    expect((await prices("set", "a", "--free")).exitCode).toBe(0);
    expect((await prices("set", "b", "--input", "0.15")).exitCode).toBe(0);
    expect((await prices("remove", "1")).exitCode).toBe(0);
    expect((await prices("update", "--bundled")).exitCode).toBe(0);
    await using server = await startAnnouncedServer({ dataDir: home.dir });
    const { rules } = await readApi(server, "/api/prices");
    expect(rules).toMatchObject([{ id: "2", model: "b", prices: { input: "0.15" } }]);
  });
});
