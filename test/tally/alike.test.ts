import { expect, test } from "bun:test";
import { areOtherIds, isSameModel, isUniqueId, overlap } from "../../src/tally/alike.ts";

const report = (modelId: string | undefined) => ({
  startTime: 0,
  endTime: 0,
  modelId,
  requestModelId: undefined,
  usage: undefined,
});

test.each([
  ["gpt-4o", "gpt-4o-2024-08-06", true],
  ["openai/gpt-4o", "GPT-4o", true],
  ["openai:gpt-4o", "gpt-4o", true],
  ["gpt-4", "gpt-4-0613", true],
  ["claude-sonnet-4-5", "us.anthropic.claude-sonnet-4-5-20250929-v1:0", true],
  ["claude-sonnet-4-5@20250929", "claude-sonnet-4-5", true],
  ["claude-sonnet-4.5", "claude-sonnet-4-5-20250929", true],
  ["models/gemini-1.5-flash", "gemini-1.5-flash-001", true],
  ["gpt-35-turbo", "gpt-3.5-turbo-0125", true],
  ["claude-3-5-haiku-latest", "claude-3-5-haiku-20241022", true],
  [undefined, "gpt-4o", true],
  ["gpt-4o", "gpt-4o-mini", false],
  ["gpt-4o-2024-05-13", "gpt-4o-2024-08-06", false],
  ["mistral:7b", "codellama:7b", false],
  ["llama3:8b", "llama3:70b", false],
  ["gpt-5", "gpt-5-mini", false],
])("%p and %p may be one model: %p", (a, b, isSame) => {
  expect(isSameModel(report(a), report(b))).toBe(isSame);
  expect(isSameModel(report(b), report(a))).toBe(isSame);
});

test("ids of small servers come again, those of providers do not", () => {
  expect(["chatcmpl-7", "chatcmpl-999"].some(isUniqueId)).toBe(false);
  const unique = ["chatcmpl-BdGXw0K1yV2", "msg_01XFDUDYJgAACzvnptvVoYEL", "resp_68a1b2c3d4e5f607"];
  expect(unique.every(isUniqueId)).toBe(true);
});

test("two ids of one form are of two answers, those of two forms may be of one", () => {
  expect(areOtherIds("msg_01", "msg_02")).toBe(true);
  expect(areOtherIds("msg_01", "chatcmpl-5f")).toBe(false);
  expect(areOtherIds("msg_01", undefined)).toBe(false);
});

test("spans one after the other do not overlap", () => {
  const from = (startTime: number, endTime: number) => ({ startTime, endTime });
  expect(overlap(from(0, 10), from(10, 20))).toBe(false);
  expect(overlap(from(0, 10), from(9, 20))).toBe(true);
  expect(overlap(from(0, 10), from(10, 10))).toBe(true);
  expect(overlap(from(5, 5), from(5, 5))).toBe(true);
});
