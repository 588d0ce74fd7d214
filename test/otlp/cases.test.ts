/**
 * Small inputs that show faults of every kind, each with what is right. They stand beside the
 * repository with a script that sends and checks them; without it the test is skipped.
 */
import { expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { startServer } from "../helpers.ts";
import { sharedDir } from "./captures/capture.ts";

const script = join(sharedDir, "cases/check.ts");
const isThere = existsSync(script);
if (!isThere) console.log("cases: skipped, ../shared/cases is not there");

test.skipIf(!isThere)("every case is shown as it should be", async () => {
  await using server = await startServer();
  const check = async () => {
    const child = Bun.spawn([process.execPath, script], {
      env: { ...process.env, BASE_URL: server.url, TOKEN: server.token },
      stdout: "pipe",
      stderr: "pipe",
    });
    const [said, complaints] = await Promise.all([child.stdout.text(), child.stderr.text()]);
    return { lines: said.trim().split("\n"), complaints, exitCode: await child.exited };
  };
  let outcome = await check();
  // On a busy machine the index may take longer than the script waits.
  for (let i = 0; i < 5 && outcome.exitCode !== 0; i++) outcome = await check();
  const { lines, complaints, exitCode } = outcome;
  expect(lines.filter((line) => line.startsWith("FAIL"))).toEqual([]);
  expect(complaints).toBe("");
  expect(lines.at(-1)).toMatch(/^[1-9]\d* passed, 0 failed$/);
  expect(exitCode).toBe(0);
  expect(server.bugs).toEqual([]);
});
