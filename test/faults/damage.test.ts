import { expect, test } from "bun:test";
import { join } from "node:path";

const script = join(import.meta.dir, "../../scripts/damage.ts");

test.skipIf(process.platform !== "linux")(
  "a server on a store or an index with a page overwritten serves the rest, says what is damaged, and rests",
  async () => {
    // A process of its own, since it shortens the pauses of the work in the background.
    const options = ["60", String(Math.floor(Math.random() * 60))];
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
    console.info(`from ${options[1]}: ${lines.at(-1)}`);
  },
  90_000,
);
