/**
 * Prices and settles the huge trace of a store, and says when: to be killed amid it. As arguments the store's
 * directory and what a token costs.
 */
import { priceAndSettle, openHuge } from "./huge.store.ts";

const [dir, price] = process.argv.slice(2) as [string, string];
const bench = openHuge(dir, BigInt(price));
console.log("begins");
priceAndSettle(bench);
console.log("done");
bench.db.close();
