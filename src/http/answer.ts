/** How answers look: JSON, with the headers that every answer of this server carries. */
import { AppError } from "../errors.ts";
import { compression } from "../limits.ts";
import { codingFor, compressStream, compressText, type Coding } from "./compress.ts";

/** No answer of the API may be framed, sniffed, cached or read by another origin. */
export const securityHeaders = {
  "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
  "x-content-type-options": "nosniff",
  "referrer-policy": "no-referrer",
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-resource-policy": "same-origin",
  "cache-control": "no-store",
};

const jsonHeaders = { ...securityHeaders, "content-type": "application/json" };

/** @param json a value, or JSON text as the reading thread hands it over. */
export function answer(
  status: number,
  json: object | string,
  more?: Record<string, string>,
): Response {
  const body = typeof json === "string" ? json : JSON.stringify(json);
  return new Response(body, { status, headers: more ? { ...jsonHeaders, ...more } : jsonHeaders });
}

/** The same, compressed where that is worth it and the client accepts it. */
export async function answerTo(
  request: Request,
  status: number,
  json: object | string,
): Promise<Response> {
  const text = typeof json === "string" ? json : JSON.stringify(json);
  return answerText(request, status, text, "application/json");
}

/** A text that is not necessarily JSON, likewise. */
export async function answerText(
  request: Request,
  status: number,
  text: string,
  contentType: string,
  more?: Record<string, string>,
): Promise<Response> {
  const coding = text.length < compression.minLength ? null : codingFor(request);
  return new Response(coding ? await compressText(text, coding) : text, {
    status,
    headers: headersOf(contentType, coding, more),
  });
}

/** Bytes as they are. */
export function answerBytes(
  bytes: Uint8Array<ArrayBuffer>,
  contentType: string,
  more: Record<string, string>,
): Response {
  return new Response(bytes, { headers: headersOf(contentType, null, more) });
}

/** An answer that is read, sent and held piece by piece. */
export function answerStream(
  request: Request,
  pieces: AsyncIterable<string>,
  contentType: string,
  more?: Record<string, string>,
): Response {
  const iterator = pieces[Symbol.asyncIterator]();
  const encoder = new TextEncoder();
  const stream = new ReadableStream<Uint8Array>({
    // Pulled, not pushed: a slow reader holds one piece in memory and not all of them.
    async pull(controller) {
      const { done, value } = await iterator.next();
      if (done) controller.close();
      else controller.enqueue(encoder.encode(value));
    },
    async cancel() {
      await iterator.return?.();
    },
  });
  const coding = codingFor(request);
  return new Response(coding ? compressStream(stream, coding) : stream, {
    headers: headersOf(contentType, coding, more),
  });
}

function headersOf(
  contentType: string,
  coding: Coding | null,
  more?: Record<string, string>,
): Record<string, string> {
  return {
    ...securityHeaders,
    "content-type": contentType,
    vary: "accept-encoding",
    ...(coding && { "content-encoding": coding }),
    ...more,
  };
}

export function answerError(error: AppError): Response {
  const { status, code, message, hint, issues, retryAfterSeconds, extra } = error;
  const more =
    retryAfterSeconds === undefined ? undefined : { "retry-after": String(retryAfterSeconds) };
  return answer(
    status,
    { error: message, code, ...(issues && { issues }), ...(hint && { hint }), ...extra },
    more,
  );
}

/** The contract's 404, for any route or method that there is not. */
export function noRoute(
  method: string,
  path: string,
  hint = "OTLP is sent with POST /v1/traces, ingest v1 with POST /ingest; the API is under /api",
): AppError {
  return new AppError("not_found", `No route for ${method} ${path}`, { hint });
}

/** The same for what is OTLP. */
export function noOtlpRoute(method: string, path: string): AppError {
  return new AppError("not_found", `No route for ${method} ${path}`, {
    hint: "OTLP is sent with POST /v1/traces, /v1/logs or /v1/metrics; OTEL_EXPORTER_OTLP_ENDPOINT is the address without a path",
  });
}

/** A bug. What happened stays in the log: a message may hold a payload or a path. */
export function internalError(): AppError {
  return new AppError("internal_error", "Internal server error", { hint: "see the server's log" });
}
