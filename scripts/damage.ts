/**
 * Overwrites pages of a store and of its search index, one at a time, and looks at what becomes of the
 * server: `bun scripts/damage.ts [every=50] [from=0]`. 1 tries each page with zeros and with junk, and each
 * compressed block.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import "../test/faults/preload.ts";

const [every = 50, from = 0] = process.argv.slice(2).map(Number);
if (![every, from].every((number) => Number.isInteger(number) && number >= 0) || every === 0) {
  console.error("usage: bun scripts/damage.ts [every] [from]");
  process.exit(2);
}

const dir = mkdtempSync(join(tmpdir(), "tealight-damage-"));
let failures = 0;
try {
  // After the limits are changed.
  const { Damages } = await import("../test/faults/damage.ts");
  const damages = new Damages(dir);
  const all = await damages.all();
  const cases = all.filter((_, i) => i % every === from % every);
  console.log(`${all.length} ways to damage it, ${cases.length} tried`);
  const sums = { refused: 0, whole: 0, noted: 0, missing: 0, told: 0 };
  const queue = cases.values();
  await Promise.all(
    [1, 2].map(async () => {
      for (const damage of queue) {
        const { wrong, log, isRefused, whole, noted, missing, counted } = await damages.run(damage);
        if (isRefused) sums.refused++;
        else {
          sums.whole += whole;
          sums.noted += noted;
          sums.missing += missing;
          if (counted !== 0) sums.told++;
        }
        if (wrong.length === 0) continue;
        failures++;
        console.log(`wrong: ${damage.file} page ${damage.page} ${damage.harm}`);
        console.log(
          `  ${wrong.slice(0, 8).join("\n  ")}\n${log.slice(0, 3000).replace(/^/gm, "  | ")}`,
        );
      }
    }),
  );
  console.log(
    `${sums.refused} did not start and said why, ${sums.told} told of damage; of the spans of the others ` +
      `${sums.whole} came whole, ${sums.noted} with a note, ${sums.missing} not`,
  );
  console.log(`${cases.length} tried, ${failures} failures`);
} finally {
  rmSync(dir, { recursive: true, force: true });
}
process.exit(failures > 0 ? 1 : 0);
