/**
 * The keys of a filter, all in one place: what each takes, what it looks at, and how it is documented. The
 * parser, errors, completion and backends read this table. A new key is an entry here and one in the table
 * of each backend.
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
  /** Another key: a trace matches that has any value there. */
  | "presence";

/** A field of what a backend gives: of `TraceRecord` and its summary, or of `SpanRecord`. */
interface Place {
  of: "trace" | "span";
  /** Of several numbers the sum is meant, of several texts each. A dot leads into an object. */
  fields: readonly string[];
  /** Only spans of this type have the value. */
  spanType?: "tool";
}

interface AnyKey {
  name: string;
  kind: KeyKind;
  /** One line for who completes or documents. */
  summary: string;
  /** Where the value stands that is compared; null where another key says it. */
  reads: Place | null;
  /**
   * `trace`: one value, or all values of the trace. `span`: any span of the trace has it, with `root.` in
   * front of the key any root span.
   */
  scope: "trace" | "span";
  /** True where the key goes on with a name of the sender's, as in `meta.env`. */
  isOpen?: true;
  /** What people write, not names or ids: a value that is neither quoted nor has a star is looked for inside. */
  isFree?: true;
  /** There are too many different values to offer those that are stored. */
  hasMany?: true;
  values?: readonly string[];
}

const trace = <const N extends string>(
  name: N,
  kind: KeyKind,
  fields: string | readonly string[],
  summary: string,
) => ({
  ...{ name, kind, summary },
  reads: { of: "trace" as const, fields: [fields].flat() },
  scope: "trace" as const,
});
const ofSpans = (...fields: string[]): Place => ({ of: "span", fields });
const span = <const N extends string>(name: N, kind: KeyKind, reads: Place, summary: string) => ({
  ...{ name, kind, summary, reads },
  scope: "span" as const,
});

/** Of those that are ok: a call or a tool inside failed. */
export const okWithErrors = "ok-with-errors";

const table = [
  {
    ...trace("status", "choice", "status", "How the trace ended"),
    values: ["ok", okWithErrors, "error", "aborted"],
  },
  {
    ...trace(
      "is",
      "choice",
      ["state", "pinned", "isInternal"],
      "What the trace is: without a root yet, with one, silent, pinned, or of runtime spans alone",
    ),
    values: ["open", "ended", "stale", "pinned", "internal"],
  },
  trace("agent", "text", "agentName", "The agent"),
  trace("workflow", "text", "workflowName", "The workflow"),
  trace("run", "text", "workflowRunId", "The run of a workflow"),
  trace("session", "text", "sessionId", "The session"),
  trace("customer", "text", "customer.id", "The customer's id"),
  { ...trace("name", "text", "name", "The trace's name, else its agent's"), isFree: true },
  { ...trace("trace", "text", "traceId", "The sender's id of the trace"), hasMany: true },
  trace("project", "text", "project", "The project"),
  trace("source", "text", "source", "The protocol or library that sent it"),
  trace("model", "text", "models", "A model that was called"),
  { ...trace("provider", "text", [], "A provider that was called"), reads: ofSpans("provider") },
  {
    ...trace("tool", "text", [], "A tool that was used"),
    reads: { ...ofSpans("name"), spanType: "tool" },
  },
  trace("prompt", "text", "prompt.id", "The version of the system prompt, by its id"),
  trace("duration", "duration", "durationMs", "From the first start to the last end"),
  trace("ttft", "duration", "ttftMs", "The time to the first token"),
  trace("cost", "money", "cost", "In USD"),
  trace("tokens", "count", ["inputTokens", "outputTokens"], "Input and output tokens"),
  trace("input", "count", "inputTokens", "Input tokens"),
  trace("output", "count", "outputTokens", "Output tokens"),
  trace("errors", "count", "errorCount", "Spans that failed"),
  trace("spans", "count", "spanCount", "Spans"),
  trace("since", "since", "startTime", "Started then or later"),
  trace("until", "until", "startTime", "Started before then"),
  { ...trace("meta", "text", "metadata", "The trace's metadata, by its key"), isOpen: true },
  { ...trace("has", "presence", [], "Anything stands under that key"), reads: null },
  {
    ...span("type", "choice", ofSpans("spanType"), "The type of a span"),
    values: ["agent", "llm", "tool", "embedding", "other"],
  },
  { ...span("span", "text", ofSpans("name"), "The name of a span"), isFree: true, hasMany: true },
  {
    ...span("error", "text", ofSpans("errorMessage"), "The error message of a span"),
    isFree: true,
    hasMany: true,
  },
  {
    ...span(
      "attr",
      "text",
      ofSpans("metadata", "texts"),
      "An attribute or metadata of a span, by its key",
    ),
    isOpen: true,
  },
] as const satisfies readonly AnyKey[];

export type KeyName = (typeof table)[number]["name"];

export interface Key extends AnyKey {
  name: KeyName;
}

export const keys: readonly Key[] = table;

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
