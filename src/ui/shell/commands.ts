/** The commands of the palette: pages to open and actions. */
import { useLiveStatus } from "../data/live-context.tsx";
import { chooseFiles } from "../import/button.tsx";
import { hrefOf, pages } from "../pages.ts";
import { toggleTheme } from "../state/prefs.ts";

export interface Command {
  group: "Go to" | "Actions";
  name: string;
  /** The keyboard shortcut of the same command. */
  keyName?: string;
  /** An address, or a function to run. */
  to: string | (() => void | Promise<void>);
  /** A confirmation to announce, if the result is not visible otherwise. */
  done?: string;
}

/** The commands that match the text. */
export function useCommands(text: string, project: string, onKeys: () => void): Command[] {
  const { isPaused, setPaused } = useLiveStatus();
  const commands: Command[] = [
    ...pages.map(({ page, name, key }): Command => ({
      group: "Go to",
      name,
      keyName: key,
      to: hrefOf(page, { query: { project } }),
    })),
    { group: "Go to", name: "Manual", to: hrefOf("docs", { query: { project } }) },
    {
      group: "Actions",
      name: isPaused ? "Resume live updates" : "Pause live updates",
      to: () => setPaused(!isPaused),
    },
    { group: "Actions", name: "Switch between light and dark", keyName: "T", to: toggleTheme },
    { group: "Actions", name: "Import a file", to: () => chooseFiles(project) },
    { group: "Actions", name: "Show keyboard shortcuts", keyName: "?", to: onKeys },
    {
      group: "Actions",
      name: "Copy link to this page",
      to: () => navigator.clipboard.writeText(location.href),
      done: "Link copied",
    },
  ];
  return commands.filter(({ name }) => matchesFuzzy(text, name));
}

/**
 * Whether a name contains the letters in order, each directly after the previous one or at the start of a
 * word: "at" and "tools" match "Agents & tools".
 */
export function matchesFuzzy(text: string, name: string): boolean {
  const letters = text.toLowerCase().replaceAll(/\s/g, "");
  const within = name.toLowerCase();
  const starts = [...within.matchAll(/\b\w/g)].map(({ index }) => index);
  const goOn = (letter: number, at: number): boolean =>
    letter === letters.length ||
    [at, ...starts.filter((start) => start > at)].some(
      (place) => within[place] === letters[letter] && goOn(letter + 1, place + 1),
    );
  return goOn(0, -1);
}
