/** Which stored traces a request is about: a project's, and those that started in a stretch of time. */
import { Type, type Static } from "@sinclair/typebox";
import type { Window } from "../backend/writer.ts";
import { parseTime } from "../filter/time.ts";
import type { Keyring } from "../ingest/keyring.ts";
import { findProject } from "./params.ts";

/** Members of a body. */
export const windowFields = {
  project: Type.Optional(Type.String()),
  // A number or a text: read as the lists' queries are, whose hint says what a time looks like.
  since: Type.Optional(
    Type.Unknown({ description: "Epoch ms, an ISO 8601 date or a time ago: 2h" }),
  ),
  until: Type.Optional(Type.Unknown({ description: "Likewise, outside" })),
};

type WindowBody = {
  [K in keyof typeof windowFields]?: Static<(typeof windowFields)[K]> | undefined;
};

/** @throws AppError `bad_request`, or `not_found` where there is no such project. */
export function windowOf({ project, since, until }: WindowBody, keyring: Keyring): Window {
  return {
    projectId: project === undefined ? undefined : findProject(keyring.accounts(), project).id,
    since: timeOf(since, "since"),
    until: timeOf(until, "until"),
  };
}

function timeOf(value: unknown, field: string): number | undefined {
  if (value === undefined) return undefined;
  const isTime = typeof value === "number" || typeof value === "string";
  return parseTime(isTime ? String(value) : "", field);
}
