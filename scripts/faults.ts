/**
 * Makes every call fail with which SQLite touches its files, one after the other, and looks at what
 * becomes of the server: `bun scripts/faults.ts`. A full run takes hours; `--every N` tries each N-th call,
 * `--sample N` so many at random.
 */
import { existsSync, mkdtempSync, readFileSync, rmSync, appendFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { buildLibrary, kinds, type Fault, type Kind } from "../test/faults/library.ts";
import { scenarios, type Scenario } from "../test/faults/stores.ts";
// The servers that look at what became of the stores rest as briefly as those that fail.
import "../test/faults/preload.ts";

const usage = `usage: bun scripts/faults.ts [--every N | --sample N] [--seed N] [--scenario NAME]
    [--kind NAME] [--at N] [--once | --lasting] [--done FILE] [--jobs 2] [--seconds N]
    [--verbose]`;

interface Case extends Fault {
  scenario: Scenario;
}

const { values } = parseArgs({
  options: {
    every: { type: "string", default: "1" },
    sample: { type: "string" },
    seed: { type: "string", default: `${Date.now() % 1_000_000}` },
    scenario: { type: "string" },
    kind: { type: "string" },
    at: { type: "string" },
    once: { type: "boolean", default: false },
    lasting: { type: "boolean", default: false },
    done: { type: "string" },
    jobs: { type: "string", default: "2" },
    seconds: { type: "string" },
    verbose: { type: "boolean", default: false },
  },
});
const [every, seed, jobs] = [values.every, values.seed, values.jobs].map(Number) as [
  number,
  number,
  number,
];
if (![every, seed, jobs].every((number) => Number.isInteger(number) && number > 0)) {
  console.error(usage);
  process.exit(2);
}

/** mulberry32. */
let state = seed;
function random(): number {
  state = (state + 0x6d2b79f5) | 0;
  let t = Math.imul(state ^ (state >>> 15), 1 | state);
  t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
  return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
}

const nameOf = ({ scenario, kind, at, isLasting }: Case) =>
  `${scenario} ${kind} ${at}${isLasting ? " lasting" : ""}`;

const dir = mkdtempSync(join(tmpdir(), "tealight-faults-"));
const untilMs = values.seconds ? performance.now() + 1000 * Number(values.seconds) : Infinity;
let failures = 0;
try {
  const library = buildLibrary(dir);
  if (!library) {
    console.log("skipped: faults are injected on Linux, with a C compiler");
    process.exit(0);
  }
  // After the limits are changed.
  const { Faults } = await import("../test/faults/faults.ts");
  const faults = new Faults(dir, library);
  const cases = await casesOf();
  console.log(`seed ${seed}: ${cases.length} calls to try`);
  const ends: Record<string, number> = {};
  let tried = 0;
  let silent = 0;
  const queue = cases.values();
  await Promise.all(
    Array.from({ length: jobs }, async () => {
      for (const next of queue) {
        // One at least, however slow the machine.
        if (tried > silent && performance.now() > untilMs) break;
        const { scenario, ...fault } = next;
        const { wrong, ended, counts, log } = await faults.run(scenario, fault);
        tried++;
        if (counts.failed === 0) silent++;
        ends[ended] = (ends[ended] ?? 0) + 1;
        const what = `${nameOf(next)} (${counts.what || "not reached"}; ended ${ended})`;
        if (wrong.length > 0) {
          failures++;
          console.log(`wrong: ${what}\n  ${wrong.slice(0, 8).join("\n  ")}`);
        }
        if (values.verbose) console.log(`${what}\n${log}`);
        else if (wrong.length > 0) console.log(log.slice(0, 3000).replace(/^/gm, "  | "));
        if (values.done && wrong.length === 0) appendFileSync(values.done, `${nameOf(next)}\n`);
        if (tried % 50 === 0) console.log(`${tried} tried, ${failures} wrong`);
      }
    }),
  );
  const ended = Object.entries(ends).map(([end, count]) => `${end}: ${count}`);
  console.log(`${tried} calls tried, ${silent} not reached; ended by itself ${ended.join(", ")}`);
  console.log(`${failures} failures`);

  async function casesOf(): Promise<Case[]> {
    const all: Case[] = [];
    for (const scenario of scenarios) {
      if (values.scenario && values.scenario !== scenario) continue;
      const { counts, wrong, log } = await faults.run(scenario, null);
      if (wrong.length > 0) {
        failures++;
        console.log(`wrong without a fault: ${scenario}\n  ${wrong.join("\n  ")}\n${log}`);
      }
      const numbers = kinds.map((kind) => `${counts.of[kind]} ${kind}`);
      console.log(`${scenario}: ${counts.calls} calls, of which can fail ${numbers.join(", ")}`);
      for (const kind of kinds) all.push(...ofKind(scenario, kind, counts.of[kind]));
    }
    if (values.sample) {
      for (let i = all.length - 1; i > 0; i--) {
        const j = Math.floor(random() * (i + 1));
        [all[i], all[j]] = [all[j]!, all[i]!];
      }
      all.length = Math.min(all.length, Number(values.sample));
    }
    const done = values.done && existsSync(values.done) ? readFileSync(values.done, "utf8") : "";
    const names = new Set(done.split("\n"));
    return all.filter((one) => !names.has(nameOf(one)));
  }
} finally {
  rmSync(dir, { recursive: true, force: true });
}
process.exit(failures > 0 ? 1 : 0);

function ofKind(scenario: Scenario, kind: Kind, count: number): Case[] {
  if (values.kind && values.kind !== kind) return [];
  const ways = [false, true].filter((isLasting) => (isLasting ? !values.once : !values.lasting));
  const cases: Case[] = [];
  const first = 1 + Math.floor(random() * every);
  for (let at = values.at ? Number(values.at) : first; at <= count; at += every) {
    for (const isLasting of ways) cases.push({ scenario, kind, at, isLasting });
    if (values.at) break;
  }
  return cases;
}
