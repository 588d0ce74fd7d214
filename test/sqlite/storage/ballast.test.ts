import { expect, test } from "bun:test";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { openBallast } from "../../../src/sqlite/storage/ballast.ts";
import { makeTempDir } from "../../helpers.ts";

test("a ballast that the disk does not let go of is kept, and is no reason to end", () => {
  const dir = makeTempDir();
  const file = join(dir, "ballast");
  // A directory cannot be removed as a file is.
  mkdirSync(file);
  writeFileSync(join(file, "content"), "");
  const ballast = openBallast(file);
  expect(ballast.release()).toBe(false);
  expect(ballast.bytes).toBeGreaterThan(0);
  rmSync(dir, { recursive: true });
});
