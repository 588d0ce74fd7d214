/**
 * The pages and their addresses in one list, used by links, by the viewer's routes, and by the server,
 * which answers each with the viewer.
 */
import { fillPath, searchOf, type At, type NamesIn } from "../api.ts";

/** `:name` matches one path segment. */
export const paths = {
  start: "/",
  traces: "/traces",
  trace: "/traces/:trace",
  compare: "/compare",
  sessions: "/sessions",
  session: "/sessions/:session",
  overview: "/overview",
  agents: "/agents",
  prompts: "/agents/:agent/prompts",
  settings: "/settings",
  docs: "/docs",
  doc: "/docs/:topic",
} as const;

export type Page = keyof typeof paths;

/** The pages in the navigation, with their keyboard shortcuts. */
export const pages = [
  { page: "traces", name: "Traces", key: "g t" },
  { page: "sessions", name: "Sessions", key: "g s" },
  { page: "overview", name: "Overview", key: "g o" },
  { page: "agents", name: "Agents & tools", key: "g a" },
  { page: "settings", name: "Settings", key: "g ," },
] as const satisfies { page: Page; name: string; key: string }[];

/** @returns the navigation entry that an address belongs to: comparisons belong to traces. */
export function sectionOf(pathname: string): (typeof pages)[number] | undefined {
  const first = `/${pathname.split("/")[1]}`;
  const section = first === paths.compare ? paths.traces : first;
  return pages.find(({ page }) => paths[page] === section);
}

/** @returns the address of a page; parameters with an empty value are left out. */
export function hrefOf<P extends Page>(
  page: P,
  { at, query = {}, hash = "" }: At<(typeof paths)[P]> & { query?: Query; hash?: string },
): string {
  const given = Object.entries(query).filter(([, value]) => value !== "");
  const search = searchOf(Object.fromEntries(given));
  return fillPath(paths[page], at) + search + (hash && `#${hash}`);
}

type Query = Record<string, string | undefined>;

/** @returns the named segments of a path, still encoded; null if the path is another page's. */
export function namesIn<Path extends string>(
  path: Path,
  pathname: string,
): Record<NamesIn<Path>, string> | null {
  const wanted = path.split("/");
  const segments = pathname.split("/");
  const isNamed = (i: number) => wanted[i]!.startsWith(":");
  const isIt =
    wanted.length === segments.length &&
    wanted.every((name, i) => (isNamed(i) ? segments[i] !== "" : name === segments[i]));
  if (!isIt) return null;
  const named = wanted.flatMap((name, i) => (isNamed(i) ? [[name.slice(1), segments[i]]] : []));
  return Object.fromEntries(named);
}

/** Whether an address is a page of the manual, which has no data and needs no token. */
export function isOfManual(pathname: string): boolean {
  return [paths.docs, paths.doc].some((path) => namesIn(path, pathname) !== null);
}

/** @returns a decoded path segment; unchanged if it is not encoded correctly. */
export function decoded(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}
