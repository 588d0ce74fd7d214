/** The recently used filters, newest first, kept in this browser. */
import { useCallback } from "react";
import { usePref } from "../state/prefs.ts";

const kept = 8;

export function useRecentFilters(): [recents: string[], remember: (filter: string) => void] {
  const [json, setJson] = usePref("recentFilters", "[]");
  const recents = parse(json);
  const remember = useCallback(
    (filter: string) => {
      if (filter === "") return;
      const others = parse(json).filter((each) => each !== filter);
      setJson(JSON.stringify([filter, ...others].slice(0, kept)));
    },
    [json, setJson],
  );
  return [recents, remember];
}

/** The stored value is not trusted: other scripts and users can change it. */
function parse(json: string): string[] {
  try {
    const value: unknown = JSON.parse(json);
    return Array.isArray(value) ? value.filter((each) => typeof each === "string") : [];
  } catch {
    return [];
  }
}
