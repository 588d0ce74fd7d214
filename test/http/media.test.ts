/** What is attached to messages is asked for byte for byte, whichever shape it was sent in. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import type { Media, Message } from "../../src/messages/model.ts";
import type { SpanMessages } from "../../src/query/news.ts";
import type { TranscriptPage } from "../../src/query/transcript.ts";
import { makePayload, makeSpan, startServer, type TestServer } from "../helpers.ts";

const bytes = Buffer.from("\x89PNG\r\n\x1a\n a picture, as far as a store is concerned", "latin1");
const base64 = bytes.toString("base64");
const dataUrl = `data:image/png;base64,${base64}`;

const shapes: Record<string, unknown> = {
  "an image of OpenAI's chat": { type: "image_url", image_url: { url: dataUrl } },
  "an image of OpenAI's responses": { type: "input_image", image_url: dataUrl },
  "a sound of OpenAI": { type: "input_audio", input_audio: { data: base64, format: "wav" } },
  "an image of Anthropic": {
    type: "image",
    source: { type: "base64", media_type: "image/png", data: base64 },
  },
  "a document of Anthropic": {
    type: "document",
    source: { type: "base64", media_type: "application/pdf", data: base64 },
  },
  "a file of the AI SDK": { type: "file", mediaType: "image/png", data: base64 },
  "bytes as numbers": { type: "image", image: [...bytes] },
  "an Uint8Array that became JSON": { type: "image", image: { ...bytes } },
  "an image of MCP": { type: "image", data: base64, mimeType: "image/png" },
  "a blob of OpenTelemetry": {
    type: "blob",
    modality: "image",
    mime_type: "image/png",
    content: base64,
  },
  "a data URL that is percent-encoded": {
    type: "image_url",
    image_url: { url: "data:text/plain,a%20b" },
  },
};
const messages = Object.values(shapes).map((part) => ({ role: "user", content: [part] }));

let server: TestServer;
beforeAll(async () => {
  server = await startServer();
  const answers = [
    {
      role: "tool",
      tool_call_id: "call-1",
      content: [{ type: "image", data: base64, mimeType: "image/png" }],
    },
  ];
  const spans = [
    makeSpan({ spanId: "llm", spanType: "llm", input: JSON.stringify(messages) }),
    makeSpan({
      spanId: "gemini",
      spanType: "llm",
      input: JSON.stringify({
        contents: [
          { role: "user", parts: [{ inlineData: { mimeType: "image/png", data: base64 } }] },
        ],
      }),
    }),
    makeSpan({ spanId: "answered", spanType: "llm", input: JSON.stringify(answers) }),
    makeSpan({ spanId: "bare", spanType: "tool", input: "{}", output: dataUrl }),
    makeSpan({
      spanId: "words",
      spanType: "tool",
      input: "{}",
      output: `data:image/png;base64, is how ${base64} begins`,
    }),
  ];
  expect((await server.ingest(makePayload({ spans }))).status).toBe(202);
});
afterAll(() => server[Symbol.asyncDispose]());

const mediaIn = (all: Message[]) =>
  all.flatMap(({ parts }) => parts).filter((part): part is Media => part.type === "media");

async function messagesOf(span: string): Promise<SpanMessages> {
  return (await server.api(`/api/traces/trace-1/spans/${span}/messages`)).json() as never;
}

function ask(span: string, content: string | undefined): Promise<Response> {
  return server.api(`/api/traces/trace-1/spans/${span}/media/${content}`);
}

test("whatever shape it was sent in", async () => {
  const { input } = await messagesOf("llm");
  const names = Object.keys(shapes);
  expect(input).toHaveLength(names.length);
  for (const [i, name] of names.entries()) {
    const [media] = mediaIn([input[i]!]);
    const read = Buffer.from(await (await ask("llm", media?.content)).arrayBuffer());
    const expected = name.includes("percent") ? "a b" : bytes.toString("latin1");
    expect({ name, read: read.toString("latin1") }).toEqual({ name, read: expected });
  }
});

test("what Gemini was sent, what a result is made of, and a bare data URL", async () => {
  for (const span of ["gemini", "answered", "bare"]) {
    const { input, output } = await messagesOf(span);
    const [media] = mediaIn([...input, ...output]);
    expect({ span, kind: media?.kind }).toEqual({ span, kind: "image" });
    const read = await (await ask(span, media!.content)).arrayBuffer();
    expect(Buffer.from(read).equals(bytes)).toBe(true);
  }
});

test("a text that begins like a data URL stays a text", async () => {
  const { output } = await messagesOf("words");
  expect(mediaIn(output)).toEqual([]);
  expect(JSON.stringify(output)).toContain(`is how ${base64} begins`);
});

test("a transcript names what is attached as the span does, and has none of its bytes", async () => {
  const answer = await server.api("/api/traces/trace-1/transcript");
  const { entries } = (await answer.json()) as TranscriptPage;
  const entry = entries.find(({ spanId }) => spanId === "llm")!;
  expect(JSON.stringify(entry)).not.toContain(base64);
  const [media] = mediaIn(entry.input);
  expect((await ask("llm", media!.content)).status).toBe(200);
});

test("nothing is answered as the type that was declared", async () => {
  const { input } = await messagesOf("llm");
  const { headers } = await ask("llm", mediaIn(input)[0]!.content);
  expect(headers.get("content-type")).toBe("application/octet-stream");
  expect(headers.get("content-disposition")).toBe("attachment");
  expect(headers.get("x-content-type-options")).toBe("nosniff");
});

test("of another span, or of a name that nothing has, there is none", async () => {
  const { input } = await messagesOf("llm");
  const percent = mediaIn(input).at(-1)!;
  expect((await ask("bare", percent.content)).status).toBe(404);
  expect((await ask("llm", "zzz")).status).toBe(404);
  expect((await ask("nowhere", percent.content)).status).toBe(404);
});
