/** `POST /ingest`, step by step in the order of the wire contract, and the operator's import. */
import { AppError } from "../errors.ts";
import type { Intake } from "../ingest/intake.ts";
import type { Sender } from "../ingest/keyring.ts";
import type { Delivery } from "../ingest/thread.ts";
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
    const accepted = await take(request, deps, () => {
      sender = identify(request, intake);
      return { projectId: sender.projectId, keyId: sender.keyId, imported: false };
    });
    return answer(202, { accepted }, cors);
  } catch (cause) {
    const error = toAppError(cause, deps);
    noteRefusal(request, "/ingest", sender, error, intake);
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
  const accepted = await take(request, deps, () => ({ projectId, keyId: 0, imported: true }));
  return answer(202, { accepted });
}

/** The answer to a page's question whether it may send traces; only for allowed origins. */
export function preflight(request: Request, guard: Guard): Response | null {
  const cors = guard.corsHeaders(request);
  if (!cors || !request.headers.has("access-control-request-method")) return null;
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

type Origin = Pick<Delivery, "projectId" | "keyId" | "imported">;

/** The steps from the headers to the commit. @returns the number of spans that are now durable. */
async function take(
  request: Request,
  { intake, maxBodyBytes }: IngestDeps,
  authorize: () => Origin,
): Promise<number> {
  const declared = declaredBytes(request) ?? 0;
  if (declared > maxBodyBytes) throw tooLarge(maxBodyBytes);
  refuseWhileDraining(intake);
  const ticket = intake.admission.enter(declared);
  if (!ticket) throw bufferFull();
  let isHandedOver = false;
  try {
    const origin = authorize();
    const body = await readBody(request, ticket, maxBodyBytes);
    refuseWhileDraining(intake);
    const encoding = request.headers.get("content-encoding");
    isHandedOver = true;
    return await intake.deliver(
      { ...origin, body, encoding, receivedAt: Date.now() },
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

/** A Bearer that is present and wrong is final, even beside a good `x-api-key`. */
function identify(request: Request, { keyring }: Intake): Sender {
  const secret = bearerOf(request) ?? request.headers.get("x-api-key");
  if (!secret) {
    throw new AppError("missing_api_key", "missing API key", {
      hint: "send Authorization: Bearer <key>; `tealight env` prints the key",
    });
  }
  const sender = keyring.identify(secret);
  if (!sender)
    throw new AppError("invalid_api_key", "invalid or revoked API key", {
      hint: "`tealight keys list` shows the keys",
    });
  return sender;
}

/** Keeps why a request was refused; never what was in it. */
export function noteRefusal(
  request: Request,
  route: string,
  sender: Sender | null,
  error: AppError,
  intake: Intake,
): void {
  const [issue] = error.issues ?? [];
  intake.refusals.note({
    receivedAt: Date.now(),
    route,
    keyName: sender?.keyName ?? null,
    status: error.status,
    code: error.code,
    message: issue?.message ?? error.message,
    path: issue?.path ?? null,
    bytes: declaredBytes(request),
  });
}

function toAppError(cause: unknown, { onBug }: IngestDeps): AppError {
  if (cause instanceof AppError) return cause;
  onBug(cause);
  return internalError();
}
