/** Sums that may be larger than a number holds exactly. */

/** A total: a number up to 2^53 - 1, beyond that its decimal digits, in the cell and on the wire. */
export type Figure = number | string;

export function toFigure(total: bigint): Figure {
  return total <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(total) : total.toString();
}

/** @returns the sum of those that are known, beyond 2^53 about so much; null where none is. */
export function sumKnown(...figures: (Figure | null | undefined)[]): number | null {
  const known = figures.filter((figure) => figure !== null && figure !== undefined);
  return known.length === 0 ? null : known.reduce<number>((sum, each) => sum + Number(each), 0);
}

/** USD as senders report it, a float, in whole pico-dollars: only these are ever summed. */
export function reportedPico(usd: number | null | undefined): bigint | undefined {
  if (usd === null || usd === undefined) return undefined;
  return usd < 1e21 ? BigInt(usd.toFixed(12).replace(".", "")) : BigInt(usd) * 10n ** 12n;
}
