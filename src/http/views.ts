/** Views of the list of traces that were saved: the server keeps them, so that every browser has them. */
import { Type, type Static } from "@sinclair/typebox";
import type { NewView, StoredView } from "../backend/store.ts";
import { sortFields, type TraceSort } from "../backend/traces.ts";
import { AppError } from "../errors.ts";
import { parseFilter } from "../filter/parse.ts";
import { parseTime } from "../filter/time.ts";
import { nullable } from "../schemas.ts";
import type { Intake } from "../threads/intake.ts";
import { Name } from "./admin.ts";
import { decodedSegment, findProject } from "./params.ts";
import type { ReadDeps } from "./read.ts";
import { closed, route } from "./route.ts";

const optional = Type.Optional;
const Time = Type.String({ maxLength: 64, description: "As lists take it; empty for none" });
const sorts = sortFields.flatMap((field): TraceSort[] => [field, `-${field}`]);
const Sort = Type.Unsafe<TraceSort>(Type.Union(sorts.map((sort) => Type.Literal(sort))));

const ViewFields = {
  name: Name,
  filter: Type.String({ maxLength: 8_192 }),
  since: Time,
  until: Time,
  sort: Sort,
  columns: Type.Array(Type.String({ minLength: 1, maxLength: 200 }), {
    maxItems: 100,
    description: "Those that are shown, by the viewer's names; empty for the usual ones",
  }),
};
const ViewBody = closed({
  name: Name,
  filter: optional(ViewFields.filter),
  since: optional(Time),
  until: optional(Time),
  sort: optional(Sort),
  columns: optional(ViewFields.columns),
  project: optional(nullable(Type.String(), "All of them where nothing is said")),
});
const ViewView = Type.Object({
  id: Type.Integer(),
  ...ViewFields,
  project: nullable(Type.String(), "All of them where it is null"),
});
const One = Type.Object({ view: ViewView });
export type ViewView = Static<typeof ViewView>;

export function viewRoutes({ reader, keyring, intake: { writer } }: ReadDeps & { intake: Intake }) {
  /** @throws AppError `bad_request` for a filter or a time that lists do not take, `not_found`. */
  const toStored = (body: Static<typeof ViewBody>): NewView => {
    const { name, filter = "", since = "", until = "", sort = "startTime", columns = [] } = body;
    const { project = null } = body;
    parseFilter(filter, Date.now());
    if (since !== "") parseTime(since, "since");
    if (until !== "") parseTime(until, "until");
    const projectId = project === null ? null : findProject(keyring.accounts(), project).id;
    return { name, filter, since, until, sort, columns, projectId };
  };
  const show = ({ projectId, sort, ...view }: StoredView): ViewView => {
    const { projects } = keyring.accounts();
    const project = projects.find(({ id }) => id === projectId)?.name ?? null;
    return { ...view, sort: sort as TraceSort, project };
  };
  return [
    route({
      method: "GET",
      path: "/api/views",
      summary: "Saved views of the list of traces, the oldest first",
      answer: Type.Object({ views: Type.Array(ViewView) }),
      handle: async () => ({ views: (await reader.call("views", [])).map(show) }),
    }),
    route({
      method: "POST",
      path: "/api/views",
      summary: "Saves a view",
      body: ViewBody,
      status: 201,
      answer: One,
      handle: async ({ body }) => ({
        view: show(await writer.call("putView", [null, toStored(body)])),
      }),
    }),
    route({
      method: "PUT",
      path: "/api/views/:view",
      summary: "Changes a view: it is what is said from now on, and has the usual for what is not",
      body: ViewBody,
      answer: One,
      handle: async ({ request, body }) => ({
        view: show(await writer.call("putView", [idIn(request), toStored(body)])),
      }),
    }),
    route({
      method: "DELETE",
      path: "/api/views/:view",
      summary: "Deletes a view; no trace goes with it",
      answer: Type.Object({ removed: Type.Integer() }),
      async handle({ request }) {
        await writer.call("removeView", [idIn(request)]);
        return { removed: 1 };
      },
    }),
  ];
}

/** @throws AppError `not_found`. */
function idIn(request: Request): number {
  const id = decodedSegment(request);
  if (/^[1-9]\d{0,14}$/.test(id)) return Number(id);
  throw new AppError("not_found", "no such view", { hint: "GET /api/views lists them" });
}
