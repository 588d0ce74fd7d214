/** `bun run bench`: the product beside its baselines. Progress goes to stderr, the table to stdout. */
import { existsSync } from "node:fs";
import { cpus } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import type { Bench } from "./bench.ts";
import { startHelper } from "./helper.ts";
import { agentSessions, stalls, throughput } from "./ingest.ts";
import type { Job, Load } from "./load.ts";
import { otlp } from "./otlp.ts";
import { pricing } from "./pricing.ts";
import { binary, runFromSource, stopAll } from "./product.ts";
import { isScale, scaleSections } from "./scale.ts";
import { search } from "./search.ts";
import { memory, reads, start } from "./serve.ts";
import { storage } from "./storage.ts";
import { toMarkdown, type Row } from "./table.ts";
import { viewer } from "./viewer.ts";

const all = {
  throughput,
  otlp,
  pricing,
  sessions: agentSessions,
  storage,
  stalls,
  reads,
  search,
  start,
  memory,
  viewer,
};

const usage = `bun run bench [flags]
  --only <name>      one section: ${Object.keys(all).join(", ")}
  --rounds <n>       repetitions (default: 5)
  --seconds <n>      length of one measurement (default: 2)
  --quick            all of it in less than a minute, rougher
  --source           run the sources instead of the binary
  --scale <1m|10m>   with so many spans stored, made once and kept: build, start, reads, ingest, mixed
  --scale-dir <dir>  where that store is kept (default: among temporary files)
  --case <text>      of its reads only those with this in their name`;

function readFlags() {
  try {
    return parseArgs({
      options: {
        only: { type: "string" },
        rounds: { type: "string" },
        seconds: { type: "string" },
        quick: { type: "boolean", default: false },
        source: { type: "boolean", default: false },
        scale: { type: "string" },
        "scale-dir": { type: "string" },
        case: { type: "string" },
        help: { type: "boolean", default: false },
      },
    }).values;
  } catch (cause) {
    return fail((cause as Error).message);
  }
}

function fail(problem: string): never {
  console.error(`${problem}\n\n${usage}`);
  process.exit(2);
}

/** @returns what is measured, in words. */
function prepareProduct(source: boolean): string {
  const script = join(import.meta.dir, "../build.ts");
  if (!source && existsSync(script)) {
    const { success } = Bun.spawnSync([process.execPath, script], {
      stdio: ["ignore", "ignore", "inherit"],
    });
    if (!success || !existsSync(binary)) throw new Error("the build failed");
    return "the compiled binary";
  }
  runFromSource();
  return source ? "run from source" : "run from source, as there is no build yet";
}

const { only, rounds, seconds, quick, source, scale, help, ...flags } = readFlags();
if (help) {
  console.log(usage);
  process.exit(0);
}
if (scale !== undefined && !isScale(scale)) fail(`not a scale: ${scale}`);
const sections: Record<string, (bench: Bench) => Promise<Row[]>> =
  scale === undefined ? all : scaleSections(scale, flags["scale-dir"], flags.case);
if (only !== undefined && !Object.hasOwn(sections, only)) fail(`unknown section: ${only}`);
for (const flag of [rounds, seconds]) {
  if (flag !== undefined && !(Number(flag) > 0)) fail(`not a positive number: ${flag}`);
}
const names = only ? [only] : Object.keys(sections);

process.on("exit", stopAll);
for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => process.exit(130));

const startedAt = performance.now();
const subject = prepareProduct(source);
// Salts, and with them ids and times, come from these numbers.
const [generator, second] = [startHelper("load.ts", "6"), startHelper("load.ts", "7")];
const bench: Bench = {
  rounds: Number(rounds ?? (quick ? 2 : 5)),
  seconds: Number(seconds ?? (quick ? 1 : 2)),
  replicas: quick ? 4 : 20,
  storedSpans: quick ? 50_000 : 200_000,
  starts: quick ? 7 : 20,
  load: (job: Job) => generator.ask<Load>("run", job),
  backgroundLoad: (job: Job) => second.ask<Load>("run", job),
  progress(line) {
    const elapsed = ((performance.now() - startedAt) / 1000).toFixed(0).padStart(3);
    console.error(`${elapsed} s  ${line}`);
  },
};
const rows: Row[] = [];
for (const name of names) rows.push(...(await sections[name]!(bench)));
generator.stop();
second.stop();

const [cpu] = cpus();
const tookSeconds = Math.round((performance.now() - startedAt) / 1000);
console.log(
  `Measured: ${subject}; Bun ${Bun.version}, ${cpus().length} × ${cpu?.model.trim()}, ${tookSeconds} s.\n`,
);
console.log(toMarkdown(rows));
// 1 where a request that was to be measured was refused.
process.exit();
