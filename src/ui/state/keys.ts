/**
 * Keyboard shortcuts. Each shortcut has a label, so that the sheet behind `?` always lists the shortcuts
 * of the open page. Single letters are ignored while the user types.
 */
import { useEffect, useRef } from "react";

export interface Shortcut {
  /**
   * As in KeyboardEvent.key: "j", "?", "ArrowDown"; "mod+k" with Ctrl or ⌘; "g t" for two keys in
   * sequence.
   */
  keys: string[];
  /** What it does, in a few words. */
  label: string;
  /** Its heading in the sheet. */
  group: string;
  /** @returns false to pass the key on to the next handler. */
  run: (event: KeyboardEvent) => boolean | void;
  /** Active even while the user types. */
  isGlobal?: boolean;
}

/** A `modal` blocks all layers below it; the `shell` is asked last. */
type Layer = "shell" | "page" | "modal";

/** The last layer is asked first: an open dialog before the page under it. */
const layers: { current: readonly Shortcut[]; kind: Layer }[] = [];
let prefix: { key: string; at: number } | null = null;
const prefixMs = 1_000;

export function useShortcuts(shortcuts: readonly Shortcut[], kind: Layer = "page"): void {
  const layer = useRef({ current: shortcuts, kind });
  layer.current.current = shortcuts;
  useEffect(() => {
    const own = layer.current;
    if (own.kind === "shell") layers.unshift(own);
    else layers.push(own);
    return () => void layers.splice(layers.indexOf(own), 1);
  }, []);
}

/** The active shortcuts, for the sheet. */
export function activeShortcuts(): Shortcut[] {
  return layers.flatMap(({ current }) => [...current]);
}

export function listenForKeys(): void {
  window.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.isComposing) return;
    const key = nameOf(event);
    const isFresh = prefix !== null && event.timeStamp - prefix.at < prefixMs;
    const chord = isFresh ? `${prefix!.key} ${key}` : null;
    prefix = null;
    const typing = isTyping(event.target);
    // A sequence takes precedence over its second key alone.
    const isHandled = (chord !== null && hear(chord, event, typing)) || hear(key, event, typing);
    if (isHandled || layers.some(({ kind }) => kind === "modal")) return;
    if (!typing && layers.some(({ current }) => current.some((each) => isFirst(each, key)))) {
      prefix = { key, at: event.timeStamp };
    }
  });
}

/** @returns whether a shortcut handled the key. */
function hear(key: string, event: KeyboardEvent, typing: boolean): boolean {
  for (const { current, kind } of layers.toReversed()) {
    for (const { keys, run, isGlobal } of current) {
      if ((typing && !isGlobal) || !keys.includes(key) || run(event) === false) continue;
      event.preventDefault();
      return true;
    }
    if (kind === "modal") return false;
  }
  return false;
}

function isFirst({ keys }: Shortcut, key: string): boolean {
  return keys.some((each) => each.startsWith(`${key} `));
}

function nameOf({ key, ctrlKey, metaKey, altKey }: KeyboardEvent): string {
  if (altKey) return `alt+${key}`;
  return ctrlKey || metaKey ? `mod+${key.toLowerCase()}` : key;
}

export function isTyping(target: EventTarget | null): boolean {
  return (
    target instanceof HTMLElement &&
    (target.isContentEditable ||
      target instanceof HTMLTextAreaElement ||
      target instanceof HTMLSelectElement ||
      (target instanceof HTMLInputElement &&
        !["checkbox", "radio", "button", "range"].includes(target.type)))
  );
}

const isMac = /Mac|iPhone|iPad/.test(navigator.platform);
const names: Record<string, string> = {
  ArrowUp: "↑",
  ArrowDown: "↓",
  ArrowLeft: "←",
  ArrowRight: "→",
  Escape: "Esc",
  Enter: "↵",
  " ": "space",
};

/** The text of a keycap: "⌘K", "space", "g t". */
export function keyText(key: string): string {
  const mod = key.startsWith("mod+");
  const rest = mod ? key.slice(4).toUpperCase() : key;
  const text = names[rest] ?? rest;
  return mod ? (isMac ? `⌘${text}` : `Ctrl ${text}`) : text;
}
