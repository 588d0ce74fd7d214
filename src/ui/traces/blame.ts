/**
 * Which words of a filter leave nothing over, found by asking for the list without each of them; and what
 * such a word was most likely meant to be.
 */
import { useQuery } from "@tanstack/react-query";
import { exactly } from "../../filter/caret.ts";
import { distanceBetween, findKey } from "../../filter/keys.ts";
import { ask } from "../data/client.ts";
import { filterOf, spell, wordsOf, type Word } from "../query/words.ts";
import { scopeQuery, type Scope } from "../query/scope.ts";

export interface Blame {
  /** The word as it is written. */
  text: string;
  /** Whether nothing matches it alone, not only together with the others. */
  isAlone: boolean;
  /** The filter without it. */
  without: string;
  /** The filter with what was likely meant in its place, and that word. */
  fix: { filter: string; text: string } | null;
}

/** With more of them one would ask for long. */
const mostWords = 8;
const mostLetters = 2;

/** @returns those to blame; none while that is not known, or where only all together leave nothing. */
export function useBlame(scope: Scope): Blame[] {
  const words = wordsOf(scope.filter);
  const { data } = useQuery({
    queryKey: ["traces", "blame", scope],
    queryFn: ({ signal }) => findBlame(scope, words, signal),
    enabled: words.length > 0 && words.length <= mostWords,
  });
  return data ?? [];
}

async function findBlame(scope: Scope, words: Word[], signal: AbortSignal): Promise<Blame[]> {
  const isEmpty = async (filter: string) => {
    const query = { ...scopeQuery({ ...scope, filter }), limit: 1 };
    const { traces, nextCursor } = await ask("GET /api/traces", { query }, signal);
    return traces.length === 0 && nextCursor === null;
  };
  const found = await Promise.all(
    words.map(async (word, at) => {
      const without = filterOf(words.toSpliced(at, 1));
      const isAlone = await isEmpty(word.text);
      // Alone in the filter it is to blame, whatever there is without it.
      if (!isAlone && (words.length === 1 || (await isEmpty(without)))) return null;
      const meant = isAlone ? await findMeant(scope, word, signal) : null;
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

/** A value that traces have, written a little otherwise; null where none comes near. */
async function findMeant(
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
    .map(({ text }) => ({ text, distance: farFrom(wanted, text.toLowerCase()) }))
    .filter(({ text, distance }) => text !== value && distance <= mostLetters)
    .sort((a, b) => a.distance - b.distance);
  return best ? `${spell(name!)}:${exactly(key, best.text)}` : null;
}

/** A part of it is as near as one letter. */
function farFrom(wanted: string, text: string): number {
  return wanted.length > 2 && text.includes(wanted)
    ? Math.min(1, distanceBetween(wanted, text))
    : distanceBetween(wanted, text);
}
