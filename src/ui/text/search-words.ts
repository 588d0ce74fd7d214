/** The searched words: content that contains them expands, and they are highlighted where visible. */
import { createContext, use } from "react";

/** In lower case; null without a search. */
export const SearchContext = createContext<readonly string[] | null>(null);

/** Tells whether a text contains a searched word. */
export function useSearchMatch(): (text: string) => boolean {
  const words = use(SearchContext);
  return (text) => {
    if (words === null) return false;
    const lower = text.toLowerCase();
    return words.some((word) => lower.includes(word));
  };
}

/** The words of a search, in lower case; a quoted phrase is one word. */
export function wordsOf(search: string): string[] {
  const words = search.toLowerCase().match(/"[^"]+"?|[^\s"]+/g) ?? [];
  return words.map((word) => word.replaceAll('"', "").trim()).filter((word) => word !== "");
}
