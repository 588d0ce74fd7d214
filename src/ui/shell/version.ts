/** Reloads the page once if the server has another version. */
import { useEffect, useState } from "react";
import { useLiveEvents } from "../data/live-context.tsx";
import { isTyping } from "../state/keys.ts";

/**
 * The version that this tab was reloaded for: it is reloaded once per version, even without success.
 */
const storageKey = "tealight.reloaded";
const lookEveryMs = 1_000;

const pageVersion = () => document.querySelector<HTMLMetaElement>("meta[name=version]")?.content;

/** @returns the server's version if it differs after the reload; else null. */
export function useOtherVersion(): string | null {
  const [other, setOther] = useState<string | null>(null);
  useLiveEvents((event) => {
    if (event.kind !== "hello") return;
    const isSame = event.version === pageVersion();
    if (isSame) sessionStorage.removeItem(storageKey);
    setOther(isSame ? null : event.version);
  });
  useEffect(() => {
    if (other === null || sessionStorage.getItem(storageKey) === other) return;
    const reload = () => {
      if (isBusy()) return;
      sessionStorage.setItem(storageKey, other);
      location.reload();
    };
    reload();
    const timer = setInterval(reload, lookEveryMs);
    return () => clearInterval(timer);
  }, [other]);
  return other;
}

/** Whether a reload would lose unsaved input. */
function isBusy(): boolean {
  return isTyping(document.activeElement) || document.querySelector("dialog[open]") !== null;
}
