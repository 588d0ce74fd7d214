import { describe, expect, test } from "bun:test";
import { AppError, errorCodes, type ErrorCode } from "../src/errors.ts";

/** What HTTP and the command line answer, apart from the table in src/errors.ts. */
const wire: Partial<Record<ErrorCode, [status: number, exitCode: number]>> = {
  invalid_json: [400, 1],
  invalid_payload: [400, 1],
  missing_api_key: [401, 1],
  invalid_api_key: [401, 1],
  not_found: [404, 3],
  payload_too_large: [413, 1],
  rate_limited: [429, 1],
  invalid_otlp: [400, 1],
  method_not_allowed: [405, 1],
  unsupported_media_type: [415, 1],
  internal_error: [500, 1],
  buffer_full: [503, 1],
  storage_unavailable: [503, 1],
  shutting_down: [503, 1],
  bad_request: [400, 2],
  unauthorized: [401, 1],
  forbidden_host: [403, 1],
  forbidden_origin: [403, 1],
  conflict: [409, 1],
  usage: [400, 2],
  config_invalid: [400, 2],
  start_failed: [500, 1],
  store_unusable: [500, 1],
};

test.each(Object.entries(wire))("%s is status and exit code %j", (code, expected) => {
  const error = new AppError(code as ErrorCode, "a message");
  expect([error.status, error.exitCode]).toEqual(expected);
});

describe.each(errorCodes)("%s", (code) => {
  test("is a failure in HTTP and at the command line", () => {
    const { status, exitCode } = new AppError(code, "a message");
    expect(status).toBeWithin(400, 600);
    expect([1, 2, 3]).toContain(exitCode);
  });
});

test("a client of the contract retries what may pass, and nothing else", () => {
  const retried = errorCodes.filter((code) => {
    const { status } = new AppError(code, "");
    return status === 408 || status === 429 || status >= 500;
  });
  for (const code of [
    "rate_limited",
    "buffer_full",
    "storage_unavailable",
    "shutting_down",
  ] as const)
    expect(retried).toContain(code);
  for (const code of ["invalid_json", "invalid_payload", "payload_too_large"] as const)
    expect(retried).not.toContain(code);
  for (const code of ["missing_api_key", "invalid_api_key"] as const)
    expect(retried).not.toContain(code);
});

test("an error carries what it was given, and nothing that it was not", () => {
  const cause = new Error("below");
  const details = {
    hint: "try this",
    issues: [{ code: "custom", path: ["a", 0], message: "wrong" }],
    retryAfterSeconds: 3,
    extra: { projects: ["a"] },
  };
  const full = new AppError("conflict", "a message", { ...details, cause });
  expect(full).toMatchObject({ name: "AppError", code: "conflict", message: "a message", cause });
  expect(full).toMatchObject(details);
  expect(full).toBeInstanceOf(Error);
  const bare = new AppError("usage", "a message");
  for (const field of ["hint", "issues", "retryAfterSeconds", "extra"] as const)
    expect(bare[field]).toBeUndefined();
});
