/**
 * Large texts as lists of tokens. Agents send the whole history with each call, so that lists begin alike:
 * who compares calls compares tokens, and reads only the texts that are new.
 */

/** A piece by a number that means the same text within one question, or a short text as it is. */
export type Token = number | string;

/**
 * Makes something of a list from what was made of the list that it stands on, so that of a thousand calls
 * with a thousand messages each only what is new is looked at.
 *
 * @param base made of the list that this one begins with; null where it begins with none.
 * @param taken how many of the base's tokens it begins with.
 * @param tokens what follows.
 */
export type ListFold<T> = (base: T | null, taken: number, tokens: readonly Token[]) => T;

/** A text that a backend held and cannot give back. Who reads many goes on with the others. */
export class DamagedText extends Error {}
