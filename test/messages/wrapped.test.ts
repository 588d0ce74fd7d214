/** Messages are found within what frameworks put around them. */
import { expect, test } from "bun:test";
import type { Side } from "../../src/messages/read.ts";
import { assistant, call, raw, read, result, system, text, thinking, tool, user } from "./build.ts";

const hi = { role: "user", content: "Hi" };
const hey = { role: "assistant", content: "Hey" };
const langChain = {
  lc: 1,
  type: "constructor",
  id: ["x", "HumanMessage"],
  kwargs: { content: "Hi" },
};

test.each<[string, unknown]>([
  ["MLflow and Genkit", { model: "m", messages: [hi], config: {}, tools: [{ name: "f" }] }],
  ["a decorator's names", { args: [], kwargs: { messages: [hi] } }],
  ["a decorator's one text", { args: ["Hi"], kwargs: {} }],
  [
    "Traceloop",
    { inputs: { messages: [langChain] }, tags: [], metadata: { a: "b" }, kwargs: { name: "x" } },
  ],
  ["a batch of LangChain's", { messages: [[langChain]] }],
  ["Logfire", { request_data: { messages: [hi] } }],
  ["a message of a memory", { userId: "u", message: hi }],
  ["JSON in JSON", JSON.stringify(JSON.stringify([hi]))],
  ["a list of JSON texts", [JSON.stringify(hi)]],
  [
    "Google's ADK",
    { model: "m", config: { tools: [] }, contents: [{ parts: [{ text: "Hi" }], role: "user" }] },
  ],
])("of an input: %s", (_, sent) => {
  expect(read(sent)).toEqual([user(text("Hi"))]);
});

const generation = {
  text: "Hey",
  type: "ChatGeneration",
  generation_info: { finish_reason: "stop" },
};
const aiMessage = {
  lc: 1,
  type: "constructor",
  id: ["x", "AIMessage"],
  kwargs: { content: "Hey" },
};

test.each<[string, unknown]>([
  [
    "LangSmith",
    {
      generations: [[{ ...generation, message: aiMessage }]],
      llm_output: { model_name: "m" },
      run: null,
      type: "LLMResult",
    },
  ],
  [
    "LangGraph's updates",
    { output: [{ graph: null, update: { messages: [{ type: "ai", content: "Hey" }] }, goto: [] }] },
  ],
  [
    "LangGraph's updates, a list",
    [{ graph: null, update: { messages: [{ type: "ai", data: { content: "Hey" } }] } }],
  ],
  ["the AI SDK", { text: "Hey", files: [], warnings: [] }],
  [
    "Genkit",
    { message: { role: "model", content: [{ text: "Hey" }] }, finishReason: "stop", custom: {} },
  ],
  ["Ollama and Logfire", { message: hey, done: true, eval_count: 7, usage: { total: 1 } }],
  [
    "Google's ADK",
    { content: { parts: [{ text: "Hey" }], role: "model" }, partial: false, usage_metadata: {} },
  ],
  ["Logfire's streams", { combined_chunk_content: "Hey", chunk_count: 2 }],
  [
    "the Responses API",
    { instructions: "Be brief.", output: [{ type: "message", ...hey }], error: null },
  ],
])("of an output: %s", (_, sent) => {
  expect(read(sent, "output")).toEqual([assistant(text("Hey"))]);
});

const haystackReply = {
  role: "assistant",
  name: null,
  meta: { model: "m", index: 0, finish_reason: "tool_calls", usage: { prompt_tokens: 12 } },
  content: [{ tool_call: { tool_name: "f", arguments: { a: 1 }, id: "c", extra: null } }],
};

test.each<[string, unknown]>([
  ["a model's replies", { replies: [haystackReply] }],
  ["beneath the names of components", { llm: { replies: [haystackReply] } }],
  ["an older version's", { answer: [{ _role: "assistant", _content: haystackReply.content }] }],
  ["an update of a graph's node", { node: { state: { conversation: [haystackReply] } } }],
])("a list of messages is one under any name: %s", (_, sent) => {
  expect(read(sent, "output")).toEqual([assistant(call("c", "f", '{"a":1}'))]);
});

test("what stands beside a list of messages is kept", () => {
  const sent = { score: 1, turns: [hi, hey], last: hey, note: "Rude.", at: { city: "Oslo" } };
  expect(read(sent, "output")).toEqual([
    user(text("Hi")),
    assistant(text("Hey"), raw({ score: 1, note: "Rude.", at: { city: "Oslo" } })),
  ]);
});

test("what a step of the AI SDK came to is one message", () => {
  const toolCalls = [{ toolCallId: "c", toolName: "f", args: { a: 1 } }];
  const reasoning = [{ type: "reasoning", payload: { text: "Hm." }, from: "AGENT" }];
  expect(read({ text: "Hey", reasoning, toolCalls, sources: [] }, "output")).toEqual([
    assistant(thinking("Hm."), text("Hey"), call("c", "f", '{"a":1}')),
  ]);
  expect(read({ toolName: "f", toolCallId: "c", toolInput: { a: 1 } }, "output")).toEqual([
    assistant(call("c", "f", '{"a":1}')),
  ]);
});

test("what Python prints is read like JSON", () => {
  const sent = `[{'role': 'user', 'content': "It's\\n\\u00fc", 'name': None}, {'role': 'assistant', 'tool_calls': [{'id': 'c', 'function': {'name': 'f', 'arguments': '{"a":1}'}}], 'ok': True}]`;
  expect(read(sent)).toEqual([
    user(text("It's\nü")),
    assistant(call("c", "f", '{"a":1}'), raw({ ok: true })),
  ]);
  for (const text of ["['a', 'b'] and more", "[{'role': Role.user}]", "{'a': 1}", "['a"]) {
    expect(read(text)).toEqual([user({ type: "text", text })]);
  }
});

test("the settings of a request may have the system's instructions", () => {
  const contents = [{ role: "user", parts: [{ text: "Hi" }] }];
  const sent = { model: "m", config: { system_instruction: "Be brief." }, contents };
  expect(read(sent)).toEqual([system(text("Be brief.")), user(text("Hi"))]);
});

test("lines that mark who speaks are no text", () => {
  expect(read("[USER]\nHi")).toEqual([user(text("Hi"))]);
  expect(read("[TOOL RESULT: t1]\n21\n\n[USER]\nHi\n")).toEqual([
    tool(result("t1", "21")),
    user(text("Hi\n")),
  ]);
  expect(read("[USER] Hi")).toEqual([user(text("[USER] Hi"))]);
});

test.each<[string, unknown, Side]>([
  ["no messages", [], "input"],
  ["no messages, as JSON", '"[]"', "input"],
  ["no value", "null", "output"],
  [
    "a step without an answer",
    { files: [], reasoning: [], sources: [], text: "", warnings: [] },
    "output",
  ],
])("nothing is empty: %s", (_, sent, side) => {
  expect(read(sent, side)).toEqual([]);
});

test("a structure that has no messages stays as it is", () => {
  const team = [{ role: "engineer", content: "Ann" }];
  const structures = [
    ...[{ city: "Oslo" }, { data: { rows: [1] } }, { result: "a", n: 1 }, {}],
    ...[{ team }, { team: { members: team } }, { team: [{ role: "assistant", name: "Ann" }] }],
    ...[{ replies: ["Yes", "No"] }, { article: { content: "Hi" } }, { turns: [hi, ...team] }],
    { tools: [{ type: "function", function: { name: "f", parameters: {} } }] },
    { meeting: { chair: { role: "user", content: "Ann" } } },
  ];
  for (const sent of structures) {
    expect(read(sent, "output")).toEqual([assistant(text(JSON.stringify(sent)))]);
  }
});
