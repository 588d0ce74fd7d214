/** Any text is read: none throws, none takes long, and what is whole of a text that is cut off is read. */
import { expect, test } from "bun:test";
import { Value } from "@sinclair/typebox/value";
import fc from "fast-check";
import { Message } from "../../src/messages/model.ts";
import { inputPreview, outputPreview } from "../../src/messages/preview.ts";
import { locateMessages, messagesFromEnd, readMessages } from "../../src/messages/read.ts";
import { readTools } from "../../src/messages/tools.ts";
import { cpuMs } from "../helpers.ts";

const words = fc.constantFrom(
  "",
  "a",
  'say "hi"\\',
  "\n\t",
  "\ud800",
  "<>&",
  "{",
  "[1,",
  "x".repeat(300),
);
const key = fc.constantFrom(
  ...["role", "type", "content", "parts", "text", "message", "tool_calls", "function", "arguments"],
  ...["output", "input", "value", "image_url", "source", "data", "kwargs", "id", "name", "kind"],
  ...["messages", "choices", "system", "prompt", "event.name", "__proto__", "toString", "result"],
);
const word = fc.constantFrom(
  ...["user", "assistant", "tool", "human", "text", "tool_use", "tool-result", "image", "thinking"],
  ...["function_call_output", "tool-weather", "request", "data:image/png;base64,AAAA", "__proto__"],
);

/** JSON of the words that mean something somewhere, put together without sense. */
const json = fc.letrec((tie) => ({
  value: fc.oneof(
    { maxDepth: 5 },
    word,
    words,
    fc.constantFrom<unknown>(null, true, 0, -1.5e300),
    fc.array(tie("value"), { maxLength: 4 }),
    fc.array(fc.tuple(key, tie("value")), { maxLength: 6 }).map(Object.fromEntries),
  ),
})).value;

const message = fc.record({
  role: fc.constantFrom("system", "user", "assistant", "tool"),
  content: fc.oneof(words, fc.array(fc.record({ type: fc.constant("text"), text: words }))),
});

/** A text with a few characters of it changed. */
const mutated = fc
  .tuple(json, fc.array(fc.tuple(fc.nat(), fc.constantFrom("", '"', "\\", "{", "]", ",", "\0"))))
  .map(([value, edits]) => {
    let text = JSON.stringify(value);
    for (const [at, by] of edits) {
      const place = at % (text.length + 1);
      text = text.slice(0, place) + by + text.slice(place + 1);
    }
    return text;
  });

function expectRead(text: string): void {
  for (const side of ["input", "output"] as const) {
    const located = locateMessages(text, side);
    for (const { message, end } of located) {
      expect(Value.Errors(Message, message).First()).toBeUndefined();
      expect(end).toBeLessThanOrEqual(text.length);
    }
  }
  for (const preview of [inputPreview(text), outputPreview(text)]) {
    if (preview === null) continue;
    expect(preview.length).toBeLessThanOrEqual(200);
    expect(preview).toMatch(/^\S.*$/);
    expect(preview.isWellFormed()).toBe(true);
  }
  readTools(text);
}

test("any JSON, mutated or cut off anywhere, is read", () => {
  fc.assert(
    fc.property(
      fc.oneof(
        json.map((value) => JSON.stringify(value)),
        mutated,
      ),
      expectRead,
    ),
    {
      numRuns: 700,
    },
  );
  fc.assert(
    fc.property(json, fc.nat(), (value, at) => {
      const text = JSON.stringify(value);
      expectRead(text.slice(0, at % (text.length + 1)));
    }),
    { numRuns: 500 },
  );
});

test("any text is read", () => {
  fc.assert(fc.property(fc.string({ unit: "binary", maxLength: 200 }), expectRead), {
    numRuns: 500,
  });
});

test("of a list that is cut off all whole messages are read, and what follows is left as it is", () => {
  fc.assert(
    fc.property(fc.array(message, { minLength: 1, maxLength: 5 }), fc.nat(), (messages, at) => {
      const text = JSON.stringify(messages);
      const cut = text.slice(0, at % text.length);
      const whole = locateMessages(text, "input").filter(({ end }) => end <= cut.length);
      const read = readMessages(cut, "input");
      expect(read.slice(0, whole.length)).toEqual(whole.map(({ message }) => message));
      expect(read.length).toBeLessThanOrEqual(whole.length + 1);
      const left = read.slice(whole.length).flatMap(({ parts }) => parts);
      for (const part of left) expect(["raw", "text"]).toContain(part.type);
    }),
  );
});

test("from the end the same messages are read", () => {
  fc.assert(
    fc.property(json, (value) => {
      const text = JSON.stringify(value);
      const fromEnd = [...messagesFromEnd(text, "input")].reverse();
      const known = ({ parts }: Message) => parts.some(({ type }) => type !== "raw");
      // What is not understood is passed over, and what stands before all messages is left out.
      const texts = (messages: Message[]) =>
        messages
          .filter(({ role }) => role !== "system")
          .filter(known)
          .flatMap(({ parts }) => parts);
      const all = texts(readMessages(text, "input"));
      for (const part of texts(fromEnd)) expect(all).toContainEqual(part);
    }),
    { numRuns: 500 },
  );
});

test.each([
  ["brackets", "[".repeat(1_000_000)],
  ["lists in objects", '[{"a":'.repeat(200_000)],
  ["backslashes", `[{"role":"user","content":"${"\\".repeat(1_000_000)}`],
  ["texts", JSON.stringify(Array.from({ length: 250_000 }, () => "a"))],
  [
    "parts",
    JSON.stringify([
      { role: "user", content: Array.from({ length: 30_000 }, () => ({ text: "a" })) },
    ]),
  ],
  [
    "parts without a message",
    JSON.stringify(Array.from({ length: 60_000 }, () => ({ text: "a" }))),
  ],
  [
    "texts of one request",
    JSON.stringify([{ part_kind: "user-prompt", content: Array(250_000).fill("a") }]),
  ],
  [
    "members",
    JSON.stringify(Object.fromEntries(Array.from({ length: 60_000 }, (_, i) => [`k${i}`, {}]))),
  ],
  ["long numbers", `[{"role":"user","content":[${"1.10,".repeat(200_000)}1]}]`],
  ["what Python prints", `[${"'a',".repeat(250_000)}'a']`],
  ["events", 'data: {"a":1}\n\n'.repeat(60_000)],
  ["marks", "[USER]\na\n".repeat(110_000)],
  ["chunks", JSON.stringify(Array(20_000).fill({ choices: [{ delta: { content: "a" } }] }))],
  ["white space", " ".repeat(1_000_000)],
  ["quotes", '"'.repeat(1_000_000)],
])("1 MB of %s is read in linear time", (_, text) => {
  const startMs = cpuMs();
  for (const side of ["input", "output"] as const) readMessages(text, side);
  inputPreview(text);
  outputPreview(text);
  readTools(text);
  // It takes up to 1.5 s; what is quadratic takes minutes.
  expect(cpuMs() - startMs).toBeLessThan(10_000);
});
