/** `tealight prices list|set|remove|update`. */
import { readFileSync, statSync } from "node:fs";
import { Value } from "@sinclair/typebox/value";
import type { Config } from "../config.ts";
import { AppError } from "../errors.ts";
import type { PriceListing } from "../ingest/pricer.ts";
import { maxPriceBookBytes } from "../limits.ts";
import { dimensions, type PriceTable } from "../pricing/rates.ts";
import { PriceRule } from "../pricing/rules.ts";
import { connect } from "./client.ts";
import { out } from "./output.ts";
import { printable, toTable } from "./table.ts";

export async function listPrices(config: Config, { json }: { json: boolean }): Promise<void> {
  const client = await connect(config);
  try {
    const listing = await client.ask("GET /api/prices", {});
    if (json) return out.write(JSON.stringify(listing));
    const rows = listing.rules.map(({ id, provider, model, prices }) => [
      id,
      provider,
      model,
      show(prices),
    ]);
    if (rows.length > 0) out.write(toTable(["id", "provider", "model", "prices"], rows));
    out.write(rows.length > 0 ? `for all else: ${sourceOf(listing)}` : sourceOf(listing));
  } finally {
    await client.close();
  }
}

export interface SetOptions extends PriceTable {
  provider?: string;
  free: boolean;
  json: boolean;
}

export async function setPrice(
  config: Config,
  model: string,
  { provider, free, json, ...given }: SetOptions,
): Promise<void> {
  const prices = free ? { input: "0", output: "0" } : checkedPrices(given);
  const client = await connect(config);
  try {
    const body = { model, ...(provider !== undefined && { provider }), prices };
    const { rule } = await client.ask("POST /api/prices", { body });
    if (json) return out.write(JSON.stringify({ rule }));
    const seller = rule.provider === "*" ? "" : ` of ${printable(rule.provider)}`;
    out.write(`rule ${rule.id}: ${printable(rule.model)}${seller}: ${show(rule.prices)}`);
    adviseReprice();
  } finally {
    await client.close();
  }
}

export async function removePrice(
  config: Config,
  id: string,
  { json }: { json: boolean },
): Promise<void> {
  const client = await connect(config);
  try {
    const answer = await client.ask("DELETE /api/prices/:rule", { at: { rule: id } });
    if (json) return out.write(JSON.stringify(answer));
    out.write(`rule ${printable(id)} is removed`);
    adviseReprice();
  } finally {
    await client.close();
  }
}

/** @param options `file` names a newer data.json of genai-prices, `bundled` goes back. */
export async function updatePrices(
  config: Config,
  { file, bundled, json }: { file?: string; bundled: boolean; json: boolean },
): Promise<void> {
  if (file === undefined && !bundled) {
    throw new AppError("usage", "no prices are named", {
      hint: "give --file <data.json> of genai-prices, or --bundled to go back",
    });
  }
  const body = file === undefined ? undefined : readBook(file);
  const client = await connect(config);
  try {
    const method = body === undefined ? "DELETE" : "PUT";
    const listing = await client.ask(`${method} /api/prices/book`, { body });
    if (json) return out.write(JSON.stringify(listing));
    out.write(sourceOf(listing));
    adviseReprice();
  } finally {
    await client.close();
  }
}

/** Here and not by the server, whose answer would name fields of a body and not the options. */
function checkedPrices(given: PriceTable): PriceRule["prices"] {
  const named = dimensions.filter((dimension) => given[dimension] !== undefined);
  if (named.length === 0) {
    throw new AppError("usage", "a rule needs a price", {
      hint: "give at least one, such as --input 2.5 --output 10, or --free",
    });
  }
  const { properties } = PriceRule.properties.prices;
  const wrong = named.find((dimension) => !Value.Check(properties[dimension], given[dimension]));
  if (wrong) {
    throw new AppError("usage", `invalid ${flagOf(wrong)} ${JSON.stringify(given[wrong])}`, {
      hint: "a price is a decimal in USD, such as 0.15, with up to 12 places",
    });
  }
  return Object.fromEntries(named.map((dimension) => [dimension, given[dimension]]));
}

/** `cacheWrite1h` is `--cache-write-1h`. */
function flagOf(dimension: string): string {
  return `--${dimension.replace(/[A-Z]|\d+/g, "-$&").toLowerCase()}`;
}

function readBook(file: string): string {
  const stats = statSync(file, { throwIfNoEntry: false });
  if (!stats?.isFile()) throw new AppError("not_found", `no such file: ${file}`);
  if (stats.size > maxPriceBookBytes) {
    throw new AppError("payload_too_large", `${file} is too large`, {
      hint: `the limit is ${maxPriceBookBytes} bytes`,
    });
  }
  return readFileSync(file, "utf8");
}

/** As the options say it: `input $2.5, cache-read $1.25`. */
function show(prices: PriceRule["prices"]): string {
  const named = dimensions.filter((dimension) => prices[dimension] !== undefined);
  if (named.every((dimension) => Number(prices[dimension]) === 0)) return "free";
  return named.map((dimension) => `${flagOf(dimension).slice(2)} $${prices[dimension]}`).join(", ");
}

function sourceOf({ source, sourceDate }: PriceListing): string {
  return `list prices: ${printable(source)} of ${printable(sourceDate)}`;
}

function adviseReprice(): void {
  out.error("  hint: this holds for new calls; `tealight reprice` applies it to what is stored");
}
