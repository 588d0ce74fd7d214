/** `tealight projects create|list|rename|delete`. */
import type { AnswerOf } from "../api.ts";
import type { Config } from "../config.ts";
import { AppError } from "../errors.ts";
import { connect, type Client } from "./client.ts";
import { confirmDeletion, deleteAll, someNames, type DeleteHow, type PartQuery } from "./delete.ts";
import { count, out } from "./output.ts";
import { printable, toLocalTime, toTable } from "./table.ts";

export async function listProjects(config: Config, { json }: { json: boolean }): Promise<void> {
  const client = await connect(config);
  try {
    const { projects } = await client.ask("GET /api/projects", {});
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
  const body = { name };
  await change(config, (client) => client.ask("POST /api/projects", { body }), json, "created");
}

export async function renameProject(
  config: Config,
  name: string,
  newName: string,
  { json }: { json: boolean },
): Promise<void> {
  const question = { at: { project: name }, body: { name: newName } };
  const rename = (client: Client) => client.ask("PATCH /api/projects/:project", question);
  await change(config, rename, json, "the new name");
}

/** @throws AppError `conflict` where pinned traces keep it alive. */
export async function deleteProject(config: Config, name: string, how: DeleteHow): Promise<void> {
  const client = await connect(config);
  const remove = (query: PartQuery) =>
    client.ask("DELETE /api/projects/:project", { at: { project: name }, query });
  try {
    const what = `delete project ${printable(name)} and`;
    const names = await someNames(client, { project: name }, how.pinned);
    await confirmDeletion(remove, how, { what, names, isForTraces: false });
    if (how.dryRun) return;
    const { deleted, pinnedKept, projectDeleted } = await deleteAll(remove, how);
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
  ask: (client: Client) => Promise<AnswerOf<"POST /api/projects">>,
  json: boolean,
  what: string,
): Promise<void> {
  const client = await connect(config);
  try {
    const { project } = await ask(client);
    out.write(json ? JSON.stringify({ project }) : `${printable(project.name)}: ${what}`);
  } finally {
    await client.close();
  }
}
