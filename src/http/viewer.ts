/**
 * The viewer: one shell for a closed list of pages, and the files that it is made of. Neither holds any
 * data, so both are public; what a page shows it asks the API for, with the operator's token.
 */
import { Type } from "@sinclair/typebox";
import { namesIn, paths } from "../ui/pages.ts";
import { version } from "../version.ts";
import { noRoute, securityHeaders } from "./answer.ts";
import { viewerFiles, type ViewerFile, type ViewerFiles } from "./bundle.ts";
import { acceptsGzip } from "./compress.ts";
import { manualRoutes, prefers } from "./manual.ts";
import { pathOf } from "./params.ts";
import { documentPath } from "./paths.ts";
import { route, type Route } from "./route.ts";

/** The closed list, `:name` for one segment each. */
export const pagePaths = Object.values(paths);

/** All that is served here; the API's document and its rules are about the rest. */
export const viewerPaths: ReadonlySet<string> = new Set([
  ...pagePaths,
  "/assets/:file",
  documentPath.llms,
]);

/**
 * Scripts and styles of this origin alone, no frames, no plugins. Styles are set by the CSSOM, never by
 * attributes. Images may also be data of a message, shown from memory; none come from elsewhere.
 */
const policy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data: blob:",
  "media-src blob: data:",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join("; ");

const pageHeaders = {
  ...securityHeaders,
  "content-security-policy": policy,
  "content-type": "text/html; charset=utf-8",
};

const icon =
  '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 20 20"><path d="M10 1.2c2.5 2.9 3.6 4.7 3.6 6.3a3.6 3.6 0 0 1-7.2 0c0-1.6 1.1-3.4 3.6-6.3z" fill="#f0a640"/><path d="M2.2 12.4h15.6l-.7 4.1a2 2 0 0 1-2 1.7H4.9a2 2 0 0 1-2-1.7z" fill="#8a857e"/></svg>';

export function isPage(path: string): boolean {
  return pagePaths.some((page) => namesIn(page, path) !== null);
}

let loading: Promise<ViewerFiles> | null = null;
const load = () => (loading ??= viewerFiles());

/** @returns the viewer, which says that there is no such page; null where no browser asks for a page. */
export async function missingPage(request: Request): Promise<Response | null> {
  const isRead = request.method === "GET" || request.method === "HEAD";
  return isRead && prefers(request, "text/html") ? showViewer(404) : null;
}

async function showViewer(status: number, more: Record<string, string> = {}): Promise<Response> {
  return new Response(shellOf(await load()), { status, headers: { ...pageHeaders, ...more } });
}

export function viewerRoutes(): Route[] {
  const page = (path: string) =>
    route({
      method: "GET",
      path,
      summary: "A page of the viewer",
      access: "public",
      contentType: "text/html",
      answer: Type.String(),
      handle: () => showViewer(200),
    });
  const { docs, doc, ...others } = paths;
  return [
    ...Object.values(others).map(page),
    ...manualRoutes(showViewer),
    route({
      method: "GET",
      path: "/assets/:file",
      summary: "A file of the viewer",
      access: "public",
      contentType: "application/octet-stream",
      answer: Type.String(),
      async handle({ request }) {
        const path = pathOf(request);
        const name = path.slice("/assets/".length);
        if (name === "icon.svg") return fileResponse(icon, "image/svg+xml", {});
        const file = (await load()).files.find((each) => each.name === name);
        if (!file) throw noRoute("GET", path);
        return fileAnswer(request, file);
      },
    }),
  ];
}

async function fileAnswer(request: Request, file: ViewerFile): Promise<Response> {
  const gzip = await file.gzip();
  return acceptsGzip(request)
    ? fileResponse(gzip, file.contentType, { "content-encoding": "gzip" })
    : fileResponse(Bun.gunzipSync(gzip), file.contentType, {});
}

/** For ever: another content has another name. */
function fileResponse(
  body: Uint8Array<ArrayBuffer> | string,
  contentType: string,
  more: Record<string, string>,
): Response {
  return new Response(body, {
    headers: {
      ...securityHeaders,
      "content-type": contentType,
      "cache-control": "public, max-age=31536000, immutable",
      vary: "accept-encoding",
      ...more,
    },
  });
}

function shellOf({ entry }: ViewerFiles): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="dark light">
<meta name="version" content="${version}">
<title>Tealight</title>
<link rel="icon" href="/assets/icon.svg" type="image/svg+xml">
<script src="/assets/${entry.theme}"></script>
<link rel="stylesheet" href="/assets/${entry.style}">
<script type="module" src="/assets/${entry.script}"></script>
</head>
<body>
<div id="root"></div>
<noscript>The viewer needs JavaScript. Without it there are <a href="/llms.txt">the manual</a> and <a href="/api/docs">the API</a>.</noscript>
</body>
</html>
`;
}
