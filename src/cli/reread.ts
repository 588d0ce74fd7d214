/** `tealight reread`: maps stored spans of OTLP anew, as this version understands them. */
import type { Config } from "../config.ts";
import type { RereadStatus } from "../ingest/reread.ts";
import { runToEnd } from "./background.ts";
import { count, out } from "./output.ts";

export interface RereadOptions {
  project?: string;
  since?: string;
  until?: string;
  json: boolean;
}

export async function reread(config: Config, options: RereadOptions): Promise<void> {
  const { project, since, until, json } = options;
  const status = await runToEnd(config, {
    begin: (client) => client.ask("POST /api/reread", { body: { project, since, until } }),
    look: (client) => client.ask("GET /api/reread", {}),
  });
  out.write(json ? JSON.stringify(status) : summaryOf(status));
}

function summaryOf({ traceCount, spanCount, changedSpanCount }: RereadStatus): string {
  const all = `${count(spanCount, "span")} of OTLP in ${count(traceCount, "trace")}`;
  if (changedSpanCount === 0) return `nothing changed: ${all}`;
  return `${changedSpanCount} of ${all} say more or something else now`;
}
