/** What can be read: traces, spans, exports, refused requests. */
import { Type } from "@sinclair/typebox";
import type { Keyring } from "../ingest/keyring.ts";
import { page } from "../limits.ts";
import type { Reader } from "../query/reader.ts";
import type { ExportPage } from "../query/trace.ts";
import type { TraceRef } from "../query/traces.ts";
import { answer, answerStream } from "./answer.ts";
import { readQuery } from "./body.ts";
import { findProject, parseSpanRef, parseTime, parseTraceRef, pathSegments } from "./params.ts";

export interface ReadDeps {
  reader: Reader;
  keyring: Keyring;
}

const optional = Type.Optional;
const closed = { additionalProperties: false };
const Limit = Type.Integer({ minimum: 1, maximum: page.maxLimit });

const TracesQuery = Type.Object(
  {
    limit: optional(Limit),
    cursor: optional(Type.String()),
    since: optional(Type.String()),
    until: optional(Type.String()),
    project: optional(Type.String()),
  },
  closed,
);
const TraceQuery = Type.Object({ project: optional(Type.String()) }, closed);
const ExportQuery = Type.Object(
  {
    project: optional(Type.String()),
    format: optional(Type.Union([Type.Literal("json"), Type.Literal("jsonl")])),
    full: optional(Type.Union([Type.Literal("0"), Type.Literal("1")])),
  },
  closed,
);
const RejectsQuery = Type.Object(
  { limit: optional(Limit), cursor: optional(Type.String()) },
  closed,
);

export async function listTraces(
  request: Request,
  { reader, keyring }: ReadDeps,
): Promise<Response> {
  const { limit, cursor, since, until, project } = readQuery(request, TracesQuery);
  const query = {
    limit: limit ?? page.defaultLimit,
    cursor,
    since: since === undefined ? undefined : parseTime(since, "since"),
    until: until === undefined ? undefined : parseTime(until, "until"),
    projectId: projectIdOf(project, keyring),
  };
  return answer(200, await reader.call("traces", [query]));
}

export async function readTrace(request: Request, deps: ReadDeps): Promise<Response> {
  return answer(
    200,
    await deps.reader.call("trace", [
      traceRefOf(request, readQuery(request, TraceQuery).project, deps),
    ]),
  );
}

export async function readSpan(request: Request, deps: ReadDeps): Promise<Response> {
  const trace = traceRefOf(request, readQuery(request, TraceQuery).project, deps);
  const span = parseSpanRef(pathSegments(request)[4] ?? "");
  return answer(200, await deps.reader.call("span", [trace, span]));
}

/** What is new in a span's input against the earlier call that shares most with it. */
export async function readNews(request: Request, deps: ReadDeps): Promise<Response> {
  const trace = traceRefOf(request, readQuery(request, TraceQuery).project, deps);
  const span = parseSpanRef(pathSegments(request)[4] ?? "");
  return answer(200, await deps.reader.call("news", [trace, span]));
}

/** The key of the trace that a request names, for what changes it. */
export async function traceKeyOf(request: Request, deps: ReadDeps): Promise<number> {
  const ref = traceRefOf(request, readQuery(request, TraceQuery).project, deps);
  return deps.reader.call("traceKey", [ref]);
}

/** One ingest v1 document, or with `format=jsonl` lines that each obey v1's limits. */
export async function exportTrace(request: Request, deps: ReadDeps): Promise<Response> {
  const { project, format, full } = readQuery(request, ExportQuery);
  const ref = traceRefOf(request, project, deps);
  const pages = exportPages(deps.reader, ref, full === "1");
  // The first page is read before the answer begins, so that a missing trace is a 404.
  const { value: first } = await pages.next();
  return format === "jsonl"
    ? answerStream(toLines(first!, pages), "application/jsonl")
    : answerStream(toDocument(first!, pages), "application/json");
}

async function* exportPages(
  reader: Reader,
  ref: TraceRef,
  full: boolean,
): AsyncGenerator<string[], undefined> {
  let after: number | null = null;
  do {
    const { entries, next }: ExportPage = await reader.call("exportPage", [ref, after, full]);
    yield entries;
    after = next;
  } while (after !== null);
}

async function* toLines(first: string[], rest: AsyncIterable<string[]>): AsyncGenerator<string> {
  const lines = (entries: string[]) =>
    entries.map((entry) => `{"version":"v1","traces":[${entry}]}\n`).join("");
  yield lines(first);
  for await (const entries of rest) yield lines(entries);
}

async function* toDocument(first: string[], rest: AsyncIterable<string[]>): AsyncGenerator<string> {
  yield `{"version":"v1","traces":[${first.join(",")}`;
  // The last page is empty where the one before ended with the last span.
  for await (const entries of rest) if (entries.length > 0) yield `,${entries.join(",")}`;
  yield "]}";
}

export async function listRejects(request: Request, { reader }: ReadDeps): Promise<Response> {
  const { limit, cursor } = readQuery(request, RejectsQuery);
  return answer(200, await reader.call("rejects", [limit ?? page.defaultLimit, cursor]));
}

function traceRefOf(
  request: Request,
  project: string | undefined,
  { keyring }: ReadDeps,
): TraceRef {
  return parseTraceRef(pathSegments(request)[2] ?? "", projectIdOf(project, keyring));
}

export function projectIdOf(name: string | undefined, keyring: Keyring): number | undefined {
  return name === undefined ? undefined : findProject(keyring.accounts(), name).id;
}
