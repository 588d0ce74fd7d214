/** Messages out of events and log records, and out of keys that count them. */
import { expect, test } from "bun:test";
import { indexedLists, toMessage } from "../../src/otlp/indexed.ts";
import { readLogs } from "../../src/otlp/logs.ts";
import { withInstructions } from "../../src/otlp/messages.ts";
import type { Attributes } from "../../src/otlp/records.ts";

const place = { "code.function.name": "log", "code.line.number": 3, CHAT_MESSAGE_INDEX: 0 };

test("a log record's body may be its map as JSON text, or the text alone", () => {
  const record = (name: string, body: unknown) => ({ name, attributes: place, body });
  const call = { id: "c", type: "function", function: { name: "f", arguments: "{}" } };
  const { input, output } = readLogs(
    [
      record("gen_ai.system.message", '{"role":"system","content":"Be brief.","name":"ann"}'),
      record("gen_ai.user.message", "When is high tide?"),
      record("gen_ai.tool.message", '{"role":"tool","content":"21","id":"c"}'),
      record("gen_ai.user.message", "gen_ai.user.message"),
      record(
        "gen_ai.choice",
        JSON.stringify({ message: { tool_calls: [call] }, finish_reason: "stop" }),
      ),
    ],
    "llm",
  );
  expect(JSON.parse(input!)).toEqual([
    { role: "system", content: "Be brief.", name: "ann" },
    { role: "user", content: "When is high tide?" },
    { role: "tool", content: "21", tool_call_id: "c" },
    { role: "user" },
  ]);
  expect(JSON.parse(output!)).toEqual([
    { role: "assistant", finish_reason: "stop", tool_calls: [call] },
  ]);
});

test("instructions that were sent as JSON text stand decoded before the messages", () => {
  const first = { role: "system", parts: [{ type: "text", content: "Be\nbrief." }] };
  expect(JSON.parse(withInstructions("[]", JSON.stringify("Be\nbrief.")))).toEqual([first]);
  expect(JSON.parse(withInstructions("[]", JSON.stringify(first.parts)))).toEqual([first]);
  expect(JSON.parse(withInstructions("[]", '"Be" brief.'))[0].parts[0].content).toBe('"Be" brief.');
});

function messageOf(fields: Attributes): unknown {
  const name = "llm.output_messages.0.message.";
  const attributes = Object.fromEntries(
    Object.entries(fields).map(([key, value]) => [name + key, value]),
  );
  const [entry] = indexedLists(attributes).get("llm.output_messages")!.entries.values();
  return JSON.parse(JSON.stringify(toMessage(entry!)));
}

const text = { "contents.0.message_content.type": "text", "contents.0.message_content.text": "a" };
const use = {
  "contents.1.message_content.type": "tool_use",
  "contents.1.tool_call.id": "t",
  "contents.1.tool_call.function.name": "f",
  "contents.1.tool_call.function.arguments": '{"a":1}',
};
const called = {
  "tool_calls.0.tool_call.id": "t",
  "tool_calls.0.tool_call.function.name": "f",
  "tool_calls.0.tool_call.function.arguments": '{"a":1}',
};

test("a call among the parts is one with the same call beside them", () => {
  const calls = [{ id: "t", type: "function", function: { name: "f", arguments: '{"a":1}' } }];
  const content = [{ type: "text", text: "a" }];
  expect(messageOf({ ...text, ...use, ...called })).toEqual({ content, tool_calls: calls });
  expect(messageOf({ ...text, "contents.1.message_content.type": "tool_use", ...called })).toEqual({
    content,
    tool_calls: calls,
  });
});

test("a call among the parts alone keeps its place", () => {
  expect(messageOf({ ...text, ...use })).toEqual({
    content: [
      { type: "text", text: "a" },
      { type: "tool_use", id: "t", name: "f", input: { a: 1 } },
    ],
  });
});

test("the one call of early OpenAI is a call, and sound is media", () => {
  expect(
    messageOf({
      role: "assistant",
      "function_call.name": "f",
      "function_call.arguments": "{}",
      "contents.0.message_content.type": "audio",
      "contents.0.message_content.audio.audio.url": "https://example.com/a.wav",
    }),
  ).toEqual({
    role: "assistant",
    function_call: { name: "f", arguments: "{}" },
    content: [{ type: "audio_url", audio_url: { url: "https://example.com/a.wav" } }],
  });
});
