/**
 * Real, unmodified emitters against scripted models, exporting to a Tealight of their own: what it
 * shows of each, held against what the emitter did.
 *
 *   bun scripts/clients.ts [name or group …] [--cache DIR] [--record DIR] [--list]
 *
 * Groups: `python` (frameworks and SDKs), `exporters` (OpenTelemetry of Go, Rust and Java) and `agents`
 * (coding agents from npm). Without names all of them run, one after the other. An emitter is installed
 * into the cache once, in the version that its definition pins (python3, npm, go, cargo or mvn have to be
 * there), and runs with a home directory of its own and a proxy that refuses, so that it reaches nothing
 * but 127.0.0.1. Exit code: 0 all right, 1 something is wrong or could not be installed, 2 bad usage.
 *
 * To add one: a program in scripts/clients/python (or a command in scripts/clients/agents.ts), and a
 * definition beside the others with what must come out (`Expectation` in scripts/clients/emitter.ts).
 * Tokens are not part of it: the model server (scripts/clients/models.ts) counts each call and writes
 * down what it said. `--record DIR` keeps what an emitter sent, as DIR/<name>.json.
 */
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import envPaths from "env-paths";
import { binary, runFromSource, stopAll } from "./bench/product.ts";
import { agentEmitters } from "./clients/agents.ts";
import type { Emitter } from "./clients/emitter.ts";
import { exporterEmitters } from "./clients/exporters.ts";
import { killAll } from "./clients/process.ts";
import { pythonEmitters } from "./clients/python.ts";
import { runEmitter, type Outcome } from "./clients/run.ts";
import { toTable, verdictOf } from "./clients/table.ts";

const emitters: Emitter[] = [...pythonEmitters, ...exporterEmitters, ...agentEmitters];

function usage(problem: string): never {
  console.error(
    `${problem}\nusage: bun scripts/clients.ts [name or group …] [--cache DIR] [--record DIR] [--list]`,
  );
  process.exit(2);
}

function parse() {
  try {
    return parseArgs({
      allowPositionals: true,
      options: {
        cache: { type: "string", default: envPaths("tealight-clients", { suffix: "" }).cache },
        record: { type: "string" },
        list: { type: "boolean", default: false },
      },
    });
  } catch (error) {
    return usage(String(error));
  }
}

function chosen(names: string[]): Emitter[] {
  const unknown = names.filter(
    (name) => !emitters.some((emitter) => emitter.name === name || emitter.group === name),
  );
  if (unknown.length > 0) usage(`no emitter or group is named ${unknown.join(", ")}`);
  return emitters.filter(
    ({ name, group }) => names.length === 0 || names.includes(name) || names.includes(group),
  );
}

const { values, positionals } = parse();
const toRun = chosen(positionals);
if (values.list) {
  for (const { name, group, version, protocol } of toRun) {
    console.log(`${group}\t${name}\t${version}\t${protocol}`);
  }
  process.exit(0);
}
if (!existsSync(binary)) runFromSource();
const leave = (code: number): never => {
  killAll();
  stopAll();
  process.exit(code);
};
process.on("SIGINT", () => leave(130));
process.on("SIGTERM", () => leave(143));

const outcomes: Outcome[] = [];
for (const emitter of toRun) {
  const outcome = await runEmitter(emitter, resolve(values.cache), values.record !== undefined);
  outcomes.push(outcome);
  console.error(`${emitter.name}: ${verdictOf(outcome)}`);
  if (values.record !== undefined && outcome.requests.length > 0) {
    mkdirSync(values.record, { recursive: true });
    const file = { name: emitter.name, version: emitter.version, requests: outcome.requests };
    writeFileSync(join(values.record, `${emitter.name}.json`), JSON.stringify(file));
  }
}
console.log(toTable(outcomes));
leave(outcomes.every((outcome) => verdictOf(outcome) === "ok") ? 0 : 1);
