import { expect, test } from "bun:test";
import { anchorOf } from "../../src/docs/anchor.ts";

test("a heading has the name that GitHub gives it", () => {
  expect(anchorOf("What is shown of a message")).toBe("what-is-shown-of-a-message");
  expect(anchorOf("config.toml")).toBe("configtoml");
  expect(anchorOf("SDK's `--flags`, über")).toBe("sdks---flags-über");
});
