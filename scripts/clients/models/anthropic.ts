/** Anthropic's messages. */
import { halvesOf, type Call, type Step } from "./script.ts";

const usageOf = ({ input, cachedInput, cacheWrite, output }: Call) => ({
  input_tokens: input - cachedInput - cacheWrite,
  cache_read_input_tokens: cachedInput,
  cache_creation_input_tokens: cacheWrite,
  cache_creation: { ephemeral_5m_input_tokens: cacheWrite, ephemeral_1h_input_tokens: 0 },
  output_tokens: output,
  service_tier: "standard",
});

export function anthropic(call: Call, step: Step): Record<string, any> {
  const key = call.id.slice(-8);
  const block =
    "tool" in step
      ? { type: "tool_use", id: `toolu_${key}`, name: step.tool, input: step.args }
      : { type: "text", text: step.text };
  return {
    id: call.id.replace("scripted", "msg"),
    type: "message",
    role: "assistant",
    model: call.model,
    content: [block],
    stop_reason: "tool" in step ? "tool_use" : "end_turn",
    stop_sequence: null,
    usage: usageOf(call),
  };
}

export function anthropicEvents(call: Call, step: Step): object[] {
  const { content, stop_reason, ...message } = anthropic(call, step);
  const block = content[0];
  const isTool = block.type === "tool_use";
  const deltas = isTool
    ? halvesOf(JSON.stringify(block.input)).map((partial_json) => ({
        type: "input_json_delta",
        partial_json,
      }))
    : halvesOf(block.text).map((text) => ({ type: "text_delta", text }));
  const usage = { ...message.usage, output_tokens: 1 };
  return [
    { type: "message_start", message: { ...message, content: [], stop_reason: null, usage } },
    {
      type: "content_block_start",
      index: 0,
      content_block: isTool ? { ...block, input: {} } : { ...block, text: "" },
    },
    ...deltas.map((delta) => ({ type: "content_block_delta", index: 0, delta })),
    { type: "content_block_stop", index: 0 },
    {
      type: "message_delta",
      delta: { stop_reason, stop_sequence: null },
      usage: { output_tokens: call.output },
    },
    { type: "message_stop" },
  ];
}
