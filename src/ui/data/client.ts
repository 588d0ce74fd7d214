/** Asks the server. The only place that knows of addresses, the token, and how errors look on the wire. */

/** What the server answered instead: its own words, made to be shown. */
export class ApiError extends Error {
  readonly status: number;
  readonly code: string;
  readonly hint: string | null;
  /** The whole answer, for what else it says, as `position` of a filter's error. */
  readonly body: Record<string, unknown>;

  constructor(status: number, body: Record<string, unknown>) {
    super(typeof body.error === "string" ? body.error : `the server answered ${status}`);
    this.status = status;
    this.code = typeof body.code === "string" ? body.code : "unknown";
    this.hint = typeof body.hint === "string" ? body.hint : null;
    this.body = body;
  }
}

/** What stands behind `?`; undefined and null are left out. */
export type Params = Record<string, string | number | boolean | null | undefined>;

let token: string | null = null;
let onUnauthorized = () => {};

export function setToken(value: string, whenRefused: () => void): void {
  token = value;
  onUnauthorized = whenRefused;
}

/** An address under /api from its parts: each `segment` is one, whatever is in it. */
export function pathOf(...segments: (string | number)[]): string {
  return `/api/${segments.map((segment) => encodeURIComponent(segment)).join("/")}`;
}

/** `~key`, the address of a trace or span by this server's own number of it. */
export function byKey(key: number): string {
  return `~${key}`;
}

/** @throws ApiError, or a TypeError where the server is not there. */
export async function request(
  method: string,
  path: string,
  { params, body, signal }: { params?: Params; body?: unknown; signal?: AbortSignal } = {},
): Promise<Response> {
  const response = await fetch(path + queryOf(params), {
    method,
    headers: {
      authorization: `Bearer ${token}`,
      ...(body !== undefined && { "content-type": "application/json" }),
    },
    ...(body !== undefined && { body: JSON.stringify(body) }),
    ...(signal && { signal }),
  });
  if (response.ok) return response;
  if (response.status === 401) onUnauthorized();
  const answer = await response.json().catch(() => ({}));
  throw new ApiError(response.status, answer as Record<string, unknown>);
}

/** The JSON of an answer. `T` is what the route's schema says. */
export async function get<T>(path: string, params?: Params, signal?: AbortSignal): Promise<T> {
  const response = await request("GET", path, {
    ...(params && { params }),
    ...(signal && { signal }),
  });
  return (await response.json()) as T;
}

/** So many code units are arguments of one call. */
const unitsAtOnce = 8_192;

/**
 * The text of an answer. A piece that ends within a character comes in UTF-16LE: UTF-8 has no bytes for it.
 */
export async function textFrom(response: Response): Promise<string> {
  if (!response.headers.get("content-type")?.endsWith("charset=utf-16le")) return response.text();
  // A decoder would put something else in the place of half a character.
  const units = new Uint16Array(await response.arrayBuffer());
  let text = "";
  for (let at = 0; at < units.length; at += unitsAtOnce) {
    text += String.fromCharCode(...units.subarray(at, at + unitsAtOnce));
  }
  return text;
}

/** Changes something. */
export async function send<T>(
  method: "POST" | "PUT" | "PATCH" | "DELETE",
  path: string,
  options: { params?: Params; body?: unknown } = {},
): Promise<T> {
  return (await (await request(method, path, options)).json()) as T;
}

function queryOf(params: Params = {}): string {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(params)) {
    if (value !== undefined && value !== null) query.set(name, String(value));
  }
  const text = query.toString();
  return text && `?${text}`;
}
