/**
 * OpenTelemetry of Go, Rust and Java: programs that export one and the same run by the GenAI conventions,
 * over HTTP and gRPC.
 */
import { join } from "node:path";
import {
  question,
  result,
  sessionId,
  system,
  type Emitter,
  type Expectation,
  type Protocol,
} from "./emitter.ts";
import { build } from "./install.ts";
import { answer, type Call } from "./models/script.ts";

const call: Call = {
  api: "chat",
  id: "answer-1",
  model: "gpt-4.1-mini-2025-04-14",
  failed: false,
  input: 1200,
  cachedInput: 1024,
  cacheWrite: 0,
  output: 80,
  reasoning: 32,
};

/** What the programs send. */
const expects: Expectation = {
  calls: [call, { ...call, id: "answer-2", input: 1300, output: 81 }],
  counts: { agent: 1, llm: 2, tool: 1 },
  system,
  question,
  answer,
  tool: { name: "get_weather", args: { city: "Oslo" }, result },
  sessionId,
  agentName: "forecaster",
};

interface Language {
  name: string;
  version: string;
  /** Run within a copy of the folder of that name. */
  build: string[];
  run: (dir: string) => string[];
}

const languages: Language[] = [
  {
    name: "go",
    version: "1.47.0",
    build: ["go", "build", "-p", "1", "-o", "clients", "."],
    run: (dir) => [join(dir, "clients")],
  },
  {
    name: "rust",
    version: "0.33.1",
    build: ["cargo", "build", "--quiet", "--locked", "-j1"],
    run: (dir) => [join(dir, "target/debug/clients")],
  },
  {
    name: "java",
    version: "1.68.0",
    build: ["mvn", "--quiet", "--batch-mode", "package", "dependency:copy-dependencies"],
    run: (dir) => [
      "java",
      "-cp",
      `${join(dir, "target/classes")}:${join(dir, "target/libs")}/*`,
      "Clients",
    ],
  },
];

const protocols: [string, Protocol][] = [
  ["http", "http/protobuf"],
  ["grpc", "grpc"],
];

export const exporterEmitters: Emitter[] = languages.flatMap((language) =>
  protocols.map(([suffix, protocol]) => ({
    name: `${language.name}-${suffix}`,
    group: "exporters" as const,
    version: language.version,
    protocol,
    install: (cache: string) => build(cache, language.name, language.build),
    command: (cache: string) => language.run(join(cache, language.name)),
    expects,
  })),
);
