/** One emitter from its installation to the findings. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { startProduct, type Product } from "../bench/product.ts";
import { check, type Findings } from "./check.ts";
import type { Emitter, Lack, Target } from "./emitter.ts";
import { serveModels } from "./models.ts";
import type { Call } from "./models/script.ts";
import { runBounded, type Ended } from "./process.ts";
import { recordGrpc, recordHttp, type Recorded, type Recorder } from "./recorder.ts";
import { costOf, readStored } from "./stored.ts";

const runSeconds = 120;

export interface Outcome {
  emitter: Emitter;
  /** Why there is nothing to hold against anything. */
  failure?: string;
  spanCount: number;
  findings: Findings;
  /** What it sent, where that is recorded. */
  requests: Recorded[];
}

export async function runEmitter(
  emitter: Emitter,
  cache: string,
  isRecorded: boolean,
): Promise<Outcome> {
  const none = { emitter, spanCount: 0, findings: {}, requests: [] };
  try {
    await emitter.install(cache);
  } catch (error) {
    return { ...none, failure: `not installed: ${(error as Error).message}` };
  }
  const grpcPort = await freePort();
  const product = await startProduct("clients", ["--otlp-grpc-port", String(grpcPort)]);
  const grpcUrl = `http://127.0.0.1:${grpcPort}`;
  const models = serveModels();
  const home = mkdtempSync(join(tmpdir(), "tealight-client-"));
  let recorder: Recorder | null = null;
  try {
    const isGrpc = emitter.protocol === "grpc";
    let otlpUrl = isGrpc ? grpcUrl : product.url;
    if (isRecorded) {
      recorder = isGrpc ? await recordGrpc(otlpUrl) : recordHttp(otlpUrl);
      otlpUrl = recorder.url;
    }
    const target = { modelsUrl: models.url, otlpUrl, home };
    const ended = await launch(emitter, cache, target);
    const requests = recorder?.requests ?? [];
    const failure = failureOf(ended);
    if (failure) return { ...none, failure, requests };
    const outcome = await judge(emitter, product, models.calls);
    if (outcome.spanCount === 0) outcome.failure = `no span came: ${lastLine(ended)}`;
    return { ...none, requests, ...outcome };
  } catch (error) {
    return { ...none, failure: String(error) };
  } finally {
    await recorder?.stop();
    await models.stop();
    await product.stop();
    rmSync(home, { recursive: true, force: true });
  }
}

async function judge(emitter: Emitter, product: Product, made: Call[]): Promise<Partial<Outcome>> {
  const { expects } = emitter;
  const asked = made.filter(({ api }) => api !== "embeddings").length;
  const meant = expects.calls ? 0 : (expects.counts.llm ?? asked);
  if (asked !== meant) return { failure: `it made ${asked} model calls instead of ${meant}` };
  const calls = (expects.calls ?? made).map((call) => without(call, expects.lacks ?? []));
  if (calls.length === 0) return { failure: "it called no model" };
  const stored = await readStored(product);
  const spanCount = stored.traces.reduce((total, trace) => total + trace.spanCount, 0);
  if (spanCount === 0) return { spanCount };
  const billed = calls.filter(({ failed }) => !failed);
  const costUsd = await costOf(product, billed);
  return { spanCount, findings: check({ expects, stored, calls, costUsd }) };
}

/** The call as an emitter tells of it that leaves these out. */
function without(call: Call, lacks: Lack[]): Call {
  const told = { ...call };
  for (const lack of lacks) told[lack] = 0;
  return told;
}

const lastLine = ({ said }: Ended): string => (said.split("\n").at(-1) ?? "").slice(0, 200);

function failureOf(ended: Ended): string | null {
  if (ended.code === 0) return null;
  const why = ended.isTimeout ? `still running after ${runSeconds} s` : `exit code ${ended.code}`;
  return `${why}: ${lastLine(ended)}`;
}

async function launch(emitter: Emitter, cache: string, target: Target): Promise<Ended> {
  for (const [path, text] of Object.entries(emitter.files?.(target) ?? {})) {
    mkdirSync(dirname(join(target.home, path)), { recursive: true });
    writeFileSync(join(target.home, path), text);
  }
  return runBounded(emitter.command(cache, target), {
    cwd: target.home,
    env: { ...environment(emitter, target), ...emitter.env?.(target) },
    seconds: runSeconds,
  });
}

/** No settings of the user's, no network but loopback, and nobody told that it ran. */
function environment({ protocol }: Emitter, { modelsUrl, otlpUrl, home }: Target) {
  const nowhere = "http://127.0.0.1:9";
  const loopback = "127.0.0.1,localhost";
  return {
    PATH: process.env.PATH,
    HOME: home,
    TMPDIR: home,
    LANG: "C.UTF-8",
    PYTHONDONTWRITEBYTECODE: "1",
    HTTP_PROXY: nowhere,
    HTTPS_PROXY: nowhere,
    http_proxy: nowhere,
    https_proxy: nowhere,
    NO_PROXY: loopback,
    no_proxy: loopback,
    MODELS_URL: modelsUrl,
    OPENAI_BASE_URL: `${modelsUrl}/v1`,
    OPENAI_API_BASE: `${modelsUrl}/v1`,
    OPENAI_API_KEY: "scripted",
    ANTHROPIC_BASE_URL: modelsUrl,
    ANTHROPIC_API_BASE: modelsUrl,
    ANTHROPIC_API_KEY: "scripted",
    GOOGLE_GEMINI_BASE_URL: modelsUrl,
    GOOGLE_API_KEY: "scripted",
    GEMINI_API_KEY: "scripted",
    OTEL_EXPORTER_OTLP_ENDPOINT: otlpUrl,
    OTEL_EXPORTER_OTLP_PROTOCOL: protocol,
    ...(protocol === "grpc" && { OTEL_EXPORTER_OTLP_INSECURE: "true" }),
    ...silenced,
  };
}

/** Every emitter's switch for its own statistics. */
const silenced = {
  DO_NOT_TRACK: "1",
  ANONYMIZED_TELEMETRY: "False",
  TRACELOOP_TELEMETRY: "false",
  CREWAI_DISABLE_TELEMETRY: "true",
  CREWAI_TESTING: "true",
  HAYSTACK_TELEMETRY_ENABLED: "False",
  AGNO_TELEMETRY: "false",
  MLFLOW_DISABLE_TELEMETRY: "true",
  OPENAI_AGENTS_DISABLE_TRACING: "0",
  HF_HUB_OFFLINE: "1",
  HF_HUB_DISABLE_TELEMETRY: "1",
};

function freePort(): Promise<number> {
  return new Promise((free) => {
    const server = createServer();
    server.listen(0, "127.0.0.1", () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => free(port));
    });
  });
}
