/** The list of traces, and the completion of its filter. */
import { Type } from "@sinclair/typebox";
import { Completion } from "../backend/completion.ts";
import { type TraceSort, sortFields } from "../backend/traces.ts";
import { TracePage } from "../backend/views.ts";
import { page } from "../limits.ts";
import { projectIdOf, type ReadDeps } from "./read.ts";
import { closed, route } from "./route.ts";

const optional = Type.Optional;

const sorts = sortFields.flatMap((field): TraceSort[] => [field, `-${field}`]);

const ListQuery = closed({
  limit: optional(Type.Integer({ minimum: 1, maximum: page.maxLimit })),
  cursor: optional(Type.String()),
  filter: optional(
    Type.String({
      description: 'Such as status:error model:claude* cost:>0.02 -agent:eval "text"',
    }),
  ),
  sort: optional(
    Type.Unsafe<TraceSort>(
      Type.Union(
        sorts.map((sort) => Type.Literal(sort)),
        { description: "Newest or greatest first, with - in front last; unknown values last" },
      ),
    ),
  ),
  since: optional(Type.String({ description: "Epoch ms, an ISO 8601 date or a time ago: 2h" })),
  until: optional(Type.String({ description: "Likewise, outside" })),
  project: optional(Type.String()),
  columns: optional(
    Type.String({
      maxLength: 2048,
      description:
        "At most 8 keys of metadata and attributes whose values come with each trace, cut to 200 characters: meta.env,attr.user.id. Attributes are looked for in the first and the last 16 spans of a trace, its roots first",
    }),
  ),
});

const CompletionQuery = closed({
  filter: optional(Type.String({ description: "As far as it is written" })),
  position: optional(
    Type.Integer({ minimum: 0, description: "The caret, in UTF-16 code units; else the end" }),
  ),
  project: optional(Type.String()),
});

export function traceListRoutes({ reader, keyring }: ReadDeps) {
  return [
    route({
      method: "GET",
      path: "/api/traces",
      summary: "Traces by filter, newest first or in another order",
      query: ListQuery,
      answer: TracePage,
      handle: ({ query: { limit = page.defaultLimit, project, ...query } }) =>
        reader.call("traces", [{ ...query, limit, projectId: projectIdOf(project, keyring) }]),
    }),
    route({
      method: "GET",
      path: "/api/complete",
      summary: "What can stand at a place in a filter: keys, and values that traces have",
      query: CompletionQuery,
      answer: Completion,
      handle: ({ query: { filter = "", position, project } }) =>
        reader.call("complete", [{ filter, position, projectId: projectIdOf(project, keyring) }]),
    }),
  ];
}
