/** Statistics, and the lists of what they are kept by. */
import { Type } from "@sinclair/typebox";
import { Stats } from "../backend/figures.ts";
import {
  GroupPage,
  type GroupField,
  LatestPage,
  rankings,
  type Ranking,
  type LatestField,
  type StatsField,
} from "../backend/stats.ts";
import { parseTime } from "../filter/time.ts";
import { page, stats as limits } from "../limits.ts";
import { oneOf } from "../schemas.ts";
import { rollupFields } from "../tally/contribution.ts";
import { projectIdOf, type ReadDeps } from "./read.ts";
import { closed, route } from "./route.ts";

const optional = Type.Optional;

const scope = {
  filter: optional(Type.String()),
  project: optional(Type.String()),
  since: optional(Type.String()),
  until: optional(Type.String()),
};
const Limit = Type.Integer({ minimum: 1, maximum: page.maxLimit });
const sort = optional(
  oneOf(Object.keys(rankings) as Ranking[], "What groups are ranked by, requests by default"),
);

const StatsQuery = closed({
  ...scope,
  by: optional(oneOf(rollupFields.slice(1) as StatsField[], "What the groups are")),
  bucketMs: optional(
    Type.Integer({
      minimum: 60_000,
      multipleOf: 60_000,
      description: "How long each entry of a series is, by run, session or customer whole hours",
    }),
  ),
  sort,
  limit: optional(Limit),
});
const GroupQuery = closed({
  ...scope,
  sort,
  limit: optional(Limit),
  cursor: optional(Type.String()),
});
const LatestQuery = closed({
  ...scope,
  limit: optional(Limit),
  cursor: optional(Type.String()),
});

const groupLists = [
  ["/api/agents", "agent", "Agents and what they did"],
  ["/api/workflows", "workflow", "Workflows and what they did"],
  ["/api/models", "model", "Models and how they were used"],
  ["/api/providers", "provider", "Providers and how they were used"],
  ["/api/tools", "tool", "Tools and how they were used"],
] as const satisfies [path: string, by: GroupField, summary: string][];

const latestLists = [
  ["/api/sessions", "session", "Sessions, the one that was used last first"],
  ["/api/runs", "run", "Runs of workflows, the last one first"],
  ["/api/customers", "customer", "Customers, the one that was served last first"],
] as const satisfies [path: string, field: LatestField, summary: string][];

export function statsRoutes({ reader, keyring }: ReadDeps) {
  const scopeOf = (query: { [K in keyof typeof scope]?: string | undefined }) => ({
    filter: query.filter,
    projectId: projectIdOf(query.project, keyring),
    since: query.since === undefined ? undefined : parseTime(query.since, "since"),
    until: query.until === undefined ? undefined : parseTime(query.until, "until"),
  });
  return [
    route({
      method: "GET",
      path: "/api/stats",
      summary: "Totals and series over a range of time, and against the one before",
      query: StatsQuery,
      answer: Stats,
      handle: ({ query }) => {
        const { by, bucketMs, sort = "requests", limit = limits.defaultGroups } = query;
        // With a filter it goes through traces, for up to a second: lists are not to wait for that.
        const read = query.filter ? reader.callLong : reader.call;
        return read("stats", [{ ...scopeOf(query), by, bucketMs, sort, limit }]);
      },
    }),
    ...groupLists.map(([path, by, summary]) =>
      route({
        method: "GET",
        path,
        summary,
        query: GroupQuery,
        answer: GroupPage,
        handle: ({ query }) => {
          const { sort = "requests", limit = page.defaultLimit, cursor } = query;
          const read = query.filter ? reader.callLong : reader.call;
          return read("groups", [{ ...scopeOf(query), by, sort, limit, cursor }]);
        },
      }),
    ),
    ...latestLists.map(([path, field, summary]) =>
      route({
        method: "GET",
        path,
        summary,
        query: LatestQuery,
        answer: LatestPage,
        handle: ({ query }) => {
          const { limit = page.defaultLimit, cursor } = query;
          return reader.call("latest", [{ ...scopeOf(query), field, limit, cursor }]);
        },
      }),
    ),
  ];
}
