/** Work that the server does in the background: begun, watched and waited for. */
import type { Config } from "../config.ts";
import { AppError } from "../errors.ts";
import { connect, type Client } from "./client.ts";
import { count, showProgress } from "./output.ts";

interface Status {
  startedAt: number;
  finishedAt: number | null;
  traceCount: number;
  doneTraceCount: number;
}

const pollEveryMs = 200;

/**
 * Begins with a POST and asks with GET until it is done. Also where this process has the store open
 * itself: the work would end when the store is closed.
 *
 * @throws AppError `conflict` where another run took its place.
 */
export async function runToEnd<S extends Status>(
  config: Config,
  path: string,
  body: object,
): Promise<S> {
  const client = await connect(config);
  try {
    const response = await client.request("POST", path, JSON.stringify(body));
    return await untilFinished(client, path, (await response.json()) as S);
  } finally {
    showProgress("");
    await client.close();
  }
}

async function untilFinished<S extends Status>(
  client: Client,
  path: string,
  started: S,
): Promise<S> {
  let status = started;
  while (status.finishedAt === null) {
    showProgress(`${status.doneTraceCount} of ${count(status.traceCount, "trace")}`);
    await Bun.sleep(pollEveryMs);
    status = await statusOf<S>(client, path);
    if (status.startedAt !== started.startedAt) throw outOfSight();
  }
  return status;
}

async function statusOf<S>(client: Client, path: string): Promise<S> {
  try {
    return (await (await client.request("GET", path)).json()) as S;
  } catch (cause) {
    // A server that knows of no run is not the one that began it.
    throw cause instanceof AppError && cause.code === "not_found" ? outOfSight() : cause;
  }
}

function outOfSight(): AppError {
  return new AppError("conflict", "what became of it is unknown: another run took its place", {
    hint: "or the server was started again; running it once more is safe",
  });
}
