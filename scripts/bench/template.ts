/**
 * Bodies with salts. Every message carries one and every trace has an id of its own, so that no
 * store can keep two of them as one; within a trace a message and its echoes stay equal, as they do.
 */

/** A body with places for salts, so that a fresh one costs a few bytes and no memory. */
export interface Template {
  body: Buffer<ArrayBuffer>;
  spans: number;
  /** By trace: where its salt stands. */
  spots: number[][];
  /** Where it goes and what it is; ingest v1 where it is not said. */
  otlp?: { contentType: string };
}

/** Stands in templates where the salt goes. Digits, because it is a part of times, too. */
export const marker = "731592846";

/**
 * Gives each trace of a body its salt, 1 s apart in time.
 *
 * @returns the first number that is free.
 */
export function salt(template: Template, bytes: Uint8Array, offset: number, first: number): number {
  let number = first;
  for (const spots of template.spots) {
    let rest = number++;
    for (let digit = marker.length - 1; digit >= 0; digit--) {
      const code = 48 + (rest % 10);
      rest = Math.floor(rest / 10);
      for (const spot of spots) bytes[offset + spot + digit] = code;
    }
  }
  return number;
}

/** @param traces of a body: what is between head and tail. All of it is Latin-1, a character a byte. */
export function salted(
  head: string,
  traces: string[],
  separator: string,
  tail: string,
  spans: number,
): Template {
  const spots: number[][] = [];
  let at = head.length;
  for (const trace of traces) {
    const found: number[] = [];
    for (let i = trace.indexOf(marker); i >= 0; i = trace.indexOf(marker, i + 1))
      found.push(at + i);
    spots.push(found);
    at += trace.length + separator.length;
  }
  return { body: Buffer.from(`${head}${traces.join(separator)}${tail}`, "latin1"), spans, spots };
}
