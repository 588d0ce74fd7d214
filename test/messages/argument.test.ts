/** What a tool did in a few words. */
import { expect, test } from "bun:test";
import { argumentIn } from "../../src/messages/argument.ts";

test.each([
  ['{"description":"list","command":"ls -la"}', "ls -la"],
  ['{"command":["bash","-lc","make"]}', "bash -lc make"],
  ['{"content":"text","file_path":"/a.ts"}', "/a.ts"],
  ['{"limit":3,"query":"weather\\nin Rome"}', "weather in Rome"],
  ['{"url":"https://x.y","method":"GET"}', "https://x.y"],
  ['{"count":1,"city":"Rome","day":"today"}', "Rome"],
  ['{"path":"/a.ts","content":"cut o', "/a.ts"],
  ["a bare text", "a bare text"],
  ['"a text as JSON"', "a text as JSON"],
  ["{}", null],
  ['{"n":1}', null],
  ["", null],
])("of %s is %s", (input, argument) => {
  expect(argumentIn(input)).toBe(argument);
});

test("of a long text is its beginning", () => {
  const said = argumentIn(JSON.stringify({ command: "x".repeat(1000) }))!;
  expect(said.length).toBe(200);
  expect(said.endsWith("…")).toBe(true);
});
