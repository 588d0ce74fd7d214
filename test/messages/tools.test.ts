/** The tools that a model was offered, in every shape in which senders write them, and what one did. */
import { expect, test } from "bun:test";
import { Value } from "@sinclair/typebox/value";
import { Tool, type Part } from "../../src/messages/model.ts";
import { readToolRun, readTools } from "../../src/messages/tools.ts";

const schema = { type: "object", properties: { city: { type: "string" } } };
const parameters = JSON.stringify(schema);
const weather = { name: "weather", description: "By city", parameters };
const { name, description } = weather;

test.each<[string, unknown, Tool[]]>([
  [
    "OpenAI chat",
    [{ type: "function", function: { name, description, parameters: schema } }],
    [weather],
  ],
  [
    "OpenAI responses",
    [{ type: "function", name, description, parameters: schema }, { type: "web_search" }],
    [weather, { name: "web_search" }],
  ],
  ["Anthropic", [{ name, description, input_schema: schema }], [weather]],
  ["Gemini", [{ functionDeclarations: [{ name, description, parameters: schema }] }], [weather]],
  [
    "Gemini, a request",
    { tools: [{ function_declarations: [{ name, description, parameters: schema }] }] },
    [weather],
  ],
  ["Bedrock", [{ toolSpec: { name, description, inputSchema: { json: schema } } }], [weather]],
  [
    "the AI SDK's map",
    { weather: { description, inputSchema: { jsonSchema: schema } }, search: {} },
    [weather, { name: "search" }],
  ],
  ["the AI SDK's list", [{ type: "function", name, description, inputSchema: schema }], [weather]],
  [
    "a tool named name",
    { name: { description: "Names" } },
    [{ name: "name", description: "Names" }],
  ],
  ["names alone", ["weather", "search"], [{ name: "weather" }, { name: "search" }]],
  ["JSON in JSON", [JSON.stringify({ name, description, parameters: schema })], [weather]],
  ["one tool", { name, description, parameters: schema }, [weather]],
  ["a cut-off list", '[{"name":"weather"},{"name":"sea', [{ name: "weather" }]],
  ["a cut-off map", '{"weather":{},"search":{"desc', [{ name: "weather" }]],
  ["no tools", "none", []],
])("%s", (_, sent, read) => {
  const tools = readTools(typeof sent === "string" ? sent : JSON.stringify(sent));
  expect(tools).toEqual(read);
  expect(tools.every((tool) => Value.Check(Tool, tool))).toBe(true);
});

const run = (input?: string, output?: string) => {
  const read = readToolRun({ id: "c1", name: "search", input, output, isError: false });
  return { input: read.input[0]?.parts, output: read.output[0]?.parts };
};
const result = (text: string): Part => ({
  type: "toolResult",
  id: "c1",
  name: "search",
  text,
  isError: false,
});

test("a tool's input is its call, whatever it looks like", () => {
  const call = (text: string) => [{ type: "toolCall", id: "c1", name: "search", text }];
  expect(run('{"q":1}').input).toEqual(call('{"q":1}') as Part[]);
  expect(run('"a\\nb"').input).toEqual(call("a\nb") as Part[]);
  const messages = '[{"role":"user","content":"a"}]';
  expect(run(messages).input).toEqual(call(messages) as Part[]);
  expect(run('{"args": [], "kwargs": {"q": 1}}').input).toEqual(call('{"q":1}') as Part[]);
  expect(run('{"args": [1], "kwargs": {"q": 1}}').input![0]).toMatchObject({
    text: '{"args": [1], "kwargs": {"q": 1}}',
  });
  expect(run('[TOOL INPUT: search]\n{"q":1}').input).toEqual(call('{"q":1}') as Part[]);
  expect(run()).toEqual({ input: undefined, output: undefined });
});

test.each<[string, string, string]>([
  ["a text", "found\n", "found\n"],
  ["a text in JSON", '"a\\nb"', "a\nb"],
  ["JSON", '{"hits":[1]}', '{"hits":[1]}'],
  ["a list", "[1, 2]", "[1, 2]"],
  ["an empty list", "[]", "[]"],
  ["texts", '[{"type":"text","text":"a"},{"type":"text","text":"b"}]', "a\nb"],
  ["what MCP answers", '{"content":[{"type":"text","text":"a"}],"isError":false}', "a"],
  ["LangChain's message", '{"type":"tool","data":{"content":"a","tool_call_id":"x"}}', "a"],
  ["LangSmith's message", '{"output":{"content":"a","type":"tool","status":"success"}}', "a"],
  ["Strands' content", '[{"text": "a"}, {"text": "b"}]', "a\nb"],
  ["LlamaIndex's blocks", '{"blocks":[{"text":"a"}],"raw_input":{"k":1},"raw_output":"a"}', "a"],
  ["the one member with a text", '{"result": "a"}', "a"],
  ["the one member with a structure", '{"result": {"n": 1}}', '{"result": {"n": 1}}'],
  ["one of two members", '{"result": "a", "n": 1}', '{"result": "a", "n": 1}'],
  ["a list of objects with texts", '[{"text":"a","n":1}]', '[{"text":"a","n":1}]'],
  ["objects with types of their own", '[{"type":"hit","n":1}]', '[{"type":"hit","n":1}]'],
  ["JSON that is cut off", '{"content":[{"type":"te', '{"content":[{"type":"te'],
])("a tool's output is its result: %s", (_, sent, read) => {
  expect(run(undefined, sent).output).toEqual([result(read)]);
});

test("images of a tool stand beside its result", () => {
  const output =
    '[{"type":"text","text":"a"},{"type":"image","data":"AAAA","mimeType":"image/png"}]';
  const [first, second] = run(undefined, output).output!;
  expect(first).toEqual(result("a"));
  expect(second).toMatchObject({ type: "media", mime: "image/png", bytes: 3 });
});
