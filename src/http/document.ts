/** The routes that show the document of all routes, themselves among them. */
import { Type } from "@sinclair/typebox";
import { docsRoute } from "./docs.ts";
import { openApiOf, type OpenApi } from "./openapi.ts";
import { documentPath } from "./paths.ts";
import { route, type Route } from "./route.ts";

/**
 * `GET /api/openapi.json` and the page that shows it. The document holds no data, so that whoever can
 * connect may read it.
 */
export function documentRoutes(routes: Route[]): Route[] {
  let document: OpenApi | null = null;
  const read = (): OpenApi => (document ??= openApiOf(all));
  const json: Route = route({
    method: "GET",
    path: documentPath.json,
    summary: "This document",
    access: "public",
    answer: Type.Object({}, { description: "OpenAPI 3.1" }),
    handle: read,
  });
  const own = [json, docsRoute(read)];
  const all: Route[] = [...routes, ...own];
  return own;
}
