/** What one looks for: parts that fold open where it stands in them, and it is marked wherever it is seen. */
import { createContext, use } from "react";

/** In lower case; null where nothing is looked for. */
export const SoughtContext = createContext<readonly string[] | null>(null);

/** Tells whether a text has any of the words that one looks for. */
export function useSought(): (text: string) => boolean {
  const words = use(SoughtContext);
  return (text) => {
    if (words === null) return false;
    const lower = text.toLowerCase();
    return words.some((word) => lower.includes(word));
  };
}

/** The words of a search, in lower case; what stands in quotes is one of them. */
export function wordsOf(search: string): string[] {
  const words = search.toLowerCase().match(/"[^"]+"?|[^\s"]+/g) ?? [];
  return words.map((word) => word.replaceAll('"', "").trim()).filter((word) => word !== "");
}
