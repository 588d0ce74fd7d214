import { afterAll, describe, expect, test } from "bun:test";
import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { storeFiles } from "../../src/sqlite/storage/files.ts";
import { endIdleServers, makePayload, makeSpan } from "../helpers.ts";
import {
  borrowAnnouncedServer,
  expectFailure,
  makeDataDir,
  readApi,
  spawnTealight,
  standIn,
  startAnnouncedServer,
  tealight,
  tealightOnTerminal,
} from "./command.ts";

afterAll(endIdleServers);

const lineOf = (traceId: string, span: Record<string, unknown> = {}) =>
  JSON.stringify(makePayload({ traceId }, span));

function write(dir: string, name: string, lines: string[]): string {
  const file = join(dir, name);
  writeFileSync(file, lines.map((line) => `${line}\n`).join(""));
  return file;
}

describe("import", () => {
  test("takes files of lines and says how many spans there were", async () => {
    await using server = await borrowAnnouncedServer();
    const a = write(server.dataDir, "a.jsonl", [lineOf("a"), "", lineOf("b")]);
    const b = join(server.dataDir, "b.jsonl");
    writeFileSync(b, `\ufeff${lineOf("c")}\r\n${lineOf("d")}`);
    const ended = await tealight(server.dataDir, ["import", a, b]);
    expect(ended).toEqual({ exitCode: 0, stdout: "imported 4 spans\n", stderr: "" });
    const { traces } = await readApi(server, "/api/traces");
    expect(traces.map((trace: any) => trace.traceId).sort()).toEqual(["a", "b", "c", "d"]);
  });

  test("reads standard input", async () => {
    await using server = await borrowAnnouncedServer();
    const input = `${lineOf("a")}\n${lineOf("b")}\n`;
    const ended = await tealight(server.dataDir, ["import", "--json", "-"], { input });
    expect(ended).toEqual({ exitCode: 0, stdout: '{"accepted":2}\n', stderr: "" });
    expect((await server.api("/api/traces/b")).status).toBe(200);
  });

  test("takes a line apart at line feeds alone, and joins what comes in pieces", async () => {
    await using server = await borrowAnnouncedServer();
    const input = `a\u2028b\u2029c\u0085d\u000be ${"ü".repeat(200_000)}`;
    const file = write(server.dataDir, "a.jsonl", [lineOf("a", { input }), lineOf("b")]);
    const ended = await tealight(server.dataDir, ["import", file]);
    expect(ended).toEqual({ exitCode: 0, stdout: "imported 2 spans\n", stderr: "" });
    expect((await readApi(server, "/api/traces/a/spans/span-1")).input).toBe(input);
  });

  test("of an export gives the same store, and a second time changes nothing", async () => {
    await using from = await borrowAnnouncedServer();
    await from.ingest(makePayload({ traceId: "a", customer: { id: "c" } }, { input: "[1, 2]" }));
    await from.ingest(makePayload({ traceId: "b" }, { parentSpanId: "p", status: "error" }));
    const { stdout: all } = await tealight(from.dataDir, ["export", "--full"]);
    await using to = await borrowAnnouncedServer();
    await Bun.sleep(2);
    for (let round = 0; round < 2; round++) {
      const { exitCode } = await tealight(to.dataDir, ["import", "-"], { input: all });
      expect(exitCode).toBe(0);
      const { stdout } = await tealight(to.dataDir, ["export", "--full"]);
      // With --full also when a span was received and from where.
      expect(stdout.split("\n").sort()).toEqual(all.split("\n").sort());
    }
  });

  test("--project names whose they become", async () => {
    await using server = await borrowAnnouncedServer();
    await tealight(server.dataDir, ["projects", "create", "p"]);
    await tealight(server.dataDir, ["import", "--project", "p", "-"], { input: lineOf("a") });
    expect((await readApi(server, "/api/traces/a")).trace.project).toBe("p");
    const wrong = await tealight(server.dataDir, ["import", "--project", "nope", "-"], {
      input: lineOf("b"),
    });
    expectFailure(wrong, 3, "standard input, line 1: no such project");
  });

  test("names the file and the line that is bad", async () => {
    await using server = await borrowAnnouncedServer();
    const good = write(server.dataDir, "good.jsonl", [lineOf("a")]);
    const broken = write(server.dataDir, "broken.jsonl", [lineOf("b"), "", '{"version":']);
    const ended = await tealight(server.dataDir, ["import", good, broken]);
    expectFailure(ended, 1, `${broken}, line 3: invalid JSON body`);
    const wrong = write(server.dataDir, "wrong.jsonl", [lineOf("c", { endTime: -1 })]);
    const refused = await tealight(server.dataDir, ["import", wrong]);
    expectFailure(refused, 1, `${wrong}, line 1: invalid payload`);
    expect(refused.stderr).toContain("hint: traces.0.spans.0.endTime: ");
    expect((await server.api("/api/traces/a")).status).toBe(200);
  });

  test("names the line also while it waits for the next", async () => {
    await using home = makeDataDir();
    const answered = Promise.withResolvers<void>();
    using _ = standIn(home.dir, () => {
      answered.resolve();
      return Response.json({ error: "invalid JSON body", code: "invalid_json" }, { status: 400 });
    });
    const pipe = new TransformStream<Uint8Array, Uint8Array>();
    const writer = pipe.writable.getWriter();
    const child = spawnTealight(home.dir, ["import", "-"], { input: pipe.readable });
    const stderr = child.stderr.text();
    await writer.write(Buffer.from("not JSON\n"));
    await answered.promise;
    // The client has the answer soon after; nothing shows when.
    await Bun.sleep(100);
    await writer.write(Buffer.from(`${lineOf("a")}\n`));
    await writer.close();
    const ended = { exitCode: await child.exited, stdout: await child.stdout.text() };
    expectFailure(
      { ...ended, stderr: await stderr },
      1,
      "standard input, line 1: invalid JSON body",
    );
  });

  test("names a line that is too large", async () => {
    await using server = await startAnnouncedServer({ maxBodyBytes: 2048 });
    const file = write(server.dataDir, "a.jsonl", [
      lineOf("a"),
      lineOf("b", { input: "x".repeat(3000) }),
    ]);
    const ended = await tealight(server.dataDir, ["import", file]);
    expectFailure(ended, 1, `${file}, line 2: payload too large`);
    expect(ended.stderr).toContain("hint: the limit is 2048 bytes");
  });

  test("ends with 3 for a file that is not there, before it sends anything", async () => {
    await using server = await borrowAnnouncedServer();
    const good = write(server.dataDir, "good.jsonl", [lineOf("a")]);
    const ended = await tealight(server.dataDir, ["import", good, join(server.dataDir, "nope")]);
    expectFailure(ended, 3, "no such file: ");
    expect((await server.api("/api/traces/a")).status).toBe(404);
  });

  test("shows its progress on a terminal alone", async () => {
    await using server = await borrowAnnouncedServer();
    const file = write(server.dataDir, "a.jsonl", [lineOf("a"), lineOf("b")]);
    const { exitCode, output } = await tealightOnTerminal(server.dataDir, ["import", file]);
    expect(exitCode).toBe(0);
    expect(output).toMatch(/\r\u001b\[K1 span(?!s)/);
    // The line is taken back before the result.
    expect(output).toEndWith("\r\u001b[Kimported 2 spans\r\n");
    expect((await tealight(server.dataDir, ["import", file])).stderr).toBe("");
  });

  test("acts without a server, and keeps the directory to itself meanwhile", async () => {
    await using home = makeDataDir();
    const pipe = new TransformStream<Uint8Array, Uint8Array>();
    const writer = pipe.writable.getWriter();
    const child = spawnTealight(home.dir, ["import", "-"], { input: pipe.readable });
    await writer.write(Buffer.from(`${lineOf("a", makeSpan({ input: "[]" }))}\n`));
    // Made when the lock is held.
    while (!existsSync(storeFiles(home.dir).storePath)) await Bun.sleep(5);
    const other = await tealight(home.dir, ["keys", "list"]);
    expectFailure(other, 1, `another server uses ${home.dir}`);
    await writer.close();
    expect(await child.stdout.text()).toBe("imported 1 span\n");
    expect(await child.exited).toBe(0);
    const { stdout } = await tealight(home.dir, ["export"]);
    expect(JSON.parse(stdout)).toEqual(makePayload({ traceId: "a" }, { input: "[]" }));
  });
});
