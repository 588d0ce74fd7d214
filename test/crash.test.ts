import { expect, test } from "bun:test";
import { rmSync } from "node:fs";
import { crashRounds } from "./crash.ts";
import { makeTempDir } from "./helpers.ts";

test("nothing that was acknowledged is lost or there twice after kill -9 under load", async () => {
  const dataDir = makeTempDir();
  try {
    const report = await crashRounds(dataDir, 6);
    expect(report).toMatchObject({ rounds: 6, missing: 0, duplicates: 0, wrong: [] });
    expect(report.acknowledged).toBeGreaterThan(100);
    console.info(
      `6 deaths, ${report.acknowledged} spans acknowledged, slowest start ${Math.round(report.slowestStartMs)} ms`,
    );
  } finally {
    rmSync(dataDir, { recursive: true, force: true });
  }
});
