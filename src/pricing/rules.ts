/** The user's own prices: for a proxy, a contract, or local hardware. */
import { Type, type Static, type TOptional } from "@sinclair/typebox";
import { wire } from "../limits.ts";
import { fits } from "../pattern.ts";
import { namesAt, sellerOf } from "./names.ts";
import { dimensions, freePrices, ratesOf, type Dimension, type Price } from "./rates.ts";

const Usd = Type.String({
  pattern: "^(0|[1-9]\\d{0,8})(\\.\\d{1,12})?$",
  description: "USD, a decimal",
});

/** Per million tokens of each kind; per image, search and request. */
const RulePrices = Type.Object(
  Object.fromEntries(dimensions.map((dimension) => [dimension, Type.Optional(Usd)])) as Record<
    Dimension,
    TOptional<typeof Usd>
  >,
  { additionalProperties: false, minProperties: 1 },
);

/**
 * A rule is the complete price of the calls it matches; the list price is not used for them.
 *
 * Unnamed dimensions: cache reads and writes, audio, images and video cost the same as input or output,
 * reasoning the same as output, and a one-hour cache write the same as any other. A request is free,
 * because hardly any provider charges for it. Images and searches have no such default: if a call used
 * some, its total says that they are missing, as it does for tokens without a price. A rule with only
 * zeros means that the model is free, including these.
 */
export const PriceRule = Type.Object(
  {
    id: Type.String({ minLength: 1, maxLength: wire.idLength }),
    /** `*` stands for any text. The provider as it is sent, or as the price data calls it. */
    provider: Type.String({ minLength: 1, maxLength: wire.providerLength }),
    model: Type.String({ minLength: 1, maxLength: wire.modelIdLength }),
    prices: RulePrices,
    /** Epoch ms; of two rules that match, the newer wins, of the same ms the later in the list. */
    createdAt: Type.Integer({ minimum: 0, maximum: 8_640_000_000_000_000 }),
  },
  { additionalProperties: false },
);

export type PriceRule = Static<typeof PriceRule>;

const ruleSource = "rule ";

/** Whether a price comes from a user's rule. */
export function isOwnPrice({ source }: Pick<Price, "source">): boolean {
  return source.startsWith(ruleSource);
}

export class PriceRules {
  /** Newest first. */
  readonly #rules: { matches: (call: Call) => boolean; priceOf: (call: Call) => Price }[];

  constructor(rules: readonly PriceRule[]) {
    this.#rules = rules
      .toReversed()
      .sort((a, b) => b.createdAt - a.createdAt)
      .map(compile);
  }

  /**
   * The newest rule that matches one of a call's model names.
   *
   * @returns the rule and the first name that it matches.
   */
  find(
    provider: string | undefined,
    modelIds: readonly string[],
  ): { price: Price; modelId: string } | null {
    const calls = modelIds.map((modelId) => ({ modelId, call: callOf(provider, modelId) }));
    for (const { matches, priceOf } of this.#rules) {
      const found = calls.find(({ call }) => matches(call));
      if (found) return { price: priceOf(found.call), modelId: found.modelId };
    }
    return null;
  }
}

/** The names of a call in every form that a rule can use. */
interface Call {
  provider: string;
  seller: string;
  models: string[];
}

function callOf(provider = "", modelId: string): Call {
  const seller = sellerOf(provider);
  return {
    provider: provider.trim().toLowerCase(),
    seller,
    models: namesAt(seller, modelId.trim().toLowerCase()),
  };
}

/** Whether patterns match a call, in any spelling of its provider and model. */
export function matcherOf(
  provider: string,
  model: string,
): (provider: string | undefined, modelId: string) => boolean {
  const matches = callMatcherOf(provider, model);
  return (provider, modelId) => matches(callOf(provider, modelId));
}

function callMatcherOf(provider: string, model: string): (call: Call) => boolean {
  const isProvider = globOf(provider);
  const isModel = globOf(model);
  // `bedrock` also matches the other names that SDKs use for it; with a kind of call or a `*` it is
  // taken literally.
  const seller = /[.*]/.test(provider) ? undefined : sellerOf(provider);
  return (call) =>
    (isProvider(call.provider) || isProvider(call.seller) || call.seller === seller) &&
    call.models.some(isModel);
}

function compile({ id, provider, model, prices, createdAt }: PriceRule) {
  const isFree = Object.values(prices).every((usd) => Number(usd) === 0);
  const { cacheWrite } = prices;
  const whole = isFree
    ? freePrices
    : { ...(cacheWrite && { cacheWrite1h: cacheWrite }), ...prices };
  const terms = {
    prices: whole,
    rates: ratesOf(whole),
    source: `${ruleSource}${id}`,
    sourceDate: new Date(createdAt).toISOString().slice(0, -"T00:00:00.000Z".length),
  };
  return {
    matches: callMatcherOf(provider, model),
    priceOf: (call: Call): Price => ({ provider: call.seller, model: call.models[0]!, ...terms }),
  };
}

/** Ignores case. */
export function globOf(pattern: string): (text: string) => boolean {
  const parts = pattern.trim().toLowerCase().split("*") as [string, ...string[]];
  return (text) => fits(parts, text);
}
