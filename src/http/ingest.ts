/** `POST /ingest`, step by step in the order of the wire contract, and the operator's import. */
import { AppError } from "../errors.ts";
import type { Ticket } from "../ingest/admission.ts";
import type { Delivery } from "../ingest/delivery.ts";
import type { Sender } from "../ingest/keyring.ts";
import type { Receipt } from "../ingest/parse.ts";
import { unknownFields } from "../limits.ts";
import type { Intake } from "../threads/intake.ts";
import { answer, answerError, internalError, securityHeaders } from "./answer.ts";
import { bufferFull, declaredBytes, readBody, tooLarge } from "./body.ts";
import { bearerOf, type Guard } from "./guard.ts";

export interface IngestDeps {
  intake: Intake;
  guard: Guard;
  maxBodyBytes: number;
  /** Told of what should not happen. */
  onBug: (cause: unknown) => void;
}

/** Takes a batch in. Answers every failure itself, so that it is noted with its key. */
export async function ingest(request: Request, deps: IngestDeps): Promise<Response> {
  const { intake, guard } = deps;
  const cors = guard.corsHeaders(request);
  let sender: Sender | null = null;
  try {
    const { accepted } = await take(request, deps, () => {
      const { projectId, keyId, keyName } = (sender = identify(request.headers, intake));
      const client = { keyName, userAgent: userAgentOf(request) };
      return { projectId, keyId, client, format: { protocol: "ingest" } };
    });
    return answer(202, { accepted }, cors);
  } catch (cause) {
    const error = toAppError(cause, deps.onBug);
    noteRefusal(declaredBytes(request), "/ingest", sender, error, intake);
    const response = answerError(error);
    for (const [name, value] of Object.entries(cors ?? {})) response.headers.set(name, value);
    return response;
  }
}

/** `POST /api/import`: the same way for an operator, who names the project and may send `x`. */
export async function importBatch(
  request: Request,
  projectId: number,
  deps: IngestDeps,
): Promise<Response> {
  const format = { protocol: "import" } as const;
  const client = { keyName: null, userAgent: userAgentOf(request) };
  const origin = { projectId, keyId: 0, client, format };
  const { accepted, fresh } = await take(request, deps, () => origin);
  return answer(202, { accepted, newTraces: fresh.traces, newSpans: fresh.spans });
}

/**
 * The answer to a page's question whether it may send traces; null where it is none.
 *
 * @throws AppError `forbidden_origin` that says how this origin would be allowed.
 */
export function preflight({ headers }: Request, cors: Record<string, string> | undefined) {
  const origin = headers.get("origin");
  if (origin === null || !headers.has("access-control-request-method")) return null;
  if (!cors) {
    const isPlain = /^(?:null|[a-z][\w+.-]*:\/\/[\w.:[\]-]{0,200})$/i.test(origin);
    const named = isPlain ? origin : "<origin>";
    const what = `pages of ${named} may not send traces without --allow-origin`;
    throw new AppError("forbidden_origin", what, {
      hint: `start the server with --allow-origin ${named}`,
    });
  }
  return new Response(null, {
    status: 204,
    headers: {
      ...securityHeaders,
      ...cors,
      "access-control-allow-methods": "POST",
      "access-control-allow-headers": "authorization, content-encoding, content-type, x-api-key",
      "access-control-max-age": "600",
    },
  });
}

function userAgentOf({ headers }: Request): string | null {
  return headers.get("user-agent")?.slice(0, unknownFields.userAgentLength) || null;
}

type Origin = Pick<Delivery, "projectId" | "keyId" | "client" | "format">;

/** The steps from the headers to the commit. @returns what became of the spans that are now durable. */
function take(request: Request, deps: IngestDeps, authorize: () => Origin): Promise<Receipt> {
  const { maxBodyBytes } = deps;
  return deliver(
    {
      declaredBytes: declaredBytes(request),
      maxBytes: maxBodyBytes,
      compression: request.headers.get("content-encoding"),
      authorize,
      read: (ticket) => readBody(request, ticket, maxBodyBytes),
    },
    deps.intake,
  );
}

/** A request of any protocol, before its body is read. */
export interface Arrival {
  /** Null where the body comes in chunks of unknown number. */
  declaredBytes: number | null;
  maxBytes: number;
  compression: string | null;
  /** @throws AppError where the sender may not send. */
  authorize: () => Origin;
  read: (ticket: Ticket) => Promise<ArrayBuffer>;
}

/** Size, room, key, body, commit: in this order for every protocol. @throws AppError */
export async function deliver(arrival: Arrival, intake: Intake): Promise<Receipt> {
  const { maxBytes, compression } = arrival;
  const declared = arrival.declaredBytes ?? 0;
  if (declared > maxBytes) throw tooLarge(maxBytes);
  refuseWhileDraining(intake);
  intake.checkStorage();
  const ticket = intake.admission.enter(declared);
  if (!ticket) throw bufferFull();
  let isHandedOver = false;
  try {
    const origin = arrival.authorize();
    const body = await arrival.read(ticket);
    refuseWhileDraining(intake);
    isHandedOver = true;
    return await intake.deliver(
      { ...origin, body, compression, receivedAt: Date.now() },
      ticket.leave,
    );
  } finally {
    // A body that was handed over takes up room until the writer is done with it, which may be
    // after the answer.
    if (!isHandedOver) ticket.leave();
  }
}

function refuseWhileDraining({ isDraining }: Intake): void {
  if (isDraining) throw new AppError("shutting_down", "shutting down", { retryAfterSeconds: 1 });
}

/** The key of a request; a Bearer that is present is final, even beside a good `x-api-key`. */
function secretOf(headers: Headers): string | null {
  return bearerOf(headers) ?? (headers.get("x-api-key") || null);
}

/** @throws AppError `missing_api_key`, `invalid_api_key`. */
export function identify(headers: Headers, { keyring }: Intake): Sender {
  const secret = secretOf(headers);
  if (!secret) {
    throw new AppError("missing_api_key", "missing API key", {
      hint: "send Authorization: Bearer <key>; `tealight env` prints the key",
    });
  }
  const sender = keyring.identify(secret);
  if (!sender) throw invalidKey();
  return sender;
}

export function invalidKey(): AppError {
  return new AppError("invalid_api_key", "invalid or revoked API key", {
    hint: "`tealight keys list` shows the keys",
  });
}

/** Of a path or a message, which may name a path: what is kept, in UTF-16 code units. */
const keptLength = 200;

/** Keeps why a request was refused; never what was in it. */
export function noteRefusal(
  bytes: number | null,
  route: string,
  sender: Sender | null,
  error: AppError,
  intake: Intake,
): void {
  const [issue] = error.issues ?? [];
  intake.refusals.note({
    receivedAt: Date.now(),
    route: route.slice(0, keptLength),
    keyName: sender?.keyName ?? null,
    status: error.status,
    code: error.code,
    message: (issue?.message ?? error.message).slice(0, keptLength),
    path: issue?.path ?? null,
    bytes,
  });
}

export function toAppError(cause: unknown, onBug: (cause: unknown) => void): AppError {
  if (cause instanceof AppError) return cause;
  onBug(cause);
  return internalError();
}
