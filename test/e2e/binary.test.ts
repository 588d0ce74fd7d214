/** Builds the executable and drives it as scripts/smoke.ts does. */
import { afterAll, beforeAll, test } from "bun:test";
import { rmSync } from "node:fs";
import { buildExecutable } from "../../scripts/build.ts";
import { checks } from "../../scripts/smoke.ts";
import { makeTempDir } from "../helpers.ts";

const dir = makeTempDir();
let program = "";

beforeAll(async () => {
  program = await buildExecutable(dir);
});

afterAll(() => rmSync(dir, { recursive: true, force: true }));

for (const { title, run } of checks) {
  test(`the executable ${title}`, () => run(program).then(() => {}), 30_000);
}
