import { expect, test } from "bun:test";
import { join } from "node:path";
import { scenarios } from "./stores.ts";

const script = join(import.meta.dir, "../../scripts/faults.ts");

test("a server with a call that fails runs on or ends with one line, starts again and has lost nothing", async () => {
  // A process of its own, since it shortens the pauses of the work in the background.
  const scenario = scenarios[Date.now() % scenarios.length]!;
  const options = ["--scenario", scenario, "--sample", "16", "--seconds", "25"];
  const child = Bun.spawn([process.execPath, script, ...options], {
    stdout: "pipe",
    stderr: "pipe",
  });
  const [said, errors, code] = await Promise.all([
    child.stdout.text(),
    child.stderr.text(),
    child.exited,
  ]);
  const lines = said.trim().split("\n");
  const wrong = lines.findIndex((line) => line.startsWith("wrong"));
  expect([wrong < 0 ? "" : lines.slice(wrong).join("\n"), errors, code]).toEqual(["", "", 0]);
  const skipped = lines.find((line) => line.startsWith("skipped"));
  console.info(
    skipped ?? `${scenario}, ${lines.find((line) => line.startsWith("seed"))}, ${lines.at(-2)}`,
  );
}, 90_000);
