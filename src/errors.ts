/**
 * Every failure that a user, a client or an operator can cause, with what each surface makes of it.
 *
 * Deep rooms throw an `AppError`; only http/ (status), main.ts (exit code) and threads.ts (across
 * the thread boundary) translate it. Anything else that is thrown is a bug and stays one.
 */

const table = {
  // What the wire contract names. The `error` texts are exact and come with the throw.
  invalid_json: { status: 400, exit: 1 },
  invalid_payload: { status: 400, exit: 1 },
  missing_api_key: { status: 401, exit: 1 },
  invalid_api_key: { status: 401, exit: 1 },
  not_found: { status: 404, exit: 3 },
  payload_too_large: { status: 413, exit: 1 },
  rate_limited: { status: 429, exit: 1 },
  internal_error: { status: 500, exit: 1 },
  buffer_full: { status: 503, exit: 1 },
  storage_unavailable: { status: 503, exit: 1 },
  store_damaged: { status: 503, exit: 1 },
  shutting_down: { status: 503, exit: 1 },
  // What OTLP's specification names.
  invalid_otlp: { status: 400, exit: 1 },
  method_not_allowed: { status: 405, exit: 1 },
  unsupported_media_type: { status: 415, exit: 1 },
  // What else a caller can get wrong.
  bad_request: { status: 400, exit: 2 },
  body_timeout: { status: 408, exit: 1 },
  unauthorized: { status: 401, exit: 1 },
  forbidden_host: { status: 403, exit: 1 },
  forbidden_origin: { status: 403, exit: 1 },
  conflict: { status: 409, exit: 1 },
  // What can only happen at the command line or at start.
  usage: { status: 400, exit: 2 },
  config_invalid: { status: 400, exit: 2 },
  start_failed: { status: 500, exit: 1 },
  store_unusable: { status: 500, exit: 1 },
  unreachable: { status: 502, exit: 1 },
} as const;

export type ErrorCode = keyof typeof table;

/** One problem of an invalid payload. `path` leads to it; the value itself is never repeated. */
export interface Issue {
  code: string;
  path: (string | number)[];
  message: string;
}

export interface ErrorDetails {
  hint?: string | undefined;
  issues?: Issue[] | undefined;
  /** Whole seconds after which a retry makes sense. */
  retryAfterSeconds?: number | undefined;
  /** More fields for the answer's body, such as the projects that share a trace id. */
  extra?: Record<string, unknown> | undefined;
  cause?: unknown;
}

/** A failure with a name. `message` is shown as it is: one line, no payload, no secret, no path. */
export class AppError extends Error {
  readonly code: ErrorCode;
  readonly hint: string | undefined;
  readonly issues: Issue[] | undefined;
  readonly retryAfterSeconds: number | undefined;
  readonly extra: Record<string, unknown> | undefined;

  constructor(code: ErrorCode, message: string, details: ErrorDetails = {}) {
    super(message, { cause: details.cause });
    this.name = "AppError";
    this.code = code;
    this.hint = details.hint;
    this.issues = details.issues;
    this.retryAfterSeconds = details.retryAfterSeconds;
    this.extra = details.extra;
  }

  /** The HTTP status of this failure. */
  get status(): number {
    return table[this.code].status;
  }

  /** The process's exit code: 1 failed, 2 bad usage, 3 nothing found. */
  get exitCode(): number {
    return table[this.code].exit;
  }
}

/** Every code there is, for the document and the tests that hold it to this table. */
export const errorCodes = Object.keys(table) as ErrorCode[];
