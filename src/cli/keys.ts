/** `tealight keys create|list|revoke`. */
import type { Config } from "../config.ts";
import { connect } from "./client.ts";
import { out } from "./output.ts";
import { printable, toLocalTime, toTable } from "./table.ts";

export async function listKeys(config: Config, { json }: { json: boolean }): Promise<void> {
  const client = await connect(config);
  try {
    const { keys } = await client.ask("GET /api/keys", {});
    if (json) return out.write(JSON.stringify({ keys }));
    const rows = keys.map((key) => [
      key.id,
      key.project,
      key.name,
      toLocalTime(key.createdAt),
      toLocalTime(key.lastUsedAt) ?? "never",
      key.revokedAt === null ? "valid" : `revoked ${toLocalTime(key.revokedAt)}`,
    ]);
    out.write(toTable(["id", "project", "name", "created", "last used", "state"], rows));
  } finally {
    await client.close();
  }
}

export async function createKey(
  config: Config,
  name: string,
  { project, json }: { project?: string; json: boolean },
): Promise<void> {
  const client = await connect(config);
  try {
    const body = { name, ...(project && { project }) };
    const { key } = await client.ask("POST /api/keys", { body });
    if (json) return out.write(JSON.stringify({ key }));
    out.error(`key ${key.id} of project ${printable(key.project)}; it is shown this once:`);
    out.write(key.secret);
  } finally {
    await client.close();
  }
}

export async function revokeKey(
  config: Config,
  id: string,
  { json }: { json: boolean },
): Promise<void> {
  const client = await connect(config);
  try {
    const { key } = await client.ask("DELETE /api/keys/:key", { at: { key: id } });
    out.write(json ? JSON.stringify({ key }) : `key ${key.id} (${printable(key.name)}) is revoked`);
  } finally {
    await client.close();
  }
}
