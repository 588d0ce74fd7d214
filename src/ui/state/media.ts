/** Media queries, for differences that CSS alone cannot express. */
import { useSyncExternalStore } from "react";

const phone = matchMedia("(max-width: 640px)");

function subscribe(listener: () => void): () => void {
  phone.addEventListener("change", listener);
  return () => phone.removeEventListener("change", listener);
}

/** Whether the window is as narrow as a phone. */
export function useIsPhone(): boolean {
  return useSyncExternalStore(subscribe, () => phone.matches);
}
