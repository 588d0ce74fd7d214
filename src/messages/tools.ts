/**
 * Tools: the ones offered to a model, in the format of any provider, and the input and output of a tool
 * call.
 */
import { skipSpace } from "../json/walk.ts";
import {
  elementsOf,
  isObject,
  membersOf,
  parseJson,
  parseSlice,
  pick,
  pickText,
  toText,
  type Json,
  type JsonObject,
} from "./json.ts";
import type { Message, Tool } from "./model.ts";
import { outcomeParts } from "./parts.ts";

/** Reads the complete and recognised tools of a catalog, in order. Accepts any text, never throws. */
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
  // The AI SDK stores tools by name.
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
  // Bedrock and the AI SDK wrap the schema in an object.
  return isObject(schema) ? (pick(schema, "json", "jsonSchema") ?? schema) : schema;
}

/**
 * The input and output of a tool's span as messages of a conversation. A payload that looks like messages
 * is not parsed as such, because tools can return anything.
 */
export function readToolRun(run: {
  id: string | null;
  name: string;
  input: string | undefined;
  output: string | undefined;
  isError: boolean;
}): { input: Message[]; output: Message[] } {
  const { id, name, input, output, isError } = run;
  // Frameworks record tool results as JSON.
  const made = output !== undefined && /^\s*[[{]/.test(output) ? parseJson(output) : undefined;
  const written = output === undefined ? undefined : plainOf(output);
  return {
    input:
      input === undefined
        ? []
        : [
            {
              role: "assistant",
              parts: [{ type: "toolCall", id, name, text: argumentsOf(plainOf(input)) }],
            },
          ],
    output:
      output === undefined
        ? []
        : [{ role: "tool", parts: outcomeParts({ id, name }, made ?? written, isError, written) }],
  };
}

/** Decodes a text that was stored as a JSON string. */
function plainOf(text: string): string {
  const value = text.startsWith('"') ? parseJson(text) : undefined;
  return typeof value === "string" ? value : text;
}

/**
 * The arguments of a function, without the list and names that a decorator adds and without the heading
 * that Claude Code adds.
 */
function argumentsOf(sent: string): string {
  const text = sent.replace(/^\[TOOL INPUT: [^\]\n]*\]\n/, "");
  const value = /^\s*\{\s*"(args|kwargs)"/.test(text) ? parseJson(text) : undefined;
  if (!isObject(value) || Object.keys(value).some((key) => key !== "args" && key !== "kwargs")) {
    return text;
  }
  const given = [value.args, value.kwargs].filter(
    (each) => typeof each === "object" && each !== null && Object.keys(each).length > 0,
  );
  return given.length === 1 ? toText(given[0]) : text;
}
