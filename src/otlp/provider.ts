/** Who answers a call, in the conventions' words, from whatever senders call them. */
import { wire } from "../limits.ts";
import { fitting } from "./identity.ts";
import type { Attributes } from "./records.ts";
import type { Dialect } from "./sender.ts";
import { tableOf, textOf } from "./values.ts";

/** Names that say which framework or proxy called, not who answered. */
const frameworks = new Set([
  "ag2",
  "autogen",
  "crewai",
  "gcp.vertex.agent",
  "github",
  "haystack",
  "langchain",
  "langgraph",
  "litellm",
  "llamaindex",
  "mastra",
  "strands-agents",
]);

/** What providers were called before or are called elsewhere, and what the conventions call them. */
const aliases = tableOf({
  amazon_bedrock: "aws.bedrock",
  "amazon-bedrock": "aws.bedrock",
  aws: "aws.bedrock",
  aws_bedrock: "aws.bedrock",
  bedrock: "aws.bedrock",
  bedrock_converse: "aws.bedrock",
  google: "gcp.gemini",
  "google-gla": "gcp.gemini",
  google_genai: "gcp.gemini",
  "google-genai": "gcp.gemini",
  gemini: "gcp.gemini",
  googleai: "gcp.gemini",
  "google-vertex": "gcp.vertex_ai",
  google_vertexai: "gcp.vertex_ai",
  vertex_ai: "gcp.vertex_ai",
  vertexai: "gcp.vertex_ai",
  azure_openai: "azure.ai.openai",
  "azure-openai": "azure.ai.openai",
  "az.ai.inference": "azure.ai.inference",
  "az.ai.openai": "azure.ai.openai",
  xai: "x_ai",
  mistralai: "mistral_ai",
  mistral: "mistral_ai",
});

/** The conventions' own names with a dot. In any other the kind of call stands behind it. */
const dotted = /^(aws|azure|gcp|ibm)\./;

/** By the beginning of a model's id; only where a framework stands in the provider's place. */
const families: [RegExp, string][] = [
  [
    /^(arn:aws:bedrock|([a-z]{2,6}\.)?(anthropic|amazon|meta|cohere|ai21|mistral)\.)/,
    "aws.bedrock",
  ],
  [/^claude/, "anthropic"],
  [/^(gpt-|o[134](-|$)|chatgpt|text-embedding|codex)/, "openai"],
  [/^gemini/, "gcp.gemini"],
  [/^(mistral|codestral|ministral)/, "mistral_ai"],
  [/^deepseek/, "deepseek"],
  [/^grok/, "x_ai"],
];

/** @returns the provider as the span's own attributes have it. */
export function providerOf(
  attributes: Attributes,
  { keys }: Dialect,
  model: string | undefined,
): string | undefined {
  let framework: string | undefined;
  for (const named of [keys.providerFlavour, keys.provider]) {
    for (const key of named) {
      const sent = textOf(attributes, [key]);
      if (sent === undefined) continue;
      const name = providerName(sent);
      if (!frameworks.has(name)) return fitting(name, wire.providerLength);
      framework ??= name;
    }
  }
  if (framework === undefined) return undefined;
  return familyOf(model) ?? framework;
}

/** Who makes a model of this name, where one vendor alone does. */
function familyOf(model: string | undefined): string | undefined {
  return families.find(([pattern]) => pattern.test(model?.toLowerCase() ?? ""))?.[1];
}

function providerName(sent: string): string {
  const name = sent.toLowerCase();
  const known = aliases.get(name);
  if (known !== undefined) return known;
  if (dotted.test(name) || frameworks.has(name)) return name;
  const first = name.split(".", 1)[0]!;
  // A host name has dots, too.
  return first !== name &&
    /^[\w-]+\.[a-z-]+(\.[a-z-]+)?$/.test(name) &&
    !/\.(com|ai|io|dev|net|org)$/.test(name)
    ? (aliases.get(first) ?? first)
    : name;
}
