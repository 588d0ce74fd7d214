/**
 * Pins and deletes. What is deleted is out of sight at once, its space is freed later. Of what matches a
 * filter a few traces go at a time, so that what comes in never waits long; and one request goes on for
 * some seconds only, then says how to go on, since a connection may not be silent for longer.
 */
import { Type, type Static } from "@sinclair/typebox";
import { parseBoundCursor, toBoundCursor } from "../backend/cursor.ts";
import { defaultProjectId } from "../backend/store.ts";
import type { KeysPosition } from "../backend/traces.ts";
import { AppError } from "../errors.ts";
import { quote } from "../filter/caret.ts";
import { parseTime } from "../filter/time.ts";
import { removal as limits } from "../limits.ts";
import { nullable } from "../schemas.ts";
import type { Intake } from "../threads/intake.ts";
import { decodedSegment, findProject } from "./params.ts";
import { projectIdOf, traceKeyOf, type ReadDeps } from "./read.ts";
import { closed, route } from "./route.ts";

type RemoveDeps = ReadDeps & { intake: Intake };

const optional = Type.Optional;
const project = optional(Type.String());
const time = optional(Type.String({ description: "Epoch ms, an ISO 8601 date or a time ago: 2h" }));
const flag = (description: string) =>
  optional(Type.Union([Type.Literal("0"), Type.Literal("1")], { description }));
const how = {
  dryRun: flag("1: only counts"),
  pinned: flag("1: pinned traces go, too, which else stay"),
  cursor: optional(Type.String({ description: "nextCursor of the answer before" })),
};

const TraceQuery = closed({ project });
const SessionQuery = closed({ ...how, project });
const ProjectQuery = closed(how);
const TracesQuery = closed({
  ...how,
  filter: optional(Type.String()),
  since: time,
  until: time,
  project,
});

const rest = {
  pinnedKept: Type.Integer({ description: "Pinned traces that stay" }),
  nextCursor: nullable(
    Type.String({
      description: "Set where the time ended first: goes on from there, with the counts so far",
    }),
  ),
};
const WouldDelete = Type.Object({ traces: Type.Integer(), spans: Type.Integer(), ...rest });
const Deleted = Type.Object({ deleted: Type.Integer({ description: "Traces" }), ...rest });
const ProjectDeleted = Type.Object({
  ...Deleted.properties,
  projectDeleted: Type.Boolean({ description: "False where traces of it are left" }),
});

export type WouldDelete = Static<typeof WouldDelete>;
export type Deleted = Static<typeof Deleted>;
export type ProjectDeleted = Static<typeof ProjectDeleted>;

/** What is to go: the traces for which all that is given holds. Times as they were sent. */
interface Target {
  filter?: string | undefined;
  since?: string | undefined;
  until?: string | undefined;
  projectId?: number | undefined;
}

type How = Static<typeof ProjectQuery>;

/** How far a delete has come, over all its requests. */
interface Progress {
  /** When it began, which times ago count from. */
  nowMs: number;
  traces: number;
  spans: number;
  pinnedKept: number;
  after: KeysPosition | null;
}

export function removeRoutes(deps: RemoveDeps) {
  const { keyring, intake } = deps;
  const { writer } = intake;

  const pinRoute = <Word extends "pin" | "unpin">(word: Word, summary: string) =>
    route({
      method: "POST",
      path: `/api/traces/:trace/${word}` as const,
      summary,
      query: TraceQuery,
      answer: Type.Object({ pinned: Type.Boolean() }),
      async handle({ request }) {
        const pinned = word === "pin";
        const isThere = await writer.call("pin", [await traceKeyOf(request, deps), pinned]);
        if (!isThere) throw new AppError("not_found", "no such trace");
        return { pinned };
      },
    });

  return [
    pinRoute("pin", "Keeps a trace from deletes that do not name it"),
    pinRoute("unpin", "Takes the pin back"),
    route({
      method: "DELETE",
      path: "/api/traces/:trace",
      summary: "Deletes a trace, pinned or not",
      query: TraceQuery,
      answer: Type.Object({ deleted: Type.Integer() }),
      async handle({ request }) {
        const isDeleted = await writer.call("deleteTrace", [await traceKeyOf(request, deps)]);
        return { deleted: isDeleted ? 1 : 0 };
      },
    }),
    route({
      method: "DELETE",
      path: "/api/traces",
      summary: "Deletes the traces of a filter, a range of time or a project",
      query: TracesQuery,
      answer: Type.Union([WouldDelete, Deleted]),
      handle({ query: { project, filter, since, until, ...how } }) {
        if ([project, filter?.trim(), since, until].every((text) => !text)) {
          throw new AppError("bad_request", "this would delete all traces", {
            hint: "narrow it with filter, since, until or project; until=now is all there is",
          });
        }
        const projectId = projectIdOf(project, keyring);
        return removeTraces(deps, { filter, since, until, projectId }, how);
      },
    }),
    route({
      method: "DELETE",
      path: "/api/sessions/:session",
      summary: "Deletes the traces of a session",
      query: SessionQuery,
      answer: Type.Union([WouldDelete, Deleted]),
      handle({ request, query: { project, ...how } }) {
        const filter = `session:${quote(decodedSegment(request))}`;
        return removeTraces(deps, { filter, projectId: projectIdOf(project, keyring) }, how);
      },
    }),
    route({
      method: "DELETE",
      path: "/api/projects/:project",
      summary: "Deletes a project with its keys and its traces; pinned ones keep it alive",
      query: ProjectQuery,
      answer: Type.Union([WouldDelete, ProjectDeleted]),
      handle: ({ request, query }) => removeProject(deps, decodedSegment(request), query),
    }),
  ];
}

async function removeTraces(
  deps: RemoveDeps,
  target: Target,
  how: How,
): Promise<WouldDelete | Deleted> {
  const bound = [...Object.values(target), how.dryRun, how.pinned];
  const progress = begin(how.cursor, bound);
  const isDone = await goOn(deps, target, how, progress);
  return outcomeOf(progress, how, isDone ? null : toCursor(bound, progress));
}

/** @throws AppError `not_found`; `conflict` for the default project. */
async function removeProject(
  deps: RemoveDeps,
  name: string,
  how: How,
): Promise<WouldDelete | ProjectDeleted> {
  const { keyring, intake } = deps;
  const { id } = findProject(keyring.accounts(), name);
  if (id === defaultProjectId) {
    throw new AppError("conflict", "the default project cannot be deleted", {
      hint: "delete its traces alone: DELETE /api/traces?project=…",
    });
  }
  const bound = [id, how.dryRun, how.pinned];
  const progress = begin(how.cursor, bound);
  for (;;) {
    const isDone = await goOn(deps, { projectId: id }, how, progress);
    const outcome = outcomeOf(progress, how, isDone ? null : toCursor(bound, progress));
    if (!("deleted" in outcome)) return outcome;
    if (!isDone || progress.pinnedKept > 0) return { ...outcome, projectDeleted: false };
    const { isGone, accounts } = await intake.writer.call("dropProject", [id]);
    keyring.update(accounts);
    if (isGone) return { ...outcome, projectDeleted: true };
    // Something came in meanwhile; its keys are revoked by now.
    progress.after = null;
  }
}

/** Goes through the traces for some seconds. @returns whether it came to the end. */
async function goOn(
  { reader, intake }: RemoveDeps,
  { since, until, ...rest }: Target,
  { dryRun, pinned }: How,
  progress: Progress,
): Promise<boolean> {
  const { nowMs } = progress;
  const query = {
    ...rest,
    since: since === undefined ? undefined : parseTime(since, "since", nowMs),
    until: until === undefined ? undefined : parseTime(until, "until", nowMs),
  };
  const endsAt = performance.now() + limits.budgetMs;
  do {
    const { traces, next } = await reader.call("removal", [query, progress.after, nowMs]);
    if (dryRun === "1") {
      const kept = traces.filter(({ isPinned }) => isPinned && pinned !== "1");
      const going = traces.filter((trace) => !kept.includes(trace));
      progress.traces += going.length;
      progress.spans += going.reduce((sum, { spanCount }) => sum + spanCount, 0);
      progress.pinnedKept += kept.length;
    } else {
      for (let keys = traces.map(({ key }) => key); keys.length > 0;) {
        const { seen, deleted, pinnedKept } = await intake.writer.call("deleteTraces", [
          keys,
          pinned === "1",
        ]);
        progress.traces += deleted;
        progress.pinnedKept += pinnedKept;
        keys = keys.slice(seen);
      }
    }
    progress.after = next;
  } while (progress.after && performance.now() < endsAt);
  return progress.after === null;
}

function outcomeOf(
  { traces, spans, pinnedKept }: Progress,
  { dryRun }: How,
  nextCursor: string | null,
): WouldDelete | Deleted {
  return dryRun === "1"
    ? { traces, spans, pinnedKept, nextCursor }
    : { deleted: traces, pinnedKept, nextCursor };
}

function begin(cursor: string | undefined, bound: unknown[]): Progress {
  const none = { traces: 0, spans: 0, pinnedKept: 0, after: null };
  if (cursor === undefined) return { nowMs: Date.now(), ...none };
  const [nowMs, traces, spans, pinnedKept, startTime, key] = parseBoundCursor(cursor, bound, 6);
  return {
    nowMs: nowMs!,
    traces: traces!,
    spans: spans!,
    pinnedKept: pinnedKept!,
    after: { startTime: startTime!, key: key! },
  };
}

function toCursor(bound: unknown[], { nowMs, traces, spans, pinnedKept, after }: Progress): string {
  return toBoundCursor(bound, [nowMs, traces, spans, pinnedKept, after!.startTime, after!.key]);
}
