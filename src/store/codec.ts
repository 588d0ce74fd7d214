/**
 * How values of the wire stand in SQLite cells, and back, exactly.
 *
 * bun:sqlite replaces lone surrogates by U+FFFD when it binds text, so two different strings would
 * meet. A string that is not well-formed UTF-16 is therefore bound as a BLOB of its code units; a
 * BLOB never equals a TEXT, so UNIQUE keeps them apart.
 */

export type Cell = string | Uint8Array;

export function toCell(text: string): Cell {
  return text.isWellFormed() ? text : Buffer.from(text, "utf16le");
}

export function fromCell(cell: Cell): string {
  if (typeof cell === "string") return cell;
  return Buffer.from(cell.buffer, cell.byteOffset, cell.byteLength).toString("utf16le");
}

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
