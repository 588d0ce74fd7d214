import { afterAll, describe, expect, test } from "bun:test";
import { endIdleServers, makePayload } from "../helpers.ts";
import {
  borrowAnnouncedServer,
  expectFailure,
  makeDataDir,
  readApi,
  startAnnouncedServer,
  tealight,
} from "./command.ts";

afterAll(endIdleServers);

async function namesIn(dataDir: string): Promise<string[]> {
  const { stdout } = await tealight(dataDir, ["projects", "list", "--json"]);
  return JSON.parse(stdout).projects.map(({ name }: { name: string }) => name);
}

describe("projects", () => {
  test("are created, listed and renamed", async () => {
    await using server = await borrowAnnouncedServer();
    const projects = (...args: string[]) => tealight(server.dataDir, ["projects", ...args]);
    expect(await projects("create", "Étude №1")).toEqual({
      exitCode: 0,
      stdout: "Étude №1: created\n",
      stderr: "",
    });
    expect(await namesIn(server.dataDir)).toEqual(["default", "Étude №1"]);
    expect((await projects("rename", "Étude №1", "b/c?")).exitCode).toBe(0);
    expect((await projects("rename", "b/c?", "%7E")).exitCode).toBe(0);
    expect(await namesIn(server.dataDir)).toEqual(["default", "%7E"]);
    const { stdout } = await projects("list");
    expect(stdout).toMatch(
      /^name +created *\ndefault +\d{4}-\d\d-\d\d .*\n%7E +\d{4}-\d\d-\d\d .*\n$/,
    );
  });

  test("--json shows what became of them", async () => {
    await using server = await borrowAnnouncedServer();
    const projects = (...args: string[]) =>
      tealight(server.dataDir, ["projects", ...args, "--json"]);
    const { project } = JSON.parse((await projects("create", "a")).stdout);
    expect(project).toEqual({ name: "a", createdAt: expect.any(Number) });
    const renamed = JSON.parse((await projects("rename", "a", "b")).stdout);
    expect(renamed).toEqual({ project: { ...project, name: "b" } });
  });

  test("keep their names apart", async () => {
    await using server = await borrowAnnouncedServer();
    const projects = (...args: string[]) => tealight(server.dataDir, ["projects", ...args]);
    await projects("create", "a");
    expectFailure(await projects("create", "a"), 1, "a project of this name exists");
    expectFailure(await projects("rename", "a", "default"), 1, "a project of this name exists");
    expectFailure(await projects("rename", "nope", "b"), 3, "no such project");
    expect(await namesIn(server.dataDir)).toEqual(["default", "a"]);
  });

  test("are deleted with what is in them, when someone agrees", async () => {
    await using server = await borrowAnnouncedServer();
    const projects = (...args: string[]) => tealight(server.dataDir, ["projects", ...args]);
    await projects("create", "a");
    for (const traceId of ["t1", "t2"]) {
      const body = JSON.stringify(makePayload({ traceId }));
      await server.api("/api/import?project=a", { method: "POST", body });
    }
    await server.api("/api/traces/t1/pin", { method: "POST" });
    const what = 'delete project a and 1 trace with 1 span ("a trace"), and keep 1 pinned trace';
    expect((await projects("delete", "a", "--dry-run")).stdout).toBe(`would ${what}\n`);
    expectFailure(await projects("delete", "a"), 2, `this would ${what}`);
    const kept = await projects("delete", "a", "--yes");
    expectFailure(kept, 1, "the project stays for its 1 pinned trace; 1 trace deleted");
    expect(await projects("delete", "a", "--yes", "--pinned")).toEqual({
      exitCode: 0,
      stdout: "a: deleted, with 1 trace\n",
      stderr: "",
    });
    expect(await namesIn(server.dataDir)).toEqual(["default"]);
    expectFailure(await projects("delete", "a", "--yes"), 3, "no such project");
    expectFailure(await projects("delete", "default", "--yes"), 1, "the default project cannot");
    await projects("create", "b");
    const { stdout } = await projects("delete", "b", "--yes", "--json");
    expect(JSON.parse(stdout)).toEqual({ deleted: 0, pinnedKept: 0, projectDeleted: true });
  });

  test("are changed without a server, for the next one to find", async () => {
    await using home = makeDataDir();
    expect((await tealight(home.dir, ["projects", "create", "a"])).exitCode).toBe(0);
    expect((await tealight(home.dir, ["projects", "rename", "a", "b"])).exitCode).toBe(0);
    await using server = await startAnnouncedServer({ dataDir: home.dir });
    const { projects } = await readApi(server, "/api/projects");
    expect(projects.map(({ name }: { name: string }) => name)).toEqual(["default", "b"]);
  });
});
