/** Preferences kept in this browser: theme, density, panel sizes, columns. */
import { useCallback, useSyncExternalStore } from "react";

const listeners = new Set<() => void>();

function read(name: string): string | null {
  try {
    return localStorage.getItem(`tealight.${name}`);
  } catch {
    return null;
  }
}

function write(name: string, value: string): void {
  try {
    localStorage.setItem(`tealight.${name}`, value);
  } catch {
    // Without storage the value lasts until the page is left.
  }
  listeners.forEach((listener) => listener());
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  window.addEventListener("storage", listener);
  return () => {
    listeners.delete(listener);
    window.removeEventListener("storage", listener);
  };
}

export function usePref(name: string, byDefault: string): [string, (value: string) => void] {
  const value = useSyncExternalStore(subscribe, () => read(name) ?? byDefault);
  return [value, useCallback((next: string) => write(name, next), [name])];
}

export type Theme = "system" | "light" | "dark";

/**
 * "system" follows the operating system. The theme is an attribute of the root element, first set by
 * theme.ts.
 */
export function applyTheme(theme: Theme): void {
  const isLight = matchMedia("(prefers-color-scheme: light)").matches;
  document.documentElement.dataset.theme =
    theme === "system" ? (isLight ? "light" : "dark") : theme;
}

/** Switches between dark and light, and remembers it. */
export function toggleTheme(): void {
  const next: Theme = document.documentElement.dataset.theme === "dark" ? "light" : "dark";
  write("theme", next);
  applyTheme(next);
}

export function applyDensity(density: string): void {
  if (density === "compact") document.documentElement.dataset.density = "compact";
  else delete document.documentElement.dataset.density;
}
