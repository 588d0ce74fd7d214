/** Projects and keys. All of it is for operators. */
import { Type } from "@sinclair/typebox";
import { AppError } from "../errors.ts";
import type { Intake } from "../ingest/intake.ts";
import { newSecret, sha256 } from "../secrets.ts";
import type { Accounts, Key, Project } from "../store/accounts.ts";
import { answer } from "./answer.ts";
import { readJson } from "./body.ts";
import { decodedSegment, findProject } from "./params.ts";

/** No control characters: names are printed to terminals. No lone surrogates: SQLite has none. */
const Name = Type.String({
  minLength: 1,
  maxLength: 64,
  pattern:
    "^([^\\u0000-\\u001f\\u007f-\\u009f\\ud800-\\udfff]|[\\ud800-\\udbff][\\udc00-\\udfff])+$",
});
const closed = { additionalProperties: false };
const ProjectBody = Type.Object({ name: Name }, closed);
const KeyBody = Type.Object({ name: Name, project: Type.Optional(Type.String()) }, closed);

export function listProjects({ keyring }: Intake): Response {
  return answer(200, { projects: keyring.accounts().projects.map(showProject) });
}

export async function createProject(
  request: Request,
  { writer, keyring }: Intake,
): Promise<Response> {
  const { name } = await readJson(request, ProjectBody);
  keyring.update(await writer.call("createProject", [name]));
  return answer(201, { project: showProject(findProject(keyring.accounts(), name)) });
}

export async function renameProject(
  request: Request,
  { writer, keyring }: Intake,
): Promise<Response> {
  const project = findProject(keyring.accounts(), decodedSegment(request));
  const { name } = await readJson(request, ProjectBody);
  keyring.update(await writer.call("renameProject", [project.id, name]));
  return answer(200, { project: showProject(findProject(keyring.accounts(), name)) });
}

export function listKeys({ keyring }: Intake): Response {
  const accounts = keyring.accounts();
  return answer(200, { keys: accounts.keys.map((key) => showKey(key, accounts)) });
}

/** The answer is the only place where the key itself is ever seen. */
export async function createKey(request: Request, { writer, keyring }: Intake): Promise<Response> {
  const { name, project } = await readJson(request, KeyBody);
  const accounts = keyring.accounts();
  const { id } = project === undefined ? accounts.projects[0]! : findProject(accounts, project);
  const secret = newSecret("fl");
  keyring.update(await writer.call("createKey", [id, name, sha256(secret)]));
  const updated = keyring.accounts();
  return answer(201, { key: { ...showKey(updated.keys.at(-1)!, updated), secret } });
}

/** From this answer on the key is refused. */
export async function revokeKey(request: Request, { writer, keyring }: Intake): Promise<Response> {
  const segment = decodedSegment(request);
  const id = Number(segment);
  if (!/^\d+$/.test(segment) || !Number.isSafeInteger(id))
    throw new AppError("bad_request", "invalid key id", {
      hint: "`tealight keys list` shows the ids",
    });
  keyring.update(await writer.call("revokeKey", [id]));
  const accounts = keyring.accounts();
  return answer(200, {
    key: showKey(
      accounts.keys.find((key) => key.id === id)!,
      accounts,
    ),
  });
}

function showProject({ name, createdAt }: Project) {
  return { name, createdAt };
}

function showKey(
  { id, name, projectId, createdAt, lastUsedAt, revokedAt }: Key,
  { projects }: Accounts,
) {
  const project = projects.find((candidate) => candidate.id === projectId)!.name;
  return { id, name, project, createdAt, lastUsedAt, revokedAt };
}
