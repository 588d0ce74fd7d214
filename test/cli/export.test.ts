import { Database } from "bun:sqlite";
import { afterAll, describe, expect, test } from "bun:test";
import { existsSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { endIdleServers, makePayload, makeSpan } from "../helpers.ts";
import {
  borrowAnnouncedServer,
  expectFailure,
  makeDataDir,
  spawnTealight,
  startAnnouncedServer,
  tealight,
  tealightOnTerminal,
} from "./command.ts";

afterAll(endIdleServers);

/** What stands in lines of ingest v1, as one list of spans by trace id. */
function tracesOf(jsonl: string): Record<string, any[]> {
  const traces: Record<string, any[]> = {};
  for (const line of jsonl.split("\n").filter((line) => line !== "")) {
    const { version, traces: entries } = JSON.parse(line);
    expect(version).toBe("v1");
    for (const { traceId, spans } of entries) (traces[traceId] ??= []).push(...spans);
  }
  return traces;
}

async function exported(dataDir: string, args: string[]): Promise<Record<string, any[]>> {
  const { exitCode, stdout, stderr } = await tealight(dataDir, ["export", ...args]);
  expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: "" });
  return tracesOf(stdout);
}

describe("export", () => {
  test("writes all traces as lines of ingest v1, field by field", async () => {
    await using server = await borrowAnnouncedServer();
    const span = makeSpan({
      input: '[{"text":"\\ud83d\\ude00 \\u0000"}]',
      usage: { inputTokens: 0 },
    });
    await server.ingest(makePayload({ traceId: "a", agentName: "x" }, span));
    await server.ingest(makePayload({ traceId: "b" }));
    expect(await exported(server.dataDir, [])).toEqual({ a: [span], b: [makeSpan()] });
  });

  test("says beside it that a text was cut before it was stored", async () => {
    await using server = await borrowAnnouncedServer();
    const cut = makeSpan({ input: "the beginning…[truncated]" });
    await server.ingest(makePayload({ traceId: "cut" }, cut));
    const { exitCode, stdout, stderr } = await tealight(server.dataDir, ["export", "cut"]);
    expect(exitCode).toBe(0);
    expect(tracesOf(stdout)).toEqual({ cut: [cut] });
    expect(stderr).toBe(
      "at least 1 text was cut before it was stored: the export has what is there\n",
    );
  });

  test("takes one trace by its id or its key", async () => {
    await using server = await startAnnouncedServer();
    const ids = ["~1", "a/b?c=d#e", "--full", "%7E", "日本"];
    for (const traceId of ids) await server.ingest(makePayload({ traceId }));
    for (const traceId of ids) {
      const args = traceId.startsWith("-") ? ["--", traceId] : [traceId];
      const got = await exported(server.dataDir, args);
      // `~1` is the key of the first trace, which has that very id.
      expect(Object.keys(got)).toEqual([traceId]);
    }
    expect(Object.keys(await exported(server.dataDir, ["~2"]))).toEqual([ids[1]!]);
  });

  test("says of how many texts a note stands in the place", async () => {
    await using server = await startAnnouncedServer();
    const input = Array.from({ length: 400 }, (_, i) => Bun.hash(`${i}`).toString(36)).join(" ");
    await server.ingest(makePayload({}, { input }));
    await server.stop();
    const db = new Database(join(server.dataDir, "tealight.db"));
    db.run("UPDATE blocks SET data = x'00'");
    db.close();
    const { exitCode, stderr } = await tealight(server.dataDir, ["export"]);
    expect(exitCode).toBe(0);
    const said =
      "at least 1 text is damaged in the store: the export has a note in place of each\n";
    expect(stderr).toEndWith(said);
  });

  test("--format json writes one document", async () => {
    await using server = await borrowAnnouncedServer();
    await server.ingest(makePayload());
    const args = ["export", "trace-1", "--format", "json"];
    const { stdout } = await tealight(server.dataDir, args);
    expect(JSON.parse(stdout)).toEqual(makePayload());
  });

  test("--full adds what v1 has no field for", async () => {
    await using server = await borrowAnnouncedServer();
    await server.ingest(makePayload());
    const [plain] = (await exported(server.dataDir, []))["trace-1"]!;
    expect(plain.x).toBeUndefined();
    const [full] = (await exported(server.dataDir, ["--full"]))["trace-1"]!;
    expect(full.x).toEqual({ source: "foglamp", receivedAt: expect.any(Number) });
  });

  test("--project, --since and --until choose", async () => {
    await using server = await borrowAnnouncedServer();
    await tealight(server.dataDir, ["projects", "create", "p"]);
    const { stdout: key } = await tealight(server.dataDir, [
      "keys",
      "create",
      "k",
      "--project",
      "p",
    ]);
    const at = (startTime: number) => ({ startTime, endTime: startTime });
    await server.ingest(makePayload({ traceId: "early" }, at(1000)));
    await server.ingest(makePayload({ traceId: "late" }, at(Date.parse("2026-01-02T00:00:00Z"))));
    const headers = { authorization: `Bearer ${key.trim()}` };
    await server.ingest(makePayload({ traceId: "other" }, at(2000)), headers);
    const idsWith = async (...args: string[]) =>
      Object.keys(await exported(server.dataDir, args)).sort();
    expect(await idsWith("--project", "p")).toEqual(["other"]);
    expect(await idsWith("--since", "1001")).toEqual(["late", "other"]);
    expect(await idsWith("--until", "2000")).toEqual(["early"]);
    expect(await idsWith("--since", "2026-01-01", "--until", "2026-01-03T00:00:00Z")).toEqual([
      "late",
    ]);
    const none = await tealight(server.dataDir, ["export", "--since", "2026-01-03T00:00:00Z"]);
    expectFailure(none, 3, "no trace matches");
  });

  test("-o writes a file for its user alone", async () => {
    await using server = await borrowAnnouncedServer();
    await server.ingest(makePayload());
    const file = join(server.dataDir, "out.jsonl");
    const ended = await tealight(server.dataDir, ["export", "-o", file]);
    expect(ended).toEqual({ exitCode: 0, stdout: "", stderr: "" });
    expect(tracesOf(readFileSync(file, "utf8"))).toEqual({ "trace-1": [makeSpan()] });
    expect(statSync(file).mode & 0o777).toBe(0o600);
  });

  test("says on a terminal how many it wrote", async () => {
    await using server = await borrowAnnouncedServer();
    await server.ingest(makePayload());
    const file = join(server.dataDir, "out.jsonl");
    const { exitCode, output } = await tealightOnTerminal(server.dataDir, ["export", "-o", file]);
    expect({ exitCode, output: output.trim() }).toEqual({
      exitCode: 0,
      output: "exported 1 trace",
    });
  });

  test("writes all of a large trace into a pipe, and ends quietly when its reader has enough", async () => {
    await using server = await borrowAnnouncedServer();
    const input = "x".repeat(900_000);
    const spans = Array.from({ length: 8 }, (_, i) => makeSpan({ spanId: `s${i}`, input }));
    expect((await server.ingest(makePayload({ spans }))).status).toBe(202);
    const all = (await exported(server.dataDir, []))["trace-1"]!;
    expect(all.map((span) => span.input.length)).toEqual(spans.map(() => input.length));

    const child = spawnTealight(server.dataDir, ["export"]);
    const reader = child.stdout.getReader();
    await reader.read();
    await reader.cancel();
    expect(await child.stderr.text()).toBe("");
    expect(await child.exited).toBe(0);
  });

  test("works without a server", async () => {
    await using home = makeDataDir();
    {
      await using server = await startAnnouncedServer({ dataDir: home.dir });
      await server.ingest(makePayload());
      await server.stop();
      expect(await exported(home.dir, [])).toEqual({ "trace-1": [makeSpan()] });
    }
  });

  test("says what is wrong in one line", async () => {
    await using server = await borrowAnnouncedServer();
    await server.ingest(makePayload());
    const run = (...args: string[]) => tealight(server.dataDir, ["export", ...args]);
    expectFailure(await run("nope"), 3, "no such trace");
    expectFailure(await run("~99"), 3, "no such trace");
    expectFailure(await run("--project", "nope"), 3, "no such project");
    expectFailure(await run("--since", "yesterday"), 2, "invalid since");
    const missing = join(server.dataDir, "no", "such", "dir");
    expectFailure(await run("-o", missing), 2, `cannot write ${missing} (ENOENT)`);
    expect(existsSync(missing)).toBe(false);
  });

  test("asks for the project where two have the id", async () => {
    await using server = await borrowAnnouncedServer();
    await tealight(server.dataDir, ["projects", "create", "p"]);
    const { stdout: key } = await tealight(server.dataDir, [
      "keys",
      "create",
      "k",
      "--project",
      "p",
    ]);
    await server.ingest(makePayload());
    await server.ingest(makePayload(), { authorization: `Bearer ${key.trim()}` });
    const ended = await tealight(server.dataDir, ["export", "trace-1"]);
    expectFailure(ended, 1, "several projects have a trace of this id");
    const chosen = await exported(server.dataDir, ["trace-1", "--project", "p"]);
    expect(chosen["trace-1"]).toHaveLength(1);
  });
});
