/**
 * The long version of test/crash.test.ts: `bun scripts/crash.ts [rounds=200]`. With TEALIGHT_BINARY it
 * is that executable which dies.
 */
import { rmSync } from "node:fs";
import { crashRounds, type CrashReport } from "../test/crash.ts";
import { makeTempDir } from "../test/helpers.ts";

const rounds = Number(process.argv[2] ?? 200);
if (!Number.isInteger(rounds) || rounds < 1) {
  console.error("usage: bun scripts/crash.ts [rounds]");
  process.exit(2);
}

const dataDir = makeTempDir();
const lineOf = (report: CrashReport) =>
  [
    `${report.rounds} rounds`,
    `${report.requests} requests`,
    `${report.acknowledged} spans acknowledged`,
    `${report.missing} missing`,
    `${report.duplicates} duplicates`,
    `${report.wrong.length} otherwise wrong`,
    `slowest start ${Math.round(report.slowestStartMs)} ms`,
  ].join(", ");

let shown = 0;
try {
  const report = await crashRounds(dataDir, rounds, (soFar) => {
    for (const problem of soFar.wrong.slice(shown)) console.log(`  wrong: ${problem}`);
    shown = soFar.wrong.length;
    if (soFar.rounds % 10 === 0) console.log(lineOf(soFar));
  });
  const { deaths, unanswered, amidUpkeep } = report;
  const kinds = Object.entries(deaths).map(([kind, count]) => `${count} ${kind}`);
  console.log(
    `deaths: ${kinds.join(", ")}; unanswered batches: ${unanswered.stored} stored, ${unanswered.gone} not`,
  );
  console.log(
    `${amidUpkeep.packed} deaths with packed blocks, ${amidUpkeep.collecting} with garbage to collect`,
  );
  console.log(lineOf(report));
  process.exitCode = report.missing + report.duplicates + report.wrong.length === 0 ? 0 : 1;
} finally {
  rmSync(dataDir, { recursive: true, force: true });
}
