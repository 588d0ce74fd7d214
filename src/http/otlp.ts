/**
 * OTLP over HTTP and over gRPC: the same way in, told apart by their envelopes alone.
 *
 * https://opentelemetry.io/docs/specs/otlp/
 */
import { AppError } from "../errors.ts";
import type { Intake } from "../ingest/intake.ts";
import type { Sender } from "../ingest/keyring.ts";
import type { Receipt } from "../ingest/parse.ts";
import { maxOtlpBodyBytes } from "../limits.ts";
import { errorStatus, exportResponse, grpcCodeOf } from "../otlp/answer.ts";
import type { Encoding, Signal } from "../otlp/request.ts";
import { securityHeaders } from "./answer.ts";
import { declaredBytes, readBody } from "./body.ts";
import type { Guard } from "./guard.ts";
import type { GrpcCall } from "./grpc.ts";
import { deliver, identify, noteRefusal, secretOf, toAppError, type Arrival } from "./ingest.ts";

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
  const cors = deps.guard.corsHeaders(request);
  const encoding = encodingOf(headers.get("content-type"));
  const respond = (status: number, body: Uint8Array | string, more = {}) =>
    new Response(body as Uint8Array<ArrayBuffer> | string, {
      status,
      headers: {
        ...securityHeaders,
        ...cors,
        ...more,
        "content-type": encoding === "protobuf" ? "application/x-protobuf" : "application/json",
      },
    });
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
    return respond(200, body);
  } catch (cause) {
    const error = toAppError(cause, deps.onBug);
    const { status, retryAfterSeconds } = error;
    const text = errorStatus(encoding ?? "json", grpcCodeOf(status), toText(error));
    const after = retryAfterSeconds && { "retry-after": String(retryAfterSeconds) };
    return respond(status, text, after);
  }
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

function encodingOf(contentType: string | null): Encoding | null {
  const type = contentType?.split(";", 1)[0]!.trim().toLowerCase();
  if (type === "application/x-protobuf" || type === "application/protobuf") return "protobuf";
  return type === "application/json" ? "json" : null;
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

/** A key that is sent has to be valid; without one only programs get in, and only where it is open. */
function authorize(headers: Headers, { intake, auth }: OtlpDeps): Sender {
  if (auth === "key" || secretOf(headers) !== null) return identify(headers, intake);
  // Browsers say where a page is from, and no page can leave these out.
  const isPage =
    headers.has("origin") || headers.keys().some((name) => name.startsWith("sec-fetch-"));
  if (isPage) {
    throw new AppError("missing_api_key", "missing API key", {
      hint: "pages need a key: send Authorization: Bearer <key>",
    });
  }
  return { keyId: noKeyId, keyName: "none", projectId: intake.keyring.accounts().projects[0]!.id };
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
