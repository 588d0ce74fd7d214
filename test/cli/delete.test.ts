import { afterAll, describe, expect, test } from "bun:test";
import { endIdleServers, makePayload, makeSpan, type TestServer } from "../helpers.ts";
import {
  borrowAnnouncedServer,
  expectFailure,
  makeDataDir,
  readApi,
  startAnnouncedServer,
  tealight,
  tealightOnTerminal,
} from "./command.ts";

afterAll(endIdleServers);

async function send(server: TestServer, traceId: string, more: object = {}): Promise<void> {
  expect((await server.ingest(makePayload({ traceId, ...more }))).status).toBe(202);
}

async function listed(server: TestServer): Promise<string[]> {
  const { traces } = await readApi(server, "/api/traces");
  return traces.map(({ traceId }: { traceId: string }) => traceId).sort();
}

const done = (stdout: string) => ({ exitCode: 0, stdout: `${stdout}\n`, stderr: "" });

describe("delete", () => {
  test("takes the traces that it names, pinned or not, without a question", async () => {
    await using server = await borrowAnnouncedServer();
    const run = (...args: string[]) => tealight(server.dataDir, ["delete", ...args]);
    for (const id of ["a", "b/c", "~d", "e"]) await send(server, id);
    await server.api("/api/traces/a/pin", { method: "POST" });
    expect(await run("a", "b/c", "--dry-run")).toEqual(done("would delete 2 traces with 2 spans"));
    expect(await run("a", "b/c")).toEqual(done("deleted 2 traces"));
    expect(await run("~d", "--json", "--project", "default")).toEqual(
      done('{"deleted":1,"pinnedKept":0}'),
    );
    expect(await listed(server)).toEqual(["e"]);
    const { traces } = await readApi(server, "/api/traces");
    expect(await run(`~${traces[0].key}`)).toEqual(done("deleted 1 trace"));
    expectFailure(await run("e"), 3, "no such trace");
  });

  test("takes what is described when someone agrees, and spares the pinned", async () => {
    await using server = await borrowAnnouncedServer();
    const run = (...args: string[]) => tealight(server.dataDir, ["delete", ...args]);
    const spans = [makeSpan(), makeSpan({ spanId: "span-2" })];
    await send(server, "a", { sessionId: "s 1", agentName: "x", spans });
    await send(server, "b", { sessionId: "s 1", agentName: "y" });
    await send(server, "c", { sessionId: "s 1", agentName: "x" });
    await server.api("/api/traces/c/pin", { method: "POST" });
    const described = ["--session", "s 1", "--filter", "agent:x"];
    const what = 'delete 1 trace with 2 spans ("a trace"), and keep 1 pinned trace';
    expect(await run(...described, "--dry-run")).toEqual(done(`would ${what}`));
    expect(await run(...described, "--dry-run", "--json")).toEqual(
      done('{"traces":1,"spans":2,"pinnedKept":1}'),
    );
    expectFailure(await run(...described), 2, `this would ${what}`);
    expectFailure(await run(...described, "--json"), 2, `this would ${what}`);
    expect(await listed(server)).toEqual(["a", "b", "c"]);
    expect(await run(...described, "--yes")).toEqual(
      done('deleted 1 trace ("a trace"), and kept 1 pinned trace'),
    );
    expectFailure(await run(...described, "--yes"), 3, "only pinned traces match");
    expect(await run(...described, "--yes", "--pinned", "--json")).toEqual(
      done('{"deleted":1,"pinnedKept":0}'),
    );
    expect(await listed(server)).toEqual(["b"]);
    expectFailure(await run("--since", "1h", "--yes"), 3, "no trace matches");
    expect(await run("--until", "now", "--project", "default", "--yes")).toEqual(
      done('deleted 1 trace ("a trace")'),
    );
  });

  test("names some of what goes, so that a filter that takes more than was meant is seen", async () => {
    await using server = await borrowAnnouncedServer();
    const names = ["eval", "eval", "evaluate", "retrieval", "medieval", "other"];
    for (const [i, traceName] of names.entries()) {
      await send(server, `${i}`, { traceName, spans: [makeSpan({ startTime: 1000 + i })] });
    }
    const described = ["delete", "--filter", "name:eval"];
    const which = '("medieval", "retrieval", "evaluate", …)';
    expect(await tealight(server.dataDir, [...described, "--dry-run"])).toEqual(
      done(`would delete 5 traces with 5 spans ${which}`),
    );
    expectFailure(
      await tealight(server.dataDir, described),
      2,
      `this would delete 5 traces with 5 spans ${which}`,
    );
    expect(await tealight(server.dataDir, [...described, "--yes"])).toEqual(
      done(`deleted 5 traces ${which}`),
    );
    expect(await listed(server)).toEqual(["5"]);
  });

  test("asks on a terminal, and takes no answer for a no", async () => {
    await using server = await borrowAnnouncedServer();
    await send(server, "a");
    const isAsked = (output: string) => output.includes("[y/N]");
    const { output } = await tealightOnTerminal(
      server.dataDir,
      ["delete", "--filter", "name:a*"],
      isAsked,
    );
    expect(output).toContain('Delete 1 trace with 1 span ("a trace")?');
    expect(await listed(server)).toEqual(["a"]);
  });

  test("says what is wrong with a command line", async () => {
    await using server = await borrowAnnouncedServer();
    const run = (...args: string[]) => tealight(server.dataDir, ["delete", ...args]);
    await send(server, "a");
    expectFailure(await run("--yes"), 2, "nothing says which traces");
    expectFailure(await run("a", "--filter", "x"), 2, "traces are either named or described");
    expectFailure(await run(""), 2, "a trace id is not empty");
    expectFailure(await run("--filter", "nope:x", "--yes"), 2, "invalid filter: there is no key");
    expectFailure(await run("--filter", " ", "--yes"), 2, "this would delete all traces");
    expectFailure(await run("--project", "nope", "--yes"), 3, "no such project");
    expect(await listed(server)).toEqual(["a"]);
  });

  test("acts without a server, for the next one to find", async () => {
    await using home = makeDataDir();
    const lines = ["a", "b"].map((traceId) => JSON.stringify(makePayload({ traceId })));
    await tealight(home.dir, ["import", "-"], { input: lines.join("\n") });
    expect(await tealight(home.dir, ["pin", "a"])).toEqual(done("a: pinned"));
    const deleted = await tealight(home.dir, ["delete", "--project", "default", "--yes"]);
    expect(deleted).toEqual(done('deleted 1 trace ("a trace"), and kept 1 pinned trace'));
    await using server = await startAnnouncedServer({ dataDir: home.dir });
    expect(await listed(server)).toEqual(["a"]);
  });
});

describe("pin and unpin", () => {
  test("say how the trace is by now", async () => {
    await using server = await startAnnouncedServer();
    await send(server, "a");
    const run = (...args: string[]) => tealight(server.dataDir, args);
    expect(await run("pin", "a", "--project", "default")).toEqual(done("a: pinned"));
    expect((await readApi(server, "/api/traces?filter=is:pinned")).traces).toHaveLength(1);
    expect(await run("unpin", "~1", "--json")).toEqual(done('{"pinned":false}'));
    expect(await run("unpin", "a")).toEqual(done("a: not pinned any more"));
    expectFailure(await run("pin", "nope"), 3, "no such trace");
    expectFailure(await run("pin", ""), 2, "a trace id is not empty");
  });
});
