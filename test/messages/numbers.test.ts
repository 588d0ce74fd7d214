/** A number is shown as it was sent, whatever a double makes of it. */
import { expect, test } from "bun:test";
import fc from "fast-check";
import { parseJson, toText } from "../../src/messages/json.ts";
import { readToolRun } from "../../src/messages/tools.ts";
import { assistant, call, read, result, text, tool, user } from "./build.ts";

const odd =
  '{"id":1234567890123456789,"price":1.10,"far":1e400,"zero":-0,"long":0.1234567890123456789}';

test("in arguments, results and structured output", () => {
  const payload = `[
    {"role":"assistant","tool_calls":[{"id":"a","function":{"name":"f","arguments":${odd}}}]},
    {"role":"tool","tool_call_id":"a","content":${odd}},
    {"role":"assistant","content":[{"type":"tool_use","id":"b","name":"f","input":${odd}}]},
    {"role":"user","parts":[{"type":"tool_call_response","id":"b","response":${odd}}]},
    {"role":"user","content":12345678901234567890}
  ]`;
  expect(read(payload)).toEqual([
    assistant(call("a", "f", odd)),
    tool(result("a", odd)),
    assistant(call("b", "f", odd)),
    user(result("b", odd)),
    user(text("12345678901234567890")),
  ]);
  expect(read(odd, "output")).toEqual([assistant(text(odd))]);
});

test("in what a tool was called with and came to", () => {
  const input = `{"args":[],"kwargs":${odd}}`;
  const run = readToolRun({ id: null, name: "f", input, output: odd, isError: false });
  expect(run.input[0]!.parts).toEqual([call(null, "f", odd)]);
  expect(run.output[0]!.parts).toEqual([result(null, odd, "f")]);
});

test("whatever its digits are", () => {
  const number = fc
    .tuple(
      fc.constantFrom("", "-"),
      fc.stringMatching(/^(0|[1-9]\d{0,30})$/),
      fc.stringMatching(/^(\.\d{1,30})?$/),
      fc.stringMatching(/^([eE][+-]?\d{1,3})?$/),
    )
    .map((parts) => parts.join(""));
  fc.assert(
    fc.property(fc.array(number, { minLength: 1 }), (numbers) => {
      for (const sent of [`[${numbers.join(",")}]`, `{"a":{"b":[${numbers.join(",")}]}}`]) {
        expect(toText(parseJson(sent))).toBe(sent);
      }
      expect(toText(parseJson(numbers[0]!))).toBe(numbers[0]!);
    }),
  );
});
