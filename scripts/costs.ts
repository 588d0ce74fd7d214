/**
 * Holds the totals of traces against the sums of their receipts over many random spans:
 * `bun scripts/costs.ts [spans]`, by default a million.
 */
import { checkCosts } from "../test/sqlite/costs.ts";

const seed = Math.floor(Math.random() * 2 ** 32);
const { wrong, totalPico, ...counts } = await checkCosts(Number(process.argv[2] ?? 1e6), seed);
console.log({ seed, ...counts, totalPico: String(totalPico), wrong: wrong.length });
for (const line of wrong.slice(0, 10)) console.error(line);
process.exit(wrong.length === 0 ? 0 : 1);
