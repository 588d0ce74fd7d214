/** `tealight projects create|list|rename|delete`. */
import type { Config } from "../config.ts";
import { AppError } from "../errors.ts";
import type { ProjectDeleted } from "../http/remove.ts";
import { connect } from "./client.ts";
import { confirmDeletion, deleteAll, type DeleteHow } from "./delete.ts";
import { count, out } from "./output.ts";
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

/** @throws AppError `conflict` where pinned traces keep it alive. */
export async function deleteProject(config: Config, name: string, how: DeleteHow): Promise<void> {
  const client = await connect(config);
  const path = `/api/projects/${encodeURIComponent(name)}`;
  const query = new URLSearchParams();
  try {
    await confirmDeletion(client, path, query, how, `delete project ${printable(name)} and`);
    if (how.dryRun) return;
    const outcome = await deleteAll<ProjectDeleted>(client, path, query, how);
    const { deleted, pinnedKept, projectDeleted } = outcome;
    if (how.json) return out.write(JSON.stringify({ deleted, pinnedKept, projectDeleted }));
    const traces = count(deleted, "trace");
    if (!projectDeleted) {
      const kept = count(pinnedKept, "pinned trace");
      throw new AppError("conflict", `the project stays for its ${kept}; ${traces} deleted`, {
        hint: "--pinned deletes them, too",
      });
    }
    out.write(`${printable(name)}: deleted, with ${traces}`);
  } finally {
    await client.close();
  }
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
