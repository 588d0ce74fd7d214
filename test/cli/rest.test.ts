/** When memory is given back. */
import { afterEach, beforeEach, expect, jest, test } from "bun:test";
import { restWhenIdle } from "../../src/cli/rest.ts";
import { restEveryMs } from "../../src/limits.ts";

let stop = () => {};
let collections = 0;
const { gc } = Bun;
beforeEach(() => {
  jest.useFakeTimers();
  collections = 0;
  Bun.gc = () => ++collections;
});
afterEach(() => {
  stop();
  Bun.gc = gc;
  jest.useRealTimers();
});

test("memory is given back once nothing was stored for a while, then ever more seldom, and anew after a change", () => {
  let latest = 5;
  stop = restWhenIdle(() => latest);
  const looks = (count: number) => {
    for (let i = 0; i < count; i++) jest.advanceTimersByTime(restEveryMs);
    return collections;
  };
  expect(looks(1)).toBe(1);
  expect(looks(7)).toBe(4);
  latest++;
  expect(looks(1)).toBe(4);
  expect(looks(1)).toBe(5);
  for (let i = 0; i < 10; i++) {
    latest++;
    looks(1);
  }
  expect(collections).toBe(5);
});
