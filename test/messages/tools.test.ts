/** The tools that a model was offered, in every shape in which senders write them. */
import { expect, test } from "bun:test";
import { Value } from "@sinclair/typebox/value";
import { Tool } from "../../src/messages/model.ts";
import { readTools } from "../../src/messages/tools.ts";

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
