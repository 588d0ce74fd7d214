/**
 * PaletteResults which words of a filter exclude every trace, by asking for the list without each of them, and
 * suggests a correction for a misspelled value.
 */
import { useQuery } from "@tanstack/react-query";
import { exactly } from "../../filter/caret.ts";
import { distanceBetween, findKey } from "../../filter/keys.ts";
import { ask } from "../data/client.ts";
import { scopeQuery, type Scope } from "../query/scope.ts";
import { filterOf, spell, wordsOf, type Word } from "../query/words.ts";

export interface EmptyCause {
  /** The word as written in the filter. */
  text: string;
  /** True if no trace matches this word even on its own. */
  isAlone: boolean;
  /** The filter without this word. */
  without: string;
  /** The filter with the suggested correction, and the corrected word; null without a suggestion. */
  fix: { filter: string; text: string } | null;
}

/** The most words of a filter that are checked: each one costs a request or two. */
const maxWords = 8;
const maxDistance = 2;

/**
 * @returns the words that exclude every trace; empty while loading, or if only their combination matches
 * nothing.
 */
export function useEmptyCauses(scope: Scope): EmptyCause[] {
  const words = wordsOf(scope.filter);
  const { data } = useQuery({
    queryKey: ["traces", "blame", scope],
    queryFn: ({ signal }) => findBlame(scope, words, signal),
    enabled: words.length > 0 && words.length <= maxWords,
  });
  return data ?? [];
}

async function findBlame(scope: Scope, words: Word[], signal: AbortSignal): Promise<EmptyCause[]> {
  const isEmpty = async (filter: string) => {
    const query = { ...scopeQuery({ ...scope, filter }), limit: 1 };
    const { traces, nextCursor } = await ask("GET /api/traces", { query }, signal);
    return traces.length === 0 && nextCursor === null;
  };
  const found = await Promise.all(
    words.map(async (word, at) => {
      const without = filterOf(words.toSpliced(at, 1));
      const isAlone = await isEmpty(word.text);
      // With no other words in the filter, this one is the cause.
      if (!isAlone && (words.length === 1 || (await isEmpty(without)))) return null;
      const meant = isAlone ? await suggestValue(scope, word, signal) : null;
      const fix =
        meant === null
          ? null
          : {
              filter: filterOf(words.toSpliced(at, 1, { ...word, text: meant })),
              text: meant,
            };
      return { text: word.text, isAlone, without, fix };
    }),
  );
  return found.filter((each) => each !== null);
}

/** The value closest to a misspelled one among those that traces have; null if none is close. */
async function suggestValue(
  { project }: Scope,
  { key: name, values, isNegated }: Word,
  signal: AbortSignal,
): Promise<string | null> {
  const key = name === null ? undefined : findKey(name.split(".")[0]!);
  const [value] = values;
  if (key?.kind !== "text" || isNegated || values.length !== 1 || !value) return null;
  const { items } = await ask(
    "GET /api/complete",
    { query: { filter: `${spell(name!)}:`, project: project || null } },
    signal,
  );
  const wanted = value.toLowerCase();
  const [best] = items
    .map(({ text }) => ({ text, distance: editDistance(wanted, text.toLowerCase()) }))
    .filter(({ text, distance }) => text !== value && distance <= maxDistance)
    .sort((a, b) => a.distance - b.distance);
  return best ? `${spell(name!)}:${exactly(key, best.text)}` : null;
}

/** The edit distance; a substring counts as a distance of one. */
function editDistance(wanted: string, text: string): number {
  return wanted.length > 2 && text.includes(wanted)
    ? Math.min(1, distanceBetween(wanted, text))
    : distanceBetween(wanted, text);
}
