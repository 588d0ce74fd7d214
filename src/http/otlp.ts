/**
 * OTLP over HTTP and over gRPC: the same way in, told apart by their envelopes alone.
 *
 * https://opentelemetry.io/docs/specs/otlp/
 */
import { defaultProjectId } from "../backend/store.ts";
import { AppError } from "../errors.ts";
import type { Sender } from "../ingest/keyring.ts";
import type { Receipt } from "../ingest/parse.ts";
import { maxOtlpBodyBytes } from "../limits.ts";
import { errorStatus, exportResponse, grpcCodeOf } from "../otlp/answer.ts";
import type { Encoding, Signal } from "../otlp/request.ts";
import { isOurSecret } from "../secrets.ts";
import type { Intake } from "../threads/intake.ts";
import { securityHeaders } from "./answer.ts";
import { declaredBytes, readBody } from "./body.ts";
import type { GrpcCall } from "./grpc.ts";
import { bearerOf, type Guard } from "./guard.ts";
import { deliver, identify, invalidKey, noteRefusal, toAppError, type Arrival } from "./ingest.ts";

/** `open`: programs on this machine need no key; what they send goes to the default project. */
export type OtlpAuth = "open" | "key";

export interface OtlpDeps {
  intake: Intake;
  guard: Guard;
  auth: OtlpAuth;
  onBug: (cause: unknown) => void;
}

/** Takes one export in; `signal` is what the path names. Answers every failure itself. */
export async function exportOverHttp(
  request: Request,
  signal: Signal,
  deps: OtlpDeps,
): Promise<Response> {
  const { headers } = request;
  const encoding = encodingOf(headers.get("content-type"));
  try {
    const body = await take(
      {
        signal,
        headers,
        encoding,
        declaredBytes: declaredBytes(request),
        compression: headers.get("content-encoding"),
        read: (ticket) => readBody(request, ticket, maxOtlpBodyBytes),
      },
      deps,
    );
    return respond(request, 200, encoding!, body, deps.guard);
  } catch (cause) {
    return refuseOverHttp(request, toAppError(cause, deps.onBug), deps.guard);
  }
}

/** A failure as google.rpc.Status, encoded as the request was; in JSON where it was in neither. */
export function refuseOverHttp(request: Request, error: AppError, guard: Guard): Response {
  const { status, retryAfterSeconds } = error;
  const encoding = encodingOf(request.headers.get("content-type")) ?? "json";
  const text = errorStatus(encoding, grpcCodeOf(status), toText(error));
  return respond(request, status, encoding, text, guard, {
    ...(retryAfterSeconds && { "retry-after": String(retryAfterSeconds) }),
    ...(status === 405 && { allow: "POST" }),
  });
}

function respond(
  request: Request,
  status: number,
  encoding: Encoding,
  body: Uint8Array | string,
  guard: Guard,
  more: Record<string, string> = {},
): Response {
  return new Response(body as Uint8Array<ArrayBuffer> | string, {
    status,
    headers: {
      ...securityHeaders,
      ...guard.corsHeaders(request),
      ...more,
      "content-type": encoding === "protobuf" ? "application/x-protobuf" : "application/json",
    },
  });
}

/** @returns the response message. @throws AppError */
export async function exportOverGrpc(call: GrpcCall, deps: OtlpDeps): Promise<Uint8Array> {
  const { signal, headers, declaredBytes, encoding: compression, read } = call;
  const answer = take(
    { signal, headers, encoding: "protobuf", declaredBytes, compression, read },
    deps,
  );
  return (await answer) as Uint8Array;
}

/** What both envelopes hold. */
interface Export extends Pick<Arrival, "declaredBytes" | "compression" | "read"> {
  signal: Signal;
  headers: Headers;
  /** Null where the content type is none of OTLP's. */
  encoding: Encoding | null;
}

async function take(sent: Export, deps: OtlpDeps): Promise<Uint8Array | string> {
  const { signal, headers, encoding, declaredBytes } = sent;
  const { intake } = deps;
  const route = `/v1/${signal}`;
  let sender: Sender | null = null;
  try {
    const receipt = await deliver(
      {
        ...sent,
        maxBytes: maxOtlpBodyBytes,
        authorize: () => {
          const { projectId, keyId } = (sender = authorize(headers, deps));
          const encoding = readable(sent);
          return { projectId, keyId, format: { protocol: "otlp", signal, encoding } };
        },
      },
      intake,
    );
    noteReceipt(receipt, signal, sender, declaredBytes, intake);
    const { rejected, message } = summarize(receipt);
    return exportResponse(signal, encoding!, rejected, message);
  } catch (cause) {
    const error = toAppError(cause, deps.onBug);
    noteRefusal(declaredBytes, route, sender, error, intake);
    throw error;
  }
}

/** What the bodies' readers know; anything else would be taken for the message itself. */
const compressions = new Set(["identity", "gzip", "x-gzip", "deflate", "zstd", "br"]);

/**
 * JSON Lines are what the Collector's file exporter writes. None of these types is one that a page may
 * send to another origin without a preflight.
 */
const contentTypes: ReadonlyMap<string | undefined, Encoding> = new Map([
  ["application/x-protobuf", "protobuf"],
  ["application/protobuf", "protobuf"],
  ["application/json", "json"],
  ["application/jsonl", "json"],
  ["application/x-ndjson", "json"],
]);

/** Null for a type that is none of OTLP's. */
export function encodingOf(contentType: string | null): Encoding | null {
  return contentTypes.get(contentType?.split(";", 1)[0]!.trim().toLowerCase()) ?? null;
}

/** @throws AppError `unsupported_media_type` */
function readable({ encoding, compression }: Export): Encoding {
  if (!encoding) throw unsupported("content type", "application/x-protobuf or application/json");
  if (!compressions.has(compression?.trim().toLowerCase() ?? "identity")) {
    throw unsupported("content encoding", "gzip, deflate or zstd");
  }
  return encoding;
}

function unsupported(what: string, supported: string): AppError {
  return new AppError("unsupported_media_type", `unsupported ${what}`, {
    hint: `send ${supported}`,
  });
}

/**
 * A key says into which project. Without one only programs get in, and only where it is open: there what
 * an exporter sends for another service is no key, but one of ours that is wrong is refused.
 */
function authorize(headers: Headers, { intake, auth }: OtlpDeps): Sender {
  const { keyring } = intake;
  const secrets = secretsOf(headers);
  for (const secret of secrets) {
    const sender = keyring.identify(secret);
    if (sender) return sender;
  }
  if (auth === "key" && secrets.length > 0) throw invalidKey();
  if (auth === "key") return identify(headers, intake);
  if (secrets.some((secret) => isOurSecret(secret) || keyring.isKnown(secret))) throw invalidKey();
  // Browsers say where a page is from, and no page can leave these out.
  const isPage =
    headers.has("origin") || headers.keys().some((name) => name.startsWith("sec-fetch-"));
  if (isPage) {
    throw new AppError("missing_api_key", "missing API key", {
      hint: "pages need a key: send Authorization: Bearer <key>",
    });
  }
  return { keyId: noKeyId, keyName: "none", projectId: defaultProjectId };
}

/** All that may be a key. Langfuse's SDKs send a public and a secret one as user and password. */
function secretsOf(headers: Headers): string[] {
  const secrets = [bearerOf(headers), headers.get("x-api-key"), ...basicOf(headers)];
  return secrets.filter((secret): secret is string => !!secret);
}

/** User and password of an `Authorization: Basic`. */
function basicOf(headers: Headers): string[] {
  const encoded = /^Basic\s+([\w+/=-]+)\s*$/i.exec(headers.get("authorization") ?? "")?.[1];
  const text = encoded === undefined ? "" : Buffer.from(encoded, "base64").toString();
  const colon = text.indexOf(":");
  return colon < 0 ? [] : [text.slice(0, colon), text.slice(colon + 1)];
}

/** Stands for all senders without a key, whose rate is limited together. */
const noKeyId = -1;

/** Spans that cannot be stored are listed among the refusals, what we do not keep is counted. */
function noteReceipt(
  { refused, dropped }: Receipt,
  signal: Signal,
  sender: Sender | null,
  bytes: number | null,
  { refusals }: Intake,
): void {
  const record = recordNames[signal];
  for (const { reason, count } of refused) {
    refusals.note({
      receivedAt: Date.now(),
      route: `/v1/${signal}`,
      keyName: sender?.keyName ?? null,
      status: 200,
      code: `${record}_refused`,
      message: reason,
      path: null,
      bytes,
    });
    if (count > 1) refusals.count(`${record}_refused`, 200, count - 1);
  }
  const code = signal === "logs" ? "log_without_span" : `${record}_dropped`;
  if (dropped > 0) refusals.count(code, 200, dropped);
}

const recordNames: Record<Signal, string> = { traces: "span", logs: "log", metrics: "metric" };

/** So many reasons are told; a sender whose every span is bad has few. */
const reasonsTold = 5;

function summarize({ refused }: Receipt): { rejected: number; message: string } {
  const rejected = refused.reduce((sum, { count }) => sum + count, 0);
  const told = refused.slice(0, reasonsTold).map(({ reason, count }) => `${reason} (${count})`);
  if (refused.length > reasonsTold) told.push(`${refused.length - reasonsTold} more reasons`);
  return { rejected, message: told.join("; ") };
}

function toText({ message, hint }: AppError): string {
  return hint ? `${message}: ${hint}` : message;
}
