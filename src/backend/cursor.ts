/** Where a page of a list ended, as an opaque text. */
import { AppError } from "../errors.ts";

/** @param position the sort values of the last row shown. */
export function toCursor(position: number[]): string {
  return Buffer.from(JSON.stringify(position)).toString("base64url");
}

/** @throws AppError `bad_request` where the text is not a cursor of so many numbers. */
export function parseCursor(text: string, length: number): number[] {
  const position = decode(text);
  if (position?.length === length && position.every(Number.isSafeInteger)) return position;
  throw invalidCursor();
}

/**
 * The same for a list whose rows move and that goes with one query.
 *
 * @param query all that decides what is in the list and in which order.
 */
export function toBoundCursor(query: unknown[], position: number[]): string {
  return toCursor([hashOf(query), ...position]);
}

/** @throws AppError `bad_request` where it is not one of at least so many numbers, or of another query. */
export function parseBoundCursor(text: string, query: unknown[], least: number): number[] {
  const [hash, ...position] = decode(text) ?? [];
  if (hash === undefined || position.length < least) throw invalidCursor();
  if (hash === hashOf(query)) return position;
  throw foreignCursor();
}

function decode(text: string): number[] | null {
  try {
    const position: unknown = JSON.parse(Buffer.from(text, "base64url").toString());
    return Array.isArray(position) && position.every(Number.isFinite) ? position : null;
  } catch {
    return null;
  }
}

function hashOf(query: unknown[]): number {
  return Bun.hash.crc32(JSON.stringify(query));
}

/** Of a cursor that came with a page of another query. */
export function foreignCursor(): AppError {
  return new AppError("bad_request", "the cursor belongs to another query", {
    hint: "send it with the same filter, sort, project, since and until as the page that it came with",
  });
}

/** Of a cursor that no page came with. */
export function invalidCursor(): AppError {
  return new AppError("bad_request", "invalid cursor", {
    hint: "take nextCursor of the page before as it is",
  });
}
