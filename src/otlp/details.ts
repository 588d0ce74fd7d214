/**
 * Details of a call's tokens, its service tier, and work the provider did beside it. Senders use many
 * names for these, in flat attributes or in JSON from the provider; the path to each count contains the
 * modality or cache lifetime, and whether it counts input, output or cache.
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

/** Reads the details from a span's attributes, before its content is removed from them. */
export function detailsOf(attributes: Attributes): Details {
  const keys = Object.keys(attributes).filter((key) => relevant.test(key));
  // Only spans that report tokens have such details, and other attributes can be long.
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

/** The tokens written to the cache, if they are only given by lifetime. */
export function cacheWritesOf({ usageDetails }: Details): number | undefined {
  const { cacheWrite5mInputTokens: short, cacheWrite1hInputTokens: long } = usageDetails ?? {};
  return short === undefined && long === undefined ? undefined : (short ?? 0) + (long ?? 0);
}

/** A quick check that excludes most attributes. */
const relevant = /usage|token|tier|speed|cache|traffic|provider_?metadata/i;
/**
 * Attributes in which senders store a provider's usage as a structure; user metadata is not included.
 */
const usageKey = /usage|token_details|provider_?metadata/i;
/** Attributes that contain the answer, as sent by the provider or as messages. */
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

/** Structures that contain a relevant name; others need not be parsed. */
const telling =
  /audio|image|video|modality|ephemeral|5m|1h|search|tier|traffic|"speed|'speed|citation|flex|priority/i;

/** Names with details beyond the number of tokens. */
const tellingName =
  /audio|image|video|text|5m|1h|search|tier|traffic|speed|citation|flex|priority/i;

function structureOf(value: Value): Value {
  if (typeof value !== "string") return value;
  if (!telling.test(value)) return null;
  const structure = toStructure(value);
  // LiteLLM sends Python literals.
  return typeof structure === "string" ? toStructure(fromPython(structure)) : structure;
}

/** No known usage nests deeper. */
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
    // Calls found in the answer count only if no usage reports their number.
    if (this.#fileSearches.size > 0) counts.fileSearchCount ??= this.#fileSearches.size;
    const searches = this.#toldSearches ?? this.#searches.size;
    // Claude's fast mode is reported with the standard tier.
    const isRegular = /^(standard|normal|default)?$/i.test(this.#speed ?? "");
    const tier = (isRegular ? undefined : this.#speed) ?? this.#served ?? this.#asked;
    const details: Details = {};
    if (Object.keys(counts).length > 0) details.usageDetails = counts;
    if (tier && tier.length <= wire.serviceTierLength) details.serviceTier = tier;
    if (searches) details.webSearchCount = searches;
    return details;
  }

  /** Reads everything in a usage structure, by path. */
  walk(path: string, value: Value, depth = 0): void {
    if (depth > maxDepth || !isMap(value)) return this.read(path, value);
    for (const key of Object.keys(value)) {
      const inner = value[key]!;
      const place = `${path}.${key}`;
      if (Array.isArray(inner)) this.#readList(place, inner);
      else this.walk(place, inner, depth + 1);
    }
  }

  /**
   * Reads Gemini's counts by modality, Bedrock's by lifetime, and search queries used for grounding.
   */
  #readList(path: string, list: Value[]): void {
    if (/webSearchQueries$/i.test(path)) {
      this.#toldSearches = (this.#toldSearches ?? 0) + list.length;
      return;
    }
    for (const entry of list.filter(isMap)) {
      const { modality, ttl } = entry;
      const count = countOf(entry, ["tokenCount", "token_count", "inputTokens", "input_tokens"]);
      if (count === undefined) continue;
      // Pages are billed as images.
      if (typeof modality === "string") {
        this.read(`${path}.${modality === "DOCUMENT" ? "IMAGE" : modality}`, count);
      }
      if (typeof ttl === "string") this.read(`${path}.cache_write.${ttl}`, count);
    }
  }

  /** Reads one count or word, by its full path. */
  read(path: string, value: Value): void {
    if (!isPresent(value) || !tellingName.test(path)) return;
    const name = path.replace(/(?<=[a-z\d])(?=[A-Z])/g, "_").toLowerCase();
    if (typeof value === "string" && this.#readWord(name, value)) return;
    // LangChain includes the tier in the names of its counts.
    this.#served ??= /token_details\.(flex|priority)(_|$)/.exec(name)?.[1];
    const count = countOf({ value }, ["value"]);
    if (count === undefined || !/token|usage|details|ephemeral/.test(name)) return;
    if (/cost|price/.test(name)) return;
    if (/web_search_requests$|num_search_queries$/.test(name)) this.#toldSearches ??= count;
    const field = fieldOf(name);
    if (!field) return;
    // Zero is the usual value for cache and images; only for output does it add information, since the
    // rest is text.
    if (count > 0 || field.endsWith("OutputTokens")) this.#counts[field] ??= count;
  }

  /** @returns whether the name belongs to a tier. */
  #readWord(name: string, value: string): boolean {
    // User metadata says nothing about the provider.
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

  /** Reads a provider's complete answer, a list of messages, or LangChain's wrappers around them. */
  readAnswer(value: Value): void {
    if (typeof value === "string" && !answered.test(value)) return;
    const answer = toStructure(value);
    const responses: Attributes[] = [];
    collect(answer, responses, (item) => this.#readItem(item));
    for (const response of responses) {
      for (const key of usageMembers) {
        if (isMap(response[key])) this.walk(key, response[key]);
      }
      // An answer that the model wrote as JSON has none of these members.
      if (!["id", "model", "model_name", "usage"].some((key) => key in response)) continue;
      for (const key of ["service_tier", "serviceTier"]) {
        const word = response[key];
        if (typeof word === "string" && isPresent(word)) this.#served ??= word;
      }
    }
  }

  /** Counts a search by the provider, once per id. */
  #readItem(item: Attributes): void {
    const tool = toolOf(item);
    if (tool === undefined || item.status === "failed") return;
    const id = item.id ?? item.toolCallId;
    const place = typeof id === "string" ? id : `no. ${++this.#nameless}`;
    if (/file_?search/i.test(tool)) this.#fileSearches.add(place);
    else if (/web_?search/i.test(tool) && isSearch(item)) this.#searches.add(place);
  }
}

/** Answers that contain a relevant name. */
const answered =
  /service_tier|serviceTier|"usage|_call"|server_tool|providerExecuted|webSearchQueries/;
const usageMembers = ["usage", "usageMetadata", "usage_metadata", "groundingMetadata"];

/** Walks through the members that can contain answers, and visits each item. */
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

/** The content of these was written by a model and can be anything. */
const itemMembers: ReadonlySet<string> = new Set(["output", "content", "parts"]);
/** Without `messages`: these are the steps of an agent, each with its own usage. */
const answerMembers = [
  ...["output", "content", "parts", "generations", "message", "kwargs"],
  ...["response", "response_metadata", "candidates"],
];

/** The provider's tool that an item of an answer calls. */
function toolOf({ type, name, toolName, providerExecuted, server_tool_call }: Attributes) {
  if (type === "web_search_call" || type === "file_search_call") return type;
  if (type === "server_tool_use" && typeof name === "string") return name;
  if (type === "server_tool_call") {
    const inner = isMap(server_tool_call) ? server_tool_call.type : undefined;
    return typeof name === "string" ? name : typeof inner === "string" ? inner : undefined;
  }
  return providerExecuted === true && typeof toolName === "string" ? toolName : undefined;
}

/** OpenAI's tool also opens pages and searches in them, which is not billed. */
function isSearch({ action }: Attributes): boolean {
  return !isMap(action) || action.type === undefined || action.type === "search";
}

/** @param name the path to a count in lower case, with words separated. */
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
  // In the AI SDK "text" includes everything except reasoning.
  if (!modality || name.startsWith("ai.usage.")) return null;
  if (/cache/.test(name)) {
    return /creat|writ/.test(name) ? null : `${modality}CachedInputTokens`;
  }
  if (/output|completion|candidates/.test(name)) return `${modality}OutputTokens`;
  return /input|prompt/.test(name) ? `${modality}InputTokens` : null;
}

type Modality = "text" | "audio" | "image" | "video";
