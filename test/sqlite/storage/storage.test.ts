import { afterEach, beforeEach, expect, test } from "bun:test";
import { existsSync, mkdirSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { storage as limits } from "../../../src/limits.ts";
import { toTrouble } from "../../../src/sqlite/db/trouble.ts";
import { type Storage, createStorage } from "../../../src/sqlite/storage/storage.ts";
import { makeTempDir } from "../../helpers.ts";

const MiB = 2 ** 20;
const GB = 1e9;
const unavailable = expect.objectContaining({ code: "storage_unavailable", status: 503 });

let root: string;
let dir: string;
let path: string;
let storage: Storage;
let nowMs = 0;
/** What the disk says of itself. */
let space: { freeBytes: number; totalBytes: number } | null;

function open(minFreeBytes: number | null = null): Storage {
  storage = createStorage({ path, minFreeBytes, spaceOf: () => space, now: () => nowMs });
  return storage;
}

/** Makes the ballast, as the upkeep does; the disk has as much less. */
function growAll(): void {
  for (let before = ballastBytes(); storage.growBallast(); before = ballastBytes()) {
    if (space) space.freeBytes -= ballastBytes() - before;
  }
}

const ballastBytes = () =>
  existsSync(join(dir, "ballast")) ? statSync(join(dir, "ballast")).size : 0;

beforeEach(() => {
  root = makeTempDir();
  dir = join(root, "data");
  path = join(dir, "tealight.db");
  mkdirSync(dir);
  writeFileSync(path, "");
  writeFileSync(`${path}-wal`, "");
  nowMs = 0;
  space = { freeBytes: 50 * GB, totalBytes: 100 * GB };
});

afterEach(() => {
  storage.end();
  rmSync(root, { recursive: true, force: true });
});

test.each([
  ["200 MB of a large disk", 100 * GB, 200e6],
  ["1 % of a small one", GB, GB / 100],
])("spans are refused while less than %s are free, and all else goes on", (_, total, floor) => {
  space = { freeBytes: total, totalBytes: total };
  open();
  growAll();
  space.freeBytes = floor;
  expect(storage.look()).toMatchObject({ state: "ok", freeBytes: floor });
  storage.checkRoom(1);
  space.freeBytes = floor - 1;
  expect(storage.look()).toMatchObject({ state: "full", isRefusing: true });
  expect(() => storage.checkRoom(1)).toThrow(unavailable);
  storage.checkPlace();
  // Some more than that, or it would come and go.
  space.freeBytes = floor * 1.2;
  expect(storage.look().state).toBe("full");
  space.freeBytes = floor * 1.3;
  expect(storage.look().state).toBe("ok");
  storage.checkRoom(1);
});

test("the floor is the one that was asked for, none with 0", () => {
  open(GB);
  growAll();
  space!.freeBytes = GB - 1;
  expect(storage.look().state).toBe("full");
  storage.end();
  open(0);
  space!.freeBytes = 0;
  expect(storage.look().state).toBe("ok");
});

test("a system that does not say how much is free refuses nothing", () => {
  space = null;
  expect(open().look()).toMatchObject({ state: "ok", freeBytes: null });
  storage.checkRoom(1);
});

test("before a commit a look is as new as it has to be, and no newer", () => {
  open();
  space!.freeBytes = 0;
  storage.checkRoom(1);
  nowMs = limits.staleAfterMs + 1;
  expect(() => storage.checkRoom(1)).toThrow(unavailable);
  space!.freeBytes = 50 * GB;
  nowMs += limits.staleAfterMs + 1;
  storage.checkRoom(1);
  // Much that comes in at once takes room sooner.
  space!.freeBytes = 0;
  expect(() => storage.checkRoom(limits.bytesPerLook + 1)).toThrow(unavailable);
});

test("the ballast is 32 MiB, an eighth of a small disk, and what is left of a full one", () => {
  open();
  growAll();
  expect(ballastBytes()).toBe(32 * MiB);
  rmSync(join(dir, "ballast"));
  storage.end();
  space = { freeBytes: 64 * MiB, totalBytes: 64 * MiB };
  open();
  growAll();
  expect(ballastBytes()).toBe(8 * MiB);
  rmSync(join(dir, "ballast"));
  storage.end();
  space = { freeBytes: 3 * MiB, totalBytes: 64 * MiB };
  open();
  growAll();
  expect(ballastBytes()).toBe(2 * MiB);
});

test("what needs room on a full disk gets the ballast's, which is not for spans and comes back later", () => {
  open(MiB);
  growAll();
  space!.freeBytes = 0;
  let tries = 0;
  const remove = () => {
    if (++tries === 1) throw failing("SQLITE_FULL");
    return "deleted";
  };
  expect(storage.withReserve(remove)).toBe("deleted");
  expect([tries, ballastBytes()]).toEqual([2, 0]);
  space!.freeBytes = 32 * MiB;
  // Even though that is more than the floor.
  expect(storage.look()).toMatchObject({ state: "full", isRefusing: true });
  nowMs += limits.pauseMs;
  space!.freeBytes = 40 * MiB;
  growAll();
  expect(ballastBytes()).toBe(32 * MiB);
  // What needs no room does not take it, and without one a failure is one.
  expect(() => storage.withReserve(() => JSON.parse("{"))).toThrow(SyntaxError);
  expect(ballastBytes()).toBe(32 * MiB);
  const fail = () => {
    throw failing("SQLITE_FULL");
  };
  expect(() => storage.withReserve(fail)).toThrow("SQLITE_FULL");
  expect(ballastBytes()).toBe(0);
  // Not at once: there may be more to delete.
  growAll();
  expect(ballastBytes()).toBe(0);
  nowMs += limits.pauseMs;
  space!.freeBytes = 40 * MiB;
  growAll();
  expect(ballastBytes()).toBe(32 * MiB);
});

const failing = (code: string) => Object.assign(new Error(code), { code });

test.each([
  ["SQLITE_READONLY", /cannot be opened or written \(SQLITE_READONLY\)/, false],
  ["SQLITE_CANTOPEN", /cannot be opened or written \(SQLITE_CANTOPEN\)/, false],
  ["SQLITE_IOERR_READ", /full or failing \(SQLITE_IOERR_READ\)/, false],
  ["SQLITE_FULL", /is full$/, true],
  // As SQLite says that a quota is used up.
  ["SQLITE_IOERR_WRITE", /full or failing \(SQLITE_IOERR_WRITE\)/, true],
])("the ballast is given up for want of room alone: %s", (code, hint, isGivenUp) => {
  open();
  growAll();
  const trouble = toTrouble(failing(code));
  expect(trouble).toMatchObject({ code: "storage_unavailable", hint: expect.stringMatching(hint) });
  const fail = () => {
    throw trouble;
  };
  expect(() => storage.withReserve(fail)).toThrow(unavailable);
  expect(ballastBytes()).toBe(isGivenUp ? 0 : 32 * MiB);
});

test("a write that fails on a disk with room is told, and spans are still tried", () => {
  open();
  storage.failed(failing("SQLITE_IOERR_WRITE"));
  expect(storage.look()).toMatchObject({
    state: "full",
    isRefusing: false,
    message: expect.stringContaining("SQLITE_IOERR_WRITE"),
  });
  storage.checkRoom(1);
  nowMs += limits.pauseMs + 1;
  expect(storage.look().state).toBe("full");
  storage.committed();
  expect(storage.look().state).toBe("ok");
});

test.each([
  ["the directory removed", () => rmSync(dir, { recursive: true }), "was removed or moved"],
  ["the directory moved", () => renameSync(dir, `${dir}.old`), "was removed or moved"],
  [
    "a file in its place",
    () => (renameSync(dir, `${dir}.old`), writeFileSync(dir, "")),
    "another directory was put in the place",
  ],
  [
    "another directory in its place",
    () => {
      renameSync(dir, `${dir}.old`);
      mkdirSync(dir);
      writeFileSync(path, "");
      writeFileSync(`${path}-wal`, "");
    },
    "another directory was put in the place",
  ],
  ["the store removed", () => rmSync(path), "tealight.db was removed"],
  [
    "the store replaced",
    () => {
      renameSync(path, `${path}.old`);
      writeFileSync(path, "");
    },
    "tealight.db was replaced",
  ],
  ["its log removed", () => rmSync(`${path}-wal`), "tealight.db-wal was removed"],
])("%s is noticed, and nothing can be changed", (_, harm, message) => {
  open();
  harm();
  nowMs = limits.staleAfterMs + 1;
  expect(() => storage.checkRoom(1)).toThrow(unavailable);
  expect(() => storage.checkPlace()).toThrow(unavailable);
  expect(storage.look()).toMatchObject({
    state: "gone",
    isRefusing: true,
    freeBytes: null,
    message: expect.stringContaining(message),
  });
  // In a directory that is not ours nothing is made or removed.
  growAll();
  expect(ballastBytes()).toBe(0);
});

test("the same directory brought back is taken up again, a copy of it is not", async () => {
  open();
  const away = join(root, "away");
  renameSync(dir, away);
  const left = storage.look();
  mkdirSync(dir);
  writeFileSync(path, "");
  writeFileSync(`${path}-wal`, "");
  expect(storage.look().state).toBe("gone");
  rmSync(dir, { recursive: true });
  const change = storage.after(left);
  renameSync(away, dir);
  expect(storage.look().state).toBe("ok");
  expect(await change).toMatchObject({ state: "ok", isRefusing: false });
  storage.checkRoom(1);
});

test("at the end on a full disk what room there is becomes the ballast of the next start", () => {
  open();
  space = { freeBytes: 3 * MiB, totalBytes: 100 * GB };
  expect(storage.look().state).toBe("full");
  // As the last connection leaves it.
  rmSync(`${path}-wal`);
  storage.end();
  expect(ballastBytes()).toBeGreaterThan(0);
});

test("at the end nothing is written where the directory is gone", () => {
  open();
  space = { freeBytes: 3 * MiB, totalBytes: 100 * GB };
  renameSync(dir, `${dir}.old`);
  mkdirSync(dir);
  expect(storage.look().state).toBe("gone");
  storage.end();
  expect(ballastBytes()).toBe(0);
});
