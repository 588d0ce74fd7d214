/**
 * The OpenAPI 3.1 document of all routes, made from the schemas that check and type them. TypeBox's
 * schemas are JSON Schema already; what it keeps beside it are symbols, which JSON does not have.
 */
import { Type, type TSchema } from "@sinclair/typebox";
import { payloadFields } from "../contract/fields.ts";
import { AppError, errorCodes, type ErrorCode } from "../errors.ts";
import { version } from "../version.ts";
import { type Access, type Protocol, type Route } from "./route.ts";

const ErrorAnswer = Type.Object({
  error: Type.String({ description: "One line for people" }),
  code: Type.String(),
  hint: Type.Optional(Type.String({ description: "What to do about it" })),
  issues: Type.Optional(
    Type.Array(
      Type.Object({
        code: Type.String(),
        path: Type.Array(Type.Union([Type.String(), Type.Number()])),
        message: Type.String(),
      }),
    ),
  ),
});

const StatusAnswer = Type.Object(
  {
    code: Type.Integer({ description: "Of gRPC" }),
    message: Type.String({ description: "What is wrong, and what to do about it" }),
  },
  { description: "google.rpc.Status" },
);

/** What each kind of route may refuse with; what happens only at the command line is not among them. */
const anyRoute: ErrorCode[] = ["forbidden_host", "internal_error"];
const byAccess: Record<Access, ErrorCode[]> = {
  public: ["bad_request", "forbidden_origin"],
  ingest: ["missing_api_key", "invalid_api_key"],
  operator: [
    ...(["bad_request", "unauthorized", "forbidden_origin", "not_found", "conflict"] as const),
    ...([
      "payload_too_large",
      "buffer_full",
      "body_timeout",
      "shutting_down",
      "storage_unavailable",
    ] as const),
  ],
};
const sender: ErrorCode[] = [
  ...(["payload_too_large", "body_timeout", "rate_limited"] as const),
  ...(["buffer_full", "storage_unavailable", "shutting_down"] as const),
];
const byProtocol: Record<Protocol, ErrorCode[]> = {
  ingest: [...sender, "invalid_json", "invalid_payload"],
  otlp: [...sender, "invalid_otlp", "unsupported_media_type"],
};

const security: Record<Access, object[]> = {
  public: [],
  ingest: [{ ingestKey: [] }, { ingestKeyHeader: [] }],
  operator: [{ operatorToken: [] }],
};

/** The rooms of the document, by the first segment of their paths; all else is administration. */
const rooms: Record<string, string> = {
  ingest: "Ingest",
  v1: "Ingest",
  import: "Ingest",
  traces: "Traces",
  complete: "Traces",
  views: "Traces",
  compare: "Traces",
  sessions: "Sessions, runs, customers",
  runs: "Sessions, runs, customers",
  customers: "Sessions, runs, customers",
  search: "Search",
  live: "Live",
  stats: "Statistics",
  agents: "Statistics",
  workflows: "Statistics",
  models: "Statistics",
  providers: "Statistics",
  tools: "Statistics",
  prices: "Prices",
  reprice: "Prices",
  reread: "Traces",
  "openapi.json": "This document",
  docs: "This document",
};

const pathParams: Record<string, string> = {
  trace: "A trace id, or ~ and the key of a summary; an id that begins with ~ is sent as %7E…",
  content: "The `content` of a part of type media",
  session: "A session id",
  agent: "The name of an agent",
  field: `One of ${payloadFields.join(", ")}`,
  project: "The name of a project",
  key: "The id of a key",
  rule: "The id of a rule",
  view: "The id of a view",
  span: "A span id, or ~ and its key; an id that begins with ~ is sent as %7E…",
};

export type OpenApi = ReturnType<typeof openApiOf>;

type Content = Record<string, { schema: unknown }>;

/** What the document says of a route. */
export interface Operation {
  operationId: string;
  summary: string;
  tags: string[];
  security: object[];
  parameters?: {
    name: string;
    in: string;
    required: boolean;
    description?: string;
    schema: unknown;
  }[];
  requestBody?: { required: true; content: Content };
  responses: Record<string, { description: string; content: Content }>;
}

/** The document of the routes. */
export function openApiOf(routes: readonly Route[]) {
  const paths: Record<string, Record<string, Operation>> = {};
  for (const each of routes) {
    const path = each.path.replace(/:(\w+)/g, "{$1}");
    (paths[path] ??= {})[each.method.toLowerCase()] = operationOf(each);
  }
  return {
    openapi: "3.1.0",
    info: { title: "Tealight", version, license: { name: "Apache-2.0", identifier: "Apache-2.0" } },
    servers: [{ url: "/" }],
    paths,
    components: {
      schemas: { Error: ErrorAnswer, Status: StatusAnswer },
      securitySchemes: {
        operatorToken: { type: "http", scheme: "bearer" },
        ingestKey: { type: "http", scheme: "bearer" },
        ingestKeyHeader: { type: "apiKey", in: "header", name: "x-api-key" },
      },
    },
  };
}

function operationOf(each: Route): Operation {
  const { method, path, summary, query, body, rawBody, access, protocol, status, answer } = each;
  const encodings = protocol === "otlp" ? rawBody?.contentTypes : undefined;
  const contentTypes = encodings ?? [each.contentType ?? "application/json"];
  const sent = body ? { schema: body, contentTypes: ["application/json"] } : rawBody;
  const parameters = [
    ...[...path.matchAll(/:(\w+)/g)].map(([, name]) => ({
      name: name!,
      in: "path",
      required: true,
      ...(pathParams[name!] && { description: pathParams[name!] }),
      schema: { type: "string" },
    })),
    ...Object.entries(query?.properties ?? {}).map(([name, { description, ...schema }]) => ({
      name,
      in: "query",
      required: query?.required?.includes(name) ?? false,
      ...(description && { description }),
      schema,
    })),
  ];
  return {
    operationId: `${method.toLowerCase()}${path.replace(/[^a-zA-Z0-9]+(.)/g, (_, next: string) => next.toUpperCase())}`,
    summary,
    tags: [rooms[path.split("/")[path.startsWith("/api/") ? 2 : 1]!] ?? "Administration"],
    security: security[access],
    ...(parameters.length > 0 && { parameters }),
    ...(sent && { requestBody: { required: true, content: contentOf(sent) } }),
    responses: {
      [status]: { description: "Done", content: contentOf({ schema: answer, contentTypes }) },
      ...errorsOf(each, encodings),
    },
  };
}

function contentOf({ schema, contentTypes }: { schema: TSchema; contentTypes: string[] }) {
  return Object.fromEntries(
    contentTypes.map((type) => {
      const isBytes = type === "application/x-protobuf";
      return [type, { schema: isBytes ? bytesOf(schema) : to2020(schema) }];
    }),
  );
}

/** JSON Schema has no words for what is in a message of protobuf. */
function bytesOf({ description }: TSchema) {
  return { contentMediaType: "application/x-protobuf", ...(description && { description }) };
}

/** TypeBox writes tuples as the drafts before 2020-12 did. */
function to2020(schema: unknown): unknown {
  if (typeof schema !== "object" || schema === null) return schema;
  if (Array.isArray(schema)) return schema.map(to2020);
  const { additionalItems, items, ...rest } = schema as Record<string, unknown>;
  const tuple = Array.isArray(items) ? { prefixItems: to2020(items), items: false } : null;
  const list = items === undefined ? {} : { items: to2020(items) };
  const others = Object.entries(rest).map(([name, value]) => [name, to2020(value)]);
  return { ...Object.fromEntries(others), ...(tuple ?? list) };
}

/** Refusals by status, each with its codes. @param encodings of OTLP, which has its own way to tell them. */
function errorsOf({ access, protocol }: Route, encodings: string[] | undefined) {
  const may = new Set([
    ...anyRoute,
    ...byAccess[access],
    ...(protocol ? byProtocol[protocol] : []),
  ]);
  const codes = Map.groupBy(
    errorCodes.filter((code) => may.has(code)),
    (code) => new AppError(code, "").status,
  );
  const content: Content = encodings
    ? {
        ...contentOf({ schema: StatusAnswer, contentTypes: encodings }),
        "application/json": { schema: { $ref: "#/components/schemas/Status" } },
      }
    : { "application/json": { schema: { $ref: "#/components/schemas/Error" } } };
  return Object.fromEntries(
    [...codes].map(([status, of]) => [status, { description: of.join(", "), content }]),
  );
}
