/**
 * What a page shows is in its address: filters, sort, selection, tab, view. Whoever pastes a link sees the
 * same, and back and forward go through what was looked at.
 */
import { useCallback } from "react";
import { useSearchParams } from "wouter";

export interface Change {
  /** No step back leads to what was before: for selections and typing, not for filters and views. */
  replace?: boolean;
}

/**
 * One parameter of the address.
 *
 * @param byDefault what it is where the address does not say; it is not written into it either.
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

/** Several at once, as one step back; null takes one away. */
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
