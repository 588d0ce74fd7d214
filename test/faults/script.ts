/** Runs a script of scripts/ that makes a server fail, and reads what it found wrong. */
import { expect } from "bun:test";
import { join } from "node:path";

/**
 * A process of its own, since it shortens the pauses of the work in the background. Fails with what the
 * script calls wrong.
 *
 * @returns its lines.
 */
export async function runScript(name: string, options: string[]): Promise<string[]> {
  const script = join(import.meta.dir, "../../scripts", name);
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
  return lines;
}
