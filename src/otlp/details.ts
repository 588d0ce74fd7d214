/**
 * What a call's tokens consist of, as what it was served, and what the provider did beside it. Senders
 * spell each of these in many ways, flat or in JSON of the provider; all of them name the modality or
 * the lifetime, and whether it is input, output or cache, somewhere in the path to the count.
 */
import type { UsageDetails } from "../contract/v1.ts";
import { wire } from "../limits.ts";
import { fromPython } from "../python.ts";
import type { Attributes, Value } from "./records.ts";
import { countOf, isMap, isPresent, toStructure } from "./values.ts";

export interface Details {
  usageDetails?: UsageDetails;
  serviceTier?: string;
  webSearchCount?: number;
}

/** Reads the attributes of a span, before its content is taken out of them. */
export function detailsOf(attributes: Attributes): Details {
  const keys = Object.keys(attributes).filter((key) => relevant.test(key));
  // What counts no tokens costs nothing of all this, and its texts may be long.
  if (keys.length === 0) return {};
  const found = new Findings();
  for (const key of keys) {
    const value = attributes[key]!;
    if (!isStructured(value)) found.read(key, value);
    else if (usageKey.test(key)) found.walk(key, structureOf(value));
  }
  for (const key of parameterKeys) {
    if (isPresent(attributes[key])) found.readParameters(attributes[key]);
  }
  for (const key of answerKeys) if (isPresent(attributes[key])) found.readAnswer(attributes[key]);
  return found.details();
}

/** How many tokens were written to the cache, where they are told by lifetime alone. */
export function cacheWritesOf({ usageDetails }: Details): number | undefined {
  const { cacheWrite5mInputTokens: short, cacheWrite1hInputTokens: long } = usageDetails ?? {};
  return short === undefined && long === undefined ? undefined : (short ?? 0) + (long ?? 0);
}

/** One look spares most attributes the rest. */
const relevant = /usage|token|tier|speed|cache|traffic|provider_?metadata/i;
/** Where senders put a provider's counts as a structure. The users' own metadata is none. */
const usageKey = /usage|token_details|provider_?metadata/i;
/** Where they put the answer itself, as the provider sent it or in messages. */
const answerKeys = [
  "output.value",
  "gen_ai.output.messages",
  "gen_ai.completion",
  "ai.response.toolCalls",
  "langfuse.observation.output",
  "mlflow.spanOutputs",
  "response_data",
];
const parameterKeys = [
  "llm.invocation_parameters",
  "embedding.invocation_parameters",
  "langfuse.observation.model.parameters",
  "model_request_parameters",
  "request_data",
];

function isStructured(value: Value): boolean {
  return typeof value === "string" ? /^\s*[[{]/.test(value) : typeof value === "object";
}

/** Structures that say anything of what is looked for: most need not be parsed. */
const telling =
  /audio|image|video|modality|ephemeral|5m|1h|search|tier|traffic|"speed|'speed|citation|flex|priority/i;

/** Of all names these alone say more than how many tokens there were. */
const tellingName =
  /audio|image|video|text|5m|1h|search|tier|traffic|speed|citation|flex|priority/i;

function structureOf(value: Value): Value {
  if (typeof value !== "string") return value;
  if (!telling.test(value)) return null;
  const structure = toStructure(value);
  // LiteLLM writes Python's own notation.
  return typeof structure === "string" ? toStructure(fromPython(structure)) : structure;
}

/** No usage nests deeper. */
const maxDepth = 8;

class Findings {
  readonly #counts: UsageDetails = {};
  readonly #searches = new Set<string>();
  readonly #fileSearches = new Set<string>();
  #nameless = 0;
  #toldSearches: number | undefined;
  #speed: string | undefined;
  #served: string | undefined;
  #asked: string | undefined;

  details(): Details {
    const counts = this.#counts;
    // Calls in the answer count only where no usage says how many there were.
    if (this.#fileSearches.size > 0) counts.fileSearchCount ??= this.#fileSearches.size;
    const searches = this.#toldSearches ?? this.#searches.size;
    // Claude's fast mode is served in the standard tier.
    const isRegular = /^(standard|normal|default)?$/i.test(this.#speed ?? "");
    const tier = (isRegular ? undefined : this.#speed) ?? this.#served ?? this.#asked;
    const details: Details = {};
    if (Object.keys(counts).length > 0) details.usageDetails = counts;
    if (tier && tier.length <= wire.serviceTierLength) details.serviceTier = tier;
    if (searches) details.webSearchCount = searches;
    return details;
  }

  /** Everything below a structure of usage, by its path. */
  walk(path: string, value: Value, depth = 0): void {
    if (depth > maxDepth || !isMap(value)) return this.read(path, value);
    for (const key of Object.keys(value)) {
      const inner = value[key]!;
      const place = `${path}.${key}`;
      if (Array.isArray(inner)) this.#readList(place, inner);
      else this.walk(place, inner, depth + 1);
    }
  }

  /** Gemini's counts by modality, Bedrock's by lifetime, and the queries that grounded an answer. */
  #readList(path: string, list: Value[]): void {
    if (/webSearchQueries$/i.test(path)) {
      this.#toldSearches = (this.#toldSearches ?? 0) + list.length;
      return;
    }
    for (const entry of list.filter(isMap)) {
      const { modality, ttl } = entry;
      const count = countOf(entry, ["tokenCount", "token_count", "inputTokens", "input_tokens"]);
      if (count === undefined) continue;
      // Pages are billed as images are.
      if (typeof modality === "string") {
        this.read(`${path}.${modality === "DOCUMENT" ? "IMAGE" : modality}`, count);
      }
      if (typeof ttl === "string") this.read(`${path}.cache_write.${ttl}`, count);
    }
  }

  /** One count or word, by the whole path to it. */
  read(path: string, value: Value): void {
    if (!isPresent(value) || !tellingName.test(path)) return;
    const name = path.replace(/(?<=[a-z\d])(?=[A-Z])/g, "_").toLowerCase();
    if (typeof value === "string" && this.#readWord(name, value)) return;
    // LangChain has the tier in the names of its counts.
    this.#served ??= /token_details\.(flex|priority)(_|$)/.exec(name)?.[1];
    const count = countOf({ value }, ["value"]);
    if (count === undefined || !/token|usage|details|ephemeral/.test(name)) return;
    if (/cost|price/.test(name)) return;
    if (/web_search_requests$|num_search_queries$/.test(name)) this.#toldSearches ??= count;
    const field = fieldOf(name);
    if (!field) return;
    // No cache and no image is what most calls have: only of an output it says what the rest is.
    if (count > 0 || field.endsWith("OutputTokens")) this.#counts[field] ??= count;
  }

  /** @returns whether the name is that of a tier. */
  #readWord(name: string, value: string): boolean {
    // What users put into their metadata is no word of the provider's.
    if (/metadata\./.test(name) && !/usage|provider|response/.test(name)) return false;
    if (/(^|(usage|anthropic|request)[._])speed$/.test(name)) {
      this.#speed ??= value;
    } else if (/(service_tier|service_tier\.type|traffic_type)$/.test(name)) {
      if (/request\.|invocation|parameters/.test(name)) this.#asked ??= value;
      else this.#served ??= value;
    } else {
      return false;
    }
    return true;
  }

  readParameters(value: Value): void {
    if (typeof value === "string" && !/tier|speed/i.test(value)) return;
    const parameters = toStructure(value);
    if (!isMap(parameters)) return;
    for (const key of ["service_tier", "serviceTier", "speed"]) {
      const word = parameters[key];
      if (typeof word === "string") this.#readWord(key === "speed" ? key : `request.${key}`, word);
    }
  }

  /** A provider's whole answer, a list of messages, or what LangChain wraps around them. */
  readAnswer(value: Value): void {
    if (typeof value === "string" && !answered.test(value)) return;
    const answer = toStructure(value);
    const responses: Attributes[] = [];
    collect(answer, responses, (item) => this.#readItem(item));
    for (const response of responses) {
      for (const key of usageMembers) {
        if (isMap(response[key])) this.walk(key, response[key]);
      }
      // An answer that the model was to write as JSON has none of these.
      if (!["id", "model", "model_name", "usage"].some((key) => key in response)) continue;
      for (const key of ["service_tier", "serviceTier"]) {
        const word = response[key];
        if (typeof word === "string" && isPresent(word)) this.#served ??= word;
      }
    }
  }

  /** A search that the provider ran, each once however often the answer has it. */
  #readItem(item: Attributes): void {
    const tool = toolOf(item);
    if (tool === undefined || item.status === "failed") return;
    const id = item.id ?? item.toolCallId;
    const place = typeof id === "string" ? id : `no. ${++this.#nameless}`;
    if (/file_?search/i.test(tool)) this.#fileSearches.add(place);
    else if (/web_?search/i.test(tool) && isSearch(item)) this.#searches.add(place);
  }
}

/** Answers that say anything of what is looked for. */
const answered =
  /service_tier|serviceTier|"usage|_call"|server_tool|providerExecuted|webSearchQueries/;
const usageMembers = ["usage", "usageMetadata", "usage_metadata", "groundingMetadata"];

/** Walks the members of an answer that hold answers, and meets each of their items. */
function collect(
  value: Value,
  responses: Attributes[],
  meet: (item: Attributes) => void,
  depth = 0,
  isItem = false,
): void {
  if (depth > maxDepth) return;
  if (Array.isArray(value)) {
    for (const item of value) collect(item, responses, meet, depth + 1, isItem);
    return;
  }
  if (!isMap(value)) return;
  meet(value);
  if (!isItem || usageMembers.some((key) => isMap(value[key]))) responses.push(value);
  for (const key of answerMembers) {
    const inner = value[key];
    if (inner !== undefined)
      collect(inner, responses, meet, depth + 1, isItem || itemMembers.has(key));
  }
}

/** What stands in these a model wrote, which may be anything. */
const itemMembers: ReadonlySet<string> = new Set(["output", "content", "parts"]);
/** Not `messages`: these are the steps of an agent, each with a usage of its own. */
const answerMembers = [
  ...["output", "content", "parts", "generations", "message", "kwargs"],
  ...["response", "response_metadata", "candidates"],
];

/** Which tool of the provider's own an item of an answer is the call of. */
function toolOf({ type, name, toolName, providerExecuted, server_tool_call }: Attributes) {
  if (type === "web_search_call" || type === "file_search_call") return type;
  if (type === "server_tool_use" && typeof name === "string") return name;
  if (type === "server_tool_call") {
    const inner = isMap(server_tool_call) ? server_tool_call.type : undefined;
    return typeof name === "string" ? name : typeof inner === "string" ? inner : undefined;
  }
  return providerExecuted === true && typeof toolName === "string" ? toolName : undefined;
}

/** OpenAI's calls open pages and look for words in them, too, which costs nothing. */
function isSearch({ action }: Attributes): boolean {
  return !isMap(action) || action.type === undefined || action.type === "search";
}

/** @param name the path to a count in lower case, words apart. */
function fieldOf(name: string): keyof UsageDetails | null {
  if (/tool_?use_prompt/.test(name)) return null;
  if (/(^|[._])citation_tokens$/.test(name)) return "citationTokens";
  const lifetime = /(?:^|\D)(5m|1h)(?:[._]|$)/.exec(name)?.[1];
  if (lifetime && /cache|ephemeral/.test(name)) {
    return lifetime === "5m" ? "cacheWrite5mInputTokens" : "cacheWrite1hInputTokens";
  }
  const modality = /(?:^|[._])(text|audio|image|video)(?:[._]|$)/.exec(name)?.[1] as
    | Modality
    | undefined;
  // The AI SDK calls all that is no reasoning text.
  if (!modality || name.startsWith("ai.usage.")) return null;
  if (/cache/.test(name)) {
    return /creat|writ/.test(name) ? null : `${modality}CachedInputTokens`;
  }
  if (/output|completion|candidates/.test(name)) return `${modality}OutputTokens`;
  return /input|prompt/.test(name) ? `${modality}InputTokens` : null;
}

type Modality = "text" | "audio" | "image" | "video";
