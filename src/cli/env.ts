/** `tealight env`: the variables that point an agent at this server, in the words of a shell. */
import { readFileSync } from "node:fs";
import { commandFor, type Config } from "../config.ts";
import type { ServerInfo } from "../directory/directory.ts";
import { AppError } from "../errors.ts";
import { shellQuoted } from "../shell.ts";
import { findServer } from "./client.ts";
import { out } from "./output.ts";

export const shells = ["sh", "fish", "powershell", "cmd"] as const;
export type Shell = (typeof shells)[number];

/** @throws AppError `not_found` where no server runs. */
export async function env(
  config: Config,
  { shell, json }: { shell: Shell; json: boolean },
): Promise<void> {
  const info = await findServer(config.dataDir);
  if (!info) {
    throw new AppError("not_found", `no server runs in ${config.dataDir}`, {
      hint: `start it with \`${commandFor("serve", config.dataDir)}\``,
    });
  }
  const variables = clientVariables(info);
  if (json) return out.write(JSON.stringify(variables));
  for (const [name, value] of Object.entries(variables)) out.write(assignment(shell, name, value));
}

/** What a client of the server reads from its environment. */
export function clientVariables(info: ServerInfo): Record<string, string> {
  const key = readFileSync(info.keyFile, "utf8").trim();
  return {
    FOGLAMP_INGEST_URL: `${info.url}/ingest`,
    FOGLAMP_API_KEY: key,
    OTEL_EXPORTER_OTLP_ENDPOINT: info.otlpUrl,
    // Python's distribution speaks gRPC unless it is told otherwise, and the endpoint is HTTP's.
    OTEL_EXPORTER_OTLP_PROTOCOL: "http/protobuf",
    // The value of each header is percent-encoded, as baggage is.
    ...(info.otlpAuth === "key" && {
      OTEL_EXPORTER_OTLP_HEADERS: `authorization=Bearer%20${encodeURIComponent(key)}`,
    }),
  };
}

/** One line that sets a variable, quoted as the shell asks for. */
function assignment(shell: Shell, name: string, value: string): string {
  switch (shell) {
    case "sh":
      return `export ${name}=${shellQuoted(value)}`;
    case "fish":
      return `set -gx ${name} '${value.replaceAll("\\", "\\\\").replaceAll("'", "\\'")}'`;
    case "powershell":
      return `$env:${name} = '${value.replaceAll("'", "''")}'`;
    case "cmd":
      return `set "${name}=${value}"`;
  }
}
