/**
 * A scripted model server on loopback that speaks the APIs of OpenAI (chat, Responses, embeddings),
 * Anthropic and Gemini, whole and streamed. It asks for the tool that it is offered, answers when it
 * has a result, and writes down what each call counted: the truth that an emitter's export is held
 * against.
 */
import { anthropic, anthropicEvents } from "./models/anthropic.ts";
import { gemini, geminiEvents } from "./models/gemini.ts";
import { chat, chatEvents, embeddings, responses, responsesEvents } from "./models/openai.ts";
import { askedOf, stepOf, type Api, type Asked, type Call, type Step } from "./models/script.ts";

export interface Models {
  url: string;
  /** Every call that was answered, in order. */
  calls: Call[];
  stop(): Promise<void>;
}

const formats = {
  chat: { whole: chat, events: chatEvents },
  responses: { whole: responses, events: responsesEvents },
  anthropic: { whole: anthropic, events: anthropicEvents },
  gemini: { whole: gemini, events: geminiEvents },
} satisfies Record<Exclude<Api, "embeddings">, object>;

export function serveModels(): Models {
  const calls: Call[] = [];
  const server = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    idleTimeout: 120,
    fetch: (request) => answer(request, calls),
  });
  return { url: `http://127.0.0.1:${server.port}`, calls, stop: () => server.stop(true) };
}

function apiOf(path: string): Api | null {
  if (path.endsWith("/chat/completions")) return "chat";
  if (path.endsWith("/responses")) return "responses";
  if (path.endsWith("/messages")) return "anthropic";
  if (/:(stream)?generateContent$/i.test(path)) return "gemini";
  return path.endsWith("/embeddings") ? "embeddings" : null;
}

async function answer(request: Request, calls: Call[]): Promise<Response> {
  const { pathname } = new URL(request.url);
  const api = apiOf(pathname);
  if (request.method !== "POST" || api === null) return answerOther(pathname);
  const asked = askedOf(api, pathname, (await request.json()) as Record<string, any>);
  const call = callOf(asked, calls);
  calls.push(call);
  if (call.failed) {
    const error = { type: "invalid_request_error", code: null, message: failure };
    return Response.json({ type: "error", error }, { status: 400 });
  }
  if (api === "embeddings") return Response.json(embeddings(call, asked));
  const step: Step = stepOf(asked);
  const { whole, events } = formats[api];
  if (!asked.isStream) return Response.json(whole(call, step, asked));
  return new Response(toEvents(events(call, step, asked), api === "chat"), {
    headers: { "content-type": "text/event-stream" },
  });
}

/** What a refused call says; a user asks for it with `failureMark`. */
export const failure = "The scripted model refuses this";
const failureMark = "Refuse this";

/** Lists of models and counts of tokens, which some agents ask for. */
function answerOther(path: string): Response {
  if (path.endsWith("/count_tokens")) return Response.json({ input_tokens: 100 });
  if (path.endsWith(":countTokens")) return Response.json({ totalTokens: 100 });
  if (path.endsWith("/models")) return Response.json({ object: "list", data: [], models: [] });
  return Response.json({ error: { message: `no route ${path}` } }, { status: 404 });
}

/** Figures that differ from call to call, n counting the calls of one API. */
function callOf({ api, model, users, texts }: Asked, calls: Call[]): Call {
  const n = calls.filter((call) => call.api === api).length;
  const failed = users.some((text) => text.includes(failureMark));
  const id = `scripted-${api}-${n}-${Math.random().toString(36).slice(2, 10)}`;
  const none = { cachedInput: 0, cacheWrite: 0, reasoning: 0 };
  const call = { api, id, model: answeredModel(model), failed, ...none, input: 0, output: 0 };
  if (failed) return call;
  switch (api) {
    case "chat":
      return { ...call, input: 1200 + 100 * n, cachedInput: 1024, output: 80 + n, reasoning: 32 };
    case "responses":
      return { ...call, input: 1300 + 100 * n, cachedInput: 1024, output: 90 + n, reasoning: 64 };
    case "anthropic":
      return { ...call, input: 2420 + 10 * n, cachedInput: 2000, cacheWrite: 300, output: 60 + n };
    case "gemini":
      return { ...call, input: 1500 + 10 * n, cachedInput: 1000, output: 120 + n, reasoning: 50 };
    case "embeddings":
      return { ...call, input: 9 * texts };
  }
}

/** Providers answer with the dated name of a model. */
const datedModels: Record<string, string> = {
  "gpt-4.1-mini": "gpt-4.1-mini-2025-04-14",
  "claude-sonnet-4-5": "claude-sonnet-4-5-20250929",
};

const answeredModel = (model: string) => datedModels[model] ?? model;

/** Server-sent events a few milliseconds apart, named by their type where they have one. */
function toEvents(events: object[], hasEnd: boolean): ReadableStream<Uint8Array> {
  const lines = events.map(
    (event) =>
      ("type" in event ? `event: ${event.type}\n` : "") + `data: ${JSON.stringify(event)}\n\n`,
  );
  if (hasEnd) lines.push("data: [DONE]\n\n");
  return new ReadableStream({
    async start(controller) {
      for (const line of lines) {
        controller.enqueue(new TextEncoder().encode(line));
        await Bun.sleep(5);
      }
      controller.close();
    },
  });
}
