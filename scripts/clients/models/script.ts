/** What a request to a model asks for, whatever its API, and what the script says next. */

export type Api = "chat" | "responses" | "anthropic" | "gemini" | "embeddings";

/** One call as it was answered; input with its cache, output with its reasoning. */
export interface Call {
  api: Api;
  id: string;
  model: string;
  failed: boolean;
  input: number;
  cachedInput: number;
  cacheWrite: number;
  output: number;
  reasoning: number;
}

export interface Asked {
  api: Api;
  model: string;
  isStream: boolean;
  system: string;
  /** What users said. */
  users: string[];
  hasToolResult: boolean;
  tools: { name: string; parameters: Record<string, any> }[];
  /** How many texts to embed. */
  texts: number;
}

/** Text, or a call of a tool. */
export type Step = { text: string } | ToolStep;
export type ToolStep = { tool: string; args: Record<string, unknown> };

export const answer = "It is 21 degrees in Oslo.";

type Body = Record<string, any>;

export function askedOf(api: Api, path: string, body: Body): Asked {
  const items: Body[] = listOf(body.messages ?? body.contents ?? body.input);
  const model = body.model ?? /models\/([^:]+):/.exec(path)?.[1] ?? "unknown";
  const system = [body.system, body.instructions, body.systemInstruction].map(textOf).join("");
  return {
    api,
    model,
    isStream: body.stream === true || /:streamGenerateContent$/i.test(path),
    system: system + items.filter(({ role }) => role === "system").map(textOf),
    users: items.filter(({ role }) => role === "user").map(textOf),
    // smolagents has its results as texts of the user.
    hasToolResult: /Observation:|"role":"tool"|"tool_result"|_call_output"|"functionResponse"/.test(
      JSON.stringify(items.filter(({ role }) => role !== "system")),
    ),
    tools: toolsOf(body.tools ?? []),
    texts: Array.isArray(body.input) ? body.input.length : 1,
  };
}

function listOf(value: unknown): Body[] {
  if (Array.isArray(value)) return value;
  return typeof value === "string" ? [{ role: "user", content: value }] : [];
}

/** All texts within, whatever holds them. */
function textOf(value: unknown): string {
  if (typeof value === "string") return value;
  if (Array.isArray(value)) return value.map(textOf).join("\n");
  const { content, parts, text } = (value ?? {}) as Body;
  return textOf(content ?? parts ?? text ?? "");
}

function toolsOf(tools: Body[]): Asked["tools"] {
  return tools
    .flatMap((tool) => tool.functionDeclarations ?? tool.tools ?? [tool.function ?? tool])
    .filter(({ name }) => typeof name === "string")
    .map((tool) => ({
      name: tool.name,
      parameters: tool.parameters ?? tool.input_schema ?? tool.parametersJsonSchema ?? ({} as Body),
    }));
}

/** Weather tools of frameworks, and the shells of coding agents. */
const asksFor = [/weather/i, /^(bash|exec_command|run_shell_command|shell|local_shell)$/i];

export function stepOf({ tools, hasToolResult, system }: Asked): Step {
  if (hasToolResult) {
    // smolagents takes its answer as a call.
    const isFinal = tools.some(({ name }) => name === "final_answer");
    return isFinal ? { tool: "final_answer", args: { answer } } : { text: answer };
  }
  const tool = asksFor
    .map((pattern) => tools.find(({ name }) => pattern.test(name)))
    .find((found) => found !== undefined);
  if (tool) return { tool: tool.name, args: argsOf(tool.parameters) };
  // DSPy reads its fields from marked sections.
  if (system.includes("[[ ## answer ## ]]")) {
    return { text: `[[ ## answer ## ]]\n${answer}\n\n[[ ## completed ## ]]` };
  }
  return { text: answer };
}

/** What the shells of coding agents are told to run. */
export const shellCommand = "echo cloudless, 21 degrees";

function argsOf({ properties = {}, required = [] }: Body): Record<string, unknown> {
  const names = Object.keys(properties);
  const command = names.find((name) => name === "command" || name === "cmd");
  const main = command ?? names[0] ?? "city";
  const value = command === undefined ? "Oslo" : shellCommand;
  const isList = properties[main]?.type === "array";
  const others = (required as string[]).filter((name) => name !== main);
  return {
    [main]: isList ? ["bash", "-c", value] : value,
    ...Object.fromEntries(
      others.map((name) => [name, properties[name]?.type === "boolean" ? false : "Weather"]),
    ),
  };
}

/** A text in two pieces, as a stream has it. */
export function halvesOf(text: string): [string, string] {
  const middle = text.length >> 1;
  return [text.slice(0, middle), text.slice(middle)];
}
