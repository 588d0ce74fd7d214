/** What the window is like, as far as more than a style depends on it. */
import { useSyncExternalStore } from "react";

const phone = matchMedia("(max-width: 640px)");

function subscribe(listener: () => void): () => void {
  phone.addEventListener("change", listener);
  return () => phone.removeEventListener("change", listener);
}

/** Whether it is as narrow as a phone. */
export function useIsPhone(): boolean {
  return useSyncExternalStore(subscribe, () => phone.matches);
}
