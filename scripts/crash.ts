/**
 * The long versions of test/crash.test.ts, `bun scripts/crash.ts [rounds=200]`, and of
 * test/store/upkeep.crash.test.ts, `bun scripts/crash.ts --upkeep [rounds=100]`. What dies is the
 * executable (one of the sources as they are, or the one that TEALIGHT_BINARY names), and the upkeep's is a
 * program of the tests.
 */
import { rmSync } from "node:fs";
import { crashRounds, type CrashReport } from "../test/crash.ts";
import { makeTempDir } from "../test/helpers.ts";
import { upkeepCrashRounds, type UpkeepCrashReport } from "../test/sqlite/upkeep.crash.ts";

const args = process.argv.slice(2);
const isUpkeep = args[0] === "--upkeep";
if (isUpkeep) args.shift();
const rounds = Number(args[0] ?? (isUpkeep ? 100 : 200));
if (!Number.isInteger(rounds) || rounds < 1 || args.length > 1) {
  console.error("usage: bun scripts/crash.ts [--upkeep] [rounds]");
  process.exit(2);
}

const dataDir = makeTempDir();
const countsOf = (counts: Record<string, number>) =>
  Object.entries(counts)
    .map(([kind, count]) => `${count} ${kind}`)
    .join(", ");

let shown = 0;
function showWrong({ wrong }: { wrong: string[] }): void {
  for (const problem of wrong.slice(shown)) console.log(`  wrong: ${problem}`);
  shown = wrong.length;
}

async function crash(): Promise<boolean> {
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
  const report = await crashRounds(dataDir, rounds, (soFar) => {
    showWrong(soFar);
    if (soFar.rounds % 10 === 0) console.log(lineOf(soFar));
  });
  const { deaths, unanswered, amidUpkeep } = report;
  console.log(
    `deaths: ${countsOf(deaths)}; unanswered batches: ${unanswered.stored} stored, ${unanswered.gone} not`,
  );
  console.log(
    `${amidUpkeep.packed} deaths with packed blocks, ${amidUpkeep.collecting} with garbage to collect`,
  );
  console.log(lineOf(report));
  return report.missing + report.duplicates + report.wrong.length === 0;
}

async function crashUpkeep(): Promise<boolean> {
  const lineOf = (report: UpkeepCrashReport) =>
    [
      `${report.rounds} rounds`,
      `${report.textsCompared} texts compared`,
      `${report.wrong.length} wrong`,
      `slowest opening ${Math.round(report.slowestOpenMs)} ms`,
    ].join(", ");
  const report = await upkeepCrashRounds(dataDir, rounds, (soFar) => {
    showWrong(soFar);
    if (soFar.rounds % 10 === 0) console.log(lineOf(soFar));
  });
  const { done, amid, inFlight } = report;
  console.log(`committed: ${countsOf(done)}`);
  console.log(
    `deaths amid: ${countsOf(amid)}; texts under way: ${inFlight.stored} stored, ${inFlight.gone} not`,
  );
  console.log(lineOf(report));
  return report.wrong.length === 0;
}

try {
  process.exitCode = (await (isUpkeep ? crashUpkeep() : crash())) ? 0 : 1;
} finally {
  rmSync(dataDir, { recursive: true, force: true });
}
