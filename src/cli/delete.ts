/** `tealight delete`: traces by name, or all that a filter, a session, a project or a time describes. */
import type { Question } from "../api.ts";
import type { Config } from "../config.ts";
import { AppError } from "../errors.ts";
import { quote } from "../filter/caret.ts";
import type { Deleted, WouldDelete } from "../http/remove.ts";
import { connectToStore, type Client } from "./client.ts";
import { count, out, showProgress } from "./output.ts";
import { printable } from "./table.ts";

/** What every command that deletes many takes. */
export interface DeleteHow {
  dryRun: boolean;
  yes: boolean;
  pinned: boolean;
  json: boolean;
}

export interface DeleteOptions extends DeleteHow {
  session?: string;
  project?: string;
  filter?: string;
  since?: string;
  until?: string;
}

/** @param traces ids, or `~key`; empty where the options say which. */
export async function deleteTraces(
  config: Config,
  traces: string[],
  options: DeleteOptions,
): Promise<void> {
  const { session, project, filter, since, until } = options;
  const isDescribed = [session, filter, since, until].some((option) => option !== undefined);
  if (traces.length > 0 && isDescribed) {
    throw new AppError("usage", "traces are either named or described", {
      hint: "with names there is only --project",
    });
  }
  if (traces.some((trace) => trace === "")) {
    throw new AppError("usage", "a trace id is not empty");
  }
  if (traces.length === 0 && !isDescribed && project === undefined) {
    throw new AppError("usage", "nothing says which traces", {
      hint: "name them, or use --session, --project, --filter, --since, --until",
    });
  }
  const client = await connectToStore(config);
  try {
    if (traces.length > 0) return await deleteNamed(client, traces, options);
    const words = [session !== undefined && `session:${quote(session)}`, filter];
    const filters = words.filter((word) => word !== undefined && word !== false);
    const which = {
      filter: filters.length > 0 ? filters.join(" ") : null,
      project,
      since,
      until,
    };
    const remove = (part: PartQuery) =>
      client.ask("DELETE /api/traces", { query: { ...which, ...part } });
    const names = await someNames(client, which, options.pinned);
    await confirmDeletion(remove, options, { what: "delete", names, isForTraces: true });
    if (options.dryRun) return;
    const { deleted, pinnedKept } = await deleteAll(remove, options);
    if (deleted === 0) throw nothingFound(pinnedKept);
    out.write(
      options.json
        ? JSON.stringify({ deleted, pinnedKept })
        : `deleted ${count(deleted, "trace")}${names}${keptText("kept", pinnedKept)}`,
    );
  } finally {
    await client.close();
  }
}

async function deleteNamed(
  client: Client,
  traces: string[],
  { project, dryRun, json }: DeleteOptions,
): Promise<void> {
  const query = { project };
  let spans = 0;
  for (const trace of traces) {
    const at = { trace };
    if (!dryRun) {
      await client.ask("DELETE /api/traces/:trace", { at, query });
      continue;
    }
    // Its spans are not needed.
    const one = { ...query, limit: 1 };
    const view = await client.ask("GET /api/traces/:trace", { at, query: one });
    spans += view.trace.spanCount;
  }
  const number = traces.length;
  if (dryRun) return writeCounts({ traces: number, spans, pinnedKept: 0 }, json, "delete", "");
  out.write(
    json ? JSON.stringify({ deleted: number, pinnedKept: 0 }) : `deleted ${count(number, "trace")}`,
  );
}

const mostNames = 3;

/** @returns names of traces that are to go, in parentheses; empty where there are none. */
export async function someNames(
  client: Client,
  which: Question<"GET /api/traces">["query"],
  withPinned: boolean,
): Promise<string> {
  const { traces } = await client.ask("GET /api/traces", { query: { ...which, limit: 100 } });
  const names = new Set(
    traces
      .filter(({ pinned }) => withPinned || !pinned)
      .map(({ name, traceId }) => JSON.stringify(printable(name ?? traceId))),
  );
  if (names.size === 0) return "";
  const shown = [...names].slice(0, mostNames).join(", ");
  return ` (${shown}${names.size > mostNames ? ", …" : ""})`;
}

/** What one request of a delete adds to what is to go. */
export interface PartQuery {
  dryRun?: "1";
  pinned: "0" | "1";
  cursor: string | null;
}

type Remove<D extends Deleted> = (part: PartQuery) => Promise<WouldDelete | D>;

/**
 * Counts what would go, and shows that on a dry run; else asks, where someone is there to answer.
 *
 * @param names some of what goes, as `someNames` has it.
 * @param isForTraces whether there is nothing to do without any.
 * @throws AppError `not_found` where nothing would go; `usage` where nobody has agreed.
 */
export async function confirmDeletion(
  remove: Remove<Deleted>,
  { dryRun, yes, pinned, json }: DeleteHow,
  { what, names, isForTraces }: { what: string; names: string; isForTraces: boolean },
): Promise<void> {
  if (yes && !dryRun) return;
  const counts = await untilDone(remove, { dryRun: "1", pinned: pinned ? "1" : "0" });
  if ("deleted" in counts) throw new TypeError("a dry run has deleted something");
  if (isForTraces && counts.traces === 0) throw nothingFound(counts.pinnedKept);
  if (dryRun) return writeCounts(counts, json, what, names);
  const { traces, spans, pinnedKept } = counts;
  const question = `${what} ${count(traces, "trace")} with ${count(spans, "span")}${names}${keptText("keep", pinnedKept)}`;
  if (json || !out.isTerminal || !process.stdin.isTTY) {
    throw new AppError("usage", `this would ${question}`, { hint: "say --yes, or --dry-run" });
  }
  if (!confirm(`${question[0]!.toUpperCase()}${question.slice(1)}?`)) {
    throw new AppError("usage", "nothing was deleted");
  }
}

/** @returns what was deleted, in all requests together. */
export async function deleteAll<D extends Deleted>(
  remove: Remove<D>,
  { pinned }: Pick<DeleteHow, "pinned">,
): Promise<D> {
  const outcome = await untilDone(remove, { pinned: pinned ? "1" : "0" });
  if (!("deleted" in outcome)) throw new TypeError("what was to be deleted was only counted");
  return outcome;
}

/** Asks until all of it is done. @returns the last answer, whose counts are of all of them. */
async function untilDone<D extends Deleted>(
  remove: Remove<D>,
  how: Omit<PartQuery, "cursor">,
): Promise<WouldDelete | D> {
  try {
    for (let cursor: string | null = null; ;) {
      const outcome: WouldDelete | D = await remove({ ...how, cursor });
      if (outcome.nextCursor === null) return outcome;
      showProgress(count("deleted" in outcome ? outcome.deleted : outcome.traces, "trace"));
      cursor = outcome.nextCursor;
    }
  } finally {
    showProgress("");
  }
}

function writeCounts(
  { traces, spans, pinnedKept }: Omit<WouldDelete, "nextCursor">,
  json: boolean,
  what: string,
  names: string,
): void {
  out.write(
    json
      ? JSON.stringify({ traces, spans, pinnedKept })
      : `would ${what} ${count(traces, "trace")} with ${count(spans, "span")}${names}${keptText("keep", pinnedKept)}`,
  );
}

function nothingFound(pinnedKept: number): AppError {
  return pinnedKept === 0
    ? new AppError("not_found", "no trace matches")
    : new AppError("not_found", "only pinned traces match", { hint: "--pinned deletes them" });
}

function keptText(verb: "keep" | "kept", pinnedKept: number): string {
  return pinnedKept === 0 ? "" : `, and ${verb} ${count(pinnedKept, "pinned trace")}`;
}
