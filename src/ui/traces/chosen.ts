/**
 * Which columns the list has, in which order: as the address says, else as this browser had them last.
 * A column is one of columns.tsx, or a key of the senders' own: `meta.env`, `attr.user.id`.
 */
import { useMemo } from "react";
import { usePref } from "../state/prefs.ts";
import { useParam } from "../state/url.ts";

export const usualColumns = [
  ...["started", "trace", "last", "duration", "ttft", "steps", "in", "cost", "model"],
] as readonly string[];

/** The server is asked for so many keys at most. */
export const mostOwn = 8;
const ownKey = /^(meta|(root\.)?attr)\../;

export function isOwn(id: string): boolean {
  return ownKey.test(id);
}

/** Commas in quotes belong to a key. */
export function splitIds(text: string): string[] {
  return text.match(/(?:"(?:\\.|[^"\\])*"|[^,"])+/g) ?? [];
}

export interface Chosen {
  ids: readonly string[];
  choose: (ids: readonly string[]) => void;
  /** As the address says it: a link has it also where this browser's preference does. */
  text: string;
}

export function useChosenColumns(): Chosen {
  const usual = usualColumns.join(",");
  const [pref, setPref] = usePref("traces.columns", usual);
  const [param, setParam] = useParam<string>("columns", "");
  const text = param || pref;
  const ids = useMemo(() => withTrace(splitIds(text)), [text]);
  return {
    ids,
    text,
    choose(next) {
      const chosen = next.join(",");
      setPref(chosen);
      setParam(chosen === usual ? "" : chosen, { replace: true });
    },
  };
}

/** A row without the name of its trace could not be opened. */
function withTrace(ids: string[]): string[] {
  const once = [...new Set(ids)];
  return once.includes("trace") ? once : ["trace", ...once];
}

/** What the server is asked for, with commas between; "" for nothing. */
export function namedOf(ids: readonly string[]): string {
  // Senders have tags in either.
  const keys = ids.flatMap((id) =>
    id === "tags" ? ["attr.tags", "meta.tags"] : isOwn(id) ? id : [],
  );
  return [...new Set(keys)].slice(0, mostOwn).join(",");
}

/** Moves one by so many places, as far as there are any. */
export function moved(ids: readonly string[], id: string, by: 1 | -1): string[] {
  const at = ids.indexOf(id);
  const to = Math.min(ids.length - 1, Math.max(0, at + by));
  return ids.toSpliced(at, 1).toSpliced(to, 0, id);
}
