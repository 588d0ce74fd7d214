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

export function cellOf(text: string | undefined): Cell | null {
  return text === undefined ? null : toCell(text);
}

export function fromCell(cell: Cell): string {
  if (typeof cell === "string") return cell;
  return Buffer.from(cell.buffer, cell.byteOffset, cell.byteLength).toString("utf16le");
}
