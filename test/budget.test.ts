/** How long an answer may take, and that what is small does not depend on it. */
import { describe, expect, test } from "bun:test";
import { Budget } from "../src/budget.ts";
import { budget as limits } from "../src/limits.ts";

describe("a budget", () => {
  const spent = (budget: Budget, steps: number) =>
    Array.from({ length: steps }, () => budget.spend());

  test("has its first steps for nothing, however little time there is", () => {
    const budget = new Budget(-1);
    expect(spent(budget, limits.leastSteps)).not.toContain(true);
    expect(spent(budget, 2)).toEqual([true, true]);
    expect(budget.isSpent).toBe(true);
  });

  test("goes on while there is time", () => {
    const budget = new Budget(Infinity);
    expect(spent(budget, 1000)).not.toContain(true);
    expect(budget.isSpent).toBe(false);
  });
});
