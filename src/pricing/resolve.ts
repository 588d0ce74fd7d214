/** Which price holds for a call: the newest rule of the user's that matches, else the list price. */
import { cachedModels } from "../limits.ts";
import type { ListedModel, PriceBook } from "./book.ts";
import type { Price } from "./rates.ts";
import type { PriceRules } from "./rules.ts";

/** Prices as they stand; for other rules or another book make a new one. */
export class PriceList {
  readonly #book: PriceBook;
  readonly #rules: PriceRules;
  readonly #models = new Map<string, ListedModel | null>();

  constructor(book: PriceBook, rules: PriceRules) {
    this.#book = book;
    this.#rules = rules;
  }

  /** @returns null where no price is known; of a list price always the same object. */
  resolve(provider: string | undefined, modelId: string, atMs: number): Price | null {
    // With its length in front, no provider runs into its model: strings may hold any separator.
    const key = `${provider?.length ?? 0} ${provider ?? ""}${modelId}`;
    let model = this.#models.get(key);
    if (model === undefined) {
      if (this.#models.size >= cachedModels) this.#models.clear();
      model = this.#find(provider, modelId);
      this.#models.set(key, model);
    }
    return model && model.priceAt(atMs);
  }

  #find(provider: string | undefined, modelId: string): ListedModel | null {
    const price = this.#rules.find(provider, modelId);
    return price ? { priceAt: () => price } : this.#book.find(provider, modelId);
  }
}
