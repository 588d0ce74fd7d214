/** `tealight stop`: ends the running server of a data directory in order. */
import type { Config } from "../config.ts";
import { readServerInfo } from "../directory/directory.ts";
import { AppError } from "../errors.ts";
import { shutdownDeadlineMs } from "../limits.ts";
import { connect, findServer } from "./client.ts";
import { out } from "./output.ts";

/** @throws AppError `not_found` where none runs. */
export async function stop(config: Config, { json }: { json: boolean }): Promise<void> {
  const info = await findServer(config.dataDir);
  if (!info) throw new AppError("not_found", `no server runs in ${config.dataDir}`);
  const client = await connect(config);
  await client.ask("POST /api/shutdown", {});
  const deadline = performance.now() + shutdownDeadlineMs + 1000;
  // The note goes last: without it the store is closed and the directory free.
  while (readServerInfo(config.dataDir)?.pid === info.pid) {
    if (performance.now() > deadline)
      throw new AppError("unreachable", `process ${info.pid} has not ended yet`);
    await Bun.sleep(20);
  }
  out.write(json ? JSON.stringify({ stopped: info.pid }) : `stopped process ${info.pid}`);
}
