/**
 * The paths under which spans come in, where a key counts, which a page cannot send without CORS; and those
 * of documents.
 */
import { signals, type Signal } from "../otlp/request.ts";

/**
 * What senders put before OTLP's own paths, since it is how their service has it, or by a slip. Below each
 * are the same three paths and nothing else.
 */
const prefixes = [
  "",
  // An endpoint that ends with a slash, and one that has the path already.
  "/",
  "/v1/traces",
  // Langfuse's SDKs.
  "/api/public/otel",
  // LangSmith, Braintrust and Weave; Grafana; LangWatch; others by version; Opik.
  "/otel",
  "/otlp",
  "/api/otel",
  "/api/v1/otlp",
  "/api/v1/private/otel",
];

const withSlash = (path: string) => [path, `${path}/`];

/** All paths on which a signal is taken, its own first. */
export function otlpPathsOf(signal: Signal): [`/v1/${Signal}`, ...string[]] {
  const own = `/v1/${signal}` as const;
  const others = prefixes.flatMap((prefix) => withSlash(prefix + own));
  return [own, ...others.filter((path) => path !== own)];
}

const otlpPaths: ReadonlySet<string> = new Set(signals.flatMap(otlpPathsOf));

export const ingestPaths: ReadonlySet<string> = new Set(["/ingest", ...otlpPaths]);

/** Whether a path is OTLP's, or is meant to be: then errors are told as OTLP has it. */
export function isOtlpPath(path: string): boolean {
  return otlpPaths.has(path) || path === "/v1" || path.startsWith("/v1/");
}

/** Whether OTLP is taken there, by POST. */
export function takesOtlp(path: string): boolean {
  return otlpPaths.has(path);
}

/** The API's document, as JSON and as a page, and the list of the manual's pages: they have no data. */
export const documentPath = {
  json: "/api/openapi.json",
  page: "/api/docs",
  llms: "/llms.txt",
} as const;

export function isDocument(path: string): boolean {
  return Object.values<string>(documentPath).includes(path);
}
