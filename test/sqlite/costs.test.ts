import { expect, test } from "bun:test";
import { checkCosts } from "./costs.ts";

test("a trace costs what the receipts of its calls sum up to, whatever was sent and changed", async () => {
  const seed = Math.floor(Math.random() * 2 ** 32);
  const report = await checkCosts(6000, seed);
  console.log(`costs: seed ${seed}, ${report.spans} spans, ${report.repricedSpans} repriced`);
  expect(report.wrong).toEqual([]);
  expect(report.deletedTraces).toBeGreaterThan(0);
  expect(report.repricedSpans).toBeGreaterThan(0);
});
