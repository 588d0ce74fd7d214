/** The manual: as pages of the viewer, and as Markdown for programs. It holds no data, so it is public. */
import { Type } from "@sinclair/typebox";
import { paths } from "../ui/pages.ts";
import { answerText, noRoute } from "./answer.ts";
import { decodedSegment, pathOf } from "./params.ts";
import { documentPath } from "./paths.ts";
import { route, type Route } from "./route.ts";

/** The answer depends on it. */
const vary = { vary: "accept, accept-encoding" };

/** Loaded when someone asks: a start does without. */
const load = () => import("../docs/pages.ts");

/** @param showViewer answers with the viewer, which shows the page of this address. */
export function manualRoutes(
  showViewer: (status: number, more: Record<string, string>) => Promise<Response>,
): Route[] {
  const index = async (request: Request) => answerMarkdown(request, (await load()).manualIndex());
  const page = { method: "GET", access: "public", answer: Type.String() } as const;
  return [
    route({
      ...page,
      path: documentPath.llms,
      summary: "The list of the manual's pages",
      contentType: "text/markdown",
      handle: ({ request }) => index(request),
    }),
    route({
      ...page,
      path: paths.docs,
      summary: "The manual",
      contentType: "text/html",
      handle: ({ request }) =>
        prefers(request, "text/markdown") ? index(request) : showViewer(200, vary),
    }),
    route({
      ...page,
      path: paths.doc,
      summary: "A page of the manual, with .md behind its name as Markdown",
      contentType: "text/html",
      async handle({ request }) {
        const name = decodedSegment(request, 1);
        const text = (await load()).pageOf(name.replace(/\.md$/, ""));
        const isMarkdown = name.endsWith(".md") || prefers(request, "text/markdown");
        if (text !== undefined)
          return isMarkdown ? answerMarkdown(request, text) : showViewer(200, vary);
        if (prefers(request, "text/html")) return showViewer(404, vary);
        throw noRoute("GET", pathOf(request), `${documentPath.llms} lists the pages of the manual`);
      },
    }),
  ];
}

function answerMarkdown(request: Request, text: string): Promise<Response> {
  return answerText(request, 200, text, "text/markdown; charset=utf-8", vary);
}

/** Whether the request names this type, and wants nothing else more. */
export function prefers({ headers }: Request, type: string): boolean {
  const ranges = (headers.get("accept") ?? "").split(",").map((range) => {
    const [type = "", ...params] = range.split(";").map((part) => part.trim().toLowerCase());
    const q = params.find((param) => param.startsWith("q="));
    return { type, q: q === undefined ? 1 : Number(q.slice(2)) };
  });
  const wanted = ranges.find((range) => range.type === type);
  return wanted !== undefined && wanted.q > 0 && ranges.every(({ q }) => !(q > wanted.q));
}
