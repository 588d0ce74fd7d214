/** JSON text that remembers what is in it, since answers cross threads as text. */

declare const content: unique symbol;

/** The JSON text of a `T`. */
export type JsonOf<T> = string & { readonly [content]?: T };

export function toJson<T>(value: T): JsonOf<T> {
  return JSON.stringify(value);
}
