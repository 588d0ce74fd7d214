/** Saved views are the server's: kept over a restart, and refused where a list would refuse them. */
import { expect, test } from "bun:test";
import type { ViewView } from "../../src/http/views.ts";
import { startServer, type TestServer } from "../helpers.ts";

async function call(server: TestServer, method: string, path: string, body?: unknown) {
  const response = await server.api(path, {
    method,
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  return { status: response.status, body: (await response.json()) as any };
}

const listed = async (server: TestServer): Promise<ViewView[]> =>
  (await call(server, "GET", "/api/views")).body.views;

const failures: Omit<ViewView, "id"> = {
  name: "Failures today",
  filter: "status:error -agent:eval",
  since: "24h",
  until: "",
  sort: "-cost",
  columns: ["trace", "cost"],
  project: "default",
};

test("a view is saved, changed, and kept over a restart", async () => {
  const before = await startServer();
  expect(await listed(before)).toEqual([]);
  const { status, body } = await call(before, "POST", "/api/views", failures);
  const { id } = body.view;
  expect(status).toBe(201);
  expect(body.view).toEqual({ id, ...failures });
  const changed = { ...failures, name: "Failures", project: null };
  expect((await call(before, "PUT", `/api/views/${id}`, changed)).body.view).toEqual({
    id,
    ...changed,
  });
  await before.stop();
  await using after = await startServer({ dataDir: before.dataDir });
  expect(await listed(after)).toEqual([{ id, ...changed }]);
  expect((await call(after, "DELETE", `/api/views/${id}`)).status).toBe(200);
  expect(await listed(after)).toEqual([]);
});

test("what is not said is the usual", async () => {
  await using server = await startServer();
  const { body } = await call(server, "POST", "/api/views", { name: "All" });
  expect(body.view).toMatchObject({ filter: "", since: "", sort: "startTime", columns: [] });
  expect(body.view.project).toBeNull();
});

test("a name is had once, and what no list takes is refused with what is wrong", async () => {
  await using server = await startServer();
  const post = (body: unknown) => call(server, "POST", "/api/views", body);
  const { body: first } = await post({ name: "a" });
  await post({ name: "b" });
  expect((await post({ name: "a" })).status).toBe(409);
  expect((await call(server, "PUT", `/api/views/${first.view.id}`, { name: "b" })).status).toBe(
    409,
  );
  expect((await call(server, "PUT", `/api/views/${first.view.id}`, { name: "a" })).status).toBe(
    200,
  );
  for (const wrong of [
    { name: "" },
    { name: "c\u0000" },
    { name: "c", filter: "nonsense:x" },
    { name: "c", since: "yesterdayish" },
    { name: "c", sort: "colour" },
    { name: "c", columns: [""] },
    { name: "c", colour: "red" },
  ])
    expect([wrong, (await post(wrong)).status]).toEqual([wrong, 400]);
  expect((await post({ name: "c", project: "nowhere" })).status).toBe(404);
  for (const id of ["0", "99", "x", "1e0", "-1"])
    expect([id, (await call(server, "DELETE", `/api/views/${id}`)).status]).toEqual([id, 404]);
  expect((await listed(server)).map(({ name }) => name)).toEqual(["a", "b"]);
});

test("a view follows its project's name, and goes with it", async () => {
  await using server = await startServer();
  await call(server, "POST", "/api/projects", { name: "p" });
  await call(server, "POST", "/api/views", { name: "mine", project: "p" });
  await call(server, "PATCH", "/api/projects/p", { name: "q" });
  expect(await listed(server)).toMatchObject([{ name: "mine", project: "q" }]);
  await call(server, "DELETE", "/api/projects/q");
  expect(await listed(server)).toEqual([]);
});

test("there are not ever more of them", async () => {
  await using server = await startServer();
  for (let i = 0; i < 200; i++) await call(server, "POST", "/api/views", { name: `view ${i}` });
  const { status, body } = await call(server, "POST", "/api/views", { name: "one more" });
  expect([status, body.hint]).toEqual([409, "delete one that nobody uses"]);
});
