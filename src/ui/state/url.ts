/**
 * State in the address: filters, sort order, selection, tab, view. A shared link shows the same state, and
 * back and forward move through it.
 */
import { useCallback } from "react";
import { useSearchParams } from "wouter";

export interface Change {
  /** Replaces the history entry: for selections and typing, not for filters and views. */
  replace?: boolean;
}

/**
 * One parameter of the address.
 *
 * @param byDefault the value if the parameter is absent; it is not written to the address.
 */
export function useParam<T extends string>(
  name: string,
  byDefault: T,
): [value: T, set: (value: T, change?: Change) => void] {
  const [params, setParams] = useSearchParams();
  const set = useCallback(
    (value: T, { replace = false }: Change = {}) => {
      setParams((before) => changed(before, { [name]: value === byDefault ? null : value }), {
        replace,
      });
    },
    [name, byDefault, setParams],
  );
  return [(params.get(name) as T | null) ?? byDefault, set];
}

/** Sets several parameters in one history entry; null removes one. */
export function useSetParams(): (values: Record<string, string | null>, change?: Change) => void {
  const [, setParams] = useSearchParams();
  return useCallback(
    (values, { replace = false } = {}) =>
      setParams((before) => changed(before, values), { replace }),
    [setParams],
  );
}

function changed(before: URLSearchParams, values: Record<string, string | null>): URLSearchParams {
  const after = new URLSearchParams(before);
  for (const [name, value] of Object.entries(values)) {
    if (value === null || value === "") after.delete(name);
    else after.set(name, value);
  }
  return after;
}
