/** How the executable ends, whatever its clients do: nothing that was acknowledged is lost. */
import { Database } from "bun:sqlite";
import assert from "node:assert/strict";
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import {
  acknowledge,
  assertStored,
  deadlineMs,
  Place,
  Server,
  until,
  type Check,
} from "./place.ts";

/** Ends a server in front of hanging clients. */
async function assertEnds(
  program: string,
  end: (server: Server, place: Place) => Promise<{ exitCode: number; tookMs: number }>,
): Promise<string> {
  await using place = new Place(program);
  const server = await place.serve();
  await acknowledge(server, "before");
  await server.hang();
  const readers = [0, 1, 2, 3].map(() => server.poll("/api/traces"));
  const { exitCode, tookMs } = await end(server, place);
  await Promise.all(readers);
  assert.equal(exitCode, 0);
  assert.ok(tookMs < deadlineMs, `took ${tookMs} ms`);
  // Written back and closed: one file, and nothing that says a server runs. The ballast is made some time
  // after the start.
  const left = readdirSync(place.dataDir).filter((name) => name !== "ballast");
  assert.deepEqual(left.sort(), ["key", "lock.db", "tealight.db", "token"]);
  await assertStored(await place.serve(), "before");
  return `${tookMs.toFixed(0)} ms`;
}

export const ends: Check[] = [
  {
    title: "ends with 0 on SIGINT while clients hang",
    run: (program) => assertEnds(program, (server) => server.end("SIGINT")),
  },
  {
    title: "ends with 0 on SIGTERM while clients hang",
    run: (program) => assertEnds(program, (server) => server.end("SIGTERM")),
  },
  {
    title: "ends with 0 on `stop` while clients hang",
    run: (program) =>
      assertEnds(program, async (server, place) => {
        const stopping = place.run(["stop", "--data-dir", place.dataDir]);
        const ended = await server.ended();
        assert.deepEqual(await stopping, {
          exitCode: 0,
          stdout: `stopped process ${server.info.pid}\n`,
          stderr: "",
        });
        return ended;
      }),
  },
  {
    title: "ends at once on a second signal, and loses nothing",
    async run(program) {
      await using place = new Place(program);
      const server = await place.serve();
      await acknowledge(server, "t");
      // Held from outside, the store cannot be closed in order.
      const holder = new Database(join(place.dataDir, "tealight.db"));
      holder.run("BEGIN IMMEDIATE");
      try {
        server.child.kill("SIGINT");
        await server.logged("stopping");
        // Sooner, it would be taken for the same Ctrl-C, handed on by a parent.
        await Bun.sleep(200);
        const { exitCode, tookMs } = await server.end("SIGINT");
        assert.equal(exitCode, 130);
        assert.ok(tookMs < 1000, `took ${tookMs} ms`);
      } finally {
        holder.close();
      }
      await assertStored(await place.serve(), "t");
    },
  },
  {
    title: "ends in order where one Ctrl-C comes twice",
    async run(program) {
      await using place = new Place(program);
      const server = await place.serve();
      await server.hang();
      server.child.kill("SIGINT");
      // At the very same time the system would make one of the two.
      await Bun.sleep(5);
      assert.equal((await server.end("SIGINT")).exitCode, 0);
    },
  },
  {
    title: "ends with the process that started it",
    async run(program) {
      await using place = new Place(program);
      const parent = place.spawn([
        ...["sh", "-c", '"$@" & cat', "sh"],
        ...place.serveCommand(["--exit-with-parent"]),
      ]);
      const server = await Server.from(parent);
      await acknowledge(server, "t");
      parent.kill("SIGKILL");
      await until(() => !existsSync(join(place.dataDir, "server.json")), "the server's end");
      await assertStored(await place.serve(), "t");
    },
  },
];
