/** Statistics: what is asked, and the answers. */
import { Type, type Static } from "@sinclair/typebox";
import type { Filter } from "../filter/parse.ts";
import type { CellSum } from "../tally/cell.ts";
import type { RollupField } from "../tally/contribution.ts";
import { Coverage, ErrorBound, Figures } from "./figures.ts";
import { Summary } from "./views.ts";

export type StatsField = Exclude<RollupField, "all">;

/** What groups can be ranked by, and the sums that say it. Few senders report a total of tokens. */
export const rankings = {
  requests: ["requests"],
  cost: ["cost"],
  tokens: ["inputTokens", "outputTokens"],
  errors: ["errors"],
  traces: ["traces"],
} as const satisfies Record<string, readonly CellSum[]>;

export type Ranking = keyof typeof rankings;

export interface StatsQuery {
  /** What the groups are of; no groups where it is absent. */
  by?: StatsField | undefined;
  /** Null for all traces. */
  filter: Filter | null;
  projectId?: number | undefined;
  /**
   * Epoch ms; all that is stored where they are absent. Both are widened to whole minutes, by run, session
   * and customer to whole hours. Without an end the series end a day from now: what lies further ahead is in
   * the totals alone.
   */
  since?: number | undefined;
  until?: number | undefined;
  /** How long each entry of a series is; chosen to give up to 120 where absent. */
  bucketMs?: number | undefined;
  sort: Ranking;
  /** So many groups. */
  limit: number;
}

/** What there are few of. */
const groupFields = ["agent", "workflow", "model", "provider", "tool"] as const;

export type GroupField = (typeof groupFields)[number];

export interface GroupQuery {
  by: GroupField;
  /** Null for all traces. */
  filter: Filter | null;
  projectId?: number | undefined;
  /** Epoch ms, widened to whole minutes. */
  since?: number | undefined;
  until?: number | undefined;
  sort: Ranking;
  limit: number;
  cursor?: string | undefined;
}

export const Group = Type.Composite([
  Type.Object({
    value: Type.String({ description: "The name of it" }),
    lastTime: Type.Union([Type.Integer(), Type.Null()], {
      description: "When its newest trace started, epoch ms",
    }),
  }),
  Figures,
]);

export const GroupPage = Type.Composite([
  Type.Object({
    since: Type.Integer(),
    until: Type.Integer(),
    errorBound: ErrorBound,
    groups: Type.Array(Group),
    nextCursor: Type.Union([Type.String(), Type.Null()]),
  }),
  Coverage,
]);

export type GroupPage = Static<typeof GroupPage>;

/** What there are more of the longer a store is used; of other names there are few. */
export const latestFields = ["run", "session", "customer"] as const;

export type LatestField = (typeof latestFields)[number];

export interface LatestQuery {
  field: LatestField;
  limit: number;
  cursor?: string | undefined;
  /** Of those that have a trace that matches. */
  /** Null for all traces. */
  filter: Filter | null;
  projectId?: number | undefined;
  /** Epoch ms: when the newest trace started. */
  since?: number | undefined;
  until?: number | undefined;
}

export const Latest = Type.Composite([
  Type.Object({
    value: Type.String({ description: "The sender's id of it" }),
    project: Type.String(),
    title: Type.Union([Type.String(), Type.Null()], {
      description: "What its first trace was asked",
    }),
    firstTime: Type.Integer({ description: "When its first trace started, epoch ms" }),
    lastTime: Type.Integer({ description: "When its newest trace started" }),
    latest: Summary,
  }),
  Figures,
]);

export const LatestPage = Type.Object({
  errorBound: ErrorBound,
  groups: Type.Array(Latest),
  nextCursor: Type.Union([Type.String(), Type.Null()]),
  partial: Type.Boolean({ description: "The time ended before the page was full" }),
});

export type LatestPage = Static<typeof LatestPage>;
