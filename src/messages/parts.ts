/**
 * Reads one part of a message in the format of any provider. A call has an id, a name and arguments under
 * one of a few keys each, so one reader fits all senders. Members that are not read become a raw part
 * after it.
 */
import { isNumber, isObject, pickText, toText, type Json, type JsonObject } from "./json.ts";
import { isDataUrl, isUntypedMedia, mediaParts } from "./media.ts";
import { isSilent, Members } from "./members.ts";
import type { Part } from "./model.ts";
import { partsInText, unwrapResult } from "./results.ts";
import { thoughtParts } from "./thoughts.ts";

/**
 * The parts that a value contains; null if it is not recognised.
 *
 * @param isWithin true within a message: an untyped object with a text is then read as that text, whatever
 * else it has.
 */
export function partsOf(value: Json, isWithin: boolean = false): Part[] | null {
  if (typeof value === "string") return textParts(value);
  if (isNumber(value) || typeof value === "boolean") return textParts(toText(value));
  if (!isObject(value)) return value === null ? [] : contentParts(value);
  if (isPlain(value)) return textParts(value.text as string);
  const type = typeOf(value);
  // Mastra sends the AI SDK's parts one level deeper.
  if (type !== null && isObject(value.payload)) {
    const { payload, ...rest } = value;
    return partsOf({ ...rest, ...(payload as JsonObject), type });
  }
  const members = new Members(value);
  const parts =
    (type === null ? null : typedParts(type, members)) ?? untypedParts(members, isWithin);
  if (!parts) return null;
  members.skip("type", "part_kind", "block_type", "content_type");
  return [...parts, ...members.rest(parts)];
}

/** A text without other members, as most parts are; a quick check. */
function isPlain(value: JsonObject): boolean {
  for (const key in value) {
    const isKnown =
      key === "text" ? typeof value[key] === "string" : key === "type" && value[key] === "text";
    if (!isKnown) return false;
  }
  return Object.hasOwn(value, "text");
}

export function typeOf(part: JsonObject): string | null {
  const type = pickText(part, "type", "part_kind", "block_type", "content_type");
  if (type !== null) return type;
  // The type of pydantic-ai's media; other senders use `kind` for the type of a message.
  const { kind } = part;
  return typeof kind === "string" && media.test(kind) ? kind : null;
}

/** The parts of a content; unrecognised ones are kept as raw parts. */
export function contentParts(content: Json | undefined): Part[] {
  if (content === undefined || content === null) return [];
  const items = Array.isArray(content) ? content : [content];
  return items.flatMap((item) => partsOf(item, true) ?? [rawPart(toText(item))]);
}

/** Applies a reader to an object, and adds the members it did not take as a raw part. */
export function readWhole(sent: JsonObject, read: (members: Members) => Part[]): Part[] {
  const members = new Members(sent);
  const parts = read(members);
  return [...parts, ...members.rest(parts)];
}

export function textParts(text: string | null): Part[] {
  return text === null || text === "" ? [] : [{ type: "text", text }];
}

export function rawPart(text: string): Part {
  return { type: "raw", text };
}

const texts =
  /^(text|text-plain|input_text|output_text|summary_text|refusal|text-delta|markdown|compaction)$/;
const prompts = /^(system-prompt|user-prompt|retry-prompt|instructions)$/;
const thoughts =
  /^(thinking|reasoning|redacted_thinking|reasoning[._-](text|summary|encrypted|delta)|thought)$/;
const calls =
  /^(function|(function|custom_tool|mcp|tool|invalid_tool|server_tool)_call(_chunk)?|(builtin-|native-)?tool-call|(server_|mcp_)?tool_use)$/;
const results =
  /^((builtin-|native-)?tool-(result|error|return)|(server_)?tool_call_response|function_(result|response)|.*tool_result|.*_call_output)$/;
/** Tools that a provider runs itself: their items share only this form of name. */
const builtIn = /^(.+)_call$/;
const media =
  /^(source|source-url|source-document|reasoning-file|image|audio|video|document|file|media|blob|uri|input_image|input_audio|input_file|image_url|video_url|audio_url|(image|audio|video|document|file)-(data|url|file-id|id)|binary|container_upload|computer_screenshot|resource_link)$/;

function typedParts(type: string, members: Members): Part[] | null {
  const { sent } = members;
  if (texts.test(type) && hasAny(sent, "text", "content", "refusal", "delta")) {
    return contentParts(members.take("text", "content", "refusal", "delta"));
  }
  if (type === "retry-prompt" && hasAny(sent, "tool_name")) return resultParts(members, true);
  if (prompts.test(type)) return contentParts(members.take("content"));
  if (type === "logs") return contentParts(members.take("logs"));
  if (thoughts.test(type)) return thoughtParts(members, contentParts);
  if (calls.test(type)) return callParts(members);
  if (results.test(type)) return resultParts(members, type === "tool-error");
  if (media.test(type)) return mediaOrText(members);
  if (type === "resource" || type === "embedded_resource") return resourceParts(members);
  if (type === "image_generation_call" && typeof sent.result === "string") return allOf(members);
  const builtInName = builtIn.exec(type)?.[1];
  if (builtInName && pickText(sent, "call_id", "id")) return builtInParts(builtInName, members);
  if (type === "custom") return isObject(sent.custom) ? callParts(members) : null;
  if (type === "search_result") return contentParts(members.take("content"));
  if (type === "non_standard") return contentParts(members.take("value"));
  if (/^step-(start|end)$/.test(type)) return [];
  const invocation = type === "tool-invocation" ? members.within("toolInvocation") : null;
  if (invocation) return usedTool(invocation);
  const isUiTool = /^tool-(?!approval-re)/.test(type) && typeof sent.toolCallId === "string";
  if (isUiTool) return usedTool(members, type.slice("tool-".length));
  return type === "dynamic-tool" ? usedTool(members) : null;
}

function hasAny(sent: JsonObject, ...keys: string[]): boolean {
  return keys.some((key) => (sent[key] ?? null) !== null);
}

/** Parts of Bedrock, Gemini, Genkit and Haystack, whose only key is their type. */
function untypedParts(members: Members, isWithin: boolean): Part[] | null {
  const { sent } = members;
  const call = members.within(
    "functionCall",
    "function_call",
    "toolUse",
    "toolRequest",
    "tool_call",
  );
  if (call) return callParts(call);
  const result = members.within(
    ...["functionResponse", "function_response", "toolResult", "toolResponse", "tool_call_result"],
  );
  if (result) return resultParts(result, false);
  const reasoning = members.within("reasoningContent");
  if (reasoning) return thoughtParts(reasoning, contentParts);
  const code = members.within("executableCode", "executable_code");
  if (code) {
    const text = toText(code.take("code"));
    return [{ type: "toolCall", id: code.takeText("id"), name: "code", text }];
  }
  const ran = members.within("codeExecutionResult", "code_execution_result");
  if (ran) return resultParts(ran, ran.peek("outcome") !== "OUTCOME_OK");
  const cited = members.within("citationsContent", "guardContent");
  if (cited) return contentParts(cited.take("content", "text"));
  if (isUntypedMedia(sent)) return mediaOrText(members);
  if (isObject(sent.function) || (typeof sent.toolName === "string" && sent.toolCallId)) {
    return callParts(members);
  }
  if (isWithin && hasAny(sent, "reasoning") && !hasAny(sent, "text")) {
    return thoughtParts(members, contentParts);
  }
  return textOf(members, isWithin);
}

/** Without these conditions any object with a text would match. */
function textOf(members: Members, isWithin: boolean): Part[] | null {
  const { sent } = members;
  const others = Object.keys(sent).filter((key) => !/^(text|thought)$/.test(key));
  if (typeof sent.text !== "string") {
    // A signature, or a cache marker.
    const isMark = others.some((key) => /^(thought_?signature|cache_?point)$/i.test(key));
    return isMark && others.every(isBesideText) ? [] : null;
  }
  if (!isWithin && !others.every(isBesideText)) return null;
  const text = members.takeText("text")!;
  if (members.take("thought") !== true) return textParts(text);
  return text === "" ? [] : [{ type: "thinking", text }];
}

function isBesideText(key: string): boolean {
  return isSilent(key) || /^(generation_?info|thought)$/i.test(key);
}

export function callParts(members: Members): Part[] {
  const inner = members.within("function", "custom") ?? members;
  const call: Part = {
    type: "toolCall",
    id: members.takeText("toolCallId", "call_id", "tool_call_id", "toolUseId", "id", "ref"),
    name: inner.takeText("toolName", "tool_name", "name"),
    text: toText(inner.take(...argumentKeys)),
  };
  if (members.sent.type !== "mcp_call" || !hasAny(members.sent, "output", "error")) return [call];
  // A tool run by the provider has its result in the same item.
  return [call, ...resultParts(members, hasAny(members.sent, "error"))];
}

const argumentKeys = [
  ...["input", "args", "arguments", "server_tool_call", "toolInput", "tool_kwargs"],
];

/** Searches, shells and screens: one member has the request and another the result. */
function builtInParts(name: string, members: Members): Part[] {
  const asked = members.take(
    ...["action", "actions", "operation", "queries", "query", "code", "input", "arguments"],
  );
  const id = members.takeText("call_id", "id");
  const call: Part = { type: "toolCall", id, name, text: toText(asked) };
  const output = members.take("outputs", "results", "output");
  if (output === undefined) return [call];
  return [call, ...outcomeParts({ id, name: null }, output, members.sent.status === "failed")];
}

/** A call with its result, if already present: the AI SDK's UI messages store both in one part. */
function usedTool(members: Members, name: string | null = null): Part[] {
  const failed = hasAny(members.sent, "errorText");
  const isDone = failed || hasAny(members.sent, "output", "result");
  const parts = isDone
    ? [...callParts(members), ...resultParts(members, failed)]
    : callParts(members);
  for (const part of parts)
    if (part.type === "toolCall" || part.type === "toolResult") part.name ??= name;
  return parts;
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

/** @param more keys for the output that are specific to this sender, tried first. */
export function resultParts(members: Members, failed: boolean, ...more: string[]): Part[] {
  const { sent } = members;
  // Haystack stores the call in `origin`.
  const origin = members.within("origin") ?? members;
  const id = resultId(members) ?? resultId(origin);
  const name =
    members.takeText("toolName", "tool_name", "name") ?? origin.takeText("tool_name", "name");
  if (origin !== members) origin.skip("arguments");
  // The AI SDK repeats the call's input.
  if (sent.type === "tool-result" || sent.type === "tool-error") members.skip("input", "args");
  const output = members.take(...more, ...resultKeys);
  const isError =
    failed ||
    sent.is_error === true ||
    sent.isError === true ||
    /^(error|failed)$/.test(pickText(sent, "status", "outcome") ?? "") ||
    (hasAny(sent, "error") && sent.error !== false);
  members.skip("is_error", "isError");
  const parts = outcomeParts({ id, name }, output, isError);
  // Gemini sends media beside the response.
  return [...parts, ...contentParts(more.length === 0 ? members.takeList("parts") : [])];
}

function resultId(members: Members): string | null {
  const id = members.takeText(
    ...["toolCallId", "call_id", "tool_call_id", "tool_use_id", "toolUseId", "id", "ref"],
  );
  if (id !== null) return id;
  const [first] = members.takeList("tool_call_ids");
  return typeof first === "string" ? first : null;
}

/**
 * A result, followed by its media and other data beside the text.
 *
 * @param written the output as sent, if it was parsed from a text.
 */
export function outcomeParts(
  of: { id: string | null; name: string | null },
  output: Json | undefined,
  failed: boolean,
  written?: string,
): Part[] {
  const sent = typeof output === "string" ? (partsInText(output) ?? output) : output;
  const { content, isError, around } = unwrapResult(sent ?? "", isContent);
  const isList = Array.isArray(content) && content.every(isObject) && content.some(isContent);
  const isData = typeof content === "string" && isDataUrl(content);
  const read = isList || isData;
  const parts = isList
    ? content.flatMap((item) => itemParts(item))
    : isData
      ? mediaParts({ type: "file", data: content })
      : [];
  const isBeside = ({ type }: Part) => type === "media" || type === "raw";
  const lines = parts.flatMap((part) =>
    isBeside(part) || part.type === "media" ? [] : [part.text],
  );
  const names = around.map(({ sent }) => pickText(sent, "name", "tool_name"));
  const result: Part = {
    type: "toolResult",
    id: of.id,
    name: of.name ?? names.find((name) => name !== null) ?? null,
    text: read
      ? lines.join("\n")
      : content === sent
        ? (written ?? toText(content))
        : toText(content),
    isError: isError || failed,
  };
  const beside = [result, ...parts.filter(isBeside)];
  for (const { sent, taken } of around) {
    const members = new Members(sent);
    members.skip(taken, ...(taken === "blocks" ? ["raw_input"] : []));
    beside.push(...members.rest([...beside, ...parts]));
  }
  return beside;
}

/** An item that is neither text nor media is kept in place, as JSON. */
function itemParts(item: Json): Part[] {
  const parts = isContent(item) ? partsOf(item, true) : null;
  if (parts) return parts;
  const { json } = item as JsonObject;
  return [{ type: "text", text: toText(json ?? item) }];
}

/** Texts and media, which are all that a result can consist of: results do not nest. */
function isContent(item: Json): boolean {
  if (!isObject(item)) return false;
  const type = typeOf(item);
  if (type !== null) {
    const isText = texts.test(type) && hasAny(item, "text", "content", "refusal");
    return isText || media.test(type) || /^(resource|logs)$/.test(type);
  }
  const keys = Object.keys(item);
  const isText =
    typeof item.text === "string" && keys.every((key) => key === "text" || isBesideText(key));
  return isText || isUntypedMedia(item) || (keys.length === 1 && isObject(item.json));
}

/** Documents can be plain text or parts. */
function mediaOrText(members: Members): Part[] {
  const text = textPlaceIn(members.sent);
  if (!text) return allOf(members);
  let place = members;
  for (const key of text.path) place = place.within(key) ?? place;
  return contentParts(place.take(text.key));
}

function allOf(members: Members): Part[] {
  members.skip(...Object.keys(members.sent));
  return mediaParts(members.sent);
}

/** Where a document's text is stored: Anthropic and Bedrock use its source, Cohere its data. */
function textPlaceIn(sent: JsonObject): { path: string[]; key: string } | null {
  const path: string[] = [];
  for (let place: JsonObject | null = sent; place;) {
    const { type, data } = place;
    const isText = type === "text" || path.at(-1) === "document";
    if (isObject(data) && path.at(-1) === "document") return { path, key: "data" };
    const isBytes = typeof data !== "string" || hasAny(place, "mimeType", "mime_type", "mediaType");
    if (isText && !isBytes) return { path, key: "data" };
    if (path.length > 0 && (type === "content" || Array.isArray(place.content)))
      return { path, key: "content" };
    if (path.at(-1) === "source" && typeof place.text === "string") return { path, key: "text" };
    const next: string | undefined = ["source", "document"].find((key) => isObject(place![key]));
    if (next === undefined) return null;
    path.push(next);
    place = place[next] as JsonObject;
  }
  return null;
}

/** An MCP resource: text or bytes, with their address. */
function resourceParts(members: Members): Part[] | null {
  const resource = members.within("resource");
  if (!resource) return null;
  const text = resource.takeText("text");
  if (text !== null) return textParts(text);
  resource.skip(...Object.keys(resource.sent));
  return mediaParts(resource.sent);
}
