/** Work that the server does in the background: begun, watched and waited for. */
import type { Config } from "../config.ts";
import { AppError } from "../errors.ts";
import type { RereadStatus } from "../ingest/reread.ts";
import { connectToStore, type Client } from "./client.ts";
import { count, showProgress } from "./output.ts";

type Status = Pick<RereadStatus, "startedAt" | "finishedAt" | "traceCount" | "doneTraceCount">;

interface Work<S extends Status> {
  begin: (client: Client) => Promise<S>;
  /** Null where there was none. */
  look: (client: Client) => Promise<S | null>;
}

const pollEveryMs = 200;

/**
 * Begins it and looks until it is done. Also where this process has the store open
 * itself: the work would end when the store is closed.
 *
 * @throws AppError `conflict` where another run took its place.
 */
export async function runToEnd<S extends Status>(
  config: Config,
  { begin, look }: Work<S>,
): Promise<S> {
  const client = await connectToStore(config);
  try {
    return await untilFinished(await begin(client), () => look(client));
  } finally {
    showProgress("");
    await client.close();
  }
}

async function untilFinished<S extends Status>(
  started: S,
  look: () => Promise<S | null>,
): Promise<S> {
  let status = started;
  while (status.finishedAt === null) {
    showProgress(`${status.doneTraceCount} of ${count(status.traceCount, "trace")}`);
    await Bun.sleep(pollEveryMs);
    const now = await look();
    // A server that knows of no run is not the one that began it.
    if (now?.startedAt !== started.startedAt) throw outOfSight();
    status = now;
  }
  return status;
}

function outOfSight(): AppError {
  return new AppError("conflict", "what became of it is unknown: another run took its place", {
    hint: "or the server was started again; running it once more is safe",
  });
}
