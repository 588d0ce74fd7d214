/** What a message has beside its text: read where its sender is known, kept as it is where not. */
import { describe, expect, test } from "bun:test";
import {
  assistant,
  call,
  image,
  partsOf,
  raw,
  read,
  result,
  system,
  text,
  thinking,
  tool,
  user,
  withheld,
} from "./build.ts";

const png = "iVBORw0KGgo=";

describe("members that no reader knows", () => {
  test("of a message stand behind its parts, but for ids and accounts", () => {
    expect(
      read([
        { role: "user", content: "a", id: "m1", created: 5, usage: { n: 1 }, tide: { low: 1 } },
      ]),
    ).toEqual([user(text("a"), raw({ tide: { low: 1 } }))]);
  });

  test("of a part stand behind it, and what is empty says nothing", () => {
    const cited = [{ type: "text", text: "a", citations: [{ title: "T" }], annotations: [] }];
    expect(partsOf(cited)).toEqual([text("a"), raw({ citations: [{ title: "T" }] })]);
    expect(partsOf([{ text: "a", metadata: { purpose: "greet" } }])).toEqual([
      text("a"),
      raw({ metadata: { purpose: "greet" } }),
    ]);
    const seal = { thoughtSignature: "c2ln" };
    expect(partsOf([{ text: "a", ...seal }, { text: "", ...seal }, seal])).toEqual([text("a")]);
  });

  test("of an answer are citations and sources, not how it was made", () => {
    const made = { model: "m", usage: { input: 1 }, service_tier: "default", latencyMs: 20 };
    const choice = { message: { role: "assistant", content: "a" }, finish_reason: "stop" };
    expect(read({ ...made, choices: [choice], citations: ["u"] }, "output")).toEqual([
      assistant(text("a")),
      assistant(raw({ citations: ["u"] })),
    ]);
    const grounded = {
      content: { role: "model", parts: [{ text: "a" }] },
      groundingMetadata: { q: "x" },
    };
    expect(read({ candidates: [grounded] }, "output")).toEqual([
      assistant(text("a"), raw({ groundingMetadata: { q: "x" } })),
    ]);
  });

  test("that repeat what is said are left out", () => {
    const answer = {
      message: { role: "model", content: [{ text: "a" }] },
      raw: { choices: ["a"] },
    };
    expect(read(answer, "output")).toEqual([assistant(text("a"))]);
    const twice = { role: "user", content: "a b", contents: [{ type: "text", text: "a b" }] };
    expect(read([twice])).toEqual([user(text("a b"))]);
  });
});

test("an element that nobody knows leaves its neighbours readable", () => {
  const [human, remove, ai] = ["HumanMessage", "RemoveMessage", "AIMessage"].map((name) => ({
    lc: 1,
    type: "constructor",
    id: ["langchain", "schema", "messages", name],
    kwargs: { content: name === "RemoveMessage" ? "" : name, id: "x" },
  }));
  expect(read([[human, remove, ai]])).toEqual([
    user(text("HumanMessage")),
    { role: "remove", parts: [raw({ id: "x" })] },
    assistant(text("AIMessage")),
  ]);
  expect(
    read([{ role: "user", content: "a" }, { tide: 1 }, { role: "user", content: "b" }]),
  ).toEqual([user(text("a")), user(raw({ tide: 1 })), user(text("b"))]);
  expect(partsOf([{ type: "text", text: "a" }, null, { type: "new", x: 1 }])).toEqual([
    text("a"),
    raw({ type: "new", x: 1 }),
  ]);
});

describe("thoughts", () => {
  test("that are held back say how", () => {
    expect(partsOf([{ type: "redacted_thinking", data: "x" }])).toEqual([withheld("redacted")]);
    expect(partsOf([{ reasoningContent: { redactedContent: "x" } }])).toEqual([
      withheld("redacted"),
    ]);
    expect(partsOf([{ type: "thinking", thinking: "", signature: "x" }])).toEqual([
      withheld("encrypted"),
    ]);
    expect(read([{ type: "reasoning", summary: [], encrypted_content: "x" }], "output")).toEqual([
      assistant(withheld("encrypted")),
    ]);
  });

  test("may be JSON, parts or summaries", () => {
    const summary = [{ text: "Hm.", type: "summary_text" }];
    expect(partsOf([{ type: "reasoning", content: JSON.stringify(summary) }])).toEqual([
      thinking("Hm."),
    ]);
    expect(partsOf([{ type: "thinking", thinking: [{ type: "text", text: "Hm." }] }])).toEqual([
      thinking("Hm."),
    ]);
    expect(partsOf([{ type: "thinking", thinking: "[1] is odd" }])).toEqual([
      thinking("[1] is odd"),
    ]);
  });

  test("beside the content are read once", () => {
    const beside = {
      role: "assistant",
      content: "a",
      reasoning: "R1R2",
      reasoning_details: [
        { type: "reasoning.text", text: "R1", signature: "s" },
        { type: "reasoning.text", text: "R2" },
      ],
    };
    expect(read([beside])).toEqual([assistant(thinking("R1R2"), text("a"))]);
    const { reasoning: _, ...details } = beside;
    expect(read([details])).toEqual([assistant(thinking("R1"), thinking("R2"), text("a"))]);
    expect(
      read([
        { role: "assistant", tool_plan: "Look.", additional_kwargs: { reasoning_content: "Hm." } },
      ]),
    ).toEqual([assistant(thinking("Hm."), thinking("Look."))]);
  });
});

describe("media", () => {
  test("are media within results", () => {
    const shot = { type: "computer_screenshot", image_url: `data:image/png;base64,${png}` };
    expect(read([{ type: "computer_call_output", call_id: "c", output: shot }])).toEqual([
      tool(result("c", ""), image({ bytes: 8 })),
    ]);
    const inlineData = { mimeType: "image/png", data: png };
    const functionResponse = {
      id: "c",
      name: "shot",
      response: { ok: true },
      parts: [{ inlineData }],
    };
    expect(partsOf([{ functionResponse }], "user")).toEqual([
      result("c", '{"ok":true}', "shot"),
      image({ bytes: 8 }),
    ]);
    const content = [{ json: { a: 1 } }, { image: { format: "png", source: { bytes: png } } }];
    expect(partsOf([{ toolResult: { toolUseId: "c", content } }], "user")).toEqual([
      result("c", '{"a":1}'),
      image({ mime: "png", bytes: 8 }),
    ]);
  });

  test("are bare base64 for Ollama, a part of their own for LlamaIndex and pydantic-ai", () => {
    expect(read({ messages: [{ role: "user", content: "a", images: [png] }] })).toEqual([
      user(text("a"), image({ mime: null, bytes: 8 })),
    ]);
    const block = { block_type: "image", image: png, image_mimetype: "image/png" };
    expect(read([{ role: "user", blocks: [block] }])).toEqual([user(image({ bytes: 8 }))]);
    const kinds = [{ kind: "image-url", url: "https://example.com/a.png" }];
    expect(partsOf(kinds, "user")).toEqual([
      image({ mime: null, at: "url", reference: "https://example.com/a.png" }),
    ]);
  });

  test("that are text are text", () => {
    const document = { document: { id: "1", data: '{"tide":3}' } };
    expect(partsOf([{ type: "document", ...document }])).toEqual([text('{"tide":3}')]);
    expect(partsOf([{ type: "resource", resource: { uri: "file:///a", text: "a" } }])).toEqual([
      text("a"),
      raw({ resource: { uri: "file:///a" } }),
    ]);
  });
});

test("items of the Responses API belong to who made them", () => {
  const items = [
    { role: "user", content: "draw" },
    { type: "image_generation_call", id: "i", status: "completed", result: png },
    { type: "mcp_list_tools", id: "m", server_label: "s", tools: [{ name: "a" }] },
    { type: "mcp_approval_request", id: "r", name: "a", arguments: "{}" },
    { type: "compaction", id: "c", encrypted_content: "x" },
    { type: "mcp_approval_response", approval_request_id: "r", approve: true },
    { type: "code_interpreter_call", id: "p", code: "1", outputs: [{ type: "logs", logs: "1" }] },
    { type: "mcp_call", id: "f", name: "ask", arguments: "{}", error: "no net", output: null },
    { type: "custom_tool_call_output", call_id: "t", output: "b" },
  ];
  expect(read({ input: items })).toEqual([
    user(text("draw")),
    assistant(
      image({ mime: null, bytes: 8 }),
      raw(items[2]),
      raw(items[3]),
      raw({ type: "compaction", id: "c" }),
    ),
    user(raw(items[5])),
    assistant(
      call("p", "code_interpreter", "1"),
      result("p", "1"),
      call("f", "ask", "{}"),
      result("f", "no net", "ask", true),
    ),
    tool(result("t", "b")),
  ]);
});

test("a result that failed says so, however its sender puts it", () => {
  const error = { type: "web_search_tool_result_error", error_code: "unavailable" };
  expect(partsOf([{ type: "web_search_tool_result", tool_use_id: "s", content: error }])).toEqual([
    result("s", JSON.stringify(error), null, true),
  ]);
  expect(partsOf([{ functionResponse: { name: "f", response: { error: "boom" } } }])).toEqual([
    result(null, "boom", "f", true),
  ]);
  const retry = { part_kind: "retry-prompt", content: "Again.", tool_name: "f", tool_call_id: "c" };
  expect(read([{ kind: "request", parts: [retry] }])).toEqual([
    tool(result("c", "Again.", "f", true)),
  ]);
});

test("a tool's message has its text wherever its sender puts it", () => {
  const sent = { role: "tool", tool_call_id: "c" };
  const found = [tool(result("c", "21"))];
  expect(read([{ ...sent, parts: [{ type: "text", content: "21" }] }])).toEqual(found);
  expect(read([{ ...sent, content: [{ text: "21" }] }])).toEqual(found);
  expect(read([{ ...sent, content: '[{"text": "21"}]' }])).toEqual(found);
  expect(read([{ ...sent, blocks: [{ block_type: "text", text: "21" }] }])).toEqual(found);
  expect(read([{ ...sent, content: "21", tool_responses: [{ ...sent, content: "21" }] }])).toEqual(
    found,
  );
  const { artifact, ...rest } = { ...sent, content: "21", artifact: { low: 1 } };
  expect(read([{ ...rest, artifact }])).toEqual([tool(result("c", "21"), raw({ artifact }))]);
});

test("instructions are shown once, and decoded", () => {
  const brief = { role: "system", parts: [{ type: "text", content: "Be\nbrief." }] };
  const again = { role: "system", content: JSON.stringify("Be\nbrief.") };
  const hi = { role: "user", content: "Hi" };
  expect(read([brief, again, hi])).toEqual([system(text("Be\nbrief.")), user(text("Hi"))]);
  const parts = JSON.stringify([{ type: "text", text: "Be\nbrief." }]);
  expect(read({ system: parts, messages: [again, hi] })).toEqual([
    system(text("Be\nbrief.")),
    user(text("Hi")),
  ]);
  expect(read([hi, again, brief])).toHaveLength(3);
});
