/**
 * The keys that a cursor remembers, as stretches: traces come in the order of their keys and are mostly
 * shown so, which makes thousands of them a few numbers.
 */
import { traces as limits } from "../../limits.ts";

/**
 * @returns of each stretch how far it lies behind the end of the one before, and how long it is. Of too
 *   many the newest.
 */
export function toRanges(keys: Iterable<number>): number[] {
  const ranges: [start: number, length: number][] = [];
  for (const key of [...new Set(keys)].sort((a, b) => a - b)) {
    const last = ranges.at(-1);
    if (last && last[0] + last[1] === key) last[1]++;
    else ranges.push([key, 1]);
  }
  let end = 0;
  return ranges.slice(-limits.shownRanges).flatMap(([start, length]) => {
    const gap = start - end;
    end = start + length;
    return [gap, length];
  });
}

/** The way back. What is no list of stretches gives at most so many keys as a list could have shown. */
export function fromRanges(ranges: readonly number[]): number[] {
  const keys: number[] = [];
  let key = 0;
  for (let i = 0; i + 1 < ranges.length; i += 2) {
    key += ranges[i]!;
    for (let n = ranges[i + 1]!; n > 0 && keys.length < limits.shownTraces; n--) keys.push(key++);
  }
  return keys;
}
