/** Every shape in which senders write a conversation, as one model. */
import { describe, expect, test } from "bun:test";
import { Value } from "@sinclair/typebox/value";
import { Message } from "../../src/messages/model.ts";
import { locateMessages, readMessages, type Located, type Side } from "../../src/messages/read.ts";
import {
  assistant,
  call,
  image,
  raw,
  result,
  system,
  text,
  thinking,
  tool,
  user,
  withheld,
} from "./build.ts";

interface Case {
  title: string;
  side?: Side;
  sent: unknown;
  read: Message[];
}

const oslo = { city: "Oslo" };
const osloJson = '{"city":"Oslo"}';
const png = "iVBORw0KGgo=";

const openAi: Case[] = [
  {
    title: "chat",
    sent: [
      { role: "developer", content: "Be brief." },
      { role: "user", name: "ann", content: [{ type: "text", text: "Oslo?" }] },
      {
        role: "assistant",
        content: null,
        tool_calls: [
          { id: "c1", type: "function", function: { name: "weather", arguments: osloJson } },
        ],
      },
      { role: "tool", tool_call_id: "c1", content: "21" },
      { role: "assistant", content: "21 degrees.", refusal: null },
    ],
    read: [
      system(text("Be brief.")),
      { role: "user", name: "ann", parts: [text("Oslo?")] },
      assistant(call("c1", "weather", osloJson)),
      tool(result("c1", "21")),
      assistant(text("21 degrees.")),
    ],
  },
  {
    title: "chat with media",
    sent: [
      {
        role: "user",
        content: [
          { type: "image_url", image_url: { url: `data:image/png;base64,${png}` } },
          { type: "image_url", image_url: { url: "https://example.com/a.png" } },
          { type: "input_audio", input_audio: { data: "AAAA", format: "wav" } },
          { type: "file", file: { file_id: "file-1" } },
        ],
      },
    ],
    read: [
      user(
        image({ bytes: 8 }),
        image({ mime: null, at: "url", reference: "https://example.com/a.png" }),
        image({ kind: "audio", mime: "wav", bytes: 3 }),
        image({ kind: "file", mime: null, at: "file", reference: "file-1" }),
      ),
    ],
  },
  {
    title: "chat, a whole request",
    sent: {
      model: "m",
      messages: [{ role: "user", content: "Hi" }],
      tools: [{ type: "function" }],
    },
    read: [user(text("Hi"))],
  },
  {
    title: "chat, a whole response",
    side: "output",
    sent: {
      id: "x",
      choices: [
        {
          index: 0,
          message: {
            role: "assistant",
            content: "Hi",
            reasoning_content: "Greets.",
            function_call: { name: "f", arguments: "{}" },
          },
        },
      ],
    },
    read: [assistant(thinking("Greets."), text("Hi"), call(null, "f", "{}"))],
  },
  {
    title: "responses",
    sent: [
      { role: "user", content: [{ type: "input_text", text: "Oslo?" }] },
      { type: "reasoning", id: "r1", summary: [{ type: "summary_text", text: "A place." }] },
      { type: "function_call", id: "fc1", call_id: "c1", name: "weather", arguments: osloJson },
      { type: "function_call_output", call_id: "c1", output: "21" },
      {
        type: "message",
        role: "assistant",
        content: [{ type: "output_text", text: "21.", annotations: [] }],
      },
      { type: "item_reference", id: "r1" },
    ],
    read: [
      user(text("Oslo?")),
      assistant(thinking("A place."), call("c1", "weather", osloJson)),
      tool(result("c1", "21")),
      assistant(text("21.")),
      user({ type: "raw", text: '{"type":"item_reference","id":"r1"}' }),
    ],
  },
  {
    title: "responses, a whole request and a whole response",
    sent: { model: "m", instructions: "Be brief.", input: "Hi" },
    read: [system(text("Be brief.")), user(text("Hi"))],
  },
  {
    title: "responses, a whole response",
    side: "output",
    sent: {
      object: "response",
      output: [
        { type: "reasoning", summary: [] },
        { type: "message", role: "assistant", content: [{ type: "refusal", refusal: "No." }] },
      ],
    },
    read: [assistant(thinking("")), assistant(text("No."))],
  },
  {
    title: "responses with tools that the provider runs",
    sent: [
      { type: "web_search_call", id: "w1", status: "completed", action: { query: "Oslo" } },
      { type: "file_search_call", id: "f1", queries: ["Oslo"], results: [{ text: "a city" }] },
      { type: "mcp_call", id: "m1", name: "roll", arguments: "{}", output: "4" },
      { type: "local_shell_call", id: "x", call_id: "s1", action: { command: ["ls"] } },
      { type: "local_shell_call_output", call_id: "s1", output: "a" },
    ],
    read: [
      assistant(
        call("w1", "web_search", '{"query":"Oslo"}'),
        call("f1", "file_search", '["Oslo"]'),
        result("f1", "a city"),
        call("m1", "roll", "{}"),
        result("m1", "4", "roll"),
        call("s1", "local_shell", '{"command":["ls"]}'),
      ),
      tool(result("s1", "a")),
    ],
  },
  {
    title: "chat that is spoken",
    side: "output",
    sent: {
      choices: [
        {
          message: { role: "assistant", content: null, audio: { transcript: "Hi", data: "AAAA" } },
        },
      ],
    },
    read: [assistant(text("Hi"), image({ kind: "audio", mime: null, bytes: 3 }))],
  },
];

const anthropic: Case[] = [
  {
    title: "a request whose system stands behind the messages",
    sent: {
      messages: [
        { role: "user", content: "Oslo?" },
        {
          role: "assistant",
          content: [
            { type: "thinking", thinking: "A place.", signature: "c2ln" },
            { type: "redacted_thinking", data: "abc" },
            { type: "text", text: "I look." },
            { type: "tool_use", id: "t1", name: "weather", input: oslo },
          ],
        },
        {
          role: "user",
          content: [
            {
              type: "tool_result",
              tool_use_id: "t1",
              is_error: true,
              content: [
                { type: "text", text: "no" },
                { type: "text", text: "net" },
                {
                  type: "image",
                  source: { type: "base64", media_type: "image/png", data: png },
                },
              ],
            },
            { type: "text", text: "Again!" },
          ],
        },
      ],
      system: [{ type: "text", text: "Be brief." }],
    },
    read: [
      system(text("Be brief.")),
      user(text("Oslo?")),
      assistant(
        thinking("A place."),
        withheld("redacted"),
        text("I look."),
        call("t1", "weather", osloJson),
      ),
      user(result("t1", "no\nnet", null, true), image({ bytes: 8 }), text("Again!")),
    ],
  },
  {
    title: "a response, and documents",
    side: "output",
    sent: {
      type: "message",
      role: "assistant",
      content: [
        { type: "document", source: { type: "text", data: "plain" } },
        { type: "document", source: { type: "url", url: "https://example.com/a.pdf" } },
        { type: "server_tool_use", id: "s1", name: "web_search", input: { query: "x" } },
        { type: "web_search_tool_result", tool_use_id: "s1", content: [{ type: "hit", url: "u" }] },
      ],
    },
    read: [
      assistant(
        text("plain"),
        image({ kind: "file", mime: null, at: "url", reference: "https://example.com/a.pdf" }),
        call("s1", "web_search", '{"query":"x"}'),
        result("s1", '[{"type":"hit","url":"u"}]'),
      ),
    ],
  },
  {
    title: "documents of parts, and what a search found",
    sent: [
      {
        role: "user",
        content: [
          {
            type: "search_result",
            source: "u",
            title: "t",
            content: [{ type: "text", text: "a" }],
          },
          {
            type: "document",
            source: { type: "content", content: [{ type: "text", text: "b" }] },
          },
        ],
      },
    ],
    read: [user(text("a"), raw({ source: "u", title: "t" }), text("b"))],
  },
];

const gemini: Case[] = [
  {
    title: "contents",
    sent: {
      systemInstruction: { parts: [{ text: "Be brief." }] },
      contents: [
        {
          role: "user",
          parts: [{ text: "Oslo?" }, { inlineData: { mimeType: "image/png", data: png } }],
        },
        {
          role: "model",
          parts: [
            { text: "A place.", thought: true },
            { functionCall: { name: "weather", args: oslo } },
          ],
        },
        {
          role: "user",
          parts: [{ functionResponse: { name: "weather", response: { celsius: 21 } } }],
        },
      ],
    },
    read: [
      system(text("Be brief.")),
      user(text("Oslo?"), image({ bytes: 8 })),
      assistant(thinking("A place."), call(null, "weather", osloJson)),
      user(result(null, '{"celsius":21}', "weather")),
    ],
  },
  {
    title: "candidates",
    side: "output",
    sent: { candidates: [{ content: { role: "model", parts: [{ text: "21." }] }, index: 0 }] },
    read: [assistant(text("21."))],
  },
  {
    title: "Gemini CLI's chunks, cut off behind one",
    side: "output",
    sent: '[{"text":"I wi"},{"text":"ll list them."}',
    read: [assistant(text("I wi"), text("ll list them."))],
  },
];

const bedrock: Case[] = [
  {
    title: "Converse, as Strands sends it",
    sent: [
      {
        role: "user",
        content: [{ text: "Oslo?" }, { image: { format: "png", source: { bytes: png } } }],
      },
      {
        role: "assistant",
        content: [
          { reasoningContent: { reasoningText: { text: "A place.", signature: "s" } } },
          { toolUse: { toolUseId: "t1", name: "weather", input: oslo } },
        ],
      },
      {
        role: "user",
        content: [{ toolResult: { toolUseId: "t1", status: "error", content: [{ text: "no" }] } }],
      },
    ],
    read: [
      user(text("Oslo?"), image({ mime: "png", bytes: 8 })),
      assistant(thinking("A place."), call("t1", "weather", osloJson)),
      user(result("t1", "no", null, true)),
    ],
  },
];

const aiSdk: Case[] = [
  {
    title: "a prompt of version 4",
    sent: { system: "Be brief.", prompt: "Oslo?" },
    read: [system(text("Be brief.")), user(text("Oslo?"))],
  },
  {
    title: "a prompt of version 5 to 7",
    sent: [
      { role: "system", content: "Be brief." },
      {
        role: "user",
        content: [
          { type: "text", text: "Oslo?" },
          { type: "file", mediaType: "image/png", filename: "a.png", data: png },
          { type: "image", image: { 0: 1, 1: 2 }, mimeType: "image/png" },
        ],
      },
      {
        role: "assistant",
        content: [
          { type: "reasoning", text: "A place." },
          { type: "tool-call", toolCallId: "c1", toolName: "weather", input: oslo },
          { type: "tool-call", toolCallId: "c2", toolName: "weather", args: oslo },
        ],
      },
      {
        role: "tool",
        content: [
          {
            type: "tool-result",
            toolCallId: "c1",
            toolName: "weather",
            output: { type: "json", value: { celsius: 21 } },
          },
          {
            type: "tool-result",
            toolCallId: "c2",
            toolName: "weather",
            output: { type: "error-text", value: "no net" },
          },
          { type: "tool-result", toolCallId: "c3", toolName: "weather", result: "21" },
        ],
      },
    ],
    read: [
      system(text("Be brief.")),
      user(text("Oslo?"), image({ name: "a.png", bytes: 8 }), image({ bytes: 2 })),
      assistant(
        thinking("A place."),
        call("c1", "weather", osloJson),
        call("c2", "weather", osloJson),
      ),
      tool(
        result("c1", '{"celsius":21}', "weather"),
        result("c2", "no net", "weather", true),
        result("c3", "21", "weather"),
      ),
    ],
  },
  {
    title: "the parts of a result",
    side: "output",
    sent: [
      { type: "reasoning", text: "A place." },
      { type: "text", text: "I look." },
      { type: "tool-call", toolCallId: "c1", toolName: "weather", input: oslo },
      { type: "tool-error", toolCallId: "c1", toolName: "weather", input: oslo, error: "no net" },
    ],
    read: [
      assistant(
        thinking("A place."),
        text("I look."),
        call("c1", "weather", osloJson),
        result("c1", "no net", "weather", true),
      ),
    ],
  },
  {
    title: "a whole result",
    side: "output",
    sent: {
      text: "I look.",
      finishReason: "tool-calls",
      toolCalls: [
        { toolCallType: "function", toolCallId: "c1", toolName: "weather", args: osloJson },
      ],
    },
    read: [assistant(text("I look."), call("c1", "weather", osloJson))],
  },
  {
    title: "messages of a user interface",
    sent: [
      { id: "1", role: "user", content: "Oslo?", parts: [{ type: "text", text: "Oslo?" }] },
      {
        id: "2",
        role: "assistant",
        parts: [
          { type: "step-start" },
          { type: "reasoning", text: "A place." },
          {
            type: "tool-weather",
            toolCallId: "c1",
            state: "output-available",
            input: oslo,
            output: { celsius: 21 },
          },
          {
            type: "dynamic-tool",
            toolName: "search",
            toolCallId: "c2",
            state: "output-error",
            input: {},
            errorText: "no net",
          },
          {
            type: "tool-invocation",
            toolInvocation: { state: "call", toolCallId: "c3", toolName: "weather", args: oslo },
          },
          { type: "data-note", data: 1 },
        ],
      },
    ],
    read: [
      user(text("Oslo?")),
      assistant(
        thinking("A place."),
        call("c1", "weather", osloJson),
        result("c1", '{"celsius":21}', "weather"),
        call("c2", "search", "{}"),
        result("c2", "no net", "search", true),
        call("c3", "weather", osloJson),
        { type: "raw", text: '{"type":"data-note","data":1}' },
      ),
    ],
  },
  {
    title: "sources, files and approvals",
    side: "output",
    sent: [
      { type: "source", sourceType: "url", id: "s", url: "https://example.com", title: "A page" },
      { type: "file", file: { base64Data: png, mediaType: "image/png" } },
      { type: "reasoning-file", data: png, mediaType: "image/png" },
      { type: "tool-approval-request", approvalId: "a", toolCallId: "c1" },
      { type: "custom", kind: "x.y" },
    ],
    read: [
      assistant(
        image({
          kind: "file",
          mime: null,
          name: "A page",
          at: "url",
          reference: "https://example.com",
        }),
        image({ bytes: 8 }),
        image({ bytes: 8 }),
        {
          type: "raw",
          text: '{"type":"tool-approval-request","approvalId":"a","toolCallId":"c1"}',
        },
        { type: "raw", text: '{"type":"custom","kind":"x.y"}' },
      ),
    ],
  },
];

const conventions: Case[] = [
  {
    title: "messages of OpenTelemetry, with their system instructions",
    sent: [
      { role: "system", parts: [{ type: "text", content: "Be brief." }] },
      {
        role: "user",
        parts: [
          { type: "text", content: "Oslo?" },
          { type: "blob", modality: "image", mime_type: "image/png", content: png },
          { type: "uri", modality: "image", mime_type: "image/png", uri: "gs://b/a.png" },
          { type: "file", modality: "image", mime_type: "image/png", file_id: "f1" },
        ],
      },
      {
        role: "assistant",
        parts: [
          { type: "reasoning", content: "A place." },
          { type: "tool_call", id: "c1", name: "weather", arguments: oslo },
          { type: "server_tool_call", id: "s1", name: "search", server_tool_call: { q: "x" } },
          { type: "server_tool_call_response", id: "s1", server_tool_call_response: { n: 1 } },
        ],
      },
      {
        role: "tool",
        parts: [{ type: "tool_call_response", id: "c1", response: { celsius: 21 } }],
      },
      { role: "tool", parts: [{ type: "tool_call_response", id: "c1", result: "21" }] },
      { role: "assistant", parts: [{ type: "text", content: "21." }], finish_reason: "stop" },
    ],
    read: [
      system(text("Be brief.")),
      user(
        text("Oslo?"),
        image({ bytes: 8 }),
        image({ at: "url", reference: "gs://b/a.png" }),
        image({ at: "file", reference: "f1" }),
      ),
      assistant(
        thinking("A place."),
        call("c1", "weather", osloJson),
        call("s1", "search", '{"q":"x"}'),
        result("s1", '{"n":1}'),
      ),
      tool(result("c1", '{"celsius":21}')),
      tool(result("c1", "21")),
      assistant(text("21.")),
    ],
  },
  {
    title: "events of pydantic-ai",
    sent: [
      { "event.name": "gen_ai.system.message", content: "Be brief." },
      { "event.name": "gen_ai.user.message", content: "Oslo?" },
      {
        "event.name": "gen_ai.tool.message",
        content: "21",
        id: "c1",
        role: "tool",
        name: "weather",
      },
      { "event.name": "gen_ai.choice", message: { role: "assistant", content: "21." } },
    ],
    read: [
      system(text("Be brief.")),
      user(text("Oslo?")),
      tool(result("c1", "21", "weather")),
      assistant(text("21.")),
    ],
  },
  {
    title: "messages of pydantic-ai itself",
    sent: [
      {
        kind: "request",
        parts: [
          { part_kind: "system-prompt", content: "Be brief." },
          { part_kind: "user-prompt", content: ["Oslo?"] },
        ],
      },
      {
        kind: "response",
        parts: [
          { part_kind: "thinking", content: "A place." },
          { part_kind: "tool-call", tool_name: "weather", tool_call_id: "c1", args: oslo },
        ],
      },
      {
        kind: "request",
        parts: [
          { part_kind: "tool-return", tool_name: "weather", tool_call_id: "c1", content: "21" },
        ],
      },
    ],
    read: [
      system(text("Be brief.")),
      user(text("Oslo?")),
      assistant(thinking("A place."), call("c1", "weather", osloJson)),
      tool(result("c1", "21", "weather")),
    ],
  },
  {
    title: "messages of OpenInference, unflattened",
    sent: [
      {
        role: "user",
        content: "as it was",
        contents: [
          { type: "text", text: "in parts" },
          { type: "image_url", image_url: { url: "https://example.com/a.png" } },
        ],
      },
      {
        role: "assistant",
        tool_calls: [
          { id: "c1", type: "function", function: { name: "weather", arguments: osloJson } },
          { function: { name: "weather" } },
        ],
      },
      { role: "tool", content: "21", tool_call_ids: ["c1"] },
    ],
    read: [
      user(
        text("as it was"),
        text("in parts"),
        image({ mime: null, at: "url", reference: "https://example.com/a.png" }),
      ),
      assistant(call("c1", "weather", osloJson), call(null, "weather", "")),
      tool(result("c1", "21")),
    ],
  },
];

const langChain: Case[] = [
  {
    title: "pairs, plain and serialized messages, a batch",
    sent: {
      messages: [
        [
          ["system", "Be brief."],
          { type: "human", content: "Oslo?" },
          {
            lc: 1,
            type: "constructor",
            id: ["langchain_core", "messages", "AIMessage"],
            kwargs: {
              content: "",
              type: "ai",
              tool_calls: [{ id: "c1", name: "weather", args: oslo, type: "tool_call" }],
            },
          },
          { type: "tool", content: "21", tool_call_id: "c1", name: "weather", status: "success" },
        ],
      ],
    },
    read: [
      system(text("Be brief.")),
      user(text("Oslo?")),
      assistant(call("c1", "weather", osloJson)),
      tool(result("c1", "21", "weather")),
    ],
  },
  {
    title: "generations",
    side: "output",
    sent: { generations: [[{ text: "21.", generation_info: {} }]] },
    read: [assistant(text("21."))],
  },
  {
    title: "generations with messages",
    side: "output",
    sent: {
      generations: [
        [
          {
            text: "21.",
            message: { lc: 1, id: ["x", "AIMessageChunk"], kwargs: { content: "21." } },
          },
        ],
      ],
    },
    read: [assistant(text("21."))],
  },
  {
    title: "calls that are in the content, too",
    sent: {
      messages: [
        {
          type: "ai",
          content: [{ type: "tool_use", id: "c1", name: "weather", input: oslo }],
          tool_calls: [{ name: "weather", args: oslo, id: "c1", type: "tool_call" }],
        },
      ],
    },
    read: [assistant(call("c1", "weather", osloJson))],
  },
];

const plain: Case[] = [
  { title: "a text", sent: "Oslo?", read: [user(text("Oslo?"))] },
  { title: "an answer", side: "output", sent: "21.", read: [assistant(text("21."))] },
  { title: "a JSON string", side: "output", sent: '"a\\nb"', read: [assistant(text("a\nb"))] },
  { title: "a quotation", sent: '"a" and "b"', read: [user(text('"a" and "b"'))] },
  { title: "a number", sent: "42", read: [user(text("42"))] },
  { title: "texts", sent: ["Oslo", "Bergen"], read: [user(text("Oslo"), text("Bergen"))] },
  { title: "numbers", sent: [1, 2], read: [user(text("[1,2]"))] },
  { title: "an answer in JSON", side: "output", sent: oslo, read: [assistant(text(osloJson))] },
  {
    title: "a list in JSON",
    side: "output",
    sent: [oslo],
    read: [assistant(text(`[${osloJson}]`))],
  },
  { title: "prose in brackets", sent: "[File: a] b", read: [user(text("[File: a] b"))] },
  { title: "a footnote", sent: "[1] says so", read: [user(text("[1] says so"))] },
  { title: "code", sent: "{ return 1; }", read: [user(text("{ return 1; }"))] },
  { title: "an empty list", sent: [], read: [] },
  { title: "no answer of a function", side: "output", sent: "null", read: [] },
  { title: "nothing", sent: "", read: [] },
];

const cut = { cut: { by: "sender", wholeLength: null } } as const;

const cutOff: Case[] = [
  {
    title: "within a message",
    sent: '[{"role":"system","content":"Be brief."},{"role":"assistant","content":"Os',
    read: [
      system(text("Be brief.")),
      assistant({ type: "raw", text: '{"role":"assistant","content":"Os', ...cut }),
    ],
  },
  {
    title: "within the first",
    sent: '[{"role":"developer","content":"Be',
    read: [system({ type: "raw", text: '{"role":"developer","content":"Be', ...cut })],
  },
  {
    title: "between two",
    sent: '[{"role":"user","content":"a"},',
    read: [user(text("a"))],
  },
  {
    title: "within a request",
    sent: '{"model":"m","system":"Be brief.","messages":[{"role":"user","content":"a"},{"ro',
    read: [system(text("Be brief.")), user(text("a")), user({ type: "raw", text: '{"ro', ...cut })],
  },
  {
    title: "within one message alone",
    side: "output",
    sent: '{"role":"assistant","content":"a',
    read: [assistant({ type: "raw", text: '{"role":"assistant","content":"a', ...cut })],
  },
  {
    title: "behind the tools",
    sent: '{"messages":[{"role":"user","content":"a"}],"tools":[{"na',
    read: [user(text("a"))],
  },
  {
    title: "behind the system, before any message",
    sent: '{"system":"Be brief.","model":"m","mess',
    read: [system(text("Be brief.")), user({ type: "raw", text: '"model":"m","mess' })],
  },
];

const all = { openAi, anthropic, gemini, bedrock, aiSdk, conventions, langChain, plain, cutOff };

describe.each(Object.entries(all))("messages are read: %s", (_, cases) => {
  test.each(cases.map((one) => [one.title, one] as const))("%s", (_, { side, sent, read }) => {
    const payload = typeof sent === "string" ? sent : JSON.stringify(sent);
    const messages = readMessages(payload, side ?? "input");
    expect(messages).toEqual(read);
    expect(messages.every((message) => Value.Check(Message, message))).toBe(true);
  });
});

/** All but what holds for all messages and stands behind them. */
const conversationOf = (located: Located[]) =>
  located.filter(({ end }) => end > 0).map(({ message }) => message);

test.each(
  Object.entries(all).flatMap(([shape, cases]) =>
    cases.map((one) => [shape, one.title, one] as const),
  ),
)(
  "of a text that is cut off anywhere all that is whole is read: %s, %s",
  (_, __, { side = "input", sent }) => {
    const payload = typeof sent === "string" ? sent : JSON.stringify(sent);
    const whole = locateMessages(payload, side);
    for (let cut = 0; cut < payload.length; cut++) {
      const read = conversationOf(locateMessages(payload.slice(0, cut), side));
      const before = conversationOf(whole.filter(({ end }) => end <= cut));
      expect(read.slice(0, before.length)).toEqual(before);
    }
  },
);
