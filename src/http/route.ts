/**
 * A route: what it is asked with, what it answers and what it does, in one place. The schemas check the
 * question, type the code of the answer, and are the document that others read.
 */
import { Type, type Static, type TObject, type TSchema } from "@sinclair/typebox";
import type { JsonOf } from "../query/json.ts";
import { answerTo } from "./answer.ts";
import { readJson, readQuery } from "./body.ts";

export type Method = "GET" | "POST" | "PUT" | "PATCH" | "DELETE";

/** Operators have the token, senders a key; `ingest` routes check it by themselves, in their own order. */
export type Access = "operator" | "ingest" | "public";

/** Whose way in a route is, with its refusals; OTLP's are told as google.rpc.Status. */
export type Protocol = "ingest" | "otlp";

export interface RawBody {
  contentTypes: string[];
  schema: TSchema;
}

export interface Route {
  method: Method;
  /** With `:name` for each segment that varies. */
  path: string;
  /** Other paths that lead to it, which the document leaves out. */
  aliases: readonly string[];
  /** What it does, in one line. */
  summary: string;
  query?: TObject | undefined;
  body?: TSchema | undefined;
  /** Of a body that the route reads by itself: only for the document. */
  rawBody?: RawBody | undefined;
  /** Who may ask: operators, where nothing is said. */
  access: Access;
  /** Where spans come in. */
  protocol?: Protocol | undefined;
  /** Of a success. */
  status: number;
  answer: TSchema;
  /** Of the answer, where it is not JSON; OTLP's are encoded as the request was. */
  contentType?: string | undefined;
  serve(request: Request): Promise<Response>;
}

/** A route whose address, question and answer are known as types: api.ts reads them. */
export interface TypedRoute<M extends Method, P extends string, Query, Body, Answer> extends Route {
  method: M;
  path: P;
  /** Never there: it carries types. */
  types?: { query: Query; body: Body; answer: Answer };
}

/** What a route is made of. Its queries and bodies are checked, and known to the code as checked. */
export interface RouteSpec<
  M extends Method,
  P extends string,
  Q extends TObject,
  B extends TSchema,
  A extends TSchema,
> extends Omit<
  Route,
  "method" | "path" | "aliases" | "query" | "body" | "access" | "status" | "answer" | "serve"
> {
  method: M;
  path: P;
  aliases?: readonly string[];
  query?: Q;
  body?: B;
  access?: Access;
  /** 200 where nothing is said. */
  status?: number;
  answer: A;
  /** @returns what the schema of the answer says, its JSON text, or a response that is made already. */
  handle(call: Call<Static<Q>, Static<B>>): Result<Static<A>> | Promise<Result<Static<A>>>;
}

export interface Call<Query, Body> {
  request: Request;
  query: Query;
  body: Body;
}

type Result<T> = T | JsonOf<T> | Response;

/** A query without any parameter, and a body that is not read. */
type NoQuery = TObject<Record<never, never>>;

export function route<
  const M extends Method,
  const P extends string,
  A extends TSchema,
  Q extends TObject = NoQuery,
  B extends TSchema = TSchema,
>(spec: RouteSpec<M, P, Q, B, A>): TypedRoute<M, P, Static<Q>, Static<B>, Static<A>> {
  const { method, path, summary, query, body, rawBody, protocol, contentType, handle } = spec;
  const { access = "operator", status = 200, aliases = [] } = spec;
  return {
    method,
    path,
    aliases,
    summary,
    query,
    body,
    rawBody,
    access,
    protocol,
    status,
    answer: spec.answer,
    contentType,
    async serve(request) {
      const result = await handle({
        request,
        query: (query ? readQuery(request, query) : {}) as Static<Q>,
        body: (body && (await readJson(request, body))) as Static<B>,
      });
      return result instanceof Response
        ? result
        : answerTo(request, status, result as object | string);
    },
  };
}

/** `Type.Object` that admits no other fields: for queries and bodies. */
export function closed<P extends Parameters<typeof Type.Object>[0]>(properties: P) {
  return Type.Object(properties, { additionalProperties: false });
}
