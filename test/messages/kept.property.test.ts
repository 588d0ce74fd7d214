/** Nothing that a message says is lost: each of its texts is found again in what was read. */
import { expect, test } from "bun:test";
import fc from "fast-check";
import { readMessages } from "../../src/messages/read.ts";

/** None is a word that means something, and few are alike. */
const said = fc
  .tuple(fc.constantFrom("quay", "ebb", "gull"), fc.nat(999_999_999))
  .map(([word, number]) => `${word} ${number} ash`);

/** A member that no reader knows. */
const unknown = fc.oneof(
  said,
  fc.record({ note: said, inner: fc.array(said, { maxLength: 2 }) }),
  fc.array(fc.record({ tide: said }), { minLength: 1, maxLength: 2 }),
);
const extra = fc.dictionary(fc.constantFrom("x_tide", "harbour", "moorings", "Fog"), unknown, {
  maxKeys: 2,
});

/** An object with members that no reader knows among its own. */
const open = (model: Record<string, fc.Arbitrary<unknown>>) =>
  fc.tuple(fc.record(model), extra).map(([known, more]) => ({ ...known, ...more }));
const of = <T>(value: T) => fc.constant(value);
const list = (part: fc.Arbitrary<unknown>) => fc.array(part, { minLength: 1, maxLength: 3 });
const args = fc.record({ city: said });

const parts: Record<string, fc.Arbitrary<unknown>> = {
  text: open({ type: of("text"), text: said }),
  refusal: open({ type: of("refusal"), refusal: said }),
  anthropicThinking: open({ type: of("thinking"), thinking: said }),
  anthropicCall: open({ type: of("tool_use"), id: of("t"), name: said, input: args }),
  anthropicResult: open({
    type: of("tool_result"),
    tool_use_id: of("t"),
    content: list(open({ type: of("text"), text: said })),
  }),
  serverResult: open({
    type: of("web_search_tool_result"),
    tool_use_id: of("t"),
    content: list(open({ type: of("web_search_result"), url: said })),
  }),
  document: open({
    type: of("document"),
    title: said,
    source: open({ type: of("text"), data: said }),
  }),
  cited: open({ type: of("text"), text: said, citations: list(open({ cited_text: said })) }),
  link: open({ type: of("image_url"), image_url: open({ url: of("https://example.com/a.png") }) }),
  convention: open({ type: of("text"), content: said }),
  conventionCall: open({ type: of("tool_call"), id: of("c"), name: said, arguments: args }),
  conventionResult: open({ type: of("tool_call_response"), id: of("c"), response: args }),
  gemini: open({ text: said }),
  geminiCall: open({ functionCall: open({ name: said, args }) }),
  geminiResult: open({ functionResponse: open({ name: said, response: args }) }),
  geminiCode: open({ executableCode: open({ code: said }) }),
  bedrockThought: open({ reasoningContent: open({ reasoningText: open({ text: said }) }) }),
  bedrockResult: open({ toolResult: open({ content: list(fc.record({ text: said })) }) }),
  bedrockCited: open({
    citationsContent: open({ content: list(open({ text: said })), citations: list(args) }),
  }),
  aiSdkCall: open({ type: of("tool-call"), toolCallId: of("c"), toolName: said, input: args }),
  aiSdkResult: open({
    type: of("tool-result"),
    toolCallId: of("c"),
    toolName: said,
    output: open({ type: of("text"), value: said }),
  }),
  genkit: open({ toolRequest: open({ name: said, ref: of("c"), input: args }) }),
  haystack: open({ tool_call: open({ tool_name: said, arguments: args, id: of("c") }) }),
  resource: open({ type: of("resource"), resource: open({ uri: said, text: said }) }),
  nobodys: open({ type: of("of-tomorrow"), wave: said }),
};
const part = fc.oneof(...Object.values(parts));

const call = open({
  id: of("c"),
  type: of("function"),
  function: open({ name: said, arguments: said }),
});
const messages: Record<string, fc.Arbitrary<unknown>> = {
  plain: open({ role: of("user"), name: said, content: said }),
  parts: open({
    role: fc.constantFrom("user", "assistant", "system", "tool"),
    content: list(part),
  }),
  conventions: open({ role: fc.constantFrom("user", "assistant", "tool"), parts: list(part) }),
  blocks: open({ role: of("user"), blocks: list(open({ block_type: of("text"), text: said })) }),
  calling: open({
    role: of("assistant"),
    content: said,
    tool_plan: said,
    reasoning_content: said,
    reasoning_details: list(open({ type: of("reasoning.text"), text: said })),
    tool_calls: list(call),
    refusal: said,
    citations: list(args),
  }),
  result: open({ role: of("tool"), tool_call_id: of("c"), content: said, artifact: args }),
  langChain: open({
    lc: of(1),
    type: of("constructor"),
    id: of(["langchain", "schema", "messages", "AIMessage"]),
    kwargs: open({
      content: said,
      additional_kwargs: open({ reasoning_content: said, function_call: open({ name: said }) }),
      invalid_tool_calls: list(open({ name: said, args: said, error: said })),
      response_metadata: open({ model_name: of("m") }),
    }),
  }),
  pydantic: open({
    kind: of("request"),
    instructions: said,
    parts: list(open({ part_kind: of("user-prompt"), content: said })),
  }),
  wrapped: open({ message: open({ role: of("assistant"), content: said }) }),
  candidate: open({ content: open({ role: of("model"), parts: list(part) }) }),
};
const items: Record<string, fc.Arbitrary<unknown>> = {
  call: open({ type: of("function_call"), call_id: of("c"), name: said, arguments: said }),
  output: open({ type: of("function_call_output"), call_id: of("c"), output: said }),
  reasoning: open({
    type: of("reasoning"),
    summary: list(open({ type: of("summary_text"), text: said })),
  }),
  search: open({ type: of("web_search_call"), id: of("w"), action: open({ query: said }) }),
  mcp: open({ type: of("mcp_call"), id: of("m"), name: said, arguments: said, output: said }),
  tools: open({ type: of("mcp_list_tools"), server_label: said, tools: list(args) }),
  nobodys: open({ type: of("of-tomorrow"), wave: said }),
};

/** All texts but those of the words by which a shape is told. */
function* textsIn(value: unknown): Generator<string> {
  if (typeof value === "string" && / \d+ ash$/.test(value)) yield value;
  else if (typeof value === "object" && value !== null) {
    for (const inner of Object.values(value)) yield* textsIn(inner);
  }
}

function expectKept(sent: unknown): void {
  for (const side of ["input", "output"] as const) {
    const read = JSON.stringify(readMessages(JSON.stringify(sent), side));
    for (const text of textsIn(sent)) expect(read).toContain(text);
  }
}

test.each(Object.entries(parts))("of a part all is kept: %s", (_, part) => {
  const message = fc
    .constantFrom("user", "assistant", "tool")
    .chain((role) => open({ role: of(role), content: list(part) }));
  fc.assert(fc.property(fc.array(message, { minLength: 1, maxLength: 2 }), expectKept));
});

test.each([...Object.entries(messages), ...Object.entries(items)])(
  "of a message all is kept: %s",
  (_, message) => {
    fc.assert(fc.property(list(message), expectKept));
    fc.assert(
      fc.property(list(message), (messages) => expectKept({ messages })),
      { numRuns: 30 },
    );
  },
);

test("of a list of all shapes all is kept", () => {
  const one = fc.oneof(...Object.values(messages), ...Object.values(items));
  fc.assert(
    fc.property(fc.array(one, { minLength: 1, maxLength: 6 }), (messages) => {
      expectKept(messages);
      expectKept([messages]);
    }),
    { numRuns: 300 },
  );
});
