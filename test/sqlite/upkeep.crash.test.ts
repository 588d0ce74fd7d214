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
    // Else the deaths came too early to tell anything.
    expect(report.done["put"]).toBeGreaterThan(50);
    expect(report.done["pack"]).toBeGreaterThan(5);
    expect(report.done["collect"]).toBeGreaterThan(5);
    expect(report.textsCompared).toBeGreaterThan(500);
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
});
