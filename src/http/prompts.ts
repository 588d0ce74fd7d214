/** The versions of an agent's system prompt. */
import { Type } from "@sinclair/typebox";
import { maxPromptTraces, PromptDiff, PromptVersions } from "../query/prompts.ts";
import { DiffUnit } from "../query/textdiff.ts";
import { decodedSegment } from "./params.ts";
import { projectIdOf, type ReadDeps } from "./read.ts";
import { closed, route } from "./route.ts";

const optional = Type.Optional;

const PromptsQuery = closed({
  project: optional(Type.String()),
  limit: optional(
    Type.Integer({
      minimum: 1,
      maximum: maxPromptTraces,
      description: "Traces that are looked at, the newest",
    }),
  ),
});
const Version = Type.String({ description: "A version's id or number" });
const DiffQuery = closed({
  ...PromptsQuery.properties,
  from: Version,
  to: Version,
  unit: DiffUnit,
});

export function promptRoutes({ reader, keyring }: ReadDeps) {
  const queryOf = (
    request: Request,
    {
      project,
      limit = maxPromptTraces,
    }: { project?: string | undefined; limit?: number | undefined },
  ) => ({ agent: decodedSegment(request), projectId: projectIdOf(project, keyring), limit });
  return [
    route({
      method: "GET",
      path: "/api/agents/:agent/prompts",
      summary: "The versions of an agent's system prompt, and how traces with each went",
      query: PromptsQuery,
      answer: PromptVersions,
      handle: ({ request, query }) => reader.call("promptVersions", [queryOf(request, query)]),
    }),
    route({
      method: "GET",
      path: "/api/agents/:agent/prompts/diff",
      summary: "What differs between two versions of an agent's system prompt",
      query: DiffQuery,
      answer: PromptDiff,
      handle: ({ request, query: { from, to, unit, ...query } }) =>
        reader.call("promptDiff", [queryOf(request, query), { from, to, unit }]),
    }),
  ];
}
