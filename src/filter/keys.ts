/**
 * The keys of a filter, all in one place: what each takes and what it looks at. The parser reads its
 * words by it, errors and completion name the keys from it.
 */

/** What stands behind a key's colon. */
export type KeyKind =
  /** A text, `*` for any part of it. */
  | "text"
  /** A number with a unit, or a range of them. */
  | "duration"
  | "money"
  | "count"
  /** A point in time: a trace matches that started from it on, or before it. */
  | "since"
  | "until"
  /** One of `values`. */
  | "choice"
  /** Another key: a trace matches that has anything there. */
  | "presence";

export interface Key {
  name: string;
  kind: KeyKind;
  /** One line for who completes or documents. */
  summary: string;
  /**
   * `trace`: one value, or all values of the trace. `span`: any span of the trace has it, with `root.` in
   * front of the key any root span.
   */
  scope: "trace" | "span";
  /** True where the key goes on with a name of the sender's, as in `meta.env`. */
  isOpen?: true;
  /** What people write, not names or ids: a value that is neither quoted nor has a star is looked for inside. */
  isFree?: true;
  values?: readonly string[];
}

const trace = (name: string, kind: KeyKind, summary: string): Key => ({
  name,
  kind,
  summary,
  scope: "trace",
});
const span = (name: string, kind: KeyKind, summary: string): Key => ({
  name,
  kind,
  summary,
  scope: "span",
});

/** Of those that are ok: a call or a tool inside failed. */
export const okWithErrors = "ok-with-errors";

export const keys: readonly Key[] = [
  {
    ...trace("status", "choice", "How the trace ended"),
    values: ["ok", okWithErrors, "error", "aborted"],
  },
  {
    ...trace(
      "is",
      "choice",
      "What the trace is: without a root yet, with one, silent, pinned, or of runtime spans alone",
    ),
    values: ["open", "ended", "stale", "pinned", "internal"],
  },
  trace("agent", "text", "The agent"),
  trace("workflow", "text", "The workflow"),
  trace("run", "text", "The run of a workflow"),
  trace("session", "text", "The session"),
  trace("customer", "text", "The customer's id"),
  { ...trace("name", "text", "The trace's name, else its agent's"), isFree: true },
  trace("trace", "text", "The sender's id of the trace"),
  trace("project", "text", "The project"),
  trace("source", "text", "The protocol or library that sent it"),
  trace("model", "text", "A model that was called"),
  trace("provider", "text", "A provider that was called"),
  trace("tool", "text", "A tool that was used"),
  trace("prompt", "text", "The version of the system prompt, by its id"),
  trace("duration", "duration", "From the first start to the last end"),
  trace("ttft", "duration", "The time to the first token"),
  trace("cost", "money", "In USD"),
  trace("tokens", "count", "Input and output tokens"),
  trace("input", "count", "Input tokens"),
  trace("output", "count", "Output tokens"),
  trace("errors", "count", "Spans that failed"),
  trace("spans", "count", "Spans"),
  trace("since", "since", "Started then or later"),
  trace("until", "until", "Started before then"),
  { ...trace("meta", "text", "The trace's metadata, by its key"), isOpen: true },
  trace("has", "presence", "Anything stands under that key"),
  {
    ...span("type", "choice", "The type of a span"),
    values: ["agent", "llm", "tool", "embedding", "other"],
  },
  { ...span("span", "text", "The name of a span"), isFree: true },
  { ...span("error", "text", "The error message of a span"), isFree: true },
  { ...span("attr", "text", "An attribute or metadata of a span, by its key"), isOpen: true },
];

const byName: ReadonlyMap<string, Key> = new Map(keys.map((key) => [key.name, key]));

export function findKey(name: string): Key | undefined {
  return byName.get(name);
}

/** As it is written: with a dot where a name of the sender's follows. */
export function spellingOf({ name, isOpen }: Key): string {
  return isOpen ? `${name}.KEY` : name;
}

/** The key that a wrong one was most likely meant to be. */
export function nearestKey(name: string): Key | undefined {
  return byName.get(nearestOf(name, byName.keys()) ?? "");
}

/** The name that a wrong one was most likely meant to be: at most two letters off. */
export function nearestOf(name: string, names: Iterable<string>): string | undefined {
  const wanted = name.toLowerCase();
  const near = [...names]
    .map((name) => ({ name, distance: distanceBetween(wanted, name) }))
    .filter(({ name, distance }) => distance <= (name.length < 4 ? 1 : 2))
    .sort((a, b) => a.distance - b.distance);
  return near[0]?.name;
}

/** Letters to add, drop or change. Keys are short, and of a longer text only the beginning counts. */
export function distanceBetween(a: string, b: string): number {
  if (a.length > 2 * b.length + 2) return a.length;
  let row = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const change = row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(change, row[j]! + 1, next[j - 1]! + 1));
    }
    row = next;
  }
  return row[b.length]!;
}
