/** Texts with `*` for any part: the literal parts in between; one part alone is the exact text. */

export type Pattern = readonly [string, ...string[]];

export function isExact(pattern: Pattern): boolean {
  return pattern.length === 1;
}

/** Takes each part at its first place behind the one before: linear, however many stars there are. */
export function fits(pattern: Pattern, text: string): boolean {
  const [first, ...rest] = pattern;
  const last = rest.pop();
  if (last === undefined) return text === first;
  if (!text.startsWith(first)) return false;
  let at = first.length;
  for (const part of rest) {
    const found = text.indexOf(part, at);
    if (found < 0) return false;
    at = found + part.length;
  }
  return text.length - last.length >= at && text.endsWith(last);
}
