/** OpenAI's chat completions, Responses and embeddings. */
import { halvesOf, type Asked, type Call, type Step, type ToolStep } from "./script.ts";

const createdAt = 1_790_000_000;

const chatUsage = ({ input, cachedInput, output, reasoning }: Call) => ({
  prompt_tokens: input,
  completion_tokens: output,
  total_tokens: input + output,
  prompt_tokens_details: { cached_tokens: cachedInput, audio_tokens: 0 },
  completion_tokens_details: { reasoning_tokens: reasoning, audio_tokens: 0 },
});

const callId = (call: Call) => `call_${call.id.slice(-8)}`;

const toolCall = (call: Call, { tool, args }: ToolStep) => ({
  id: callId(call),
  type: "function",
  function: { name: tool, arguments: JSON.stringify(args) },
});

export function chat(call: Call, step: Step): object {
  const message =
    "tool" in step
      ? { content: null, tool_calls: [toolCall(call, step)] }
      : { content: step.text, refusal: null };
  const finish_reason = "tool" in step ? "tool_calls" : "stop";
  return {
    id: call.id,
    object: "chat.completion",
    created: createdAt,
    model: call.model,
    choices: [
      { index: 0, finish_reason, logprobs: null, message: { role: "assistant", ...message } },
    ],
    usage: chatUsage(call),
  };
}

export function chatEvents(call: Call, step: Step): object[] {
  const base = {
    id: call.id,
    object: "chat.completion.chunk",
    created: createdAt,
    model: call.model,
  };
  const chunk = (delta: object, finish_reason: string | null = null) => ({
    ...base,
    choices: [{ index: 0, delta, finish_reason }],
  });
  const end = { ...base, choices: [], usage: chatUsage(call) };
  const begin = chunk({ role: "assistant", content: "" });
  if (!("tool" in step)) {
    const texts = halvesOf(step.text).map((content) => chunk({ content }));
    return [begin, ...texts, chunk({}, "stop"), end];
  }
  const { function: called, ...tool } = toolCall(call, step);
  const [first, second] = halvesOf(called.arguments);
  const piece = (part: object) => chunk({ tool_calls: [{ index: 0, ...part }] });
  return [
    begin,
    piece({ ...tool, function: { name: called.name, arguments: first } }),
    piece({ function: { arguments: second } }),
    chunk({}, "tool_calls"),
    end,
  ];
}

export function embeddings({ model, input }: Call, { texts }: Asked): object {
  const embedding = [0.1, 0.2, 0.3, 0.4];
  return {
    object: "list",
    model,
    data: Array.from({ length: texts }, (_, index) => ({ object: "embedding", index, embedding })),
    usage: { prompt_tokens: input, total_tokens: input },
  };
}

function outputItems(call: Call, step: Step): Record<string, any>[] {
  const key = call.id.slice(-8);
  const reasoning = {
    type: "reasoning",
    id: `rs_${key}`,
    summary: [{ type: "summary_text", text: "Oslo is in Norway." }],
  };
  if (!("tool" in step)) {
    const content = [{ type: "output_text", text: step.text, annotations: [], logprobs: [] }];
    const message = { type: "message", id: `msg_${key}`, role: "assistant", status: "completed" };
    return [reasoning, { ...message, content }];
  }
  const call_ = { type: "function_call", id: `fc_${key}`, call_id: callId(call) };
  const said = { name: step.tool, arguments: JSON.stringify(step.args), status: "completed" };
  return [reasoning, { ...call_, ...said }];
}

export function responses(call: Call, step: Step, { system }: Asked): Record<string, any> {
  const { input, cachedInput, output, reasoning } = call;
  return {
    id: call.id.replace("scripted", "resp"),
    object: "response",
    created_at: createdAt,
    status: "completed",
    error: null,
    incomplete_details: null,
    instructions: system || null,
    metadata: {},
    model: call.model,
    output: outputItems(call, step),
    parallel_tool_calls: true,
    temperature: 1,
    tool_choice: "auto",
    tools: [],
    top_p: 1,
    usage: {
      input_tokens: input,
      input_tokens_details: { cached_tokens: cachedInput, cache_write_tokens: 0 },
      output_tokens: output,
      output_tokens_details: { reasoning_tokens: reasoning },
      total_tokens: input + output,
    },
  };
}

export function responsesEvents(call: Call, step: Step, asked: Asked): object[] {
  const whole = responses(call, step, asked);
  const begun = { ...whole, status: "in_progress", output: [], usage: null };
  const events: object[] = [
    { type: "response.created", response: begun },
    { type: "response.in_progress", response: begun },
  ];
  for (const [output_index, item] of (whole.output as Record<string, any>[]).entries()) {
    events.push(...itemEvents(output_index, item));
  }
  events.push({ type: "response.completed", response: whole });
  return events.map((event, sequence_number) => ({ ...event, sequence_number }));
}

function itemEvents(output_index: number, item: Record<string, any>): object[] {
  const at = { output_index, item_id: item.id };
  const added = (begun: object) => ({
    type: "response.output_item.added",
    output_index,
    item: begun,
  });
  const done = { type: "response.output_item.done", output_index, item };
  if (item.type === "function_call") {
    const deltas = halvesOf(item.arguments).map((delta) => ({
      type: "response.function_call_arguments.delta",
      ...at,
      delta,
    }));
    const end = { type: "response.function_call_arguments.done", ...at, arguments: item.arguments };
    return [added({ ...item, arguments: "", status: "in_progress" }), ...deltas, end, done];
  }
  if (item.type === "reasoning") return [added({ ...item, summary: [] }), done];
  const part = item.content[0];
  const inPart = { ...at, content_index: 0 };
  return [
    added({ ...item, content: [], status: "in_progress" }),
    { type: "response.content_part.added", ...inPart, part: { ...part, text: "" } },
    ...halvesOf(part.text).map((delta) => ({
      type: "response.output_text.delta",
      ...inPart,
      delta,
      logprobs: [],
    })),
    { type: "response.output_text.done", ...inPart, text: part.text, logprobs: [] },
    { type: "response.content_part.done", ...inPart, part },
    done,
  ];
}
