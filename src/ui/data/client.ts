/** Sends requests to the server. Only this file knows the token and the format of errors. */
import { requestOf, type AnswerOf, type Question, type RouteName } from "../../api.ts";

/** An error answered by the server; its message can be shown to the user. */
export class ApiError extends Error {
  readonly status: number;
  readonly code: string;
  readonly hint: string | null;
  /** The whole answer, for further fields such as `position` of a filter error. */
  readonly body: Record<string, unknown>;
  readonly retryAfterSeconds: number | undefined;

  constructor(status: number, body: Record<string, unknown>, retryAfter: string | null = null) {
    super(typeof body.error === "string" ? body.error : `the server answered ${status}`);
    this.status = status;
    this.code = typeof body.code === "string" ? body.code : "unknown";
    this.hint = typeof body.hint === "string" ? body.hint : null;
    this.body = body;
    this.retryAfterSeconds = Number(retryAfter) || undefined;
  }
}

let token: string | null = null;
let onUnauthorized = () => {};

export function setToken(value: string, whenRefused: () => void): void {
  token = value;
  onUnauthorized = whenRefused;
}

/** @throws ApiError, or a TypeError if the server cannot be reached. */
export async function request<R extends RouteName>(
  route: R,
  question: Question<R>,
  signal?: AbortSignal,
): Promise<Response> {
  const { method, address, body } = requestOf(route, question);
  const response = await fetch(address, {
    method,
    headers: {
      authorization: `Bearer ${token}`,
      ...(body !== undefined && { "content-type": "application/json" }),
    },
    ...(body !== undefined && { body }),
    ...(signal && { signal }),
  });
  if (response.ok) return response;
  if (response.status === 401) onUnauthorized();
  const answer = await response.json().catch(() => ({}));
  const retryAfter = response.headers.get("retry-after");
  throw new ApiError(response.status, answer as Record<string, unknown>, retryAfter);
}

/** @returns the parsed JSON of an answer. @throws as `request` does. */
export async function ask<R extends RouteName>(
  route: R,
  question: Question<R>,
  signal?: AbortSignal,
): Promise<AnswerOf<R>> {
  return (await request(route, question, signal)).json();
}

/** The most code units passed to one String.fromCharCode call. */
const unitsAtOnce = 8_192;

/**
 * @returns the text of an answer. A piece that ends within a surrogate pair is sent as UTF-16LE, because
 * UTF-8 cannot encode half a pair.
 */
export async function textFrom(response: Response): Promise<string> {
  if (!response.headers.get("content-type")?.endsWith("charset=utf-16le")) return response.text();
  // TextDecoder would replace half a pair.
  const units = new Uint16Array(await response.arrayBuffer());
  let text = "";
  for (let at = 0; at < units.length; at += unitsAtOnce) {
    text += String.fromCharCode(...units.subarray(at, at + unitsAtOnce));
  }
  return text;
}
