/**
 * Unwraps tool results from the formats of frameworks: a message, a list of parts, an object with one
 * member. Other structures are left unchanged.
 */
import { isObject, parseJson, pick, type Json, type JsonObject } from "./json.ts";
import { isSilent } from "./members.ts";

export interface Unwrapped {
  /** A text, a list of parts, or the structure as sent. */
  content: Json;
  isError: boolean;
  /** The unwrapped objects, each with the member that contained the content. */
  around: { sent: JsonObject; taken: string }[];
}

/** Known frameworks nest up to three levels. */
const maxLevels = 6;

/** The AI SDK's types of result values. */
const valueTypes = /^(text|json|content|error-text|error-json|execution-denied)$/;

/**
 * @param isPart recognises texts and media that can form a result; in a list with one of them, all other
 * items are parts, too.
 */
export function unwrapResult(output: Json, isPart: (item: Json) => boolean): Unwrapped {
  const around: Unwrapped["around"] = [];
  let isError = false;
  let value = output;
  for (let level = 0; level <= maxLevels; level++) {
    if (typeof value === "string") return { content: value, isError, around };
    if (Array.isArray(value)) {
      if (value.some(isPart) && value.every(isObject)) {
        return { content: value, isError, around };
      }
      break;
    }
    if (!isObject(value)) break;
    if (isPart(value)) return { content: [value], isError, around };
    const next = nextOf(value);
    isError ||= next.isError;
    if (next.taken === null) break;
    around.push({ sent: value, taken: next.taken });
    value = value[next.taken]!;
    // The AI SDK's type says that the value is the complete result.
    if (next.isWhole) return { content: value, isError, around };
  }
  return { content: output, isError, around: [] };
}

interface Next {
  /** The member with the content; null if the object is not a wrapper. */
  taken: string | null;
  isError: boolean;
  isWhole?: boolean;
}

function nextOf(value: JsonObject): Next {
  const { type } = value;
  const isError = value.is_error === true || value.isError === true || value.status === "error";
  if (typeof type === "string" && valueTypes.test(type)) {
    const taken = firstOf(value, "value", "reason", "text");
    const failed = type.startsWith("error") || type === "execution-denied";
    if (taken !== null) return { taken, isError: failed, isWhole: type !== "content" };
  }
  if (typeof type === "string" && type.endsWith("_error")) return { taken: null, isError: true };
  if (isMessage(value)) {
    return { taken: firstOf(value, "data", "kwargs", "content"), isError };
  }
  // LlamaIndex repeats the input and output; MCP repeats the content as a structure.
  if (Array.isArray(value.blocks)) return { taken: "blocks", isError };
  if (Array.isArray(value.content)) return { taken: "content", isError };
  const members = Object.keys(value).filter((key) => !isEmpty(value[key]!));
  const [only] = members;
  const isOnly = members.length === 1 && onlyMembers.has(only!);
  return isOnly ? { taken: only!, isError: only === "error" } : { taken: null, isError };
}

const onlyMembers = new Set(
  "output result response content text value data message error return_value".split(" "),
);

/** A tool message in one of LangChain's three formats. */
function isMessage(value: JsonObject): boolean {
  const { type, id } = value;
  const name = Array.isArray(id) ? id.at(-1) : type;
  return (
    name === "tool" ||
    (typeof name === "string" && /^ToolMessage(Chunk)?$/.test(name)) ||
    value.role === "tool" ||
    typeof value.tool_call_id === "string"
  );
}

function isEmpty(value: Json): boolean {
  return (
    value === null ||
    value === false ||
    (Array.isArray(value) && value.length === 0) ||
    (isObject(value) && Object.keys(value).length === 0)
  );
}

function firstOf(value: JsonObject, ...keys: string[]): string | null {
  return keys.find((key) => pick(value, key) !== undefined) ?? null;
}

/** Reads parts that were sent as JSON text. */
export function partsInText(text: string): Json[] | null {
  if (!/^\s*\[\s*\{/.test(text)) return null;
  const value = parseJson(text);
  return Array.isArray(value) && value.length > 0 && value.every(isTextPart) ? value : null;
}

/** A text without further content. */
function isTextPart(value: Json): boolean {
  if (!isObject(value)) return false;
  const { type, text, content } = value;
  const isText = typeof text === "string" || (type !== undefined && typeof content === "string");
  const isKnown = type === undefined || (typeof type === "string" && /(^|_)text$/.test(type));
  return (
    isText &&
    isKnown &&
    Object.keys(value).every((key) => /^(text|content)$/.test(key) || isSilent(key))
  );
}
