/** Projects and keys. All of it is for operators. */
import { Type, type Static } from "@sinclair/typebox";
import { defaultProjectId, type Accounts, type Key, type Project } from "../backend/store.ts";
import { AppError } from "../errors.ts";
import { nullable } from "../schemas.ts";
import { newSecret, sha256 } from "../secrets.ts";
import type { Intake } from "../threads/intake.ts";
import { decodedSegment, findProject } from "./params.ts";
import { closed, route } from "./route.ts";

/** No control characters: names are printed to terminals. No lone surrogates: SQLite has none. */
export const Name = Type.String({
  minLength: 1,
  maxLength: 64,
  pattern:
    "^([^\\u0000-\\u001f\\u007f-\\u009f\\ud800-\\udfff]|[\\ud800-\\udbff][\\udc00-\\udfff])+$",
});
const ProjectBody = closed({ name: Name });
const KeyBody = closed({
  name: Name,
  project: Type.Optional(Type.String({ description: "The default project where nothing is said" })),
});

const ProjectView = Type.Object({
  name: Type.String(),
  createdAt: Type.Integer({ description: "Epoch ms" }),
});
const KeyView = Type.Object({
  id: Type.Integer(),
  name: Type.String(),
  project: Type.String(),
  createdAt: Type.Integer({ description: "Epoch ms" }),
  lastUsedAt: nullable(Type.Integer()),
  revokedAt: nullable(Type.Integer()),
});
const NewKey = Type.Object({
  ...KeyView.properties,
  secret: Type.String({ description: "The key itself, which is never shown again" }),
});
export type ProjectView = Static<typeof ProjectView>;
export type KeyView = Static<typeof KeyView>;

export function adminRoutes({ intake: { writer, keyring } }: { intake: Intake }) {
  return [
    route({
      method: "GET",
      path: "/api/projects",
      summary: "Projects, the default one first",
      answer: Type.Object({ projects: Type.Array(ProjectView) }),
      handle: () => ({ projects: keyring.accounts().projects.map(showProject) }),
    }),
    route({
      method: "POST",
      path: "/api/projects",
      summary: "Adds a project",
      body: ProjectBody,
      status: 201,
      answer: Type.Object({ project: ProjectView }),
      async handle({ body: { name } }) {
        keyring.update(await writer.call("createProject", [name]));
        return { project: showProject(findProject(keyring.accounts(), name)) };
      },
    }),
    route({
      method: "PATCH",
      path: "/api/projects/:project",
      summary: "Renames a project",
      body: ProjectBody,
      answer: Type.Object({ project: ProjectView }),
      async handle({ request, body: { name } }) {
        const project = findProject(keyring.accounts(), decodedSegment(request));
        keyring.update(await writer.call("renameProject", [project.id, name]));
        return { project: showProject(findProject(keyring.accounts(), name)) };
      },
    }),
    route({
      method: "GET",
      path: "/api/keys",
      summary: "Keys of all projects, without the keys themselves",
      answer: Type.Object({ keys: Type.Array(KeyView) }),
      handle() {
        const accounts = keyring.accounts();
        return { keys: accounts.keys.map((key) => showKey(key, accounts)) };
      },
    }),
    route({
      method: "POST",
      path: "/api/keys",
      summary: "Adds a key; the answer is the only place where the key itself is ever seen",
      body: KeyBody,
      status: 201,
      answer: Type.Object({ key: NewKey }),
      async handle({ body: { name, project } }) {
        const accounts = keyring.accounts();
        const id = project === undefined ? defaultProjectId : findProject(accounts, project).id;
        const secret = newSecret("fl");
        keyring.update(await writer.call("createKey", [id, name, sha256(secret)]));
        const updated = keyring.accounts();
        return { key: { ...showKey(updated.keys.at(-1)!, updated), secret } };
      },
    }),
    route({
      method: "DELETE",
      path: "/api/keys/:key",
      summary: "Revokes a key: from the answer on it is refused",
      answer: Type.Object({ key: KeyView }),
      async handle({ request }) {
        const segment = decodedSegment(request);
        const id = Number(segment);
        if (!/^\d+$/.test(segment) || !Number.isSafeInteger(id))
          throw new AppError("bad_request", "invalid key id", {
            hint: "`tealight keys list` shows the ids",
          });
        keyring.update(await writer.call("revokeKey", [id]));
        const accounts = keyring.accounts();
        const key = accounts.keys.find((candidate) => candidate.id === id)!;
        return { key: showKey(key, accounts) };
      },
    }),
  ];
}

function showProject({ name, createdAt }: Project): ProjectView {
  return { name, createdAt };
}

function showKey(
  { id, name, projectId, createdAt, lastUsedAt, revokedAt }: Key,
  { projects }: Accounts,
): KeyView {
  const project = projects.find((candidate) => candidate.id === projectId)!.name;
  return { id, name, project, createdAt, lastUsedAt, revokedAt };
}
