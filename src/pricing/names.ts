/** The seller of a model and the model's name there, from the names that SDKs and gateways use. */

/**
 * Sellers as named in the price data, with `_` as `-`, and the names SDKs use for them. Only whole words
 * match: "azure-openai" and "openai-compatible" are not OpenAI.
 */
const aliases: Record<string, string[]> = {
  arcee: ["arcee-ai"],
  aws: [
    "amazon",
    "amazon-bedrock",
    "anthropic-bedrock",
    "aws-bedrock",
    "bedrock",
    "bedrock-converse",
  ],
  azure: ["az", "azure-ai", "azure-openai", "azureopenai", "microsoft-azure"],
  cloudflare: ["cloudflare-workers-ai", "workers-ai", "workersai"],
  fireworks: ["fireworks-ai", "fireworksai"],
  "github-copilot": ["copilot"],
  google: [
    "gcp",
    "gemini",
    "google-ai-studio",
    "google-anthropic-vertex",
    "google-genai",
    "google-generative-ai",
    "google-gla",
    "google-vertex",
    "google-vertex-ai",
    "google-vertexai",
    "googleai",
    "vertex",
    "vertex-ai",
    "vertex-ai-beta",
    "vertexai",
  ],
  mistral: ["mistral-ai", "mistralai"],
  moonshotai: ["moonshot", "moonshot-ai"],
  novita: ["novita-ai"],
  ovhcloud: ["ovh"],
  perplexity: ["perplexity-ai", "perplexityai"],
  together: ["together-ai", "togetherai"],
  voyageai: ["voyage", "voyage-ai"],
  "x-ai": ["x.ai", "xai"],
  zai: ["z-ai", "z.ai"],
  zhipuai: ["bigmodel", "zhipu", "zhipu-ai"],
};

const sellersByAlias = new Map(
  Object.entries(aliases).flatMap(([seller, words]) => words.map((word) => [word, seller])),
);

/** Gateways charge each vendor's price and put the vendor before the model: `xai/grok-4`. */
const gateways = new Set([
  "ai-gateway",
  "gateway",
  "helicone",
  "litellm",
  "litellm-proxy",
  "portkey",
  "vercel",
  "vercel-ai-gateway",
]);

/**
 * Prefixes that are also used for open weights: a model under `mistralai/` can be a repository that the
 * user runs. Only a gateway means the vendor by them.
 */
const publishers = new Set([
  "cohere",
  "deepseek",
  "google",
  "minimax",
  "mistralai",
  "moonshotai",
  "openai",
]);

/**
 * A model that these do not sell can still be priced by its vendor: the SDKs of the first two connect to
 * many other servers, and the third charges vendors' prices.
 */
const passing = new Set(["anthropic", "openai", "openrouter"]);

/**
 * Models with a single vendor, whoever forwards the call. Open weights such as gpt-oss and deepseek-r1 are
 * not included: each host sets its own price.
 */
const families: [RegExp, string][] = [
  [/^arn:aws[a-z-]*:bedrock:/, "aws"],
  [/^([a-z-]{2,6}\.)?(ai21|amazon|anthropic|meta)\./, "aws"],
  [/^(us|eu|apac|global)\.(deepseek|mistral|openai|qwen)\./, "aws"],
  [/^claude-[\w.-]+@/, "google"],
  [/^claude-/, "anthropic"],
  [/^(ft:)?(gpt-|o\d(-|$)|chatgpt-|codex-|text-embedding-[3a])/, "openai"],
  [/^gemini-/, "google"],
  [/^grok-/, "x-ai"],
  [/^deepseek-(chat|reasoner)$/, "deepseek"],
  [/^(mistral|ministral|magistral|codestral|devstral|pixtral)-[\w.-]*latest$/, "mistral"],
  [/^sonar(-|$)/, "perplexity"],
  [/^voyage-/, "voyageai"],
];

/** A seller where a model may have its price. */
export interface Offer {
  seller: string;
  /** Possible names of the model there, likeliest first. */
  names: string[];
}

/** @returns the seller, or the provider's name if the price data does not have it. */
export function sellerOf(provider: string): string {
  let word = provider.trim().toLowerCase().replace(/[_\s]/g, "-");
  for (;;) {
    const seller = sellersByAlias.get(word);
    if (seller) return seller;
    // The part after the dot is the kind of call: openai.responses, google.vertex.chat.
    const dot = word.lastIndexOf(".");
    if (dot <= 0) return word;
    word = word.slice(0, dot);
  }
}

/**
 * Where to look for a model's price, in order. A provider with its own list is never priced by another's;
 * one without a list only if the model's name identifies its vendor.
 *
 * @param sells whether the price data has a list of that seller.
 */
export function offersOf(
  provider: string | undefined,
  modelId: string,
  sells: (seller: string) => boolean,
): Offer[] {
  const model = modelId.trim().toLowerCase();
  const seller = provider ? sellerOf(provider) : "";
  // The host follows the model: openai/gpt-oss-120b:cerebras.
  if (seller === "huggingface") {
    const [name, host] = model.split(":");
    return [{ seller: `huggingface-${host}`, names: [name!] }];
  }
  const own = sells(seller) ? [{ seller, names: namesAt(seller, model) }] : [];
  if (own.length > 0 && !passing.has(seller)) return own;

  const [, prefix, separator, rest] = /^([\w-]+)([/:])(.+)$/.exec(model) ?? [];
  if (prefix && rest && seller !== "openrouter") {
    const route = sellerOf(prefix);
    const isMeant = separator === ":" || gateways.has(seller) || !publishers.has(prefix);
    if (isMeant && route !== seller && (sells(route) || route === "huggingface")) {
      return [...own, ...offersOf(prefix, rest, sells)];
    }
  }
  const vendor = vendorOf(model);
  return vendor && vendor !== seller
    ? [...own, { seller: vendor, names: namesAt(vendor, model) }]
    : own;
}

function vendorOf(model: string): string | undefined {
  const { parent, base } = splitPath(model);
  const vendor = families.find(([pattern]) => pattern.test(base) || pattern.test(model))?.[1];
  const isNamed = parent === "" || isNeutral(parent) || sellerOf(parent) === vendor;
  return isNamed ? vendor : undefined;
}

/** Possible names of the model in the seller's list; `modelId` in lower case. */
export function namesAt(seller: string, modelId: string): string[] {
  const { parent, base } = splitPath(modelId);
  const isPath = seller === "aws" || isNeutral(parent) || sellerOf(parent) === seller;
  const plain = (isPath ? base : modelId)
    // Suffixes: OpenRouter's host selection, Claude Code's long context, Vertex AI's versions.
    .replace(/:(nitro|floor|exacto|beta)$|\[1m\]$|@(default|latest)$/, "")
    .replace("@", "-")
    .replace(/^gpt-35-/, "gpt-3.5-");
  return [
    ...new Set([
      modelId,
      plain,
      plain.replace(/-(20\d\d)(\d\d)(\d\d)$/, "-$1-$2-$3"),
      plain.replace(/(?<=\d)\.(?=\d)/g, "-"),
    ]),
  ];
}

/** The last part of a path, and the part before it. */
function splitPath(model: string): { parent: string; base: string } {
  const [base = "", parent = ""] = model.split("/").reverse();
  return { parent, base };
}

/** Resource names of Google and AWS: models/…, publishers/…/models/…, arn:…:foundation-model/…. */
function isNeutral(parent: string): boolean {
  return parent === "models" || parent.startsWith("arn:");
}
