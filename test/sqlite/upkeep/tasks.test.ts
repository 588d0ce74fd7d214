import { expect, test } from "bun:test";
import { DamagedText } from "../../../src/backend/texts.ts";
import { createTasks, type Task } from "../../../src/sqlite/upkeep/tasks.ts";

const sqliteError = (code: string) => Object.assign(new Error(code), { code });

/** @returns the names of the tasks that were begun in so many steps. */
async function run(steps: number, tasks: Record<string, Task>) {
  const begun: string[] = [];
  const damaged: string[] = [];
  const named = Object.entries(tasks).map(([name, task]): [string, Task] => [
    name,
    () => {
      begun.push(name);
      return task();
    },
  ]);
  const created = createTasks(Object.fromEntries(named), (what) => damaged.push(what));
  for (let i = 0; i < steps; i++) await created.step();
  return { begun, damaged };
}

test("the first task that has something to do takes the step", async () => {
  const { begun } = await run(1, { a: () => null, b: () => 1, c: () => 1 });
  expect(begun).toEqual(["a", "b"]);
});

test("a task that meets damage rests and says so, and the others go on", async () => {
  for (const cause of [new DamagedText("block"), sqliteError("SQLITE_CORRUPT_VTAB")]) {
    const { begun, damaged } = await run(3, {
      a: () => {
        throw cause;
      },
      b: async () => 1,
    });
    expect({ begun, damaged }).toEqual({ begun: ["a", "b", "b"], damaged: ["a"] });
  }
});

test("a disk that is full or failing makes all wait, and is no damage", async () => {
  for (const code of ["SQLITE_FULL", "SQLITE_IOERR_WRITE", "SQLITE_CANTOPEN", "SQLITE_BUSY"]) {
    const { begun, damaged } = await run(2, {
      a: () => {
        throw sqliteError(code);
      },
      b: () => 1,
    });
    expect({ begun, damaged }).toEqual({ begun: ["a", "a"], damaged: [] });
  }
});

test("a bug is no trouble of the store", () => {
  const tasks = createTasks(
    {
      a: () => {
        throw new TypeError("a bug");
      },
    },
    () => {},
  );
  expect(tasks.step()).rejects.toThrow("a bug");
});
