/** `tealight keys create|list|revoke`. */
import { connect } from "./client.ts";
import type { Config } from "../config.ts";
import { out } from "./output.ts";
import { printable, toLocalTime, toTable } from "./table.ts";

interface KeyView {
  id: number;
  name: string;
  project: string;
  createdAt: number;
  lastUsedAt: number | null;
  revokedAt: number | null;
}

export async function listKeys(config: Config, { json }: { json: boolean }): Promise<void> {
  const client = await connect(config);
  try {
    const { keys } = (await (await client.request("GET", "/api/keys")).json()) as {
      keys: KeyView[];
    };
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
    const response = await client.request(
      "POST",
      "/api/keys",
      JSON.stringify({ name, ...(project && { project }) }),
    );
    const { key } = (await response.json()) as { key: KeyView & { secret: string } };
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
    const response = await client.request("DELETE", `/api/keys/${encodeURIComponent(id)}`);
    const { key } = (await response.json()) as { key: KeyView };
    out.write(json ? JSON.stringify({ key }) : `key ${key.id} (${printable(key.name)}) is revoked`);
  } finally {
    await client.close();
  }
}
