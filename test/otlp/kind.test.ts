/** How a span ended, from what senders say of it. */
import { expect, test } from "bun:test";
import { generalStatusOf } from "../../src/otlp/kind.ts";
import type { Attributes, SpanRecord } from "../../src/otlp/records.ts";

function statusOf(parts: {
  code?: number;
  message?: string;
  attributes?: Attributes;
  exception?: Attributes;
}) {
  const { code = 0, message = "", attributes = {}, exception } = parts;
  const event = { name: "exception", attributes: exception ?? {} };
  return generalStatusOf({
    statusCode: code,
    statusMessage: message,
    attributes,
    events: exception ? [event] : [],
  } as unknown as SpanRecord);
}

test.each([
  "AbortError",
  "APIUserAbortError",
  "asyncio.CancelledError",
  "asyncio.exceptions.CancelledError",
  "concurrent.futures._base.CancelledError",
  "GeneratorExit",
  "KeyboardInterrupt",
  "builtins.KeyboardInterrupt",
  "System.OperationCanceledException",
  "System.Threading.Tasks.TaskCanceledException",
  "java.util.concurrent.CancellationException",
  "java.lang.InterruptedException",
  "kotlinx.coroutines.JobCancellationException",
  "context.Canceled",
  "tokio::task::Cancelled",
])("an error of type %s is an abort", (type) => {
  expect(statusOf({ code: 2, attributes: { "error.type": type } })).toBe("aborted");
  expect(statusOf({ code: 2, exception: { "exception.type": type } })).toBe("aborted");
});

test.each([
  ["DOMException", "This operation was aborted"],
  ["DOMException", "The user aborted a request."],
  ["*errors.errorString", "context canceled"],
  ["Error", "Request was aborted."],
])("an error of type %s with the message %p is an abort", (type, message) => {
  const exception = { "exception.type": type, "exception.message": message };
  expect(statusOf({ code: 2, exception })).toBe("aborted");
});

test.each([
  ["TimeoutError", "The operation was aborted due to timeout"],
  ["context.DeadlineExceeded", "context deadline exceeded"],
  ["ValueError", "the order was cancelled by the customer"],
  ["openai.RateLimitError", "429 slow down"],
])("an error of type %s with the message %p is an error", (type, message) => {
  const exception = { "exception.type": type, "exception.message": message };
  expect(statusOf({ code: 2, exception })).toBe("error");
});

test("an explicit OK wins over errors on the way, but not over success: false", () => {
  const exception = { "exception.type": "ValueError" };
  expect(statusOf({ code: 1, exception, attributes: { "error.type": "timeout" } })).toBe("ok");
  expect(statusOf({ code: 1, attributes: { success: false } })).toBe("error");
});

test("without a status an error's type or success: false make an error, a recorded exception does not", () => {
  expect(statusOf({ attributes: { "error.type": "timeout" } })).toBe("error");
  expect(statusOf({ attributes: { success: "false" } })).toBe("error");
  expect(statusOf({ exception: { "exception.type": "ValueError" } })).toBe("ok");
});
