/**
 * Which columns the list shows, and in which order: those in the address, else those last used in this
 * browser. A column is an id from columns.tsx, or a metadata or attribute key such as `meta.env` or
 * `attr.user.id`.
 */
import { useMemo } from "react";
import { usePref } from "../state/prefs.ts";
import { useParam } from "../state/url.ts";

export const usualColumns = [
  ...["started", "trace", "last", "duration", "ttft", "steps", "in", "cost", "model"],
] as readonly string[];

/** The server accepts at most this many metadata and attribute keys per request. */
export const maxKeyColumns = 8;
const ownKey = /^(meta|(root\.)?attr)\../;

export function isKeyColumn(id: string): boolean {
  return ownKey.test(id);
}

/** Splits at commas, except for commas in quotes, which are part of a key. */
export function splitIds(text: string): string[] {
  return text.match(/(?:"(?:\\.|[^"\\])*"|[^,"])+/g) ?? [];
}

export interface ColumnChoice {
  ids: readonly string[];
  choose: (ids: readonly string[]) => void;
  /**
   * The column ids as the address writes them, for links to share, even if they come from this browser's
   * preference.
   */
  text: string;
}

export function useColumnChoice(): ColumnChoice {
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

/** Adds the column with the trace's name if it is missing: its link opens the trace. */
function withTrace(ids: string[]): string[] {
  const once = [...new Set(ids)];
  return once.includes("trace") ? once : ["trace", ...once];
}

/** @returns the keys to request from the server, separated by commas; "" for none. */
export function requestedKeys(ids: readonly string[]): string {
  // Senders store tags as metadata or as an attribute: ask for both.
  const keys = ids.flatMap((id) =>
    id === "tags" ? ["attr.tags", "meta.tags"] : isKeyColumn(id) ? id : [],
  );
  return [...new Set(keys)].slice(0, maxKeyColumns).join(",");
}

/** Moves a column by one place, unless it is at the end already. */
export function moveColumn(ids: readonly string[], id: string, by: 1 | -1): string[] {
  const at = ids.indexOf(id);
  const to = Math.min(ids.length - 1, Math.max(0, at + by));
  return ids.toSpliced(at, 1).toSpliced(to, 0, id);
}
