import { useEffect, useState } from "react";

/** How long a selection has to stay before its data is requested. */
export const debounceMs = 80;

/**
 * The value, once it has not changed for a moment: a user who moves through a list with the keyboard
 * sends a request only where they stop.
 *
 * @param initial what is returned before the first value is settled.
 */
export function useDebounced<T>(value: T, initial: T): T {
  const [settled, setSettled] = useState(initial);
  useEffect(() => {
    const timer = setTimeout(() => setSettled(value), debounceMs);
    return () => clearTimeout(timer);
  }, [value]);
  return settled;
}
