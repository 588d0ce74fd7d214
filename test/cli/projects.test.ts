import { describe, expect, test } from "bun:test";
import { expectFailure, makeDataDir, readApi, startAnnouncedServer, tealight } from "./command.ts";

async function namesIn(dataDir: string): Promise<string[]> {
  const { stdout } = await tealight(dataDir, ["projects", "list", "--json"]);
  return JSON.parse(stdout).projects.map(({ name }: { name: string }) => name);
}

describe("projects", () => {
  test("are created, listed and renamed", async () => {
    await using server = await startAnnouncedServer();
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
    await using server = await startAnnouncedServer();
    const projects = (...args: string[]) =>
      tealight(server.dataDir, ["projects", ...args, "--json"]);
    const { project } = JSON.parse((await projects("create", "a")).stdout);
    expect(project).toEqual({ name: "a", createdAt: expect.any(Number) });
    const renamed = JSON.parse((await projects("rename", "a", "b")).stdout);
    expect(renamed).toEqual({ project: { ...project, name: "b" } });
  });

  test("keep their names apart", async () => {
    await using server = await startAnnouncedServer();
    const projects = (...args: string[]) => tealight(server.dataDir, ["projects", ...args]);
    await projects("create", "a");
    expectFailure(await projects("create", "a"), 1, "a project of this name exists");
    expectFailure(await projects("rename", "a", "default"), 1, "a project of this name exists");
    expectFailure(await projects("rename", "nope", "b"), 3, "no such project");
    expect(await namesIn(server.dataDir)).toEqual(["default", "a"]);
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
