/**
 * The list prices from the data of `@pydantic/genai-prices`. Only its rates are used, not its sums, which
 * are floats.
 */
import { Kind, Type, TypeRegistry, type Static } from "@sinclair/typebox";
import { Value } from "@sinclair/typebox/value";
import { AppError } from "../errors.ts";
import { rateOf } from "./money.ts";
import { offersOf } from "./names.ts";
import {
  freePrices,
  ratesOf,
  type Dimension,
  type Price,
  type Prices,
  type PriceTable,
} from "./rates.ts";

/** The data contains neither; a test compares the version with the package. */
export const bundled = { source: "genai-prices 0.1.8", sourceDate: "2026-09-23" } as const;

TypeRegistry.Set("Regex", (_schema, value) => {
  try {
    return typeof value === "string" && Boolean(new RegExp(value));
  } catch {
    return false;
  }
});

const Match = Type.Recursive((This) =>
  Type.Union([
    Type.Object({ equals: Type.String() }),
    Type.Object({ starts_with: Type.String() }),
    Type.Object({ ends_with: Type.String() }),
    Type.Object({ contains: Type.String() }),
    Type.Object({ regex: Type.Unsafe<string>({ [Kind]: "Regex", type: "string" }) }),
    Type.Object({ or: Type.Array(This) }),
    Type.Object({ and: Type.Array(This) }),
  ]),
);
const Usd = Type.Number({ minimum: 0, maximum: 1e9 });
const Tiered = Type.Object({
  base: Usd,
  tiers: Type.Array(Type.Object({ start: Type.Integer({ minimum: 0 }), price: Usd })),
});
const Listed = Type.Record(Type.String(), Type.Union([Usd, Tiered]));
const Period = Type.Object({
  constraint: Type.Optional(
    Type.Union([
      Type.Object({ start_date: Type.String({ pattern: "^\\d{4}-\\d{2}-\\d{2}$" }) }),
      Type.Object({
        start_time: Type.String({ pattern: "^\\d{2}:\\d{2}:\\d{2}Z$" }),
        end_time: Type.String({ pattern: "^\\d{2}:\\d{2}:\\d{2}Z$" }),
      }),
    ]),
  ),
  prices: Listed,
});
const Model = Type.Object({
  id: Type.String(),
  match: Match,
  context_window: Type.Optional(Type.Integer({ minimum: 1 })),
  prices: Type.Union([Type.Array(Period, { minItems: 1 }), Listed]),
});
const Seller = Type.Object({
  id: Type.String(),
  models: Type.Array(Model),
  fallback_model_providers: Type.Optional(Type.Array(Type.String())),
});
/** The part of the package's format that is read. */
export const BookData = Type.Array(Seller, { minItems: 1 });

type Match = Static<typeof Match>;
type Tiered = Static<typeof Tiered>;
type Listed = Static<typeof Listed>;
type Period = Static<typeof Period>;
type Model = Static<typeof Model>;
type Seller = Static<typeof Seller>;

/** The first call takes 6 ms and 12 MB in the compiled executable, 27 ms from source. */
export async function loadPrices(): Promise<PriceBook> {
  const { waitForUpdate } = await import("@pydantic/genai-prices");
  // Without an update this returns the bundled data.
  return new PriceBook((await waitForUpdate()) as Seller[], bundled);
}

/** Reads a newer price file that the user provides. */
export function readPrices(data: unknown, origin: Origin): PriceBook {
  if (!Value.Check(BookData, data)) {
    throw new AppError("bad_request", "this is no price data of genai-prices", {
      hint: "take prices/new_data/v2/data.json of github.com/pydantic/genai-prices",
    });
  }
  return new PriceBook(data, origin);
}

export interface Origin {
  source: string;
  sourceDate: string;
}

/** A model in a price list; its price can depend on the time. */
export interface ListedModel {
  /** @returns null if the price is not given in units that spans report. */
  priceAt(atMs: number): Price | null;
}

export class PriceBook {
  readonly source: string;
  readonly sourceDate: string;
  readonly #sellers: Map<string, Seller>;
  readonly #origin: Origin;
  /** Created on demand: a user needs a few dozen of 1,700. */
  readonly #listed = new Map<Model, ListedModel>();

  constructor(sellers: Seller[], origin: Origin) {
    this.#sellers = new Map(sellers.map((seller) => [keyOf(seller.id), seller]));
    this.#origin = origin;
    this.source = origin.source;
    this.sourceDate = origin.sourceDate;
  }

  /** Takes up to 50 µs: up to 700 models are compared with the name. */
  find(provider: string | undefined, modelId: string): ListedModel | null {
    for (const { seller, names } of offersOf(provider, modelId, (id) => this.#sellers.has(id))) {
      for (const name of names) {
        const found = this.#findAt(seller, name);
        if (found) return found;
      }
    }
    return null;
  }

  #findAt(sellerId: string, name: string): ListedModel | null {
    const own = this.#sellers.get(sellerId);
    const others = own?.fallback_model_providers ?? [];
    for (const seller of [own, ...others.map((id) => this.#sellers.get(keyOf(id)))]) {
      const model = seller?.models.find((model) => isOffered(seller, model, name));
      if (seller && model) return this.#list(seller, model);
    }
    return null;
  }

  #list(seller: Seller, model: Model): ListedModel {
    let listed = this.#listed.get(model);
    if (!listed) this.#listed.set(model, (listed = listedModel(seller, model, this.#origin)));
    return listed;
  }
}

function keyOf(sellerId: string): string {
  return sellerId.replaceAll("_", "-");
}

function isOffered(seller: Seller, model: Model, name: string): boolean {
  // OpenAI's open weights have no price of OpenAI; the data contains that of another host.
  if (seller.id === "openai" && model.id.startsWith("gpt-oss")) return false;
  // A paid model's name with ":free" is free only if it is listed as free.
  if (name.endsWith(":free") && !isFree(model)) return false;
  return matches(model.match, name);
}

function isFree(model: Model): boolean {
  return model.id.endsWith(":free");
}

/** @param name in lower case. */
function matches(match: Match, name: string): boolean {
  if ("or" in match) return match.or.some((part) => matches(part, name));
  if ("and" in match) return match.and.every((part) => matches(part, name));
  if ("equals" in match) return name === match.equals.toLowerCase();
  if ("starts_with" in match) return name.startsWith(match.starts_with.toLowerCase());
  if ("ends_with" in match) return name.endsWith(match.ends_with.toLowerCase());
  if ("contains" in match) return name.includes(match.contains.toLowerCase());
  return new RegExp(match.regex).test(name);
}

function listedModel(seller: Seller, model: Model, origin: Origin): ListedModel {
  const periods = Array.isArray(model.prices) ? model.prices : [{ prices: model.prices }];
  const priced = periods.map(({ constraint, prices: listed }) => {
    const prices = isFree(model) ? freePrices : pricesOf(listed);
    const price = prices && {
      provider: seller.id,
      model: model.id,
      prices,
      rates: ratesOf(prices),
      ...origin,
      ...(model.context_window !== undefined && { contextWindow: model.context_window }),
    };
    return { constraint, price };
  });
  return {
    priceAt(atMs) {
      const current = priced.findLast(({ constraint }) => holds(constraint, atMs));
      return (current ?? priced[0]!).price;
    },
  };
}

function holds(constraint: Period["constraint"], atMs: number): boolean {
  if (!constraint) return true;
  if ("start_date" in constraint) return atMs >= Date.parse(constraint.start_date);
  const [from, to] = [constraint.start_time, constraint.end_time].map(msOfDay) as [number, number];
  const ms = atMs % dayMs;
  return from <= to ? ms >= from && ms < to : ms >= from || ms < to;
}

const dayMs = 24 * 3_600_000;

/** @param time such as 16:30:00Z. */
function msOfDay(time: string): number {
  return Date.parse(`1970-01-01T${time}`);
}

/** The data's key of each dimension, and the power of ten of its unit. */
const keys: [Dimension, key: string, units: 0 | 3][] = [
  ["input", "input_mtok", 0],
  ["audioInput", "input_audio_mtok", 0],
  ["imageInput", "input_image_mtok", 0],
  ["videoInput", "input_video_mtok", 0],
  ["cacheRead", "cache_read_mtok", 0],
  ["audioCacheRead", "cache_audio_read_mtok", 0],
  ["imageCacheRead", "cache_image_read_mtok", 0],
  ["cacheWrite", "cache_write_mtok", 0],
  ["cacheWrite1h", "cache_write_1h_mtok", 0],
  ["output", "output_mtok", 0],
  ["audioOutput", "output_audio_mtok", 0],
  ["imageOutput", "output_image_mtok", 0],
  ["videoOutput", "output_video_mtok", 0],
  ["reasoning", "output_reasoning_mtok", 0],
  ["citation", "output_citation_mtok", 0],
  ["search", "web_searches_kcount", 3],
  ["fileSearch", "storage_searches_kcount", 3],
  ["request", "requests_kcount", 3],
];

/** @returns null if tokens have no price: free, unknown, or billed by the hour. */
function pricesOf(listed: Listed): Prices | null {
  if (listed["input_mtok"] === undefined) return null;
  const starts = new Set(
    Object.values(listed).flatMap((price) =>
      typeof price === "number" ? [] : price.tiers.map(({ start }) => start),
    ),
  );
  const tiers = [...starts].map((above) => ({ above, ...tableAt(listed, above) }));
  return { ...tableAt(listed, -1), ...(tiers.length > 0 && { tiers }) };
}

/** The prices for inputs longer than `above`. */
function tableAt(listed: Listed, above: number): PriceTable {
  const table: PriceTable = {};
  for (const [dimension, key, units] of keys) {
    const price = listed[key];
    if (price === undefined) continue;
    const usd = typeof price === "number" ? price : tierAt(price, above);
    table[dimension] = rateOf(String(usd), units).unitPrice;
  }
  return table;
}

function tierAt({ base, tiers }: Tiered, above: number): number {
  const held = tiers.filter(({ start }) => start <= above).sort((a, b) => b.start - a.start);
  return held[0]?.price ?? base;
}
