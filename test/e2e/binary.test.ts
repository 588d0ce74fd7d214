/** Drives the executable as scripts/smoke.ts does. */
import { test } from "bun:test";
import { checks } from "../../scripts/smoke.ts";
import { executable } from "../executable.ts";

for (const { title, run } of checks) {
  test(`the executable ${title}`, () => run(executable).then(() => {}), 30_000);
}
