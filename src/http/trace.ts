/** One trace: its skeleton, its spans whole, their payloads, where its time went, and its export. */
import { Type } from "@sinclair/typebox";
import type { TraceRef } from "../backend/traces.ts";
import { SpanNews, SpanView, TraceView } from "../backend/views.ts";
import { payloadFields, type PayloadField } from "../contract/fields.ts";
import { AppError } from "../errors.ts";
import { preview, largeTraceSpans, news, tracePage } from "../limits.ts";
import { Breakdown } from "../query/breakdown.ts";
import { TraceColumns } from "../query/columns.ts";
import type { ExportPage } from "../query/export.ts";
import { Gists } from "../query/gists.ts";
import { TraceNews } from "../query/tracenews.ts";
import type { Reader } from "../threads/reader.ts";
import { answerBytes, answerStream, answerText } from "./answer.ts";
import { parseSpanRef, pathSegments } from "./params.ts";
import { callerFor, traceRefOf, type ReadDeps } from "./read.ts";
import { closed, route } from "./route.ts";

const optional = Type.Optional;
const project = optional(
  Type.String({ description: "Needed where several projects have a trace of this id" }),
);
const ProjectQuery = closed({ project });
const TraceQuery = closed({
  project,
  format: optional(
    Type.Literal("columns", { description: "A quarter of the size, for traces of any size" }),
  ),
  limit: optional(
    Type.Integer({
      minimum: 1,
      maximum: tracePage.spans,
      description: "How many spans; as many as an answer may have where nothing is said",
    }),
  ),
  cursor: optional(Type.String()),
});
const NewsQuery = closed({
  project,
  limit: optional(Type.Integer({ minimum: 1, maximum: news.calls })),
  cursor: optional(Type.String()),
});
const GistsQuery = closed({
  project,
  spans: Type.String({
    pattern: `^\\d{1,16}(,\\d{1,16}){0,${preview.spans - 1}}$`,
    description: `Keys of spans, with commas between, ${preview.spans} at most`,
  }),
});
const PayloadQuery = closed({
  project,
  from: optional(
    Type.Integer({ minimum: 0, description: "In UTF-16 code units, likewise length" }),
  ),
  length: optional(Type.Integer({ minimum: 0 })),
});
const ExportQuery = closed({
  project,
  format: optional(
    Type.Union([Type.Literal("json"), Type.Literal("jsonl")], {
      description: "jsonl: lines that each obey the limits of ingest v1",
    }),
  ),
  full: optional(
    Type.Union([Type.Literal("0"), Type.Literal("1")], {
      description: "1: with what v1 has no field for, which only an import reads",
    }),
  ),
});

export function traceRoutes(deps: ReadDeps) {
  const { reader } = deps;
  const traceOf = (request: Request, { project }: { project?: string | undefined }) =>
    traceRefOf(request, project, deps);
  const spanOf = (request: Request) => parseSpanRef(pathSegments(request)[4] ?? "");
  /** Asks for what all spans of a trace are looked at for, and for what their rows are searched through for. */
  const callFor = (ref: TraceRef) => callerFor(deps, ref, largeTraceSpans.read);
  const callForOne = (ref: TraceRef) => callerFor(deps, ref, largeTraceSpans.scanned);

  return [
    route({
      method: "GET",
      path: "/api/traces/:trace",
      summary: "A trace and its spans without their payloads, in the order in which they are shown",
      query: TraceQuery,
      answer: Type.Union([TraceView, TraceColumns]),
      async handle({ request, query: { format, limit, cursor, ...query } }) {
        const ref = traceOf(request, query);
        const call = await callFor(ref);
        return call(format === "columns" ? "traceColumns" : "trace", [ref, { limit, cursor }]);
      },
    }),
    route({
      method: "GET",
      path: "/api/traces/:trace/breakdown",
      summary: "Where the time of a trace went: models, tools, idle",
      query: ProjectQuery,
      answer: Breakdown,
      async handle({ request, query }) {
        const ref = traceOf(request, query);
        return (await callFor(ref))("breakdown", [ref]);
      },
    }),
    route({
      method: "GET",
      path: "/api/traces/:trace/news",
      summary: "What is new in each model call of a trace",
      query: NewsQuery,
      answer: TraceNews,
      async handle({ request, query: { limit, cursor, ...query } }) {
        const ref = traceOf(request, query);
        return (await callFor(ref))("traceNews", [ref, { limit, cursor }]);
      },
    }),
    route({
      method: "GET",
      path: "/api/traces/:trace/gists",
      summary: "What spans of a trace did, in a few words each",
      query: GistsQuery,
      answer: Gists,
      async handle({ request, query: { spans, ...query } }) {
        const ref = traceOf(request, query);
        return reader.call("gists", [ref, spans.split(",").map(Number)]);
      },
    }),
    route({
      method: "GET",
      path: "/api/traces/:trace/export",
      summary: "A trace as ingest v1",
      query: ExportQuery,
      answer: Type.Unsafe<never>(
        Type.Object(
          {},
          {
            description:
              "A document of ingest v1. The header x-tealight-damaged-texts says how many texts, at least, are damaged in the store: a note stands in their place; x-tealight-cut-texts likewise, how many had been cut before they were stored",
          },
        ),
      ),
      async handle({ request, query }) {
        const pages = exportPages(reader, traceOf(request, query), query.full === "1");
        // The first page is read before the answer begins, so that a missing trace is a 404.
        const { value: first } = await pages.next();
        const { entries, damagedTexts, cutTexts } = first!;
        const more = {
          ...(damagedTexts > 0 && { [damagedHeader]: `${damagedTexts}` }),
          ...(cutTexts > 0 && { [cutHeader]: `${cutTexts}` }),
        };
        return query.format === "jsonl"
          ? answerStream(request, toLines(entries, pages), "application/jsonl", more)
          : answerStream(request, toDocument(entries, pages), "application/json", more);
      },
    }),
    route({
      method: "GET",
      path: "/api/traces/:trace/spans/:span",
      summary: "A span whole",
      query: ProjectQuery,
      answer: SpanView,
      async handle({ request, query }) {
        const ref = traceOf(request, query);
        return (await callForOne(ref))("span", [ref, spanOf(request)]);
      },
    }),
    route({
      method: "GET",
      path: "/api/traces/:trace/spans/:span/new",
      summary: "What is new in a span's input",
      query: ProjectQuery,
      answer: SpanNews,
      async handle({ request, query }) {
        const ref = traceOf(request, query);
        return (await callForOne(ref))("news", [ref, spanOf(request)]);
      },
    }),
    route({
      method: "GET",
      path: "/api/traces/:trace/spans/:span/payloads/:field",
      summary: "The text of a payload alone, or a piece of it",
      query: PayloadQuery,
      contentType: "text/plain",
      answer: Type.Unsafe<never>(
        Type.String({
          description:
            "JSON as application/json where it is whole and short; in UTF-16LE what UTF-8 has no bytes for. x-total-length: of all of it, in UTF-16 code units",
        }),
      ),
      async handle({ request, query: { project, ...part } }) {
        const field = fieldOf(request);
        const ref = traceOf(request, { project });
        const call = await callForOne(ref);
        const { text, totalLength, isJson } = await call("payload", [
          ref,
          spanOf(request),
          field,
          part,
        ]);
        const more = { "x-total-length": String(totalLength) };
        if (text.isWellFormed()) {
          const type = isJson ? "application/json" : "text/plain; charset=utf-8";
          return answerText(request, 200, text, type, more);
        }
        const units = Buffer.from(text, "utf16le");
        return answerBytes(units, "text/plain; charset=utf-16le", more);
      },
    }),
  ];
}

/** @throws AppError `not_found`. */
function fieldOf(request: Request): PayloadField {
  const name = pathSegments(request)[6];
  const field = payloadFields.find((candidate) => candidate === name);
  if (field) return field;
  throw new AppError("not_found", "no such payload", {
    hint: `one of ${payloadFields.join(", ")}`,
  });
}

/**
 * How many texts are damaged in the first piece of an export, as most traces are one: the rest is read
 * while the answer is under way. In their place stands a note that says so.
 */
const damagedHeader = "x-tealight-damaged-texts";
/** Likewise, how many had been cut before they were stored. */
const cutHeader = "x-tealight-cut-texts";

async function* exportPages(
  reader: Reader,
  ref: TraceRef,
  full: boolean,
): AsyncGenerator<ExportPage, undefined> {
  let after: number | null = null;
  do {
    const page: ExportPage = await reader.call("exportPage", [ref, after, full]);
    yield page;
    after = page.next;
  } while (after !== null);
}

async function* toLines(first: string[], rest: AsyncIterable<ExportPage>): AsyncGenerator<string> {
  const lines = (entries: string[]) =>
    entries.map((entry) => `{"version":"v1","traces":[${entry}]}\n`).join("");
  yield lines(first);
  for await (const { entries } of rest) yield lines(entries);
}

async function* toDocument(
  first: string[],
  rest: AsyncIterable<ExportPage>,
): AsyncGenerator<string> {
  yield `{"version":"v1","traces":[${first.join(",")}`;
  // The last page is empty where the one before ended with the last span.
  for await (const { entries } of rest) if (entries.length > 0) yield `,${entries.join(",")}`;
  yield "]}";
}
