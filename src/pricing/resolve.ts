/**
 * Finds the price of a call: the user's newest matching rule, else the list price. A gateway can answer
 * with a different model name, so a call can have two.
 */
import { cachedModels } from "../limits.ts";
import type { ListedModel, PriceBook } from "./book.ts";
import type { Price } from "./rates.ts";
import type { PriceRules } from "./rules.ts";

/** A fixed set of prices; create a new one for other rules or another price book. */
export class PriceList {
  readonly #book: PriceBook;
  readonly #rules: PriceRules;
  readonly #models = new Map<string, ListedModel | null>();

  constructor(book: PriceBook, rules: PriceRules) {
    this.#book = book;
    this.#rules = rules;
  }

  /**
   * @param requestModelId the requested model, if the answer names another.
   * @returns null if no price is known; the same object each time for a list price.
   */
  resolve(
    provider: string | undefined,
    modelId: string,
    atMs: number,
    requestModelId?: string,
  ): Price | null {
    // The lengths make the key unambiguous, because the strings can contain any separator.
    const key = `${provider?.length ?? 0} ${modelId.length} ${provider ?? ""}${modelId}${requestModelId ?? ""}`;
    let model = this.#models.get(key);
    if (model === undefined) {
      if (this.#models.size >= cachedModels) this.#models.clear();
      model = this.#find(provider, modelId, requestModelId);
      this.#models.set(key, model);
    }
    return model && model.priceAt(atMs);
  }

  #find(
    provider: string | undefined,
    modelId: string,
    requestModelId: string | undefined,
  ): ListedModel | null {
    const names = requestModelId === undefined ? [modelId] : [modelId, requestModelId];
    const rule = this.#rules.find(provider, names);
    if (rule) {
      const price = rule.modelId === modelId ? rule.price : byRequest(rule.price);
      return { priceAt: () => price };
    }
    const answered = this.#book.find(provider, modelId);
    const asked = requestModelId === undefined ? null : this.#book.find(provider, requestModelId);
    if (!asked) return answered;
    const marked = new Map<Price, Price>();
    return {
      priceAt(atMs) {
        const price = answered?.priceAt(atMs);
        const other = price ? null : asked.priceAt(atMs);
        if (!other) return price ?? null;
        if (!marked.has(other)) marked.set(other, byRequest(other));
        return marked.get(other)!;
      },
    };
  }
}

function byRequest(price: Price): Price {
  return { ...price, foundBy: "requestModelId" };
}
