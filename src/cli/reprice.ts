/** `tealight reprice`: applies the prices as they stand to what is stored. */
import type { Config } from "../config.ts";
import type { RepriceStatus } from "../ingest/reprice.ts";
import { runToEnd } from "./background.ts";
import { count, out } from "./output.ts";

export interface RepriceOptions {
  project?: string;
  since?: string;
  until?: string;
  provider?: string;
  model?: string;
  dryRun: boolean;
  json: boolean;
}

export async function reprice(config: Config, options: RepriceOptions): Promise<void> {
  const { project, since, until, provider, model, dryRun, json } = options;
  const body = { project, since, until, provider, model, dryRun };
  const status = await runToEnd(config, {
    begin: (client) => client.ask("POST /api/reprice", { body }),
    look: (client) => client.ask("GET /api/reprice", {}),
  });
  out.write(json ? JSON.stringify(status) : summaryOf(status));
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

/** All digits, since they are exact, and cents at least. */
function toDollars(usd: string): string {
  const [whole, fraction = ""] = usd.split(".");
  return `$${whole}.${fraction.padEnd(2, "0")}`;
}
