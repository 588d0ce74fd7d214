/**
 * What each span cost that says what it used, by the prices as they stand: the user's rules, then list
 * prices. The list takes 6 ms to load, so it is loaded when the server listens, and whoever needs a price
 * waits for it.
 */
import { Type, type Static } from "@sinclair/typebox";
import type { CostOf, Writer } from "../backend/writer.ts";
import { AppError } from "../errors.ts";
import { loadPrices, readPrices, type PriceBook } from "../pricing/book.ts";
import { receiptFor } from "../pricing/call.ts";
import type { Price } from "../pricing/rates.ts";
import { PriceList } from "../pricing/resolve.ts";
import { PriceRule, PriceRules } from "../pricing/rules.ts";

export const PriceListing = Type.Object({
  source: Type.String({ description: "Of the list prices" }),
  sourceDate: Type.String(),
  rules: Type.Array(PriceRule, { description: "The newest first" }),
});
export type PriceListing = Static<typeof PriceListing>;

export interface Pricer {
  costOf: CostOf;
  listing(): PriceListing;
  /** Takes over the rules as they are stored now. */
  readRules(): void;
  /** Prices by this list from now on, by the bundled one where it is null. */
  useBook(book: PriceBook | null): Promise<void>;
}

export type StoredPrices = Pick<Writer, "priceRules" | "priceBook">;

/** Of a store without prices of its own. */
export const noPrices: StoredPrices = { priceRules: () => [], priceBook: () => null };

/** @param configRules of the configuration file, which win over stored ones of the same age. */
export async function openPricer(
  store: StoredPrices,
  configRules: PriceRule[],
  onDamage: (what: string) => void = () => {},
): Promise<Pricer> {
  let book: PriceBook;
  let rules: PriceRule[];
  let list: PriceList;
  /** A list price is always the same object, so its JSON is made once. */
  const texts = new WeakMap<Price, string>();

  function textOf(found: Price): string {
    let text = texts.get(found);
    if (text === undefined) {
      const { rates: _, ...stored } = found;
      text = JSON.stringify(stored satisfies StoredPrice);
      texts.set(found, text);
    }
    return text;
  }

  function unlessDamaged<T>(read: () => T, otherwise: T): T {
    try {
      return read();
    } catch (cause) {
      if ((cause as { code?: string }).code !== "store_damaged") throw cause;
      onDamage("own prices cannot be read, so that calls are priced without them");
      return otherwise;
    }
  }

  const pricer: Pricer = {
    costOf(span) {
      const { usage, provider, modelId, startTime, x } = span;
      if (!usage || !modelId) return null;
      const found = list.resolve(provider, modelId, startTime, x?.requestModelId);
      const receipt = found && receiptFor(span, found);
      if (!receipt) return null;
      const { total, isEstimated } = receipt;
      return { price: textOf(found), amount: total, isEstimated };
    },
    listing: () => ({ source: book.source, sourceDate: book.sourceDate, rules }),
    readRules() {
      const ofStore = unlessDamaged(() => store.priceRules(), []).map(
        ({ id, prices, ...rule }) => ({
          ...rule,
          id: String(id),
          prices: JSON.parse(prices),
        }),
      );
      rules = [...configRules, ...ofStore].sort((a, b) => b.createdAt - a.createdAt);
      list = new PriceList(book, new PriceRules(rules.toReversed()));
    },
    async useBook(brought) {
      book = brought ?? (await loadPrices());
      pricer.readRules();
    },
  };
  await pricer.useBook(unlessDamaged(() => readStored(store), null));
  return pricer;
}

/** A price as it stands beside what it was the reason for. */
export type StoredPrice = Omit<Price, "rates">;

/**
 * The list prices that the user brought. Null where a program of another version took data that this
 * one does not understand: calls are then priced by the bundled list, and the listing says so.
 */
function readStored(store: StoredPrices): PriceBook | null {
  const brought = store.priceBook();
  try {
    return brought && bookOf(brought.json, brought.broughtAt);
  } catch (cause) {
    if (cause instanceof AppError) return null;
    throw cause;
  }
}

/** @throws AppError `bad_request` where it is no price data. */
export function bookOf(json: string, broughtAt: number): PriceBook {
  let data: unknown;
  try {
    data = JSON.parse(json);
  } catch {
    throw new AppError("bad_request", "invalid JSON body");
  }
  const sourceDate = new Date(broughtAt).toISOString().slice(0, 10);
  return readPrices(data, { source: "genai-prices, own file", sourceDate });
}
