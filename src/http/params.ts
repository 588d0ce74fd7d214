/** How requests name traces, spans, times and projects. */
import type { SpanRef } from "../backend/spans.ts";
import type { Accounts, Project } from "../backend/store.ts";
import type { TraceRef } from "../backend/traces.ts";
import { AppError } from "../errors.ts";

/**
 * The segments of a request's path as they were sent. A leading `~` marks a key; an id that begins
 * with one is sent as `%7E`, which the router's own decoding would make the same.
 */
export function pathSegments(request: Request): string[] {
  return pathOf(request).slice(1).split("/");
}

/**
 * The id or name behind the collection in `/api/<collection>/<id>`, or another segment.
 *
 * @throws AppError `bad_request`.
 */
export function decodedSegment(request: Request, place = 2): string {
  try {
    return decodeURIComponent(pathSegments(request)[place] ?? "");
  } catch {
    throw new AppError("bad_request", "undecodable id");
  }
}

/** The path as it was sent, not decoded. */
export function pathOf({ url }: Request): string {
  const start = url.indexOf("/", url.indexOf("://") + 3);
  const end = url.indexOf("?", start);
  return url.slice(start, end < 0 ? undefined : end);
}

/** @throws AppError `bad_request` where the segment cannot be decoded. */
function parseRef(segment: string): { key: number } | { id: string } {
  if (segment.startsWith("~")) {
    const key = Number(segment.slice(1));
    if (/^~\d+$/.test(segment) && Number.isSafeInteger(key)) return { key };
    throw new AppError("bad_request", "invalid key", {
      hint: "a key is ~ and digits; an id that begins with ~ is sent as %7E…",
    });
  }
  try {
    return { id: decodeURIComponent(segment) };
  } catch {
    throw new AppError("bad_request", "undecodable id", {
      hint: "percent-encode the id's UTF-8 bytes",
    });
  }
}

/** The segment for an id or `~key` that stands in a query, whose text is decoded already. */
export function segmentNamed(name: string): string {
  return name.startsWith("~") ? name : encodeURIComponent(name);
}

export function parseTraceRef(segment: string, projectId: number | undefined): TraceRef {
  const ref = parseRef(segment);
  return "key" in ref ? ref : { traceId: ref.id, projectId };
}

export function parseSpanRef(segment: string): SpanRef {
  const ref = parseRef(segment);
  return "key" in ref ? ref : { spanId: ref.id };
}

/** @throws AppError `not_found`. */
export function findProject({ projects }: Accounts, name: string): Project {
  const project = projects.find((candidate) => candidate.name === name);
  if (!project)
    throw new AppError("not_found", "no such project", {
      hint: "`tealight projects list` shows them",
    });
  return project;
}
