/** `tealight reprice`: applies the prices as they stand to what is stored. */
import type { Config } from "../config.ts";
import { AppError } from "../errors.ts";
import type { RepriceStatus } from "../ingest/reprice.ts";
import { connect, type Client } from "./client.ts";
import { out, showProgress } from "./output.ts";

export interface RepriceOptions {
  project?: string;
  since?: string;
  until?: string;
  provider?: string;
  model?: string;
  dryRun: boolean;
  json: boolean;
}

const pollEveryMs = 200;

export async function reprice(config: Config, options: RepriceOptions): Promise<void> {
  const { project, since, until, provider, model, dryRun, json } = options;
  const request = { project, since, until, provider, model, dryRun };
  const client = await connect(config);
  let status: RepriceStatus;
  try {
    const response = await client.request("POST", "/api/reprice", JSON.stringify(request));
    // Also where this process has the store open itself: the work ends when the store is closed.
    status = await untilFinished(client, (await response.json()) as RepriceStatus);
  } finally {
    showProgress("");
    await client.close();
  }
  out.write(json ? JSON.stringify(status) : summaryOf(status));
}

async function untilFinished(client: Client, started: RepriceStatus): Promise<RepriceStatus> {
  let status = started;
  while (status.finishedAt === null) {
    showProgress(`${status.doneTraceCount} of ${count(status.traceCount, "trace")}`);
    await Bun.sleep(pollEveryMs);
    status = await statusOf(client);
    if (status.startedAt !== started.startedAt) throw outOfSight();
  }
  return status;
}

async function statusOf(client: Client): Promise<RepriceStatus> {
  try {
    return (await (await client.request("GET", "/api/reprice")).json()) as RepriceStatus;
  } catch (cause) {
    // A server that knows of no run is not the one that began it.
    throw cause instanceof AppError && cause.code === "not_found" ? outOfSight() : cause;
  }
}

function outOfSight(): AppError {
  return new AppError("conflict", "what became of it is unknown: another run took its place", {
    hint: "or the server was started again; repricing once more is safe",
  });
}

function summaryOf(status: RepriceStatus): string {
  const { isDryRun, spanCount, changedSpanCount, changedTraceCount, beforeUsd, afterUsd } = status;
  if (spanCount === 0) return "no calls match";
  if (changedSpanCount === 0) {
    return `nothing ${isDryRun ? "would change" : "changed"}: ${count(spanCount, "call")}, ${toDollars(afterUsd)}`;
  }
  const what = `${changedSpanCount} of ${count(spanCount, "call")} in ${count(changedTraceCount, "trace")}`;
  return `${isDryRun ? "would reprice" : "repriced"} ${what}: ${toDollars(beforeUsd)} → ${toDollars(afterUsd)}`;
}

function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? "" : "s"}`;
}

/** All digits, since they are exact, and cents at least. */
function toDollars(usd: string): string {
  const [whole, fraction = ""] = usd.split(".");
  return `$${whole}.${fraction.padEnd(2, "0")}`;
}
