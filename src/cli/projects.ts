/** `tealight projects create|list|rename`. */
import type { Config } from "../config.ts";
import { connect } from "./client.ts";
import { out } from "./output.ts";
import { printable, toLocalTime, toTable } from "./table.ts";

interface ProjectView {
  name: string;
  createdAt: number;
}

export async function listProjects(config: Config, { json }: { json: boolean }): Promise<void> {
  const client = await connect(config);
  try {
    const { projects } = (await (await client.request("GET", "/api/projects")).json()) as {
      projects: ProjectView[];
    };
    if (json) return out.write(JSON.stringify({ projects }));
    out.write(
      toTable(
        ["name", "created"],
        projects.map(({ name, createdAt }) => [name, toLocalTime(createdAt)]),
      ),
    );
  } finally {
    await client.close();
  }
}

export async function createProject(
  config: Config,
  name: string,
  { json }: { json: boolean },
): Promise<void> {
  await change(config, "POST", "/api/projects", name, json, "created");
}

export async function renameProject(
  config: Config,
  name: string,
  newName: string,
  { json }: { json: boolean },
): Promise<void> {
  await change(
    config,
    "PATCH",
    `/api/projects/${encodeURIComponent(name)}`,
    newName,
    json,
    "the new name",
  );
}

async function change(
  config: Config,
  method: string,
  path: string,
  name: string,
  json: boolean,
  what: string,
): Promise<void> {
  const client = await connect(config);
  try {
    const response = await client.request(method, path, JSON.stringify({ name }));
    const { project } = (await response.json()) as { project: ProjectView };
    out.write(json ? JSON.stringify({ project }) : `${printable(project.name)}: ${what}`);
  } finally {
    await client.close();
  }
}
