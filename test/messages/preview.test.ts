/** What lists show of an input and an output. */
import { describe, expect, spyOn, test } from "bun:test";
import { inputPreview, outputPreview } from "../../src/messages/preview.ts";

const say = (role: string, content: unknown) => ({ role, content });
const input = (...messages: unknown[]) => inputPreview(JSON.stringify(messages));
const output = (...messages: unknown[]) => outputPreview(JSON.stringify(messages));

describe("the preview of an input", () => {
  test("is the last that a user said, behind it answers and results", () => {
    expect(input(say("system", "Be brief."), say("user", "a"), say("user", "b"))).toBe("b");
    const result = [{ type: "tool_result", tool_use_id: "t", content: "21" }];
    expect(input(say("user", "a"), say("assistant", "b"), say("user", result))).toBe("a");
    expect(inputPreview('{"system":"s","messages":[{"role":"user","content":"a"}]}')).toBe("a");
  });

  test("is what else there is where no user says a word, and the text where it is no conversation", () => {
    expect(input(say("system", "Be brief."))).toBe("Be brief.");
    expect(inputPreview("Oslo?")).toBe("Oslo?");
    expect(inputPreview('{"city":"Oslo"}')).toBe('{"city":"Oslo"}');
    expect(input("Oslo", "Bergen")).toBe("Oslo Bergen");
  });

  test("is nothing where there is no text", () => {
    expect(inputPreview("")).toBeNull();
    expect(inputPreview(" \n")).toBeNull();
    expect(input()).toBeNull();
    expect(input(say("user", [{ type: "image_url", image_url: { url: "data:," } }]))).toBeNull();
  });

  test("is the beginning of a message that is cut off", () => {
    const text = JSON.stringify([say("system", "s"), say("user", `Fix it. ${"x".repeat(9000)}`)]);
    expect(inputPreview(text.slice(0, 8000))).toStartWith("Fix it. xxx");
    expect(inputPreview('[{"role":"user","content":"a\\u12')).toBe("a");
  });
});

describe("the preview of an output", () => {
  test("is the last text", () => {
    expect(outputPreview("Done.")).toBe("Done.");
    expect(output(say("assistant", "a"), say("assistant", "b"))).toBe("b");
    expect(output({ text: "I wi" }, { text: "ll do." })).toBe("I wi ll do.");
    const parts = [
      { type: "reasoning", text: "Hm." },
      { type: "text", text: "I look." },
      { type: "tool-call", toolCallId: "1", toolName: "weather", input: {} },
    ];
    expect(output(...parts)).toBe("I look.");
  });

  test("is the last call where nothing is said", () => {
    const call = (name: string) => ({ type: "tool-call", toolName: name, input: { city: "Oslo" } });
    expect(output(call("a"), call("weather"))).toBe('weather({"city":"Oslo"})');
  });

  test("is else a result or a thought", () => {
    expect(output({ role: "tool", tool_call_id: "1", content: "21" })).toBe("21");
    expect(output({ type: "reasoning", text: "Hm." })).toBe("Hm.");
  });
});

test("a preview is one line of at most 200 characters, and ends with a whole one", () => {
  expect(outputPreview("  a\r\n\t b\u0000\u001b[31mc\u2028d ")).toBe("a b [31mc d");
  const long = outputPreview("x".repeat(198) + "😀😀")!;
  expect(long).toBe("x".repeat(198) + "…");
  expect(outputPreview("x".repeat(200))).toBe("x".repeat(200));
  expect(outputPreview("x".repeat(201))).toBe(`${"x".repeat(199)}…`);
  expect(outputPreview("a\ud800b")).toBe("a\ufffdb");
});

test("of 1 MB of messages few are parsed", () => {
  const text = JSON.stringify(
    Array.from({ length: 1000 }, (_, i) => say("user", `${i} ${"word ".repeat(200)}`)),
  );
  using parse = spyOn(JSON, "parse");
  expect(inputPreview(text)).toStartWith("999 word");
  expect(parse.mock.calls.length).toBeWithin(1, 5);
});
