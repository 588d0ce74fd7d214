/** What all reading routes need. */
import { Type } from "@sinclair/typebox";
import type { TraceRef } from "../backend/traces.ts";
import type { Keyring } from "../ingest/keyring.ts";
import type { Reader } from "../threads/reader.ts";
import { readQuery } from "./body.ts";
import { findProject, parseTraceRef, pathSegments } from "./params.ts";

export interface ReadDeps {
  reader: Reader;
  keyring: Keyring;
}

const optional = Type.Optional;
const closed = { additionalProperties: false };

const TraceQuery = Type.Object({ project: optional(Type.String()) }, closed);
/** The key of the trace that a request names, for what changes it. */
export async function traceKeyOf(request: Request, deps: ReadDeps): Promise<number> {
  const ref = traceRefOf(request, readQuery(request, TraceQuery).project, deps);
  return deps.reader.call("traceKey", [ref]);
}

export function traceRefOf(
  request: Request,
  project: string | undefined,
  { keyring }: ReadDeps,
): TraceRef {
  return parseTraceRef(pathSegments(request)[2] ?? "", projectIdOf(project, keyring));
}

/** Who asks for what is in a trace: of one of more spans where no list waits for it. */
export async function callerFor(
  { reader }: ReadDeps,
  ref: TraceRef,
  spans: number,
): Promise<Reader["call"]> {
  return (await reader.call("spanCount", [ref])) > spans ? reader.callLong : reader.call;
}

export function projectIdOf(name: string | undefined, keyring: Keyring): number | undefined {
  return name === undefined ? undefined : findProject(keyring.accounts(), name).id;
}
