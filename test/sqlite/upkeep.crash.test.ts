import { expect, test } from "bun:test";
import { rmSync } from "node:fs";
import { makeTempDir } from "../helpers.ts";
import { upkeepCrashRounds } from "./upkeep.crash.ts";

test("no text is lost and no garbage stays after kill -9 amid packing and collecting", async () => {
  const dir = makeTempDir();
  try {
    const report = await upkeepCrashRounds(dir, 8);
    expect(report.wrong).toEqual([]);
    expect(report.rounds).toBe(8);
    // How much is done before each death depends on the machine; of each something is.
    expect(report.done["put"]).toBeGreaterThan(0);
    expect(report.done["pack"]).toBeGreaterThan(0);
    expect(report.done["collect"]).toBeGreaterThan(0);
    expect(report.textsCompared).toBeGreaterThan(0);
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
});
