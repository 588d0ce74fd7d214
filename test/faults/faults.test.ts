import { expect, test } from "bun:test";
import { runScript } from "./script.ts";
import { scenarios } from "./stores.ts";

test("a server with a call that fails runs on or ends with one line, starts again and has lost nothing", async () => {
  const scenario = scenarios[Date.now() % scenarios.length]!;
  const options = ["--scenario", scenario, "--sample", "8", "--seconds", "25"];
  const lines = await runScript("faults.ts", options);
  const skipped = lines.find((line) => line.startsWith("skipped"));
  const [, tried, silent] = /^(\d+) calls tried, (\d+) not reached/.exec(lines.at(-2) ?? "") ?? [];
  if (!skipped) expect(Number(tried) - Number(silent)).toBeGreaterThan(0);
  console.info(
    skipped ?? `${scenario}, ${lines.find((line) => line.startsWith("seed"))}, ${lines.at(-2)}`,
  );
});
