/** Reads request bodies under a limit; nothing is read before its size has been admitted. */
import type { TSchema, Static } from "@sinclair/typebox";
import { TypeCompiler, type TypeCheck } from "@sinclair/typebox/compiler";
import { Value, type ValueError } from "@sinclair/typebox/value";
import { AppError } from "../errors.ts";
import type { Ticket } from "../ingest/admission.ts";
import { maxAdminBodyBytes } from "../limits.ts";

/** The declared size of the body, null where it comes in chunks of unknown number. */
export function declaredBytes(request: Request): number | null {
  const length = request.headers.get("content-length");
  return length === null ? null : Number(length);
}

export function tooLarge(maxBytes: number): AppError {
  return new AppError("payload_too_large", "payload too large", {
    hint: `the limit is ${maxBytes} bytes`,
  });
}

/**
 * Reads a body whose declared size was admitted; of one without a declared size, each chunk is
 * admitted as it comes.
 *
 * @throws AppError `payload_too_large`, `buffer_full`, `body_timeout` where the sender went away.
 */
export async function readBody(
  request: Request,
  ticket: Ticket,
  maxBytes: number,
): Promise<ArrayBuffer> {
  try {
    if (declaredBytes(request) !== null || !request.body) return await request.arrayBuffer();
    return await readChunks(request.body, ticket, maxBytes);
  } catch (cause) {
    if (cause instanceof AppError) throw cause;
    throw new AppError("body_timeout", "the body did not arrive", { cause });
  }
}

async function readChunks(
  stream: ReadableStream<Uint8Array>,
  ticket: Ticket,
  maxBytes: number,
): Promise<ArrayBuffer> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of stream as unknown as AsyncIterable<Uint8Array>) {
    bytes += chunk.byteLength;
    if (bytes > maxBytes) throw tooLarge(maxBytes);
    if (!ticket.grow(chunk.byteLength)) throw bufferFull();
    chunks.push(chunk);
  }
  return Bun.concatArrayBuffers(chunks);
}

export function bufferFull(): AppError {
  return new AppError("buffer_full", "ingest buffer full", { retryAfterSeconds: 1 });
}

/**
 * Reads a small JSON body of the administration routes.
 *
 * @throws AppError `bad_request`, `payload_too_large`.
 */
export async function readJson<S extends TSchema>(request: Request, schema: S): Promise<Static<S>> {
  const declared = declaredBytes(request);
  // As of `curl -X POST`, which says no length either.
  if (declared === null && !request.body) {
    throw new AppError("bad_request", "the body is missing", { hint: "send a JSON object: {}" });
  }
  if (declared === null || declared > maxAdminBodyBytes) throw tooLarge(maxAdminBodyBytes);
  let value: unknown;
  try {
    value = await request.json();
  } catch {
    throw new AppError("bad_request", "invalid JSON body");
  }
  return checked(schema, value, "body");
}

/** Reads the query of a URL by a schema of strings and numbers. @throws AppError `bad_request`. */
export function readQuery<S extends TSchema>(request: Request, schema: S): Static<S> {
  const query = Object.fromEntries(
    [...new URL(request.url).searchParams].map(([name, text]) => [
      name,
      // TypeBox's own conversion would take "1.5", "1e2" and "true" for 1.
      schema.properties?.[name]?.type === "integer" && /^\d+$/.test(text) ? Number(text) : text,
    ]),
  );
  return checked(schema, query, "query");
}

/** Checks made of schemas, each when it is first asked for: a start does not wait for all of them. */
const compiled = new WeakMap<TSchema, TypeCheck<TSchema>>();

function checked<S extends TSchema>(schema: S, value: unknown, where: string): Static<S> {
  let check = compiled.get(schema);
  if (!check) compiled.set(schema, (check = TypeCompiler.Compile(schema)));
  if (check.Check(value)) return value as Static<S>;
  const error = Value.Errors(schema, value).First()!;
  const field = error.path.slice(1).replaceAll("/", ".").slice(0, 64) || where;
  throw new AppError("bad_request", `invalid ${where}`, { hint: `${field}: ${wantedBy(error)}` });
}

/** TypeBox calls every union a union value: of texts it helps more to say which. */
function wantedBy({ schema, message }: ValueError): string {
  const values = schema.anyOf?.map((option: TSchema) => option.const);
  const isOfTexts = values?.every((value: unknown) => typeof value === "string");
  return isOfTexts ? `use one of ${values.join(", ")}` : message;
}
