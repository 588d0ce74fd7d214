/**
 * One part of a message, in the shape of any provider. Senders agree on little but the words: a call
 * has an id, a name and arguments under one of a few keys each, so that one reading fits them all.
 */
import { isObject, pick, pickText, toText, type Json, type JsonObject } from "./json.ts";
import { isUntypedMedia, mediaOf } from "./media.ts";
import type { Part } from "./model.ts";

/** What a part says; null where it is none that is known. */
export function partsOf(value: Json): Part[] | null {
  if (typeof value === "string") return textParts(value);
  if (!isObject(value)) return null;
  const type = pickText(value, "type", "part_kind");
  return (type === null ? null : typedParts(type, value)) ?? untypedParts(value);
}

/** The parts of a content; what is not understood stays as it is. */
export function contentParts(content: Json | undefined): Part[] {
  if (content === undefined || content === null) return [];
  const items = Array.isArray(content) ? content : [content];
  return items.flatMap((item) => partsOf(item) ?? [rawPart(toText(item))]);
}

export function textParts(text: string | null): Part[] {
  return text === null || text === "" ? [] : [{ type: "text", text }];
}

export function rawPart(text: string): Part {
  return { type: "raw", text };
}

function thinkingPart(text: string): Part {
  return { type: "thinking", text };
}

const texts = new Set(["text", "input_text", "output_text", "refusal"]);
const prompts = new Set(["system-prompt", "user-prompt", "retry-prompt"]);
const thoughts = new Set([
  "thinking",
  "reasoning",
  "reasoning_text",
  "redacted_thinking",
  "reasoning.text",
]);
const calls = new Set([
  "function",
  "function_call",
  "custom_tool_call",
  "mcp_call",
  "tool_call",
  "tool-call",
  "tool_use",
  "server_tool_use",
  "mcp_tool_use",
  "server_tool_call",
]);
const results =
  /^(tool-(result|error|return)|(server_)?tool_call_response|.*tool_result|.*_call_output)$/;
/** What a provider runs itself, or has run: its name is all that such items have in common. */
const builtIn = /^(.+)_call$/;
const media =
  /^(source|source-url|source-document|reasoning-file|image|audio|video|document|file|media|blob|uri|input_image|input_audio|input_file|image_url|video_url|audio_url|(image|file)-(data|url|file-id|id)|container_upload|image_generation_call)$/;

function typedParts(type: string, part: JsonObject): Part[] | null {
  if (texts.has(type)) return said(pick(part, "text", "content", "refusal"));
  if (prompts.has(type)) return contentParts(part.content);
  if (thoughts.has(type)) return [thinkingPart(thoughtOf(part))];
  if (calls.has(type)) return callParts(part);
  if (results.test(type)) return resultParts(part, type === "tool-error");
  if (media.test(type)) return mediaOrText(part);
  const builtInName = builtIn.exec(type)?.[1];
  if (builtInName && pickText(part, "call_id", "id")) return builtInParts(builtInName, part);
  if (type === "custom") return isObject(part.custom) ? callParts(part) : null;
  if (type === "search_result") return contentParts(part.content);
  if (type === "step-start") return [];
  if (type === "tool-invocation" && isObject(part.toolInvocation))
    return usedTool(part.toolInvocation);
  const isUiTool = /^tool-(?!approval-re)/.test(type) && typeof part.toolCallId === "string";
  if (isUiTool) return usedTool({ toolName: type.slice("tool-".length), ...part });
  return type === "dynamic-tool" ? usedTool(part) : null;
}

/** Bedrock and Gemini: the only key says what a part is. */
function untypedParts(part: JsonObject): Part[] | null {
  const call = pick(part, "functionCall", "function_call", "toolUse");
  if (isObject(call)) return callParts(call);
  const result = pick(part, "functionResponse", "function_response", "toolResult");
  if (isObject(result)) return resultParts(result, false);
  const reasoning = pick(part, "reasoningContent");
  if (isObject(reasoning)) return [thinkingPart(thoughtOf(reasoning))];
  const code = pick(part, "executableCode", "executable_code");
  if (isObject(code))
    return [{ type: "toolCall", id: null, name: "code", text: toText(code.code) }];
  const ran = pick(part, "codeExecutionResult", "code_execution_result");
  if (isObject(ran)) return resultParts(ran, ran.outcome !== "OUTCOME_OK");
  if (isUntypedMedia(part)) return [mediaOf(part)];
  if (isObject(part.function) || (typeof part.toolName === "string" && part.toolCallId))
    return callParts(part);
  if (typeof part.text !== "string" || !isOnlyText(part)) return null;
  return part.thought === true ? [thinkingPart(part.text)] : textParts(part.text);
}

const besideText =
  /^(text|thought|thought_?signature|index|logprobs|finish_?reason|generation_?info)$/i;

/** Else it may be any object with a text in it. */
function isOnlyText(part: JsonObject): boolean {
  return Object.keys(part).every((key) => besideText.test(key));
}

function said(content: Json | undefined): Part[] {
  return typeof content === "object" ? contentParts(content) : textParts(toText(content));
}

function thoughtOf(part: JsonObject): string {
  const sent = pick(part, "thinking", "text", "content", "reasoningText", "reasoning", "summary");
  const items = Array.isArray(sent) ? sent : [sent];
  return items
    .map((item) => (isObject(item) ? pickText(item, "text", "content") : toText(item)))
    .filter(Boolean)
    .join("\n");
}

export function callParts(sent: JsonObject): Part[] {
  const inner = pick(sent, "function", "custom");
  const call = isObject(inner) ? inner : sent;
  return [
    {
      type: "toolCall",
      id: pickText(sent, "toolCallId", "call_id", "tool_call_id", "toolUseId", "id"),
      name: pickText(call, "toolName", "tool_name", "name"),
      text: toText(pick(call, "input", "args", "arguments", "server_tool_call")),
    },
    // What the provider ran itself has its result beside it.
    ...(sent.type === "mcp_call" && pick(sent, "output", "error") !== undefined
      ? resultParts(sent, pick(sent, "error") !== undefined)
      : []),
  ];
}

/** A search, a shell, a screen: what was asked is in one member, and what came of it in another. */
function builtInParts(name: string, sent: JsonObject): Part[] {
  const text = toText(pick(sent, "action", "operation", "queries", "code", "input"));
  const call: Part = { type: "toolCall", id: pickText(sent, "call_id", "id"), name, text };
  const output = pick(sent, "outputs", "results", "output");
  if (output === undefined) return [call];
  return [call, ...resultParts({ ...sent, output }, false)];
}

/** A call and, once it is there, its result, as the AI SDK's user interfaces have them in one. */
function usedTool(tool: JsonObject): Part[] {
  const failed = pick(tool, "errorText") !== undefined;
  const isDone = failed || pick(tool, "output", "result") !== undefined;
  return isDone ? [...callParts(tool), ...resultParts(tool, failed)] : callParts(tool);
}

const resultKeys = [
  "output",
  "result",
  "response",
  "server_tool_call_response",
  "content",
  "error",
  "errorText",
];

export function resultParts(sent: JsonObject, failed: boolean): Part[] {
  const output = pick(sent, ...resultKeys);
  const { text, media, isError } = resultText(output);
  return [
    {
      type: "toolResult",
      id: resultId(sent),
      name: pickText(sent, "toolName", "tool_name", "name"),
      text,
      isError:
        failed ||
        isError ||
        sent.is_error === true ||
        sent.isError === true ||
        sent.status === "error",
    },
    ...media,
  ];
}

function resultId(sent: JsonObject): string | null {
  const several = pick(sent, "tool_call_ids");
  return (
    pickText(sent, "toolCallId", "call_id", "tool_call_id", "tool_use_id", "toolUseId", "id") ??
    (Array.isArray(several) && typeof several[0] === "string" ? several[0] : null)
  );
}

/** What the AI SDK says beside the value of a result. */
const wrapped = /^(text|json|content|error-text|error-json|execution-denied)$/;

function resultText(output: Json | undefined): { text: string; media: Part[]; isError: boolean } {
  let content = output;
  let isError = false;
  if (isObject(output) && typeof output.type === "string" && wrapped.test(output.type)) {
    isError = output.type.startsWith("error") || output.type === "execution-denied";
    content = pick(output, "value", "reason", "text") ?? output;
  }
  if (!Array.isArray(content)) return { text: toText(content), media: [], isError };
  const parts = content.map((item) => (isContent(item) ? partsOf(item) : null));
  if (parts.includes(null)) return { text: toText(content), media: [], isError };
  const media = parts.flatMap((part) => part!.filter(({ type }) => type === "media"));
  const lines = parts.flatMap((part) =>
    part!.flatMap((part) => (part.type === "media" ? [] : [part.text])),
  );
  return { text: lines.join("\n"), media, isError };
}

/** Texts and media: all that a result is made of, so that no result is read within another. */
function isContent(item: Json): boolean {
  if (!isObject(item)) return false;
  const type = pickText(item, "type");
  if (type === null) return isOnlyText(item) || isUntypedMedia(item);
  return texts.has(type) || media.test(type);
}

/** Anthropic's documents may be plain text, or parts. */
function mediaOrText(part: JsonObject): Part[] {
  const { source } = part;
  if (!isObject(source)) return [mediaOf(part)];
  if (source.type === "content") return contentParts(source.content);
  const isText = source.type === "text" && typeof source.data === "string";
  return isText ? textParts(source.data as string) : [mediaOf(part)];
}
