/** What the executable does not do: run what lies around, or touch a store that is not its own. */
import { Database } from "bun:sqlite";
import assert from "node:assert/strict";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { createServer, type AddressInfo } from "node:net";
import { join } from "node:path";
import {
  acknowledge,
  assertStored,
  freePort,
  payloadOf,
  Place,
  type Check,
  type Ended,
} from "./place.ts";

/** One line that says what is wrong, one that says what to do, nothing else. */
function assertRefused({ exitCode, stdout, stderr }: Ended, why: RegExp, hint: RegExp): void {
  assert.equal(exitCode, 1, stderr);
  assert.equal(stdout, "");
  const lines = stderr.trimEnd().split("\n");
  assert.equal(lines.length, 2, stderr);
  assert.match(lines[0]!, /^tealight: /);
  assert.match(lines[0]!, why);
  assert.match(lines[1]!, /^  hint: /);
  assert.match(lines[1]!, hint);
}

/** Puts a store there, starts, and finds it refused and as it was. */
async function assertLeftAlone(
  program: string,
  makeStore: (path: string) => void,
  why: RegExp,
): Promise<void> {
  await using place = new Place(program);
  mkdirSync(place.dataDir);
  makeStore(join(place.dataDir, "tealight.db"));
  const before = contentsOf(place.dataDir);
  const ended = await place.run(place.serveCommand().slice(1));
  assertRefused(ended, why, /--data-dir/);
  const after = contentsOf(place.dataDir);
  for (const [name, bytes] of before) assert.ok(after.get(name)?.equals(bytes), name);
}

function contentsOf(dir: string): Map<string, Buffer> {
  return new Map(readdirSync(dir).map((name) => [name, readFileSync(join(dir, name))]));
}

/** Runs statements in a new or existing database, whose log is left as a crash would leave it. */
function makeDatabase(path: string, ...statements: string[]): void {
  const db = new Database(path, { create: true });
  db.run("PRAGMA journal_mode = WAL");
  for (const statement of statements) db.run(statement);
  const log = readFileSync(`${path}-wal`);
  db.close();
  writeFileSync(`${path}-wal`, log);
}

export const refuses: Check[] = [
  {
    title: "takes nothing from a .env or bunfig.toml of the working directory",
    async run(program) {
      await using place = new Place(program);
      const marker = join(place.dir, "marker");
      const key = "fl_planted_in_dotenv";
      writeFileSync(
        join(place.dir, "preload.ts"),
        `require("node:fs").writeFileSync(${JSON.stringify(marker)}, "");`,
      );
      writeFileSync(join(place.dir, "bunfig.toml"), 'preload = ["./preload.ts"]\n');
      const variables = {
        TEALIGHT_PORT: "1",
        TEALIGHT_API_KEY: key,
        TEALIGHT_DATA_DIR: place.dataDir,
        TEALIGHT_LOG_LEVEL: "planted",
      };
      const dotenv = Object.entries(variables).map(([name, value]) => `${name}=${value}\n`);
      for (const name of [".env", ".env.local", ".env.production"])
        writeFileSync(join(place.dir, name), dotenv.join(""));
      // The trap works: Bun itself falls into it.
      const control = place.spawn([process.execPath, "-p", "process.env.TEALIGHT_LOG_LEVEL"]);
      assert.equal((await control.stdout.text()).trim(), "planted");
      assert.ok(existsSync(marker));
      rmSync(marker);

      const server = await place.serve();
      assert.equal((await server.post(payloadOf("t"), key)).status, 401);
      await acknowledge(server, "t");
      // Without --data-dir it would find that server only by the planted variable.
      assert.equal((await place.run(["stop"])).exitCode, 3);
      await assertStored(server, "t");
      assert.ok(!existsSync(marker), "the preload ran");
    },
  },
  {
    title: "opens no store with a debugger that the environment opens",
    async run(program) {
      await using place = new Place(program);
      const env = { BUN_INSPECT: `ws://127.0.0.1:${await freePort()}/debug` };
      const keys = ["keys", "list", "--data-dir", place.dataDir];
      for (const args of [place.serveCommand().slice(1), keys]) {
        const { exitCode, stdout, stderr } = await place.run(args, env);
        assert.deepEqual([exitCode, stdout], [2, ""]);
        assert.match(stderr, /^tealight: BUN_INSPECT opens a debugger.*\n  hint: unset it.*\n$/);
      }
      assert.ok(!existsSync(place.dataDir));
    },
  },
  {
    title: "refuses a damaged store and leaves it as it is",
    run: (program) =>
      assertLeftAlone(
        program,
        (path) => writeFileSync(path, "This was a database once.\n".repeat(1000)),
        /damaged or not a database/,
      ),
  },
  {
    title: "refuses another program's database and leaves it as it is",
    run: (program) =>
      assertLeftAlone(
        program,
        (path) => makeDatabase(path, "CREATE TABLE recipes (name TEXT)"),
        /belongs to another program/,
      ),
  },
  {
    title: "refuses the store of a newer version and leaves it as it is",
    async run(program) {
      await using place = new Place(program);
      await (await place.serve()).end("SIGTERM");
      const store = readFileSync(join(place.dataDir, "tealight.db"));
      await assertLeftAlone(
        program,
        (path) => {
          writeFileSync(path, store);
          makeDatabase(path, "PRAGMA user_version = 999");
        },
        /newer version \(schema 999/,
      );
    },
  },
  {
    title: "names a free port where its own is taken",
    async run(program) {
      await using place = new Place(program);
      const holder = createServer().listen(0, "127.0.0.1");
      await new Promise((listening) => holder.once("listening", listening));
      const { port } = holder.address() as AddressInfo;
      try {
        const ended = await place.run(place.serveCommand(["--port", String(port)]).slice(1));
        assertRefused(ended, new RegExp(`port ${port} is taken`), /--port \d+/);
        const free = /--port (\d+)/.exec(ended.stderr)![1]!;
        const server = await place.serve(["--port", free]);
        assert.equal(server.info.port, Number(free));
      } finally {
        holder.close();
      }
    },
  },
  {
    title: "refuses a directory that another server uses, and names that server",
    async run(program) {
      await using place = new Place(program);
      const server = await place.serve();
      const ended = await place.run(place.serveCommand().slice(1));
      assertRefused(ended, new RegExp(`another server uses .*${server.info.url}`), /tealight stop/);
      await acknowledge(server, "t");
    },
  },
  {
    title: "refuses a data directory that it cannot write to",
    async run(program) {
      await using place = new Place(program);
      // The superuser may write everywhere but into /proc.
      let dataDir = "/proc/tealight";
      if (process.getuid?.() !== 0) {
        dataDir = join(place.dir, "read-only");
        mkdirSync(dataDir);
        chmodSync(dataDir, 0o500);
      }
      for (const dir of [dataDir, place.program]) {
        const ended = await place.run(["serve", "--port", "0", "--data-dir", dir]);
        assertRefused(ended, /data directory .* cannot be used/, /--data-dir/);
      }
    },
  },
];
