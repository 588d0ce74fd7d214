import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import {
  chmodSync,
  chownSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import {
  dataDirectoryFiles,
  openDataDirectory,
  readServerInfo,
  type DataDirectory,
} from "../../src/directory/directory.ts";
import { AppError } from "../../src/errors.ts";
import { storeFiles } from "../../src/sqlite/storage/files.ts";
import { contents } from "../../src/sqlite/storage/lock.ts";
import { makePayload, makeTempDir } from "../helpers.ts";
import { spawnServer } from "../server.process.ts";
import { asNobody } from "../sqlite/nobody.ts";

let parent: string;
let dir: string;
const directories: DataDirectory[] = [];

beforeEach(() => {
  parent = makeTempDir();
  dir = join(parent, "data");
});
afterEach(() => {
  for (const directory of directories.splice(0)) directory.release();
  rmSync(parent, { recursive: true, force: true });
});

function open(): DataDirectory {
  const directory = openDataDirectory(dir, contents);
  directories.push(directory);
  return directory;
}

const modeOf = (path: string) => (statSync(path).mode & 0o777).toString(8);

const info = (pid: number) => ({
  pid,
  url: "http://localhost:4000",
  port: 4000,
  otlpUrl: "http://localhost:4318",
  otlpGrpcUrl: "http://localhost:4317",
  otlpAuth: "open" as const,
  version: "0",
  startedAt: 1,
  dataDir: dir,
  keyFile: join(dir, "key"),
  tokenFile: join(dir, "token"),
});

function expectRefused(message: RegExp): AppError {
  let failure: unknown;
  try {
    open();
  } catch (cause) {
    failure = cause;
  }
  expect(failure).toBeInstanceOf(AppError);
  const error = failure as AppError;
  expect({ code: error.code, exitCode: error.exitCode }).toEqual({
    code: "start_failed",
    exitCode: 1,
  });
  expect(error.message).toMatch(message);
  expect(error.message).not.toContain("\n");
  expect(error.hint).toBeTruthy();
  return error;
}

describe("a data directory", () => {
  test("is made for its user alone, with a key and a token of their own", () => {
    dir = join(dir, "deeper", "still");
    const directory = open();
    expect(modeOf(dir)).toBe("700");
    expect([modeOf(directory.keyFile), modeOf(directory.tokenFile)]).toEqual(["600", "600"]);
    expect(directory.key).toMatch(/^fl_[\w-]{32}$/);
    expect(directory.token).toMatch(/^tl_[\w-]{32}$/);
    expect(directory.key.slice(3)).not.toBe(directory.token.slice(3));
  });

  test("keeps its key and its token from start to start, and makes new ones where they are gone", () => {
    const { key, token, keyFile, tokenFile } = open();
    directories.pop()!.release();
    rmSync(tokenFile);
    const again = open();
    expect(again.key).toBe(key);
    expect(again.token).not.toBe(token);
    directories.pop()!.release();
    writeFileSync(keyFile, "\n");
    expect(open().key).toMatch(/^fl_[\w-]{32}$/);
  });

  test("closes itself to others again at each start", () => {
    open();
    directories.pop()!.release();
    chmodSync(dir, 0o755);
    expect(open().notes).toEqual([`closed ${dir} to other users, it had mode 0755`]);
    expect(modeOf(dir)).toBe("700");
    directories.pop()!.release();
    expect(open().notes).toEqual([]);
  });

  test.each([0o777, 0o750, 0o711])(
    "is closed to others where it was there and empty (mode %i)",
    (mode) => {
      mkdirSync(dir);
      chmodSync(dir, mode);
      expect(open().notes.length).toBe(1);
      expect(modeOf(dir)).toBe("700");
    },
  );

  test.each([
    [0o755, /^other users may look into the data directory .*data \(mode 0755\)$/],
    [0o711, /^other users may look into/],
    [0o770, /^other users may write to the data directory .*data \(mode 0770\)$/],
    [0o702, /^other users may write to/],
  ])("is refused, and stays as it is, where it holds other things (mode %i)", (mode, message) => {
    mkdirSync(dir);
    writeFileSync(join(dir, "thesis"), "");
    chmodSync(dir, mode);
    expect(expectRefused(message).hint).toEndWith(`chmod 700 '${dir}'`);
    expect(readdirSync(dir)).toEqual(["thesis"]);
    expect(statSync(dir).mode & 0o777).toBe(mode);
    chmodSync(dir, 0o700);
    open();
  });

  test("is closed to others where a store was copied into it", () => {
    mkdirSync(dir);
    chmodSync(dir, 0o755);
    writeFileSync(storeFiles(dir).storePath, "");
    open();
    expect(modeOf(dir)).toBe("700");
  });

  test("is refused where others could have put another key or token into it", () => {
    open();
    directories.pop()!.release();
    chmodSync(dir, 0o777);
    expectRefused(/^other users may write to/);
    chmodSync(dir, 0o700);
    open();
  });

  test("with a quote in its name is named so that a shell takes it", () => {
    dir = join(parent, "it's here");
    mkdirSync(dir);
    writeFileSync(join(dir, "thesis"), "");
    chmodSync(dir, 0o755);
    const command = /chmod 700 .*$/.exec(expectRefused(/look into/).hint!)![0];
    expect(Bun.spawnSync(["sh", "-c", command]).exitCode).toBe(0);
    expect(modeOf(dir)).toBe("700");
  });

  test("is for one server, and a second is told which", () => {
    const directory = open();
    expectRefused(/^another server uses .*data$/);
    directory.announce(info(4242));
    expectRefused(/http:\/\/localhost:4000, process 4242/);
    directories.pop()!.release();
    open();
  });

  test("says where its server is, all of it or nothing", () => {
    expect(readServerInfo(dir)).toBeNull();
    const directory = open();
    expect(readServerInfo(dir)).toBeNull();
    directory.announce(info(1));
    directory.announce(info(2));
    expect(readServerInfo(dir)).toEqual(info(2));
    expect(modeOf(dataDirectoryFiles(dir).serverFile)).toBe("600");
    expect(readdirSync(dir).filter((name) => name.endsWith(".new"))).toEqual([]);
    directories.pop()!.release();
    expect(readServerInfo(dir)).toBeNull();
    writeFileSync(dataDirectoryFiles(dir).serverFile, '{"pid":');
    expect(readServerInfo(dir)).toBeNull();
  });

  test("is refused where a file stands in its place, and the file stays", () => {
    writeFileSync(dir, "precious");
    expectRefused(/cannot be used/);
    expect(readFileSync(dir, "utf8")).toBe("precious");
  });

  test("is refused where it may not be written, and nothing is made in it", () => {
    mkdirSync(dir);
    chmodSync(dir, 0o555);
    chmodSync(parent, 0o755);
    asNobody(() => expectRefused(/cannot be used/));
    expect(readdirSync(dir)).toEqual([]);
  });

  test.skipIf(process.getuid?.() !== 0)("is refused where it belongs to another user", () => {
    mkdirSync(dir);
    chownSync(dir, 65534, 65534);
    expectRefused(/belongs to another user/);
    expect(readdirSync(dir)).toEqual([]);
  });
});

describe("a server's directory", () => {
  test("holds files for its user alone, whatever the umask", async () => {
    const umask = process.umask(0);
    try {
      await using server = await spawnServer(dir);
      const response = await fetch(`${server.url}/ingest`, {
        method: "POST",
        headers: { authorization: `Bearer ${server.key}` },
        body: JSON.stringify(makePayload()),
      });
      expect(response.status).toBe(202);
      const modes = Object.fromEntries(
        readdirSync(dir).map((name) => [name, modeOf(join(dir, name))]),
      );
      expect(Object.keys(modes)).toEqual(
        expect.arrayContaining([
          "key",
          "token",
          "lock.db",
          "server.json",
          "tealight.db",
          "tealight.db-wal",
        ]),
      );
      expect(new Set(Object.values(modes))).toEqual(new Set(["600"]));
      expect(modeOf(dir)).toBe("700");
    } finally {
      process.umask(umask);
    }
  });

  test("is free again at once when the server is killed, and its note misleads nobody", async () => {
    const server = await spawnServer(dir);
    expectRefused(new RegExp(`process ${server.pid}`));
    server.signal("SIGKILL");
    await server.exited;
    expect(readServerInfo(dir)?.pid).toBe(server.pid);
    open();
  });

  test("is refused to a second server, which ends with one line that names the first", async () => {
    await using first = await spawnServer(dir);
    let said = "";
    await spawnServer(dir).catch((cause: Error) => (said = cause.message));
    expect(said).toContain("did not start (1)");
    expect(said).toContain(`process ${first.pid}`);
  });

  test("is refused to a second server also where the file of the lock was removed", async () => {
    await using first = await spawnServer(dir);
    const note = readServerInfo(dir);
    rmSync(storeFiles(dir).lockFile);
    let said = "";
    await spawnServer(dir).catch((cause: Error) => (said = cause.message));
    expect(said).toContain(`another server uses ${dir} (${note!.url}, process ${first.pid})`);
    expect(readServerInfo(dir)).toEqual(note);
  });
});
