/** Calls between threads, with a worker that does on demand whatever can go right or wrong. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { AppError } from "../../src/errors.ts";
import { hostThread, restThreads, type Thread } from "../../src/threads/host.ts";
import { makeTempDir } from "../helpers.ts";

type Settings = { refusal?: string | undefined };

type Methods = {
  open(settings: Settings): string;
  add(a: number, b: number): number;
  later(value: unknown): Promise<unknown>;
  never(): Promise<void>;
  sizeOf(buffer: ArrayBuffer): number;
  refuse(bare?: boolean): void;
  refuseLater(): Promise<void>;
  bug(): void;
  throwText(): void;
  crash(): void;
  rests(): number;
  close(): void;
};

const src = (file: string) => JSON.stringify(join(import.meta.dir, "../../src", file));
const source = `
import { AppError } from ${src("errors.ts")};
import { serveThread } from ${src("threads/host.ts")};
const refusal = () => new AppError("conflict", "taken", {
  hint: "choose another",
  issues: [{ code: "custom", path: ["a", 0], message: "wrong" }],
  retryAfterSeconds: 2,
  extra: { projects: ["a"] },
  cause: new Error("below"),
});
let rests = 0;
serveThread({
  open({ refusal }) {
    if (refusal) throw new AppError("store_unusable", refusal);
    return "opened";
  },
  rests: () => rests,
  close: () => {},
  add: (a, b) => a + b,
  later: async (value) => { await Bun.sleep(1); return value; },
  never: () => new Promise(() => {}),
  sizeOf: (buffer) => buffer.byteLength,
  refuse: (bare) => { throw bare ? new AppError("not_found", "none") : refusal(); },
  refuseLater: async () => { await Bun.sleep(1); throw refusal(); },
  bug: () => { null.field; },
  throwText: () => { throw "some text"; },
  crash: () => { setTimeout(() => { throw new Error("out of hand"); }); return new Promise(() => {}); },
}, () => rests++);
`;

const dir = makeTempDir();
const file = join(dir, "worker.ts");
const crashes: Error[] = [];
let thread: Thread<Methods>;
const start = (onCrash: (cause: Error) => void, toOpen = (): Settings => ({})) =>
  hostThread<Methods>(pathToFileURL(file), () => [toOpen()], { onCrash });

beforeAll(() => {
  writeFileSync(file, source);
  thread = start((cause) => crashes.push(cause));
});
afterAll(async () => {
  await thread.close();
  rmSync(dir, { recursive: true, force: true });
  expect(crashes).toEqual([]);
});

test("calls made before the thread is ready are answered, each with its own answer", async () => {
  const fresh = start((cause) => crashes.push(cause));
  const sums = await Promise.all(Array.from({ length: 100 }, (_, i) => fresh.call("add", [i, 1])));
  expect(sums).toEqual(Array.from({ length: 100 }, (_, i) => i + 1));
  await fresh.close();
});

test("every thread rests when it is told to, and then goes on", async () => {
  const other = start((cause) => crashes.push(cause));
  const restsOf = () => Promise.all([thread, other].map((each) => each.call("rests", [])));
  expect(await restsOf()).toEqual([0, 0]);
  restThreads();
  expect(await restsOf()).toEqual([1, 1]);
  await other.close();
  restThreads();
  expect(await thread.call("rests", [])).toBe(2);
});

test("a thread that could not start is started by the next call, and by none once it is closed", async () => {
  let starts = 0;
  const later = start(
    (cause) => crashes.push(cause),
    () => {
      if (++starts === 1) throw new AppError("buffer_full", "not now");
      return {};
    },
  );
  expect(starts).toBe(0);
  const refused = await later.call("add", [1, 1]).catch((cause) => cause);
  expect(refused).toMatchObject({ code: "buffer_full", message: "not now" });
  expect(await Promise.all([later.call("add", [1, 1]), later.call("add", [1, 2])])).toEqual([2, 3]);
  await later.close();
  await later.close();
  const late = await later.call("add", [1, 1]).catch((cause) => cause);
  expect(late).toMatchObject({ code: "shutting_down" });
  expect(starts).toBe(2);
});

test("a thread that cannot open fails all that was called with why, and the next call tries again", async () => {
  let refusal: string | undefined = "no store there";
  const later = start(
    (cause) => crashes.push(cause),
    () => ({ refusal }),
  );
  const calls = [later.open(), later.call("add", [1, 1]), later.call("never", [])];
  for (const outcome of await Promise.allSettled(calls)) {
    expect(outcome).toMatchObject({
      status: "rejected",
      reason: { code: "store_unusable", message: "no store there" },
    });
  }
  refusal = undefined;
  expect(await later.call("add", [1, 1])).toBe(2);
  expect(await later.open()).toBe("opened");
  await later.close();
});

test("answers come when they are ready, not in the order of the calls", async () => {
  const order: string[] = [];
  const note = (name: string) => () => void order.push(name);
  await Promise.all([
    thread.call("later", [1]).then(note("later")),
    thread.call("add", [1, 1]).then(note("at once")),
  ]);
  expect(order).toEqual(["at once", "later"]);
});

test("values cross as they are", async () => {
  for (const value of [undefined, null, 0, "", "\ud800", 2n ** 64n, { a: [new Uint8Array([1])] }])
    expect(await thread.call("later", [value])).toEqual(value);
});

test("a transferred buffer is gone on this side", async () => {
  const buffer = new ArrayBuffer(1000);
  expect(await thread.call("sizeOf", [buffer], [buffer])).toBe(1000);
  expect(buffer.byteLength).toBe(0);
});

describe("what a method throws", () => {
  test("arrives as it was, where it has a name", async () => {
    for (const method of ["refuse", "refuseLater"] as const) {
      const error = await thread.call(method, []).catch((cause) => cause);
      expect(error).toBeInstanceOf(AppError);
      expect(error).toMatchObject({
        code: "conflict",
        message: "taken",
        status: 409,
        hint: "choose another",
        issues: [{ code: "custom", path: ["a", 0], message: "wrong" }],
        retryAfterSeconds: 2,
        extra: { projects: ["a"] },
      });
    }
    const bare = await thread.call("refuse", [true]).catch((cause) => cause);
    expect(bare).toMatchObject({ code: "not_found", message: "none" });
    expect(bare.hint).toBeUndefined();
  });

  test("arrives as a bug with its stack, where it has none", async () => {
    const bug = await thread.call("bug", []).catch((cause) => cause);
    expect(bug).not.toBeInstanceOf(AppError);
    expect(bug.message).toBe("a thread failed");
    expect(bug.stack).toContain("TypeError");
    expect(bug.stack).toContain("worker.ts");
    const text = await thread.call("throwText", []).catch((cause) => cause);
    expect(text.stack).toContain("some text");
  });

  test("leaves the thread at work", async () => {
    await thread.call("bug", []).catch(() => {});
    expect(await thread.call("add", [1, 1])).toBe(2);
  });
});

test("a thread that dies rejects all that waits and says so once", async () => {
  const { promise, resolve } = Promise.withResolvers<Error>();
  let count = 0;
  const doomed = start((cause) => {
    count++;
    resolve(cause);
  });
  const waiting = [doomed.call("never", []), doomed.call("crash", [])];
  const outcomes = await Promise.allSettled(waiting);
  const cause = await promise;
  expect(cause.message).toContain("out of hand");
  for (const outcome of outcomes)
    expect(outcome).toMatchObject({ status: "rejected", reason: cause });
  expect(count).toBe(1);
  await doomed.close();
});

test("a call of a thread that is dead is rejected", async () => {
  const { promise, resolve } = Promise.withResolvers<Error>();
  const doomed = start(resolve);
  doomed.call("crash", []).catch(() => {});
  const cause = await promise;
  expect(doomed.call("add", [1, 1])).rejects.toBe(cause);
  await doomed.close();
});
