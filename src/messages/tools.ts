/** Tools: those that were offered to a model, in the shape of any provider, and the run of one. */
import {
  elementsOf,
  isObject,
  membersOf,
  parseJson,
  parseSlice,
  pick,
  pickText,
  skipSpace,
  toText,
  type Json,
  type JsonObject,
} from "./json.ts";
import type { Message, Tool } from "./model.ts";
import { resultParts } from "./parts.ts";

/** What of a catalog is whole and understood, in its order. Takes any text, never throws. */
export function readTools(text: string): Tool[] {
  const start = skipSpace(text, 0);
  if (text[start] === "[") return toolsIn(text, start);
  if (text[start] !== "{") return [];
  const { found: members } = membersOf(text, start);
  const list = members.find(
    ({ name, start }) =>
      /^(tools|functions|functionDeclarations)$/.test(name) && text[start] === "[",
  );
  if (list) return toolsIn(text, list.start);
  const whole = parseJson(text);
  const one = isObject(whole) && typeof whole.name === "string" ? toolsOf(whole) : [];
  if (one.length > 0) return one;
  // The AI SDK has them by their names.
  return members.flatMap((member) => {
    const value = member.isWhole ? parseSlice(text, member) : undefined;
    return isObject(value) ? toolsOf({ ...value, name: member.name }) : [];
  });
}

function toolsIn(text: string, start: number): Tool[] {
  return elementsOf(text, start).found.flatMap((slice) => toolsOf(parseSlice(text, slice) ?? null));
}

function toolsOf(sent: Json): Tool[] {
  if (typeof sent === "string") {
    const value = parseJson(sent);
    return isObject(value) ? toolsOf(value) : [{ name: sent }];
  }
  if (!isObject(sent)) return [];
  const declared = pick(sent, "functionDeclarations", "function_declarations");
  if (Array.isArray(declared)) return declared.flatMap(toolsOf);
  const inner = pick(sent, "function", "toolSpec", "custom");
  const tool = isObject(inner) ? inner : sent;
  const name = pickText(tool, "name", "id") ?? pickText(sent, "name", "type");
  if (name === null) return [];
  const description = pickText(tool, "description");
  const parameters = schemaOf(tool);
  return [
    {
      name,
      ...(description !== null && { description }),
      ...(parameters !== undefined && { parameters: toText(parameters) }),
    },
  ];
}

function schemaOf(tool: JsonObject): Json | undefined {
  const schema = pick(tool, "parameters", "input_schema", "inputSchema", "schema", "args");
  // Bedrock and the AI SDK put it into an object of its own.
  return isObject(schema) ? (pick(schema, "json", "jsonSchema") ?? schema) : schema;
}

/**
 * What a tool was called with and what came of it, as the messages of a conversation would have it. Its
 * payloads are its own matter: one that looks like messages is none.
 */
export function readToolRun(run: {
  id: string | null;
  name: string;
  input: string | undefined;
  output: string | undefined;
  isError: boolean;
}): { input: Message[]; output: Message[] } {
  const { id, name, input, output, isError } = run;
  return {
    input:
      input === undefined
        ? []
        : [{ role: "assistant", parts: [{ type: "toolCall", id, name, text: plainOf(input) }] }],
    output:
      output === undefined
        ? []
        : [{ role: "tool", parts: resultParts({ id, name, output: contentOf(output) }, isError) }],
  };
}

/** A text that was written down as JSON. */
function plainOf(text: string): string {
  const value = text.startsWith('"') ? parseJson(text) : undefined;
  return typeof value === "string" ? value : text;
}

/** Texts and media come wrapped, as a list or as what MCP answers. All else is left as it was sent. */
function contentOf(text: string): Json {
  const value = /^\s*[[{]/.test(text) ? parseJson(text) : undefined;
  const content = isObject(value) && Array.isArray(value.content) ? value.content : value;
  const isContent =
    Array.isArray(content) &&
    content.length > 0 &&
    content.every((item) => isObject(item) && typeof item.type === "string");
  return isContent ? content : plainOf(text);
}
