/** Rounds of kill -9 amid changes and upkeep of one store, with a model of what it must hold. */
import { existsSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { problemsOf } from "./invariants.ts";
import { textsOf, type Entry } from "./upkeep.process.ts";
import { Workbench } from "./workbench.ts";

export interface UpkeepCrashReport {
  rounds: number;
  /** Changes that were reported as committed, by kind. */
  done: Record<string, number>;
  /** What was under way at a death, by kind: "start" before the first, "between" nothing. */
  amid: Record<string, number>;
  /** Changes of texts under way at a death, by whether they are there after it. */
  inFlight: { stored: number; gone: number };
  /** Texts compared with what was sent, over all rounds. */
  textsCompared: number;
  /** What is not as it should be, in words. */
  wrong: string[];
  slowestOpenMs: number;
}

/** The version of each span of each trace. */
type Model = Map<string, Map<string, number>>;

const program = join(import.meta.dir, "upkeep.process.ts");

/** @param dir empty; the store stays there, settled. */
export async function upkeepCrashRounds(
  dir: string,
  rounds: number,
  onRound: (report: UpkeepCrashReport) => void = () => {},
): Promise<UpkeepCrashReport> {
  const report: UpkeepCrashReport = {
    rounds: 0,
    done: {},
    amid: {},
    inFlight: { stored: 0, gone: 0 },
    textsCompared: 0,
    wrong: [],
    slowestOpenMs: 0,
  };
  let model: Model = new Map();
  for (let round = 1; round <= rounds; round++) {
    const wrong = (problem: string) => void report.wrong.push(`round ${round}: ${problem}`);
    const entries = await killedRun(dir, round, wrong);
    const { before, after, amid } = follow(model, entries, report);
    count(report.amid, amid);

    const start = performance.now();
    const bench = new Workbench(dir);
    report.slowestOpenMs = Math.max(report.slowestOpenMs, performance.now() - start);
    for (const problem of problemsOf(bench.db, false)) wrong(problem);
    const stored = versionsIn(bench);
    const isThere = after !== null && Bun.deepEquals(stored, after);
    if (after) report.inFlight[isThere ? "stored" : "gone"]++;
    model = isThere ? after : before;
    if (!Bun.deepEquals(stored, model)) wrong(`the spans there are not those sent, amid ${amid}`);
    compareTexts(bench, model, report, wrong);
    // Some deaths come amid what the one before left.
    if (round % 3 > 0 || round === rounds) {
      await bench.settle();
      for (const problem of problemsOf(bench.db, true)) wrong(`settled, ${problem}`);
      compareTexts(bench, model, report, wrong);
      const [check] = bench.db.query("PRAGMA integrity_check").values();
      if (check![0] !== "ok") wrong(`the file is damaged: ${check![0]}`);
    }
    bench.db.close();
    report.rounds = round;
    onRound(report);
  }
  return report;
}

/** Runs the program until it is killed. @returns what it said. */
async function killedRun(
  dir: string,
  round: number,
  wrong: (problem: string) => void,
): Promise<Entry[]> {
  const ledger = join(dir, "ledger");
  rmSync(ledger, { force: true });
  const child = Bun.spawn([process.execPath, program, dir, `${round}`], { stderr: "pipe" });
  const errors = child.stderr.text();
  // One in eight dies while it starts, the others amid their work.
  if (round % 8 === 0) {
    await Bun.sleep(Math.random() * 200);
  } else {
    // By what it has done and not by time: a busy machine does less in the same time.
    const wanted = 60 + Math.random() * 160;
    while (linesOf(ledger) < wanted && child.exitCode === null) await Bun.sleep(2);
    await Bun.sleep(Math.random() * 4);
  }
  child.kill("SIGKILL");
  await child.exited;
  if (child.signalCode !== "SIGKILL") wrong(`it ended by itself: ${await errors}`);
  if (!existsSync(ledger)) return [];
  // The last line may be cut off: then it had not begun to do what it says.
  const lines = readFileSync(ledger, "utf8").split("\n").slice(0, -1);
  return lines.map((line) => JSON.parse(line) as Entry);
}

function linesOf(file: string): number {
  return existsSync(file) ? readFileSync(file, "utf8").split("\n").length : 0;
}

/** What the store must hold if what was under way did not happen, and if it did (null: the same). */
function follow(
  model: Model,
  entries: Entry[],
  { done }: UpkeepCrashReport,
): { before: Model; after: Model | null; amid: string } {
  let before = model;
  let underWay: Entry | null = null;
  for (const entry of entries) {
    if (entry.does !== "done") {
      underWay = entry;
    } else {
      before = underWay ? applied(before, underWay) : before;
      count(done, underWay!.does);
      underWay = null;
    }
  }
  const after = underWay ? applied(before, underWay) : before;
  const amid = entries.length === 0 ? "start" : (underWay?.does ?? "between");
  return { before, after: after === before ? null : after, amid };
}

function applied(model: Model, entry: Entry): Model {
  if (entry.does !== "put" && entry.does !== "delete") return model;
  const next: Model = new Map(model);
  if (entry.does === "delete") {
    next.delete(entry.traceId);
  } else {
    const spans = new Map(model.get(entry.traceId));
    for (const [spanId, version] of Object.entries(entry.versions)) spans.set(spanId, version);
    next.set(entry.traceId, spans);
  }
  return next;
}

function versionsIn(bench: Workbench): Model {
  const stored: Model = new Map();
  const rows = bench.db
    .query<{ traceId: string; spanId: string; version: number }, []>(
      `SELECT traceId, spanId, spans.startTime + durationMs AS version
       FROM traces JOIN spans ON spans.key / 16777216 = traces.key`,
    )
    .all();
  for (const { traceId, spanId, version } of rows) {
    if (!stored.has(traceId)) stored.set(traceId, new Map());
    stored.get(traceId)!.set(spanId, version);
  }
  return stored;
}

function compareTexts(
  bench: Workbench,
  model: Model,
  report: UpkeepCrashReport,
  wrong: (problem: string) => void,
): void {
  for (const [traceId, spans] of model) {
    const read = bench.readAll(traceId);
    for (const [spanId, version] of spans) {
      const expected = textsOf(traceId, spanId, version);
      report.textsCompared += Object.keys(expected).length;
      if (!Bun.deepEquals(read[spanId]?.texts, expected)) {
        wrong(`${traceId} span ${spanId} version ${version} is not as sent`);
      }
    }
  }
}

function count(counts: Record<string, number>, kind: string): void {
  counts[kind] = (counts[kind] ?? 0) + 1;
}
