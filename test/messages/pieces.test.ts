/** An answer that came in pieces is one message, however the pieces were written down. */
import { expect, test } from "bun:test";
import { assistant, call, read, text, thinking } from "./build.ts";

const output = (sent: unknown) => read(sent, "output");
const hello = [assistant(text("Hello"))];
const chunk = (delta: object, more: object = {}) => ({ choices: [{ index: 0, delta, ...more }] });
const sse = (values: unknown[]) =>
  values.map((value) => `data: ${JSON.stringify(value)}\n\n`).join("") + "data: [DONE]\n\n";

test("OpenAI's chunks, as a list and as server-sent events", () => {
  const chunks = [
    chunk({ role: "assistant", content: "Hel" }),
    chunk({ content: "lo" }),
    chunk({ tool_calls: [{ index: 0, id: "c", function: { name: "f", arguments: "" } }] }),
    chunk({ tool_calls: [{ index: 0, function: { arguments: '{"a":' } }] }),
    chunk({ tool_calls: [{ index: 0, function: { arguments: "1}" } }] }),
    chunk({}, { finish_reason: "stop" }),
    { choices: [], usage: { total_tokens: 3 } },
  ];
  const whole = [assistant(text("Hello"), call("c", "f", '{"a":1}'))];
  expect(output(chunks)).toEqual(whole);
  expect(output(sse(chunks))).toEqual(whole);
});

test("two choices stay two", () => {
  const choice = (index: number, content: string) => ({ index, delta: { content } });
  const chunks = [choice(0, "Hel"), choice(1, "By"), choice(0, "lo"), choice(1, "e")];
  expect(output(chunks.map((choice) => ({ choices: [choice] })))).toEqual([
    assistant(text("Hello")),
    assistant(text("Bye")),
  ]);
  const said = ["a", "b"].map((content) => ({ role: "assistant", content, finish_reason: "stop" }));
  expect(output(said)).toEqual([assistant(text("a")), assistant(text("b"))]);
});

test("Gemini's chunks, as responses and as messages", () => {
  const content = (text: string) => ({ role: "model", parts: [{ text }] });
  const candidates = (text: string, more: object = {}) => ({
    candidates: [{ content: content(text), ...more }],
  });
  expect(
    output([candidates("Hel"), candidates("lo", { finishReason: "STOP" }), { usageMetadata: {} }]),
  ).toEqual(hello);
  expect(output(["He", "ll", "o", ""].map(content))).toEqual(hello);
  const odd = (content: string) => ({
    role: "system",
    finish_reason: "stop",
    parts: content === "" ? [] : [{ type: "text", content }],
  });
  expect(output(["Hel", "lo", ""].map(odd))).toEqual(hello);
});

test("a history in an output stays one message by one", () => {
  const history = [
    { role: "assistant", content: "I look." },
    { role: "tool", tool_call_id: "c", content: "21" },
    { role: "assistant", content: "21." },
  ];
  expect(output(history).map(({ role }) => role)).toEqual(["assistant", "tool", "assistant"]);
});

test("Anthropic's events", () => {
  const block = (index: number, content_block: object) => ({
    type: "content_block_start",
    index,
    content_block,
  });
  const delta = (index: number, delta: object) => ({ type: "content_block_delta", index, delta });
  const events = [
    { type: "message_start", message: { role: "assistant", content: [] } },
    block(0, { type: "thinking", thinking: "" }),
    delta(0, { type: "thinking_delta", thinking: "Hm." }),
    delta(0, { type: "signature_delta", signature: "c2ln" }),
    block(1, { type: "text", text: "" }),
    delta(1, { type: "text_delta", text: "Hel" }),
    delta(1, { type: "text_delta", text: "lo" }),
    block(2, { type: "tool_use", id: "t", name: "f", input: {} }),
    delta(2, { type: "input_json_delta", partial_json: '{"a":' }),
    delta(2, { type: "input_json_delta", partial_json: "1}" }),
    { type: "message_delta", delta: { stop_reason: "tool_use" }, usage: { output_tokens: 3 } },
    { type: "message_stop" },
  ];
  const whole = [assistant(thinking("Hm."), text("Hello"), call("t", "f", '{"a":1}'))];
  expect(output(events)).toEqual(whole);
  expect(output(sse(events))).toEqual(whole);
});

test("events of the Responses API, whole and cut short", () => {
  const deltas = ["Hel", "lo"].map((delta) => ({ type: "response.output_text.delta", delta }));
  const message = {
    type: "message",
    role: "assistant",
    content: [{ type: "output_text", text: "Hello" }],
  };
  const created = { type: "response.created", response: { output: [] } };
  expect(output([created, ...deltas])).toEqual(hello);
  expect(
    output([created, ...deltas, { type: "response.output_item.done", item: message }]),
  ).toEqual(hello);
  expect(
    output([...deltas, { type: "response.completed", response: { output: [message] } }]),
  ).toEqual(hello);
});

test("a text that begins like an event is a text", () => {
  expect(output("data: none\nto be had")).toEqual([assistant(text("data: none\nto be had"))]);
  expect(output("id: 7")).toEqual([assistant(text("id: 7"))]);
});
