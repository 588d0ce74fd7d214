/** How answers look: JSON, with the headers that every answer of this server carries. */
import { AppError } from "../errors.ts";

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

/** An answer that is read, sent and held piece by piece. */
export function answerStream(pieces: AsyncIterable<string>, contentType: string): Response {
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
  return new Response(stream, { headers: { ...securityHeaders, "content-type": contentType } });
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
export function noRoute(method: string, path: string): AppError {
  return new AppError("not_found", `No route for ${method} ${path}`, {
    hint: "traces are sent with POST /ingest; the API is under /api",
  });
}

/** A bug. What happened stays in the log: a message may hold a payload or a path. */
export function internalError(): AppError {
  return new AppError("internal_error", "Internal server error", { hint: "see the server's log" });
}
