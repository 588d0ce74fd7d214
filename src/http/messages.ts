/** What was said: one span's payloads as messages, and a whole trace as a transcript. */
import { Type } from "@sinclair/typebox";
import { largeTraceSpans, page, transcript as limits } from "../limits.ts";
import { SpanMessages } from "../query/news.ts";
import { TranscriptPage } from "../query/transcript.ts";
import { answerBytes } from "./answer.ts";
import { parseSpanRef, pathSegments, segmentNamed } from "./params.ts";
import { callerFor, traceRefOf, type ReadDeps } from "./read.ts";
import { closed, route } from "./route.ts";

const optional = Type.Optional;
const project = optional(Type.String());

const TranscriptQuery = closed({
  project,
  limit: optional(Type.Integer({ minimum: 1, maximum: limits.maxLimit })),
  cursor: optional(Type.String()),
  from: optional(
    Type.String({
      description:
        "A span, by its id or as ~key: the first page begins with the model call that it follows",
    }),
  ),
});

export function messageRoutes(deps: ReadDeps) {
  return [
    route({
      method: "GET",
      path: "/api/traces/:trace/spans/:span/messages",
      summary: "A span's input and output as messages, and what of them is new",
      query: closed({ project }),
      answer: SpanMessages,
      async handle({ request, query }) {
        const ref = traceRefOf(request, query.project, deps);
        const span = parseSpanRef(pathSegments(request)[4] ?? "");
        return (await callerFor(deps, ref, largeTraceSpans.scanned))("messages", [ref, span]);
      },
    }),
    route({
      method: "GET",
      path: "/api/traces/:trace/spans/:span/media/:content",
      summary: "The bytes of what is attached to a message, by the `content` of its part",
      query: closed({ project }),
      // The type that a sender declares is not to be believed: nothing is ever opened as one.
      contentType: "application/octet-stream",
      answer: Type.Unsafe<never>(Type.String()),
      async handle({ request, query }) {
        const ref = traceRefOf(request, query.project, deps);
        const [, , , , span = "", , content = ""] = pathSegments(request);
        const call = await callerFor(deps, ref, largeTraceSpans.scanned);
        const bytes = await call("media", [ref, parseSpanRef(span), content]);
        return answerBytes(bytes, "application/octet-stream", {
          "content-disposition": "attachment",
        });
      },
    }),
    route({
      method: "GET",
      path: "/api/traces/:trace/transcript",
      summary: "Model calls, tools and agents as they started, each with what is new in it",
      query: TranscriptQuery,
      answer: TranscriptPage,
      async handle({ request, query: { project, limit = page.defaultLimit, cursor, from } }) {
        const ref = traceRefOf(request, project, deps);
        const span = from === undefined ? undefined : parseSpanRef(segmentNamed(from));
        const call = await callerFor(deps, ref, largeTraceSpans.scanned);
        return call("transcript", [ref, { limit, cursor, from: span }]);
      },
    }),
  ];
}
