/** What is said of how a trace went. */
import { expect, test } from "bun:test";
import { wordsOf } from "../../../src/ui/parts/status-mark.tsx";

test("a trace says how it went, and how much inside it failed", () => {
  expect(wordsOf("ok")).toBe("ok");
  expect(wordsOf("ok", 2)).toBe("ok, 2 failed calls");
  expect(wordsOf("error")).toBe("error");
  expect(wordsOf("error", 1)).toBe("1 error");
  expect(wordsOf("running", 3)).toBe("running, 3 errors");
});
