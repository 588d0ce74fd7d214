/** Where a page of a list ended, as an opaque text. */
import { AppError } from "../errors.ts";

/** @param position the sort values of the last row shown. */
export function toCursor(position: number[]): string {
  return Buffer.from(JSON.stringify(position)).toString("base64url");
}

/** @throws AppError `bad_request` where the text is not a cursor of so many numbers. */
export function parseCursor(text: string, length: number): number[] {
  let position: unknown;
  try {
    position = JSON.parse(Buffer.from(text, "base64url").toString());
  } catch {
    position = null;
  }
  if (
    Array.isArray(position) &&
    position.length === length &&
    position.every(Number.isSafeInteger)
  ) {
    return position as number[];
  }
  throw new AppError("bad_request", "invalid cursor", {
    hint: "take nextCursor of the page before as it is",
  });
}
