import { describe, expect, test } from "bun:test";
import { makePayload } from "../helpers.ts";
import { expectFailure, makeDataDir, readApi, startAnnouncedServer, tealight } from "./command.ts";

/** The cells of a table's rows, without its head. */
function rowsOf(table: string): string[][] {
  const lines = table.trimEnd().split("\n").slice(1);
  return lines.map((line) => line.trim().split(/ {2,}/));
}

describe("keys", () => {
  test("create shows the key once, alone on standard output, and it is good from then on", async () => {
    await using server = await startAnnouncedServer();
    const created = await tealight(server.dataDir, ["keys", "create", "laptop"]);
    expect(created.exitCode).toBe(0);
    expect(created.stdout).toMatch(/^fl_[\w-]{32}\n$/);
    expect(created.stderr).toBe("key 2 of project default; it is shown this once:\n");
    const secret = created.stdout.trim();
    const sent = await server.ingest(makePayload(), { authorization: `Bearer ${secret}` });
    expect(sent.status).toBe(202);
    const listed = await tealight(server.dataDir, ["keys", "list"]);
    expect(listed.stdout + listed.stderr).not.toContain(secret);
  });

  test("list shows each key's project, name, last use and state", async () => {
    await using server = await startAnnouncedServer();
    await tealight(server.dataDir, ["keys", "create", "unused"]);
    await server.ingest(makePayload());
    const { stdout, stderr, exitCode } = await tealight(server.dataDir, ["keys", "list"]);
    expect({ stderr, exitCode }).toEqual({ stderr: "", exitCode: 0 });
    const time = expect.stringMatching(/^\d{4}-\d{2}-\d{2} \d{2}:\d{2}:\d{2}$/);
    expect(rowsOf(stdout)).toEqual([
      ["1", "default", "default", time, time, "valid"],
      ["2", "default", "unused", time, "never", "valid"],
    ]);
    const { keys } = JSON.parse(
      (await tealight(server.dataDir, ["keys", "list", "--json"])).stdout,
    );
    expect(keys).toMatchObject([
      { id: 1, name: "default", project: "default", revokedAt: null },
      { id: 2, name: "unused", project: "default", lastUsedAt: null },
    ]);
    expect(keys[0].lastUsedAt).toBeNumber();
  });

  test("revoke refuses the key at once", async () => {
    await using server = await startAnnouncedServer();
    const made = await tealight(server.dataDir, ["keys", "create", "old", "--json"]);
    const { id, secret } = JSON.parse(made.stdout).key;
    const post = () => server.ingest(makePayload(), { authorization: `Bearer ${secret}` });
    expect((await post()).status).toBe(202);
    const revoked = await tealight(server.dataDir, ["keys", "revoke", String(id)]);
    expect(revoked).toEqual({ exitCode: 0, stdout: `key ${id} (old) is revoked\n`, stderr: "" });
    expect((await post()).status).toBe(401);
    const again = await tealight(server.dataDir, ["keys", "revoke", String(id), "--json"]);
    expect(JSON.parse(again.stdout).key.revokedAt).toBeNumber();
    const { stdout } = await tealight(server.dataDir, ["keys", "list"]);
    expect(rowsOf(stdout)[1]!.at(-1)).toStartWith("revoked ");
  });

  test("writes into the project it was made for", async () => {
    await using server = await startAnnouncedServer();
    await tealight(server.dataDir, ["projects", "create", "other"]);
    const made = await tealight(server.dataDir, ["keys", "create", "k", "--project", "other"]);
    await server.ingest(makePayload(), { authorization: `Bearer ${made.stdout.trim()}` });
    const { trace } = await readApi(server, "/api/traces/trace-1");
    expect(trace.project).toBe("other");
  });

  test("acts without a server, for the next one to find", async () => {
    await using home = makeDataDir();
    const made = await tealight(home.dir, ["keys", "create", "early"]);
    expect(made.exitCode).toBe(0);
    const { stdout } = await tealight(home.dir, ["keys", "create", "gone", "--json"]);
    const gone = JSON.parse(stdout).key;
    // The next number, however often the store was opened in between.
    expect(gone.id).toBe(3);
    expect((await tealight(home.dir, ["keys", "revoke", String(gone.id)])).exitCode).toBe(0);
    await using server = await startAnnouncedServer({ dataDir: home.dir });
    const statusWith = async (secret: string) =>
      (await server.ingest(makePayload(), { authorization: `Bearer ${secret.trim()}` })).status;
    expect(await statusWith(made.stdout)).toBe(202);
    expect(await statusWith(gone.secret)).toBe(401);
  });

  test("ends with 3 for a key or project that is not there, with 2 for what is neither", async () => {
    await using server = await startAnnouncedServer();
    const keys = (...args: string[]) => tealight(server.dataDir, ["keys", ...args]);
    expectFailure(await keys("revoke", "99"), 3, "no such key");
    expectFailure(await keys("revoke", "laptop"), 2, "invalid key id");
    expectFailure(await keys("create", "k", "--project", "nope"), 3, "no such project");
    expectFailure(await keys("create", "a\u001b[2Jb"), 2, "invalid body");
    expectFailure(await keys("create", ""), 2, "invalid body");
    const { keys: left } = JSON.parse((await keys("list", "--json")).stdout);
    expect(left).toHaveLength(1);
  });
});
