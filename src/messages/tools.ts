/** The tools that were offered to a model: `toolCatalog` in the shape of any provider. */
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
import type { Tool } from "./model.ts";

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
