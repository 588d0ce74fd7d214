/** Lists in memory that the next list of their trace may begin with, and which of them it is. */
import type { Token } from "../../backend/texts.ts";
import { longestLiteral, type Place } from "./cut.ts";
import type { Base } from "./lists.ts";

/** A list as a base, and on how many others it stands. */
export type Link = Base & { depth: number };

/** A list in memory that the next one may begin with. */
export interface Candidate {
  /** All of it, as the base of another. */
  self: Link;
  /** What it stands on itself. */
  base: Link | null;
  text: string;
  /** Its tokens, and where in the text each ends and the scanner stood there. */
  tokens: Token[];
  ends: number[];
  places: Place[];
}

/** The candidate up to some token. */
export function copyOf(candidate: Candidate, tokens: number): Candidate {
  return {
    ...candidate,
    tokens: candidate.tokens.slice(0, tokens),
    ends: candidate.ends.slice(0, tokens),
    places: candidate.places.slice(0, tokens),
  };
}

/** The candidate that a text shares most with, and how many of its tokens; 0 where it is not worth it. */
export function closest(
  candidates: Candidate[],
  text: string,
): { candidate: Candidate | null; shared: number } {
  let best: Candidate | null = null;
  let most = 0;
  let mostChars = longestLiteral;
  for (let i = candidates.length - 1; i >= 0; i--) {
    const candidate = candidates[i]!;
    const shared = sharedTokens(candidate, text);
    const chars = shared > 0 ? candidate.ends[shared - 1]! : 0;
    if (chars > mostChars) [best, most, mostChars] = [candidate, shared, chars];
  }
  return { candidate: best, shared: most };
}

/** How many tokens of a list a text begins with. Comparing long parts natively beats any scan. */
function sharedTokens({ text: known, ends }: Candidate, text: string): number {
  if (!text.startsWith(known.slice(0, longestLiteral))) return 0;
  const begins = (tokens: number) => text.startsWith(known.slice(0, ends[tokens - 1]));
  if (text === known) return ends.length;
  // Mostly all but the closing bracket. What follows the last token was not cut.
  if (ends.length > 1 && begins(ends.length - 1)) return ends.length - 1;
  let low = 0;
  let high = ends.length - 2;
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if (begins(middle)) low = middle;
    else high = middle - 1;
  }
  return Math.max(low, 0);
}
