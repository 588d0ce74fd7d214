/**
 * The API as types, for code that asks it: which routes there are, with what each is asked, and what it
 * answers. All of it comes from the routes' schemas, so that a change of a route is an error where it is
 * asked.
 */
import type { apiRoutes } from "./http/routes.ts";

type AnyRoute = ReturnType<typeof apiRoutes>[number];

/** By method and path: `GET /api/traces/:trace`. */
type Api = {
  [R in AnyRoute as `${R["method"]} ${R["path"]}`]: NonNullable<R["types"]>;
};

export type RouteName = keyof Api;

/** The JSON that a success answers. */
export type AnswerOf<R extends RouteName> = Api[R]["answer"];

/** The names in a path: "trace" and "span" in `/traces/:trace/spans/:span`. */
export type NamesIn<Path extends string> = Path extends `${string}:${infer Name}/${infer Rest}`
  ? Name | NamesIn<Rest>
  : Path extends `${string}:${infer Name}`
    ? Name
    : never;

/** A value for each name of a path, where it has any. */
export type At<Path extends string> = [NamesIn<Path>] extends [never]
  ? { at?: never }
  : { at: Record<NamesIn<Path>, string | number> };

/** What may be left out may also be null, which leaves it out. */
type QueryOf<Q> = {
  [K in keyof Q]: undefined extends Q[K] ? Q[K] | null | undefined : Q[K];
};

type WithQuery<Q> = [keyof Q] extends [never]
  ? { query?: never }
  : Record<never, never> extends Q
    ? { query?: QueryOf<Q> }
    : { query: QueryOf<Q> };

/** A text is sent as it is, all else as JSON. Unknown is what a route reads by itself, or not at all. */
type WithBody<B> = unknown extends B ? { body?: unknown } : { body: BodyOf<B> };

/** What may be left out may also be undefined, which JSON leaves out. */
type BodyOf<B> = { [K in keyof B]: undefined extends B[K] ? B[K] | undefined : B[K] };

/** What a route is asked with. */
export type Question<R extends RouteName> = At<R> &
  WithQuery<Api[R]["query"]> &
  WithBody<Api[R]["body"]>;

interface AnyQuestion {
  at?: Record<string, string | number>;
  query?: Record<string, unknown>;
  body?: unknown;
}

/** @returns what goes over the wire. */
export function requestOf<R extends RouteName>(
  route: R,
  question: Question<R>,
): { method: string; address: string; body: string | undefined } {
  const { at, query = {}, body } = question as AnyQuestion;
  const [method, path] = route.split(" ") as [string, string];
  return {
    method,
    address: fillPath(path, at) + searchOf(query),
    body: body === undefined || typeof body === "string" ? body : JSON.stringify(body),
  };
}

/** `~key`, in an address the trace or span of this server's own number. */
export function byKey(key: number): string {
  return `~${key}`;
}

/** @returns a path with each value as one segment, whatever is in it; `~12` is a key, no other `~` is. */
export function fillPath(path: string, at: Record<string, string | number> = {}): string {
  return path.replace(/:(\w+)/g, (_, name: string) => {
    const value = String(at[name]);
    return /^~\d+$/.test(value) ? value : encodeURIComponent(value).replace(/^~/, "%7E");
  });
}

/** @returns what stands behind a path; undefined and null are left out, an empty text is not. */
export function searchOf(query: Record<string, unknown>): string {
  const params = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value !== undefined && value !== null) params.set(name, String(value));
  }
  return params.size > 0 ? `?${params}` : "";
}
