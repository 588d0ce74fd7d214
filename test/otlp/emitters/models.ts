/** Model servers on loopback that speak the APIs of OpenAI and Anthropic and say a fixed text. */
import type OpenAI from "openai";

export const question = "What is the weather in Oslo?";
export const weatherTool = {
  name: "weather",
  description: "Current weather of a city",
  parameters: { type: "object", properties: { city: { type: "string" } }, required: ["city"] },
};

export interface ModelServer {
  url: string;
  [Symbol.asyncDispose](): Promise<void>;
}

function serve(answer: (path: string, request: ChatRequest) => Response): ModelServer {
  const server = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    fetch: async (request) =>
      answer(new URL(request.url).pathname, (await request.json()) as ChatRequest),
  });
  return {
    url: `http://127.0.0.1:${server.port}`,
    [Symbol.asyncDispose]: () => server.stop(true),
  };
}

/** What both APIs have in common of a request. */
interface ChatRequest {
  model: string;
  stream?: boolean;
  messages?: { role: string; content: unknown }[];
}

/** A model that is asked for the weather calls the tool, and answers when it has the result. */
function hasToolResult({ messages = [] }: ChatRequest): boolean {
  const last = messages.at(-1)!;
  return last.role === "tool" || Array.isArray(last.content);
}

/** Server-sent events, named by their type where they have one. */
function toEvents(events: object[], end = ""): Response {
  const text = events.map(
    (event) =>
      ("type" in event ? `event: ${event.type}\n` : "") + `data: ${JSON.stringify(event)}\n\n`,
  );
  return new Response(text.join("") + end, { headers: { "content-type": "text/event-stream" } });
}

export function serveOpenAi(): ModelServer {
  return serve((path, request) => {
    if (path === "/v1/embeddings") {
      return Response.json({
        object: "list",
        model: request.model,
        data: [{ object: "embedding", index: 0, embedding: [0.1, 0.2, 0.3] }],
        usage: { prompt_tokens: 5, total_tokens: 5 },
      });
    }
    if (request.model === "overloaded") {
      return Response.json(
        { error: { message: "The model is overloaded", type: "server_error", code: null } },
        { status: 500 },
      );
    }
    const completion = {
      id: "chatcmpl-1",
      object: request.stream ? "chat.completion.chunk" : "chat.completion",
      created: 1_700_000_000,
      model: "gpt-4.1-2025-04-14",
    };
    if (request.stream) return streamOpenAi(completion);
    return Response.json(
      hasToolResult(request)
        ? {
            ...completion,
            choices: [toChoice("stop", { content: "It is 21 degrees in Oslo." })],
            usage: toOpenAiUsage(150, 90, 30, 2),
          }
        : {
            ...completion,
            choices: [toChoice("tool_calls", { content: null, tool_calls: [openAiToolCall] })],
            usage: toOpenAiUsage(100, 60, 20, 8),
          },
    );
  });
}

function toChoice(finishReason: string, message: object) {
  return {
    index: 0,
    finish_reason: finishReason,
    logprobs: null,
    message: { role: "assistant", refusal: null, ...message },
  };
}

/** What the tool says, after long enough that the calls around it begin at different times. */
export async function readWeather(city: string): Promise<object> {
  await Bun.sleep(3);
  return { city, celsius: 21 };
}

/** An agent's loop: the model asks for the weather, gets it, and answers. */
export async function askWithTool(
  client: OpenAI,
  input: string,
  callTool: (city: string) => Promise<unknown>,
): Promise<string> {
  const messages: OpenAI.ChatCompletionMessageParam[] = [
    { role: "system", content: "You are a weather assistant." },
    { role: "user", content: input },
  ];
  const tools = [{ type: "function" as const, function: weatherTool }];
  const first = await client.chat.completions.create({
    model: "gpt-4.1",
    temperature: 0.5,
    messages,
    tools,
  });
  const weather = await callTool("Oslo");
  messages.push(first.choices[0]!.message, {
    role: "tool",
    tool_call_id: "call-1",
    content: JSON.stringify(weather),
  });
  const second = await client.chat.completions.create({ model: "gpt-4.1", messages, tools });
  return second.choices[0]!.message.content!;
}

const openAiToolCall = {
  id: "call-1",
  type: "function",
  function: { name: "weather", arguments: '{"city":"Oslo"}' },
};

function toOpenAiUsage(prompt: number, cached: number, output: number, reasoning: number) {
  return {
    prompt_tokens: prompt,
    completion_tokens: output,
    total_tokens: prompt + output,
    prompt_tokens_details: { cached_tokens: cached },
    completion_tokens_details: { reasoning_tokens: reasoning },
  };
}

function streamOpenAi(completion: object): Response {
  const choice = (delta: object, finish_reason: string | null) => ({
    ...completion,
    choices: [{ index: 0, delta, finish_reason }],
  });
  return toEvents(
    [
      choice({ role: "assistant", content: "Sun " }, null),
      choice({ content: "all day." }, null),
      choice({}, "stop"),
      { ...completion, choices: [], usage: toOpenAiUsage(40, 16, 12, 4) },
    ],
    "data: [DONE]\n\n",
  );
}

export function serveAnthropic(): ModelServer {
  return serve((_path, request) => {
    if (request.model === "overloaded") {
      return Response.json(
        {
          type: "error",
          error: { type: "overloaded_error", message: "The model is overloaded" },
        },
        { status: 529 },
      );
    }
    const message = {
      id: "msg_1",
      type: "message",
      role: "assistant",
      model: "claude-opus-4-7",
      stop_sequence: null,
    };
    if (request.stream) return streamAnthropic(message);
    return Response.json(
      hasToolResult(request)
        ? {
            ...message,
            content: [{ type: "text", text: "It is 21 degrees in Oslo." }],
            stop_reason: "end_turn",
            usage: toAnthropicUsage(50, 900, 0, 30),
          }
        : {
            ...message,
            content: [{ type: "tool_use", id: "call-1", name: "weather", input: { city: "Oslo" } }],
            stop_reason: "tool_use",
            usage: toAnthropicUsage(100, 600, 300, 20),
          },
    );
  });
}

function toAnthropicUsage(input: number, read: number, write: number, output: number) {
  return {
    input_tokens: input,
    cache_read_input_tokens: read,
    cache_creation_input_tokens: write,
    output_tokens: output,
  };
}

function streamAnthropic(message: object): Response {
  const text = (part: string) => ({
    type: "content_block_delta",
    index: 0,
    delta: { type: "text_delta", text: part },
  });
  return toEvents([
    {
      type: "message_start",
      message: {
        ...message,
        content: [],
        stop_reason: null,
        usage: toAnthropicUsage(40, 200, 10, 1),
      },
    },
    { type: "content_block_start", index: 0, content_block: { type: "text", text: "" } },
    text("Sun "),
    text("all day."),
    { type: "content_block_stop", index: 0 },
    {
      type: "message_delta",
      delta: { stop_reason: "end_turn", stop_sequence: null },
      usage: { output_tokens: 12 },
    },
    { type: "message_stop" },
  ]);
}
